import { afterEach, describe, expect, it } from "vitest";
import { HttpResponse, NotFoundError, type RunningServer, type ServeOptions, serve } from "../../src/index.ts";

let server: RunningServer | undefined;
afterEach(async () => {
  await server?.stop({ deadline: 0 });
  server = undefined;
});

type Serve = Parameters<typeof serve>[0];

async function start(handler: Serve, options: ServeOptions = {}): Promise<string> {
  server = await serve(handler, { port: 0, ...options });
  return server.url;
}

describe("serve", () => {
  it("answers every request with one function", async () => {
    const url = await start(
      ({ method, path, query }) =>
        new HttpResponse(`${method} ${path} ${query}`, { status: 201, headers: { "X-A": "b" } }),
    );
    const response = await fetch(new URL("/some/where?a=1", url), { method: "DELETE" });
    expect([response.status, response.headers.get("x-a"), await response.text()]).toEqual([
      201,
      "b",
      "DELETE /some/where a=1",
    ]);
  });

  it("takes what any handler may return, now or later, and reads content", async () => {
    const url = await start(async (request) => ({ said: await request.text() }));
    const response = await fetch(url, { method: "POST", body: "hello" });
    expect([response.headers.get("content-type"), await response.json()]).toEqual([
      "application/json",
      { said: "hello" },
    ]);
  });

  it("reads multipart content", async () => {
    const url = await start(async (request) => [...(await request.form()).keys()]);
    const body = new FormData();
    body.set("a", "1");
    expect(await (await fetch(url, { method: "POST", body })).json()).toEqual(["a"]);
  });

  it("answers an error of HTTP as it says, and tells nobody", async () => {
    const told: unknown[] = [];
    const url = await start(
      () => {
        throw new NotFoundError("no such thing");
      },
      { onError: (error) => told.push(error) },
    );
    const response = await fetch(url);
    expect([response.status, await response.text(), told]).toEqual([404, "no such thing\n", []]);
  });

  it.each([
    ["thrown", () => Promise.reject(new Error("inside"))],
    ["no answer", () => undefined as never],
  ])("answers 500 and tells what is %s", async (_name, handler) => {
    const told: string[] = [];
    const url = await start(handler, { onError: (error, { path }) => told.push(`${path} ${(error as Error).name}`) });
    const response = await fetch(url);
    expect([response.status, await response.text(), told.length]).toEqual([500, "Internal Server Error\n", 1]);
  });

  it("tells the logger where nobody else is told", async () => {
    const told: unknown[] = [];
    const logger = { debug() {}, info() {}, warn() {}, error: (error: unknown) => told.push(error) };
    const failure = new Error("inside");
    const url = await start(
      () => {
        throw failure;
      },
      { logger },
    );
    await (await fetch(url)).text();
    expect(told).toEqual([failure]);
  });

  it("tells handlers that it stops", async () => {
    let stopping = false;
    const url = await start(async (request) => {
      await new Promise((resolve) => request.stopping.addEventListener("abort", resolve));
      stopping = request.stopping.aborted;
      return "done";
    });
    const answer = fetch(url).then((response) => response.text());
    while ((server as RunningServer).counters.activeRequests === 0)
      await new Promise((resolve) => setImmediate(resolve));
    await server?.stop();
    expect([await answer, stopping]).toEqual(["done", true]);
  });

  it("grants content as its options say", async () => {
    const url = await start(async (request) => (await request.bytes()).length, { maxBodySize: 10 });
    expect((await fetch(url, { method: "POST", body: "x".repeat(10) })).status).toBe(200);
    expect((await fetch(url, { method: "POST", body: "x".repeat(11) })).status).toBe(413);
  });

  it("refuses what is no function, and options that make no sense", async () => {
    await expect(serve({} as never)).rejects.toThrow("serve needs a function that answers requests");
    await expect(serve(() => "a", { maxJsonDepth: 0, port: 0 })).rejects.toThrow(RangeError);
    await expect(serve(() => "a", { logger: {} as never })).rejects.toThrow("Logger must implement debug");
  });
});
