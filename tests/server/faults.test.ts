/** What clients and applications do wrong, and slow peers. Each of these has broken the server once. */
import { once } from "node:events";
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Answer, App, HttpError, HttpResponse, type Server } from "../../src/index.ts";
import { exchange, parseResponses, RawClient } from "../support/client.ts";
import { echo } from "../support/echo.ts";

const errors: unknown[] = [];
const app = new App().on("error", (error) => errors.push(error));
const big = "x".repeat(3_000_000);
const odd: Record<string, unknown> = {
  number: 5,
  object: { a: 1 },
  array: [1, 2],
  words: new Uint16Array(2),
  buffer: new ArrayBuffer(2),
};
let background: Promise<unknown> = Promise.resolve();
let gate: Promise<void> = Promise.resolve();

app.get("/", () => "ok");
app.get("/big", () => big);
app.get("/tick", async () => {
  await new Promise((resolve) => setImmediate(resolve));
  return "tick";
});
app.get("/odd/{kind}", ({ params }) => new HttpResponse(odd[params.kind] as string));
app.get("/missing/{name}", ({ params }) => {
  throw new HttpError(404, `${params.name} is not here`);
});
app.get("/thenable", () => {
  const name = "then";
  return { [name]: (resolve: (value: string) => void) => resolve("awaited") } as unknown as Promise<Answer>;
});
app.get("/gate", async (request) => {
  await gate;
  return request.headers.get("host");
});
app.post("/background", (request) => {
  background = request.bytes();
  return "accepted";
});
app.post("/late", (request) => {
  background = Promise.resolve().then(() => request.text());
  background.catch(() => {});
  return "accepted";
});
app.post("/echo", echo);

let server: Server;
let port: number;
beforeAll(async () => {
  server = await app.listen({ port: 0 });
  port = server.address.port;
});
afterAll(() => app.close());

const get = (path: string, more = "") => `GET ${path} HTTP/1.1\r\nHost: a\r\n${more}\r\n`;

describe("slow peers", () => {
  test("more requests than the window holds may wait behind one that is at work", async () => {
    const client = new RawClient(port);
    const requests = [get("/tick"), ...Array.from({ length: 9000 }, () => get("/")), get("/tick")];
    await client.write(requests.join(""));
    const answers = await client.responses(requests.length);
    expect(answers).toHaveLength(requests.length);
    expect([answers[0].body, answers[1].body, answers.at(-1)?.body]).toEqual(["tick", "ok", "tick"]);
    client.destroy();
  });

  test.concurrent.each([
    ["Connection: close", get("/big", "Connection: close\r\n")],
    ["HTTP/1.0", "GET /big HTTP/1.0\r\n\r\n"],
  ])("an answer that closes is complete, however slowly it is read: %s", async (_, request) => {
    const socket = connect(port, "127.0.0.1");
    await once(socket, "connect");
    socket.pause();
    socket.write(request);
    await once(socket, "readable");
    // Longer than a closed connection lingers for a peer that does not close.
    await new Promise((resolve) => setTimeout(resolve, 2500));
    let size = 0;
    socket.on("data", (chunk) => {
      size += chunk.length;
    });
    socket.resume();
    await once(socket, "end");
    expect(size).toBeGreaterThan(big.length);
  });

  test("a peer that never reads is not answered without end", async () => {
    const socket = connect(port, "127.0.0.1");
    await once(socket, "connect");
    socket.pause();
    const before = process.memoryUsage().rss;
    // What the system does not take any more stays with this side.
    while (socket.writableLength < 1_000_000) {
      socket.write(get("/big").repeat(500));
      await new Promise((resolve) => setImmediate(resolve));
      expect(socket.bytesWritten).toBeLessThan(50_000_000);
    }
    expect(process.memoryUsage().rss - before).toBeLessThan(100_000_000);
    socket.destroy();
    expect((await exchange(port, get("/")))[0].body).toBe("ok");
  });

  test("answers go on once the peer reads again", async () => {
    const socket = connect(port, "127.0.0.1");
    await once(socket, "connect");
    socket.pause();
    socket.write(get("/big").repeat(8) + get("/"));
    await new Promise((resolve) => setTimeout(resolve, 100));
    const received: string[] = [];
    let size = 0;
    socket.on("data", (chunk) => {
      received.push(chunk.toString("latin1"));
      size += chunk.length;
    });
    socket.resume();
    while (size < 8 * big.length || !received.at(-1)?.endsWith("ok")) await once(socket, "data");
    expect(parseResponses(received.join("")).all.map(({ body }) => body.length)).toEqual([
      ...Array.from({ length: 8 }, () => big.length),
      2,
    ]);
    socket.destroy();
  });

  test("content in tiny chunks takes no more memory than its size", async () => {
    const client = new RawClient(port);
    const chunks = "1\r\nx\r\n".repeat(50_000);
    await client.write(`POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n`);
    for (let i = 0; i < 20; ++i) await client.write(chunks);
    await client.write("0\r\n\r\n");
    const [answer] = await client.responses(1);
    expect(answer.body.length).toBe(1_000_000);
    client.destroy();
  });
});

