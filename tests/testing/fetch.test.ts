/** Fetch bound to an application, in memory, and to a server. */
import { once } from "node:events";
import { setTimeout } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { deflateSync, gzipSync } from "node:zlib";
import { afterAll, describe, expect, test } from "vitest";
import { App, empty, HttpResponse, redirect, upgrade } from "../../src/index.ts";
import { CookieJar, fetchOf } from "../../src/testing.ts";

const app = new App().on("error", () => {});
app.get("/hello/{name}", ({ params, headers }) => `Hello, ${params.name} of ${headers.get("host")}`);
app.get("/secure", ({ secure, remoteAddress }) => ({ secure, remoteAddress }));
app.post("/echo", async (request) => {
  const framing = request.headers.get("content-length") ?? request.headers.get("transfer-encoding");
  const type = request.headers.get("content-type") ?? "none";
  return new HttpResponse(await request.bytes(), { headers: { "Content-Type": type, "X-Framing": framing ?? "none" } });
});
app.get("/empty", () => empty());
app.get("/gzip", () => new HttpResponse(gzipSync("packed ".repeat(1000)), { headers: { "Content-Encoding": "gzip" } }));
app.get("/broken", () => new HttpResponse("no gzip", { headers: { "Content-Encoding": "gzip" } }));
app.get("/coded/{coding}", ({ params }) => {
  return new HttpResponse("as it is", { headers: { "Content-Encoding": params.coding } });
});
app.get("/forever", async () => {
  for (;;) await setTimeout(20, undefined, { ref: false });
});
app.get("/cut", async function* () {
  yield "some";
  throw new Error("in the source");
});
app.get("/up", () => upgrade("shout", () => {}));
app.route("/to/{status:int}", ({ params }) => redirect("/method", { status: params.status }), {
  methods: ["GET", "POST", "PUT", "HEAD"],
});
app.route(
  "/method",
  async (request) => {
    const { method, headers } = request;
    return [method, headers.get("content-type"), headers.get("authorization"), await request.text()].join();
  },
  { methods: ["GET", "POST", "PUT"] },
);
app.get("/away", () => redirect("http://other.example/method"));
app.get("/hops/{left:int}", ({ params }) => (params.left === 0 ? "there" : redirect(`/hops/${params.left - 1}`)));
app.get("/twice", () => {
  const headers = { "Content-Encoding": "deflate, gzip" };
  return new HttpResponse(gzipSync(deflateSync("packed")), { headers });
});
app.get("/ftp", () => redirect("ftp://other.example/"));
app.get("/set", () => redirect("/cookies").setCookie("a", "1").setCookie("b", "2", { path: "/elsewhere" }));
app.get("/cookies", ({ headers }) => headers.get("cookie") ?? "none");

const server = await app.listen({ port: 0 });
afterAll(() => app.close({ deadline: 0 }));

