/** Requests in memory, through everything but a socket. */
import { expect, test } from "vitest";
import { App, HttpError, HttpResponse, upgrade } from "../../src/index.ts";

const errors: unknown[] = [];
const app = new App().on("error", (error) => errors.push(error));
app.get("/hello/{name}", ({ params, headers }) => `Hello, ${params.name} of ${headers.get("host")}`);
app.get("/json", () => ({ a: [1, "é"] }));
app.post("/echo", async (request) => {
  const type = request.headers.get("content-type") ?? "none";
  return new HttpResponse(await request.bytes(), { status: 201, headers: { "Content-Type": type } });
});
app.get("/hints", async (request) => {
  request.inform(103, { Link: "</a>" });
  await new Promise((resolve) => setImmediate(resolve));
  return new HttpResponse("page", { trailers: () => ({ "X-Sum": "4" }) });
});
app.get("/stream", async function* () {
  yield "a".repeat(100_000);
  await new Promise((resolve) => setImmediate(resolve));
  yield "b".repeat(100_000);
});
app.get("/cut", async function* () {
  yield "some";
  throw new Error("in the source");
});
app.get("/teapot", () => {
  throw new HttpError(418, "short and stout", { headers: { "X-A": "1" } });
});
app.get("/up", () => upgrade("shout", (socket) => socket.end("HEY")));
app.get("/ends", ({ remoteAddress, signal }) => ({ remoteAddress, aborted: signal.aborted }));

test("gives status, headers, content and the time it took", async () => {
  const response = await app.inject({ path: "/hello/J%C3%BCrgen?q" });
  expect([response.status, response.text()]).toEqual([200, "Hello, Jürgen of localhost"]);
  expect(response.headers.get("content-type")).toBe("text/plain; charset=utf-8");
  expect(response.headers.has("date")).toBe(true);
  expect(response.time).toBeGreaterThan(0);
  expect((await app.inject({ path: "/json" })).json()).toEqual({ a: [1, "é"] });
  expect((await app.inject({ path: "/ends" })).json()).toEqual({ remoteAddress: "127.0.0.1", aborted: false });
  expect((await app.inject()).status).toBe(404);
});

test("sends content of any kind", async () => {
  async function* pieces() {
    yield "one ";
    yield new Uint8Array([0x74, 0x77, 0x6f]);
  }
  const send = async (body: unknown, headers = {}) => {
    const response = await app.inject({ method: "POST", path: "/echo", headers, body });
    return [response.status, response.headers.get("content-type"), response.text()];
  };
  expect(await send("text")).toEqual([201, "none", "text"]);
  expect(await send(new Uint8Array([0x78]), { "Content-Type": "text/x" })).toEqual([201, "text/x", "x"]);
  expect(await send({ a: 1 })).toEqual([201, "application/json", '{"a":1}']);
  expect(await send([1], { "content-type": "application/x+json" })).toEqual([201, "application/x+json", "[1]"]);
  expect(await send(pieces())).toEqual([201, "none", "one two"]);
  expect(await send(null)).toEqual([201, "none", ""]);
  expect((await send("x".repeat(1_048_577)))[0]).toBe(413);
});

test("sends forms and the like as fetch does", async () => {
  const send = (body: unknown) => app.inject({ method: "POST", path: "/echo", body });
  const form = new FormData();
  form.append("a", "1");
  form.append("b", new File(["x"], "x.txt"));
  const sent = await send(form);
  const read = await new Response(sent.body as BodyInit, {
    headers: { "Content-Type": sent.headers.get("content-type") ?? "" },
  }).formData();
  expect([read.get("a"), (read.get("b") as File).name]).toEqual(["1", "x.txt"]);
  const encoded = await send(new URLSearchParams("a=1&a=%C3%A9"));
  expect(encoded.headers.get("content-type")).toMatch("application/x-www-form-urlencoded");
  expect(encoded.text()).toBe("a=1&a=%C3%A9");
  const blob = await send(new Blob(["x"], { type: "text/x" }));
  expect([blob.headers.get("content-type"), blob.text()]).toEqual(["text/x", "x"]);
  expect((await send(new Uint8Array([0x78]).buffer)).text()).toBe("x");
  await expect(send(() => 1)).rejects.toThrow("function has no JSON");
});

test("gives informational responses and trailers", async () => {
  const taken = await app.inject({ path: "/hints", headers: { TE: "trailers" } });
  expect([taken.headers.get("transfer-encoding"), [...taken.trailers]]).toEqual(["chunked", [["X-Sum", "4"]]]);
  const { informational, trailers, text } = await app.inject({ path: "/hints" });
  expect([informational.map(({ status, headers }) => [status, headers.get("link")]), trailers.size, text()]).toEqual([
    [[103, "</a>"]],
    0,
    "page",
  ]);
});

test("streams, HEAD, errors and other hosts are as on the wire", async () => {
  expect((await app.inject({ path: "/stream" })).body.length).toBe(200_000);
  const head = await app.inject({ method: "HEAD", path: "/json" });
  expect([head.headers.get("content-length"), head.body.length]).toEqual(["14", 0]);
  const teapot = await app.inject({ path: "/teapot" });
  expect([teapot.status, teapot.headers.get("x-a"), teapot.text()]).toEqual([418, "1", "short and stout\n"]);
  expect((await app.inject({ path: "/hello/x", headers: { host: "a:1" } })).text()).toBe("Hello, x of a:1");
  expect((await app.inject({ method: "POST", path: "/json" })).headers.get("allow")).toBe("GET, HEAD, OPTIONS");
});

test("what is cut off, or cannot be sent, rejects", async () => {
  await expect(app.inject({ path: "/cut" })).rejects.toMatchObject({ name: "IncompleteMessage" });
  expect(String(errors.splice(0))).toBe("Error: in the source");
  for (const request of [
    { path: "/a b" },
    { method: "A B" },
    { headers: { "X-A": "a\r\nb" } },
    { headers: { host: "" } },
  ]) {
    await expect(app.inject(request)).rejects.toThrow(TypeError);
  }
});

test("an upgrade is told as 101", async () => {
  const own = new App();
  own.get("/up", () => upgrade("shout", (socket) => socket.end("HEY"), { "X-A": "1" }));
  const response = await own.inject({ path: "/up", headers: { Upgrade: "shout" } });
  expect([response.status, response.headers.get("x-a")]).toEqual([101, "1"]);
});

test("many at once are not mixed up, and a listening server is not in the way", async () => {
  await app.listen({ port: 0 });
  const all = await Promise.all(
    Array.from({ length: 200 }, (_, at) => app.inject({ method: "POST", path: "/echo", body: `${at}` })),
  );
  expect(all.map(({ text }) => text())).toEqual(all.map((_, at) => `${at}`));
  await app.close();
});
