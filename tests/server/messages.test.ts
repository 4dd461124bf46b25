/** What an application can do with requests and responses beyond their content, over real sockets. */
import { once } from "node:events";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { App, HttpResponse, type Server } from "../../src/index.ts";
import { exchange, RawClient } from "../support/client.ts";

const app = new App();
let cancelled: unknown;

app.get("/hints", async (request) => {
  request.inform(103, { Link: "</style.css>; rel=preload; as=style" });
  await new Promise((resolve) => setImmediate(resolve));
  request.inform(103, [["Link", "</script.js>; rel=preload; as=script"]]);
  request.inform(102);
  return "page";
});
app.get("/trailers", () => new HttpResponse("text", { trailers: () => ({ "X-Sum": "4" }) }));
app.get("/pieces", () => {
  let size = 0;
  async function* pieces() {
    for (const piece of ["one", "two"]) {
      size += piece.length;
      yield piece;
    }
  }
  return new HttpResponse(pieces(), { headers: { Trailer: "X-Size" }, trailers: async () => [["X-Size", `${size}`]] });
});
app.get("/bad-trailers", () => new HttpResponse("text", { trailers: () => ({ "Content-Length": "4" }) }));
app.get("/ends", ({ remoteAddress, remotePort, localAddress, localPort }) => ({
  remoteAddress,
  remotePort,
  localAddress,
  localPort,
}));
app.get("/raw", (request) => request.rawHead());
app.post("/stream", async (request) => {
  const pieces: Uint8Array[] = [];
  for await (const piece of request.stream()) pieces.push(piece);
  return Buffer.concat(pieces);
});
app.post("/first", async (request) => {
  const reader = request.stream().getReader();
  const { value } = await reader.read();
  await reader.cancel("enough");
  cancelled = await reader.closed;
  return `${(value?.length ?? 0) > 0}`;
});
app.post("/pipe", (request) => request.stream() as unknown as AsyncIterable<Uint8Array>);

let server: Server;
let port: number;
beforeAll(async () => {
  server = await app.listen({ port: 0, maxBodySize: 16_000_000 });
  port = server.address.port;
});
afterAll(() => app.close());

const get = (path: string, more = "") => `GET ${path} HTTP/1.1\r\nHost: a\r\n${more}\r\n`;

test("informational responses come before the final one", async () => {
  const answers = await exchange(port, get("/hints"));
  expect(answers.map(({ status, headers }) => [status, headers.get("link")])).toEqual([
    [103, "</style.css>; rel=preload; as=style"],
    [103, "</script.js>; rel=preload; as=script"],
    [102, undefined],
    [200, undefined],
  ]);
  const hints: unknown[] = [];
  const asked = httpRequest({ port, host: "127.0.0.1", path: "/hints" }).on("information", ({ headers }) => {
    hints.push(headers.link);
  });
  asked.end();
  const [response] = (await once(asked, "response")) as [IncomingMessage];
  response.resume();
  await once(response, "end");
  expect(hints).toHaveLength(3);
});

describe("trailers", () => {
  test.each([
    ["/trailers", { "x-sum": "4" }],
    ["/pieces", { "x-size": "6" }],
  ])("follow the content for clients that take them: %s", async (path, trailers) => {
    const asked = httpRequest({ port, host: "127.0.0.1", path, headers: { TE: "trailers", Connection: "TE" } });
    asked.end();
    const [response] = (await once(asked, "response")) as [IncomingMessage];
    response.resume();
    await once(response, "end");
    expect([response.headers["transfer-encoding"], response.trailers]).toEqual(["chunked", trailers]);
  });

  test("are left out for others", async () => {
    const [answer] = await exchange(port, get("/trailers"));
    expect([answer.headers.get("content-length"), answer.body]).toEqual(["4", "text"]);
  });

  test("that would say how to read the content cut the answer off", async () => {
    const client = new RawClient(port);
    await client.write(get("/bad-trailers", "TE: trailers\r\nConnection: TE\r\n"));
    await client.end();
    expect(client.received).not.toContain("Content-Length");
    expect(client.received).not.toMatch(/0\r\n\r\n$/);
    client.destroy();
  });
});

test("a request knows both ends of its connection", async () => {
  const client = new RawClient(port);
  await client.write(get("/ends"));
  const [answer] = await client.responses(1);
  expect(JSON.parse(answer.body)).toEqual({
    remoteAddress: "127.0.0.1",
    remotePort: client.socket.localPort,
    localAddress: "127.0.0.1",
    localPort: port,
  });
  client.destroy();
});

test("the raw head is what came, byte for byte", async () => {
  const head = "GET /raw?q HTTP/1.1\r\nhOST:a\r\nX-Y: \t z\t\r\nX-Y:\xe4\r\n\r\n";
  expect((await exchange(port, head))[0].body).toBe(head);
});

describe("content as a stream of the web", () => {
  const post = (path: string, content: string) =>
    `POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Length: ${content.length}\r\n\r\n${content}`;

  test("comes whole", async () => {
    const content = "0123456789".repeat(100_000);
    const [answer] = await exchange(port, post("/stream", content));
    expect(answer.body === content).toBe(true);
    expect((await exchange(port, post("/stream", "")))[0].body).toBe("");
  });

  test("is cancelled where no more is wanted, and the connection goes on", async () => {
    const client = new RawClient(port);
    await client.write(post("/first", "x".repeat(900_000)) + get("/ends"));
    expect((await client.responses(2)).map(({ status }) => status)).toEqual([200, 200]);
    expect(cancelled).toBeUndefined();
    client.destroy();
  });

  test("can be the answer, no faster than it is read", async () => {
    const socket = connect(port, "127.0.0.1");
    socket.pause();
    const content = Buffer.alloc(12_000_000, "#");
    socket.write(post("/pipe", "").replace(": 0", `: ${content.length}`));
    socket.write(content);
    for (let turns = 0; turns < 500; ++turns) await new Promise((resolve) => setImmediate(resolve));
    // Neither side holds all of it: the client keeps what the server does not take.
    expect(socket.writableLength).toBeGreaterThan(0);
    let size = 0;
    for await (const chunk of socket as AsyncIterable<Buffer>) {
      for (const byte of chunk) if (byte === 0x23) ++size;
      if (size === content.length) break;
    }
    socket.destroy();
  });
});