describe.each([
  ["in memory", fetchOf(app)],
  ["of a server", fetchOf(server.url)],
])("%s", (_, ask) => {
  test("gives a real Response", async () => {
    const response = await ask("/hello/J%C3%BCrgen?q");
    expect(response).toBeInstanceOf(Response);
    expect([response.status, response.statusText, response.redirected]).toEqual([200, "OK", false]);
    expect(response.url).toMatch(/^http:\/\/.+\/hello\/J%C3%BCrgen\?q$/);
    expect(await response.text()).toMatch(/^Hello, Jürgen of (localhost|127\.0\.0\.1:\d+)$/);
    expect((await ask("/nowhere")).status).toBe(404);
  });

  test("sends what a Request can have", async () => {
    const send = async (input: Request | string, init?: RequestInit) => {
      const response = await ask(input, init);
      return [response.headers.get("x-framing"), response.headers.get("content-type"), await response.text()];
    };
    expect(await send("/echo", { method: "POST", body: "é" })).toEqual(["2", "text/plain;charset=UTF-8", "é"]);
    expect((await send("/echo", { method: "POST" }))[0]).toBe("0");
    const form = new FormData();
    form.set("a", "1");
    expect((await send("/echo", { method: "POST", body: form }))[1]).toMatch("multipart/form-data; boundary=");
    const made = new Request(new URL("/echo", server.url), { method: "POST", body: "x", headers: { "X-A": "1" } });
    expect((await send(made))[2]).toBe("x");
    const stream = new Blob(["a", "b"]).stream();
    expect(await send("/echo", { method: "POST", body: stream })).toEqual(["chunked", "none", "ab"]);
  });

  test("content is decoded, and none where there is none", async () => {
    expect(await (await ask("/gzip")).text()).toBe("packed ".repeat(1000));
    expect(await (await ask("/twice")).text()).toBe("packed");
    await expect((await ask("/broken")).text()).rejects.toThrow(TypeError);
    expect((await ask("/empty")).body).toBe(null);
    const head = await ask("/gzip", { method: "HEAD" });
    expect([head.status, head.body]).toEqual([200, null]);
  });

  test.each([
    [301, "POST", "GET,,s,"],
    [302, "POST", "GET,,s,"],
    [303, "PUT", "GET,,s,"],
    [307, "POST", "POST,text/plain;charset=UTF-8,s,body"],
    [308, "PUT", "PUT,text/plain;charset=UTF-8,s,body"],
    [302, "PUT", "PUT,text/plain;charset=UTF-8,s,body"],
  ])("follows %i of %s", async (status, method, told) => {
    const response = await ask(`/to/${status}`, { method, body: "body", headers: { Authorization: "s" } });
    expect(await response.text()).toBe(told);
    expect([response.redirected, response.url.endsWith("/method")]).toEqual([true, true]);
  });

  test("does about redirects what it is told", async () => {
    const manual = await ask("/to/302", { redirect: "manual" });
    expect([manual.status, manual.headers.get("location")]).toEqual([302, "/method"]);
    await expect(ask("/to/302", { redirect: "error" })).rejects.toThrow(TypeError);
    const stream = new Blob(["a"]).stream();
    await expect(ask("/to/307", { method: "POST", body: stream })).rejects.toThrow("fetch failed");
    await expect(ask("/ftp")).rejects.toMatchObject({ cause: { message: expect.stringContaining("not HTTP") } });
    expect(await (await ask("/hops/20")).text()).toBe("there");
    await expect(ask("/hops/21")).rejects.toMatchObject({ cause: { message: "more than 20 redirects" } });
  });

  test.each(["identity", "constructor", "unheard-of"])("what is coded as %s is left as it is", async (coding) => {
    expect(await (await ask(`/coded/${coding}`)).text()).toBe("as it is");
  });

  test("what is cut off rejects", async () => {
    const response = await ask("/cut");
    await expect(response.text()).rejects.toThrow("terminated");
    await expect(ask("/up", { headers: { Upgrade: "shout" } })).rejects.toThrow(TypeError);
    await expect(ask("/hello/x", { signal: AbortSignal.abort(new Error("enough")) })).rejects.toThrow("enough");
  });
});

test("every host is the application's, and a secret is for one origin alone", async () => {
  const ask = fetchOf(app, { origin: "https://own.example" });
  expect(await (await ask("/secure")).json()).toEqual({ secure: true, remoteAddress: "127.0.0.1" });
  expect(await (await ask("/hello/x")).text()).toBe("Hello, x of own.example");
  expect(await (await ask("http://a:1/hello/x")).text()).toBe("Hello, x of a:1");
  const away = await ask("/away", { headers: { Authorization: "secret" } });
  expect([away.url, await away.text()]).toEqual(["http://other.example/method", "GET,,,"]);
});

test("cookies are kept where that is asked for, those of redirects too", async () => {
  expect(await (await fetchOf(app)("/set")).text()).toBe("none");
  const jar = new CookieJar();
  const ask = fetchOf(app, { cookies: jar });
  expect(await (await ask("/set")).text()).toBe("a=1");
  expect([jar.get("a"), jar.get("b")]).toEqual(["1", "2"]);
  expect(await (await ask("/cookies", { headers: { Cookie: "own=3" } })).text()).toBe("own=3; a=1");
});

test("streams pass both ways at the same time", async () => {
  const both = new App();
  both.post("/upper", async function* (request) {
    for await (const piece of request.body) yield Buffer.from(piece).toString().toUpperCase();
  });
  let send: (text: string | null) => void = () => {};
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      send = (text) => (text === null ? controller.close() : controller.enqueue(Buffer.from(text)));
    },
  });
  send("a");
  const response = await fetchOf(both)("/upper", { method: "POST", body });
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  const next = async () => Buffer.from((await reader.read()).value ?? []).toString();
  expect(await next()).toBe("A");
  send("b");
  expect(await next()).toBe("B");
  send(null);
  expect((await reader.read()).done).toBe(true);
});