describe("applications", () => {
  test.each(Object.keys(odd))("a body that is none becomes a 500: %s", async (kind) => {
    const answers = await exchange(port, get(`/odd/${kind}`) + get("/"));
    expect(answers.map(({ status }) => status)).toEqual([500, 200]);
  });

  test("thenables of any kind are awaited", async () => {
    expect((await exchange(port, get("/thenable")))[0].body).toBe("awaited");
  });

  test("the message of an error is never HTML", async () => {
    const [answer] = await exchange(port, get("/missing/%3Cscript%3E"));
    expect([answer.body, answer.headers.get("content-type")]).toEqual([
      "<script> is not here\n",
      "text/plain; charset=utf-8",
    ]);
  });

  test.each(["/background", "/late"])("content that is read after the answer rejects: %s", async (path) => {
    const client = new RawClient(port);
    await client.write(`POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n`);
    await client.responses(1);
    await client.write(`hello${get("/")}`);
    expect((await client.responses(2))[1].body).toBe("ok");
    await expect(background).rejects.toThrow("no longer valid");
    client.destroy();
  });

  test("a client that goes is no error of the application", async () => {
    errors.length = 0;
    let open = () => {};
    gate = new Promise((resolve) => {
      open = resolve;
    });
    const client = new RawClient(port);
    await client.write(get("/gate"));
    await exchange(port, get("/"));
    client.socket.resetAndDestroy();
    await once(client.socket, "close");
    await exchange(port, get("/"));
    open();
    await exchange(port, get("/"));
    expect(errors).toEqual([]);
  });

  test("a hook of errors that throws harms nothing", async () => {
    const own = new App().on("error", () => {
      throw new Error("in the hook");
    });
    own.get("/", () => {
      throw new Error("in the handler");
    });
    const { address } = await own.listen({ port: 0 });
    expect((await exchange(address.port, get("/")))[0].status).toBe(500);
    await own.close();
  });

  test("a path that could never match is refused", () => {
    for (const path of ["/über", "/a b", "/a?b", "/a#b", "/%zz"])
      expect(() => app.get(path, () => "")).toThrow(TypeError);
  });
});

describe("connections", () => {
  test("an empty line after a request begins nothing", async () => {
    expect(await exchange(port, `${get("/")}\r\n`)).toHaveLength(1);
    const own = new App();
    const { address } = await own.listen({ port: 0 });
    const client = new RawClient(address.port);
    await client.write(`${get("/")}\r\n`);
    await client.responses(1);
    const closed = own.close();
    await client.end();
    client.socket.end();
    await closed;
  });

  test("Expect with empty content keeps the connection", async () => {
    const head = "POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n";
    const answers = await exchange(port, `${head}Content-Length: 0\r\n\r\n${get("/")}`);
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    const chunked = await exchange(port, `${head}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n${get("/")}`);
    expect(chunked.map(({ status }) => status)).toEqual([200, 200]);
  });

  test("an error answers HEAD without content", async () => {
    const answers = await exchange(port, "HEAD / HTTP/1.1\r\nHost: a\r\nContent-Length: 9999999\r\n\r\n", ["HEAD"]);
    expect(answers.map(({ status }) => status)).toEqual([413]);
  });

  test("options that are undefined mean their defaults", async () => {
    const own = new App();
    const options = { port: 0, host: undefined, maxBodySize: undefined } as unknown as { port: number };
    expect((await own.listen(options)).address.address).toBe("127.0.0.1");
    await own.close();
  });

  test("close waits for whoever closes, and for a listen under way", async () => {
    const own = new App();
    const listening = own.listen({ port: 0 });
    const closed = Promise.all([own.close(), own.close()]);
    await listening;
    await closed;
    await own.listen({ port: 0 });
    await own.close();
  });
});
