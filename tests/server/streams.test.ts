/** Answers whose content comes piece by piece. */
import { once } from "node:events";
import { connect } from "node:net";
import { Readable } from "node:stream";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { App, type BodyStream, HttpResponse, type Server } from "../../src/index.ts";
import { exchange, RawClient } from "../support/client.ts";
import { deferred } from "../support/deferred.ts";
import { settled } from "../support/settled.ts";

const errors: unknown[] = [];
const app = new App().on("error", (error) => errors.push(error));
/** How many pieces the endless source was asked for, and what tells when it was let go. */
let asked = 0;
let letGo = deferred();

async function* pieces(...all: (string | Uint8Array)[]): AsyncGenerator<string | Uint8Array> {
  for (const piece of all) yield piece;
}

app.get("/chunks", () => pieces("a", "", "é", Uint8Array.of(0, 255), "x".repeat(300)));
app.get("/none", () => pieces());
app.get("/length", () => new HttpResponse(pieces("ab", "cd"), { headers: { "Content-Length": "4" } }));
app.get("/more", () => new HttpResponse(pieces("ab", "cd"), { headers: { "Content-Length": "3" } }));
app.get("/less", () => new HttpResponse(pieces("ab"), { headers: { "Content-Length": "3" } }));
app.get("/wrong", () => pieces("ab", 5 as unknown as string));
app.get("/bare", () => new HttpResponse(pieces("ab"), { status: 204 }));
app.get("/fails", async function* fails() {
  yield "ab";
  throw new Error("in the middle");
} as () => BodyStream);
app.get("/web", () => {
  const stream = new ReadableStream<string>({
    start(controller) {
      for (const piece of ["web", " ", "stream"]) controller.enqueue(piece);
      controller.close();
    },
  });
  return new HttpResponse(stream as unknown as BodyStream, { headers: { "Content-Type": "text/x" } });
});
app.get("/blob", () => new Blob(["some ", "text"], { type: "text/x" }));
app.get("/endless", async function* endless() {
  try {
    for (;;) {
      ++asked;
      yield "x".repeat(10_000);
    }
  } finally {
    letGo.resolve();
  }
} as () => BodyStream);
app.get("/request", async function* request({ headers }) {
  for (const name of ["host", "x-a"]) {
    await new Promise((resolve) => setImmediate(resolve));
    yield `${headers.get(name)};`;
  }
} as Parameters<typeof app.get>[1]);
app.get("/", () => "ok");

let server: Server;
let port: number;
beforeAll(async () => {
  server = await app.listen({ port: 0 });
  port = server.address.port;
});
afterAll(() => app.close());

const get = (path: string, more = "") => `GET ${path} HTTP/1.1\r\nHost: a\r\n${more}\r\n`;

/** All bytes that come back for a request, until the server closes. */
async function raw(request: string): Promise<string> {
  const client = new RawClient(port);
  await client.write(request);
  client.socket.end();
  await client.end();
  client.destroy();
  return client.received;
}

const bodyOf = (received: string) => received.slice(received.indexOf("\r\n\r\n") + 4);

