/** Both ways in which bytes reach the window: read there by the kernel, and copied from `data` events. */
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Application } from "../../src/app/index.ts";
import { ConnectionGroup } from "../../src/h1/index.ts";
import type { HttpRequest } from "../../src/http/index.ts";
import { readDirectly } from "../../src/server/direct-read.ts";
import { Service } from "../../src/server/service.ts";
import { serveSocket } from "../../src/server/socket.ts";
import { exchange, RawClient } from "../support/client.ts";
import { echo } from "../support/echo.ts";
import { settled } from "../support/settled.ts";

/** Takes from a socket a piece of what is private, as a runtime without it would have it. */
const without = (name: string) => (socket: Socket) => {
  Object.defineProperty((socket as unknown as { _handle: object })._handle, name, { value: undefined });
  return socket;
};
const withoutDirectReads = without("useUserBuffer");
const withoutDirectWrites = without("writeQueueSize");

/** Answers each request by itself, with the path as text. */
async function later({ path }: HttpRequest): Promise<string> {
  await new Promise((resolve) => setImmediate(resolve));
  return path;
}

describe.each([
  ["read and written directly", (socket: Socket) => socket],
  ["copied from data events", withoutDirectReads],
  ["written by the stream", withoutDirectWrites],
])("bytes %s", (_, prepare) => {
  const application = new Application({ fallback: echo });
  application.get("/later/{rest:path}", later);
  const service = new Service(application, Number.POSITIVE_INFINITY, () => {});
  const group = new ConnectionGroup(service);
  const server = createServer({ allowHalfOpen: true }, (socket) => serveSocket(prepare(socket), group));
  let port = 0;
  beforeEach(async () => {
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    port = (server.address() as AddressInfo).port;
  });
  afterEach(async () => {
    server.close();
    await once(server, "close");
  });

  test("serve bodies larger than the window, heads in pieces, and pipelined requests", async () => {
    const body = "0123456789".repeat(50_000);
    const request = `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    const client = new RawClient(port);
    for (const character of "GET / HTTP/1.1\r\nHost: a\r\n\r\n") await client.write(character);
    await client.write(request + request);
    client.socket.end();
    const answers = await client.responses(3);
    expect(answers.map((answer) => answer.body === body)).toEqual([false, true, true]);
    await client.end();
    client.destroy();
    expect((await exchange(port, "BAD\r\n\r\n"))[0].status).toBe(400);
  });

  test("leave in order, and whole, also to a client that reads late", async () => {
    const paths = Array.from({ length: 3000 }, (_, index) => `/later/${index}/${"x".repeat((index % 5) * 1500)}`);
    const client = new RawClient(port);
    client.socket.pause();
    // More than the system holds for a client that does not read: the server has to wait for it.
    const written = client.write(paths.map((path) => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`).join(""));
    await settled(() => client.socket.bytesWritten - client.socket.writableLength);
    client.socket.resume();
    await written;
    const answers = await client.responses(paths.length);
    expect(answers.map(({ body }) => body)).toEqual(paths);
    client.socket.end();
    await client.end();
  });
});

test("content behind a request that is at work is taken whole, though it came in one piece larger than the window", async () => {
  const application = new Application({
    fallback: async (request) => {
      await new Promise((resolve) => setImmediate(resolve));
      return new Uint8Array(await request.bytes());
    },
  });
  const group = new ConnectionGroup(new Service(application, Number.POSITIVE_INFINITY, () => {}));
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    serveSocket(withoutDirectReads(socket), group);
    const content = Buffer.alloc(300_000, "0123456789");
    const head = `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${content.length}\r\n\r\n`;
    // As runtimes may read that have larger buffers of their own.
    socket.emit("data", Buffer.concat([Buffer.from(`GET / HTTP/1.1\r\nHost: a\r\n\r\n${head}`), content]));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const client = new RawClient((server.address() as AddressInfo).port);
  const answers = await client.responses(2);
  expect(answers[1].body === "0123456789".repeat(30_000)).toBe(true);
  client.destroy();
  server.close();
});

test("this runtime has what direct reads need", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  const accepted = once(server, "connection");
  await once(server, "listening");
  const client = new RawClient((server.address() as AddressInfo).port);
  const [socket] = (await accepted) as [Socket];
  const buffer = new Uint8Array(16);
  const read = new Promise<number>((resolve) => {
    expect(
      readDirectly(socket, buffer, (length) => {
        resolve(length);
        return true;
      }),
    ).toBe(true);
  });
  await client.write("bytes");
  expect(await read).toBe(5);
  expect(Buffer.from(buffer.subarray(0, 5)).toString()).toBe("bytes");
  client.destroy();
  socket.destroy();
  server.close();
});