test("what is streamed waits for whoever reads it, and learns that he has gone", async () => {
  const slow = new App();
  let [count, left] = [0, () => {}];
  const gone = new Promise<void>((resolve) => {
    left = resolve;
  });
  slow.get("/", async function* () {
    try {
      for (;;) {
        ++count;
        yield new Uint8Array(65536);
      }
    } finally {
      left();
    }
  });
  const response = await fetchOf(slow)("/");
  for (let turn = 0; turn < 20; ++turn) await new Promise(setImmediate);
  expect(count).toBeLessThan(20);
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  for (let size = 0; size < 4 * 2 ** 20; ) size += (await reader.read()).value?.length ?? 0;
  await reader.cancel();
  await gone;
});

test("what is sent waits for whoever reads it", async () => {
  const slow = new App();
  let read = () => {};
  const reading = new Promise<void>((resolve) => {
    read = resolve;
  });
  const size = 4 * 2 ** 20;
  slow.post(
    "/",
    async (request) => {
      await reading;
      return `${(await request.bytes()).length}`;
    },
    { maxBodySize: size },
  );
  let sent = 0;
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        if (sent === size) controller.close();
        else controller.enqueue(new Uint8Array(65_536));
        sent = Math.min(size, sent + 65_536);
      },
    },
    { highWaterMark: 0 },
  );
  const asked = fetchOf(slow)("/", { method: "POST", body });
  for (let turn = 0; turn < 100; ++turn) await new Promise(setImmediate);
  expect(sent).toBeLessThan(size / 2);
  read();
  expect(await (await asked).text()).toBe(String(size));
});

test("an upgrade is for openWebSocket", async () => {
  const asked = fetchOf(app)("/up", { headers: { Upgrade: "shout" } });
  await expect(asked).rejects.toMatchObject({ cause: { message: expect.stringContaining("openWebSocket") } });
});

test("who aborts is gone: before the answer, and in the midst of it", async () => {
  const slow = new App();
  let began = () => {};
  const begun = new Promise<void>((resolve) => {
    began = resolve;
  });
  const signals: AbortSignal[] = [];
  slow.get("/wait", async ({ signal }) => {
    signals.push(signal);
    began();
    await once(signal, "abort");
    return "late";
  });
  slow.get("/stream", async function* ({ signal }) {
    yield "first";
    await once(signal, "abort");
  });
  const controller = new AbortController();
  const asked = fetchOf(slow)("/wait", { signal: controller.signal });
  await begun;
  controller.abort();
  await expect(asked).rejects.toMatchObject({ name: "AbortError" });
  expect(signals[0].aborted).toBe(true);
  const second = new AbortController();
  const response = await fetchOf(slow)("/stream", { signal: second.signal });
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  await reader.read();
  second.abort();
  await expect(reader.read()).rejects.toMatchObject({ name: "AbortError" });
});

test("what cannot be asked is said", async () => {
  expect(() => fetchOf("no url")).toThrow('"no url" is no URL of a server');
  expect(() => fetchOf(app, { origin: "ftp://x" })).toThrow('"ftp://x" is no URL of a server');
  expect(() => fetchOf({} as App)).toThrow("what is asked must be an application, or the URL of a server");
  await expect(fetchOf(app)("/x", { method: "A B" })).rejects.toThrow(TypeError);
});

describe("what is collected meanwhile", () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;

  test.each([
    ["of the options", (signal: AbortSignal) => fetchOf(app)("/forever", { signal })],
    ["of a Request", (signal: AbortSignal) => fetchOf(app)(new Request("http://localhost/forever", { signal }))],
  ])("a signal %s still aborts", async (_name, ask) => {
    const aborting = new AbortController();
    const asked = ask(aborting.signal).catch((error: Error) => error.name);
    for (let round = 0; round < 5; ++round) {
      await setTimeout(10);
      collect();
    }
    aborting.abort();
    expect(await asked).toBe("AbortError");
  });
});