describe("framing", () => {
  test("each piece is a chunk, empty ones are passed over, and the next request is served", async () => {
    const received = await raw(get("/chunks") + get("/"));
    expect(received).toContain("\r\nTransfer-Encoding: chunked\r\n");
    const wanted = `1\r\na\r\n2\r\n\xc3\xa9\r\n2\r\n\0\xff\r\n12c\r\n${"x".repeat(300)}\r\n0\r\n\r\nHTTP/1.1 200 OK\r\n`;
    expect(bodyOf(received).startsWith(wanted)).toBe(true);
    expect(received.endsWith("\r\n\r\nok")).toBe(true);
  });

  test("no pieces are an empty content", async () => {
    expect(bodyOf(await raw(get("/none")))).toBe("0\r\n\r\n");
  });

  test("HTTP/1.0 gets no chunks; its content lasts until the connection closes", async () => {
    const received = await raw("GET /chunks HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    expect(received).not.toMatch(/transfer-encoding|content-length/i);
    expect(received).toContain("\r\nConnection: close\r\n");
    expect(bodyOf(received)).toBe(`a\xc3\xa9\0\xff${"x".repeat(300)}`);
  });

  test("a length that is known is told, and holds", async () => {
    const [answer, next] = await exchange(port, get("/length") + get("/"));
    expect([answer.headers.get("content-length"), answer.body, next.body]).toEqual(["4", "abcd", "ok"]);
  });

  test("HEAD tells the framing and has no content", async () => {
    const received = await raw(`HEAD /chunks HTTP/1.1\r\nHost: a\r\n\r\n${get("/")}`);
    expect(received).toMatch(/Transfer-Encoding: chunked\r\n\r\nHTTP\/1\.1 200 OK/);
  });

  test("web streams and blobs", async () => {
    expect(bodyOf(await raw(get("/web")))).toBe("3\r\nweb\r\n1\r\n \r\n6\r\nstream\r\n0\r\n\r\n");
    const [blob] = await exchange(port, get("/blob"));
    expect([blob.headers.get("content-type"), blob.headers.get("content-length"), blob.body]).toEqual([
      "text/x",
      "9",
      "some text",
    ]);
  });

  test("the request can be read while its answer is on its way", async () => {
    const received = await raw(get("/request", "X-A: 1\r\n") + get("/", "X-A: 2\r\n"));
    expect(bodyOf(received)).toMatch(/^2\r\na;\r\n2\r\n1;\r\n0\r\n\r\nHTTP/);
  });
});

describe("faults", () => {
  test.each(["/more", "/less", "/fails", "/wrong"])("a source that fails cuts the connection: %s", async (path) => {
    errors.length = 0;
    const received = await raw(get(path) + get("/"));
    expect(received).toMatch(/^HTTP\/1\.1 200 OK/);
    expect(received).not.toContain("0\r\n\r\n");
    expect(received.match(/HTTP\/1\.1/g)).toHaveLength(1);
    expect(errors).toHaveLength(1);
    expect((await exchange(port, get("/")))[0].body).toBe("ok");
  });

  test("a status without content takes no stream", async () => {
    const answers = await exchange(port, get("/bare") + get("/"));
    expect(answers.map(({ status }) => status)).toEqual([500, 200]);
  });

  test("a client that does not read is not written to, and one that goes is noticed by the source", async () => {
    asked = 0;
    letGo = deferred();
    const socket = connect(port, "127.0.0.1");
    await once(socket, "connect");
    socket.pause();
    socket.write(get("/endless"));
    await settled(() => asked);
    expect(asked).toBeLessThan(5000);
    socket.resetAndDestroy();
    await letGo.promise;
    expect((await exchange(port, get("/")))[0].body).toBe("ok");
  });

  test("HEAD asks the source for nothing", async () => {
    asked = 0;
    const received = await raw(`HEAD /endless HTTP/1.1\r\nHost: a\r\n\r\n${get("/")}`);
    expect(received.endsWith("\r\n\r\nok")).toBe(true);
    expect(asked).toBe(0);
  });
});

describe("streams of Node", () => {
  const failure = new Error("it could not be opened");
  /** The last that was made, which fails by itself, as one of a file that is not there does, or has content. */
  let stream: Readable;
  const make = (fails: boolean) => {
    stream = new Readable({ read: () => {} });
    if (fails) stream.destroy(failure);
    else stream.push("content");
    return stream;
  };
  let release: () => void = () => {};
  app.get("/node", () => make(false));
  app.get("/node-fails", () => make(true));
  app.get("/node-bare", () => new HttpResponse(make(false), { status: 204 }));
  app.get("/waits", async () => {
    await new Promise<void>((resolve) => {
      release = resolve;
    });
    return "ok";
  });

  test("are closed where nothing is sent of them, so that they hold no descriptor", async () => {
    for (const request of ["HEAD /node", "GET /node-bare"]) {
      const received = await raw(`${request} HTTP/1.1\r\nHost: a\r\n\r\n${get("/")}`);
      expect(received.endsWith("\r\n\r\nok")).toBe(true);
      expect(stream.destroyed).toBe(true);
    }
  });

  test("that fail unread trouble nobody", async () => {
    const received = await raw(`HEAD /node-fails HTTP/1.1\r\nHost: a\r\n\r\n${get("/")}`);
    expect(received.endsWith("\r\n\r\nok")).toBe(true);
  });

  test("that fail before it is their turn are told of when it is", async () => {
    errors.length = 0;
    const client = new RawClient(port);
    const failed = new Promise<void>((resolve) => {
      app.get("/node-fails-later", () => make(true).once("close", resolve));
    });
    await client.write(get("/waits") + get("/node-fails-later"));
    await failed;
    release();
    await client.end();
    expect(client.received).toContain("\r\n\r\nok");
    expect(errors).toEqual([failure]);
  });
});
