/** `pyrois bench`. */
import { createServer } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { Histogram } from "../../src/cli/bench/histogram.ts";
import { App, type Server } from "../../src/index.ts";
import { pyrois, Running } from "../support/pyrois.ts";

let server: Server | undefined;
afterEach(async () => {
  await server?.stop();
  server = undefined;
});

async function serve(): Promise<{ server: Server; bodies: Set<string> }> {
  const app = new App();
  const bodies = new Set<string>();
  app.get("/", () => "Hello");
  app.post("/", async (request) => {
    bodies.add(`${request.headers.get("x-a")} ${await request.text()}`);
    return null;
  });
  server = await app.listen({ port: 0, maxRequestsPerConnection: 20 });
  return { server, bodies };
}

test("it counts what is answered, over connections that the server closes", async () => {
  const { server } = await serve();
  const { code, out } = await pyrois(["bench", server.url, "-d", "300ms", "-c", "3", "--json"]);
  const result = JSON.parse(out);
  expect(result.errors).toEqual({});
  expect(code).toBe(0);
  expect(Object.keys(result.statuses)).toEqual(["200"]);
  expect(result.requests).toBeGreaterThan(100);
  // Those that were under way at the end do not count.
  expect(server.counters.requests - result.requests).toBeLessThanOrEqual(3);
  expect(server.counters.acceptedConnections).toBeGreaterThan(3);
  const { p50, p90, p99, max } = result.latency;
  expect([p50, p90, p99, max].every((value, index, all) => value >= (all[index - 1] ?? 0))).toBe(true);
});

test("pipelined requests with content and fields, as a table", async () => {
  const { server, bodies } = await serve();
  const { code, out } = await pyrois([
    "bench",
    server.url,
    "-d",
    "100ms",
    "-c",
    "2",
    "-p",
    "8",
    "-b",
    "hi",
    "-H",
    "X-A: 1",
  ]);
  expect(out).toMatch(/^requests\/s +\d+$/m);
  expect(out).toMatch(/^status 204 +\d+$/m);
  expect(out).toMatch(/^errors +0$/m);
  expect(code).toBe(0);
  expect([...bodies]).toEqual(["1 hi"]);
});

test("an answer that lasts until the connection closes", async () => {
  const bare = createServer((socket) =>
    socket.once("data", () => socket.end("HTTP/1.1 200 OK\r\n\r\nhello")).on("error", () => {}),
  );
  await new Promise<void>((resolve) => bare.listen(0, "127.0.0.1", resolve));
  const { port } = bare.address() as { port: number };
  const { code, out } = await pyrois(["bench", `127.0.0.1:${port}`, "-d", "100ms", "-c", "2", "--json"]);
  bare.close();
  expect(JSON.parse(out)).toMatchObject({ errors: {} });
  expect(JSON.parse(out).requests).toBeGreaterThan(2);
  expect(code).toBe(0);
});

describe("exit code 1", () => {
  test("where nobody listens, at once", async () => {
    const { server } = await serve();
    const { url } = server;
    await server.stop();
    const { code, err } = await pyrois(["bench", url, "-d", "1m", "-c", "2"]);
    expect(err).toContain(`cannot connect to ${new URL(url).host}: ECONNREFUSED`);
    expect(code).toBe(1);
  });

  test("where only some connections can be had, at the end", async () => {
    const app = new App();
    app.get("/", () => "Hello");
    server = await app.listen({ port: 0, maxConnections: 1 });
    const url = server.url;
    const { code, out } = await pyrois(["bench", url, "-d", "700ms", "-c", "3", "--json"]);
    expect(JSON.parse(out).statuses["200"]).toBeGreaterThan(0);
    expect(code).toBe(1);
  });

  test("where the server goes meanwhile, at the end", async () => {
    const { server } = await serve();
    const running = new Running(["bench", server.url, "-d", "1s", "-c", "2"]);
    while (server.counters.requests === 0) await new Promise((resolve) => setImmediate(resolve));
    await server.stop({ deadline: 0 });
    const { code, out } = await running.ended;
    expect(code).toBe(1);
    expect(out).toMatch(/^ {2}ECONNREFUSED +\d+$/m);
    expect(out).toMatch(/^status 200 +\d+$/m);
  });

  test.each([
    { answer: "nonsense\r\n\r\n", error: "InvalidVersion" },
    { answer: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab", error: "closed in the middle of an answer" },
    { answer: "", error: "closed without an answer" },
  ])("where the answer is $answer", async ({ answer, error }) => {
    const bare = createServer((socket) => socket.once("data", () => socket.end(answer)).on("error", () => {}));
    await new Promise<void>((resolve) => bare.listen(0, "127.0.0.1", resolve));
    const { port } = bare.address() as { port: number };
    const { code, out } = await pyrois(["bench", `127.0.0.1:${port}`, "-d", "100ms", "-c", "1", "--json"]);
    bare.close();
    expect(Object.keys(JSON.parse(out).errors)).toEqual([error]);
    expect(code).toBe(1);
  });
});

test("Ctrl-C shows what there is", async () => {
  const app = new App();
  const requested = new Promise<void>((resolve) => app.get("/", () => resolve() ?? "Hello"));
  server = await app.listen({ port: 0 });
  const bench = new Running(["bench", server.url, "-d", "60s", "-c", "1", "--json"]);
  await requested;
  const { code, out } = await bench.end();
  expect(code).toBe(0);
  expect(JSON.parse(out).seconds).toBeLessThan(60);
});

test("quantiles are known to 1 %", () => {
  const histogram = new Histogram();
  for (let value = 1; value <= 1000; ++value) histogram.add(value / 10);
  for (const [share, wanted] of [
    [0.5, 50],
    [0.9, 90],
    [0.99, 99],
  ]) {
    expect(Math.abs(histogram.quantile(share) / wanted - 1)).toBeLessThan(0.011);
  }
  expect([histogram.count, histogram.max, histogram.quantile(1)]).toEqual([1000, 100, 100]);
});
