/** Content that is too large: whatever a client goes on to send, it reads the answer before the connection ends. */
import { once } from "node:events";
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { App, type Server } from "../../src/index.ts";
import { exchange, parseResponses } from "../support/client.ts";

const LIMIT = 1000;
const app = new App().on("error", () => {});
app.post("/read", async (request) => String((await request.bytes()).length));
app.post("/pieces", async (request) => {
  let size = 0;
  for await (const piece of request.body) size += piece.length;
  return String(size);
});
app.post("/ignore", async () => {
  await new Promise((resolve) => setImmediate(resolve));
  return "ignored";
});
let server: Server;
let port: number;
beforeAll(async () => {
  server = await app.listen({ port: 0, maxBodySize: LIMIT });
  port = server.address.port;
});
afterAll(() => app.close({ deadline: 0 }));

/** Sends a head and then `size` bytes in pieces, reads nothing before all was taken, and then until the end. */
async function sendThenRead(head: string, size: number, frame: (piece: Buffer) => Buffer = (piece) => piece) {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  const failures: unknown[] = [];
  socket.on("error", (error) => failures.push(error));
  await once(socket, "connect");
  socket.pause();
  socket.write(head);
  const piece = frame(Buffer.alloc(65536, "x"));
  for (let sent = 0; sent < size && failures.length === 0; sent += 65536) {
    await new Promise((resolve) => socket.write(piece, resolve));
  }
  let received = "";
  socket.on("data", (data) => {
    received += data.toString("latin1");
  });
  socket.resume();
  await once(socket, "end");
  socket.end();
  await once(socket, "close");
  return { received: parseResponses(received), failures };
}

const post = (path: string, more: string) => `POST ${path} HTTP/1.1\r\nHost: a\r\n${more}\r\n`;
const chunk = (piece: Buffer) =>
  Buffer.concat([Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from("\r\n")]);
const KIB = 1024;
const MIB = 1024 * KIB;

describe.each(["/read", "/pieces", "/ignore"])("%s", (path) => {
  test.each([
    ["64 KiB", 64 * KIB + 1, 64 * KIB],
    ["1 MiB", MIB, MIB],
    ["16 MiB", 16 * MIB, 16 * MIB],
    ["1 GiB, of which 32 MiB are sent", 1024 * MIB, 32 * MIB],
  ])("announced: %s", async (_, announced, size) => {
    const { received, failures } = await sendThenRead(post(path, `Content-Length: ${announced}\r\n`), size);
    expect(received.all.map(({ status, headers }) => [status, headers.get("connection")])).toEqual([[413, "close"]]);
    expect([received.rest, failures]).toEqual(["", []]);
  });

  test.each([
    ["64 KiB", 64 * KIB],
    ["16 MiB", 16 * MIB],
  ])("in chunks: %s", async (_, size) => {
    const { received, failures } = await sendThenRead(post(path, "Transfer-Encoding: chunked\r\n"), size, chunk);
    expect(received.all).toHaveLength(1);
    const [{ status, headers }] = received.all;
    // A handler that was called before too much had come, and does not read, may have answered already.
    expect(path === "/ignore" ? [200, 413] : [413]).toContain(status);
    if (status === 413) expect(headers.get("connection")).toBe("close");
    expect([received.rest, failures]).toEqual(["", []]);
  });
});

test.each([`Content-Length: ${LIMIT + 1}\r\n`, "Content-Length: 99999999\r\n"])(
  "with Expect: no 100 comes before, and content that is sent all the same harms nothing: %s",
  async (length) => {
    const { received, failures } = await sendThenRead(post("/read", `${length}Expect: 100-continue\r\n`), MIB);
    expect(received.all.map(({ status, headers }) => [status, headers.get("connection")])).toEqual([[413, "close"]]);
    expect(failures).toEqual([]);
  },
);

test("chunks that come after 100 was sent for", async () => {
  const head = post("/read", "Transfer-Encoding: chunked\r\nExpect: 100-continue\r\n");
  const { received, failures } = await sendThenRead(head, 4 * MIB, chunk);
  expect(received.all.map(({ status }) => status).filter((status) => status !== 100)).toEqual([413]);
  expect(failures).toEqual([]);
});

test("answers before it come first, and what follows it is not served", async () => {
  const small = post("/read", "Content-Length: 2\r\n");
  const answers = await exchange(
    port,
    `${small}ab${small}cd${post("/read", "Content-Length: 1001\r\n")}${"x".repeat(1001)}${small}ef`,
  );
  expect(answers.map(({ status, body }) => [status, body.slice(0, 1)])).toEqual([
    [200, "2"],
    [200, "2"],
    [413, "t"],
  ]);
});
