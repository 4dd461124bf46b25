/** Content that is read piece by piece. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { App, type Server } from "../../src/index.ts";
import { exchange, RawClient } from "../support/client.ts";
import { deferred } from "../support/deferred.ts";
import { settled } from "../support/settled.ts";

const app = new App().on("error", () => {});
const released = deferred();

app.post("/size", async (request) => {
  let size = 0;
  for await (const piece of request.body) size += piece.length;
  return String(size);
});
app.post("/copy", async (request) => {
  const pieces: Uint8Array[] = [];
  for await (const piece of request.body) {
    pieces.push(piece);
    await new Promise((resolve) => setImmediate(resolve));
  }
  return Buffer.concat(pieces);
});
app.post("/hold", async (request) => {
  await released.promise;
  return String((await request.bytes()).length);
});
app.post("/first", async (request) => {
  for await (const piece of request.body) return `${piece.length > 0}`;
  return "none";
});
app.post("/twice", async (request) => {
  const pieces = request.body;
  await pieces.next();
  return request.bytes();
});
app.post("/ignore", () => "ignored");
app.get("/", () => "ok");

let server: Server;
let port: number;
beforeAll(async () => {
  server = await app.listen({ port: 0, maxBodySize: 100_000_000 });
  port = server.address.port;
});
afterAll(() => app.close());

const get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const head = (path: string, size: number) => `POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Length: ${size}\r\n\r\n`;
const content = Array.from({ length: 3_000_000 }, (_, at) => String.fromCharCode((at * 7919) & 255)).join("");

test("all of it comes, in order, by length and in chunks, and the next request is served", async () => {
  const [copy, next] = await exchange(port, head("/copy", content.length) + content + get);
  expect([copy.body === content, next.body]).toEqual([true, "ok"]);
  const size = 100_000;
  let chunks = "";
  for (let at = 0; at < content.length; at += size) {
    chunks += `${size.toString(16)}\r\n${content.slice(at, at + size)}\r\n`;
  }
  const chunked = "POST /copy HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  const [second] = await exchange(port, `${chunked}${chunks}0\r\n\r\n`);
  expect(second.body === content).toBe(true);
  expect((await exchange(port, head("/size", 0)))[0].body).toBe("0");
});

test("while nobody reads, the client is not read from; then all of it comes", async () => {
  const client = new RawClient(port);
  const size = 60_000_000;
  client.socket.write(head("/hold", size));
  client.socket.write(Buffer.alloc(size));
  await settled(() => client.socket.bytesWritten - client.socket.writableLength);
  expect(client.socket.writableLength).toBeGreaterThan(0);
  expect(process.memoryUsage().arrayBuffers).toBeLessThan(size + 40_000_000);
  released.resolve();
  expect((await client.responses(1))[0].body).toBe(String(size));
  client.destroy();
});

test("a handler may stop reading; what is left is dropped", async () => {
  const small = 500_000;
  const answers = await exchange(port, head("/first", small) + content.slice(0, small) + get);
  expect(answers.map(({ body }) => body)).toEqual(["true", "ok"]);
});

test("more than is dropped for the sake of a connection closes it, and the answer is read", async () => {
  const client = new RawClient(port);
  client.socket.write(head("/ignore", 50_000_000));
  const [answer] = await client.responses(1);
  expect([answer.body, answer.headers.get("connection")]).toEqual(["ignored", "close"]);
  client.destroy();
});

test("content that is cut off throws where it is read", async () => {
  const [answer] = await exchange(port, `${head("/size", 10)}12345`);
  expect(answer.status).toBe(400);
});

test("content is read in one way only", async () => {
  const [answer] = await exchange(port, `${head("/twice", 2)}ab`);
  expect(answer.status).toBe(500);
});
