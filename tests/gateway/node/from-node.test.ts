/** Listeners of node:http in an application: frameworks, and what listeners see and do. */
import { AsyncLocalStorage } from "node:async_hooks";
import { once } from "node:events";
import { createServer, IncomingMessage, type ServerResponse } from "node:http";
import { connect as connectTo } from "node:net";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import connect from "connect";
import express from "express";
import fastify from "fastify";
import Koa from "koa";
import { afterEach, describe, expect, test } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { type FromNodeOptions, fromNode, type NodeListener } from "../../../src/gateway/node.ts";
import { App, type RunningServer, type ServerOptions } from "../../../src/index.ts";
import { compression, cors, etag } from "../../../src/middleware/index.ts";
import { cached } from "../../../src/services/cache.ts";
import { exchange, RawClient } from "../../support/client.ts";

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** An application that a listener answers for, and what it reports. */
function application(listener: NodeListener, options?: FromNodeOptions) {
  const reported: unknown[] = [];
  const app = new App({ fallback: fromNode(listener, options) });
  app.on("error", (error) => void reported.push(error));
  return { app, reported };
}

async function listen(app: App, options: ServerOptions = {}): Promise<RunningServer> {
  const server = await app.listen({ port: 0, ...options });
  closing.push(() => app.close({ deadline: 0 }));
  return server;
}

async function serving(listener: NodeListener, options: FromNodeOptions & { server?: ServerOptions } = {}) {
  const { app, reported } = application(listener, options);
  const { address, url } = await listen(app, options.server);
  return { port: address.port, url, reported, app };
}

/** A client on a raw socket, that goes with the test. */
function rawClient(port: number): RawClient {
  const client = new RawClient(port);
  closing.push(() => client.destroy());
  return client;
}

const json = (value: unknown) => ({
  method: "POST",
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify(value),
});

const GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

describe("frameworks", () => {
  test("Express", async () => {
    const inner = express();
    inner.use(express.json({ limit: 20 }));
    inner.get("/hello/:name", (req, res) => void res.cookie("a", "b").send(`hello ${req.params.name} ${req.ip}`));
    inner.post("/echo", (req, res) => void res.status(201).json(req.body));
    inner.get("/file", (_, res) => res.sendFile(import.meta.filename));
    inner.get("/fails", () => {
      throw new Error("no");
    });
    const { url } = await serving(inner);
    const hello = await fetch(`${url}hello/you`);
    expect([hello.status, await hello.text(), hello.headers.get("set-cookie")]).toEqual([
      200,
      "hello you 127.0.0.1",
      "a=b; Path=/",
    ]);
    const echo = await fetch(`${url}echo`, json({ a: [1] }));
    expect([echo.status, await echo.json()]).toEqual([201, { a: [1] }]);
    expect((await fetch(`${url}echo`, json("more than 20 bytes of it"))).status).toBe(413);
    expect(await (await fetch(`${url}file`)).text()).toContain("and this line");
    const part = await fetch(`${url}file`, { headers: { Range: "bytes=0-3" } });
    expect([part.status, await part.text()]).toEqual([206, "/** "]);
    const missing = await fetch(`${url}nothing`);
    expect([missing.status, await missing.text()]).toEqual([404, expect.stringContaining("Cannot GET /nothing")]);
    expect((await fetch(`${url}fails`)).status).toBe(500);
  });

  test("Koa", async () => {
    const inner = new Koa();
    inner.silent = true;
    inner.use(async (context, next) => {
      await next();
      context.set("X-Time", "1");
    });
    inner.use((context) => {
      if (context.path === "/stream") context.body = Readable.from(["a", "b"]);
      else if (context.path === "/fails") throw new Error("no");
      else if (context.path === "/json") context.body = { ip: context.ip, type: context.get("x-type") };
    });
    const { url } = await serving(inner.callback());
    const answer = await fetch(`${url}json`, { headers: { "X-Type": "t" } });
    expect([await answer.json(), answer.headers.get("x-time")]).toEqual([{ ip: "127.0.0.1", type: "t" }, "1"]);
    expect(await (await fetch(`${url}stream`)).text()).toBe("ab");
    expect((await fetch(`${url}nothing`)).status).toBe(404);
    expect((await fetch(`${url}fails`)).status).toBe(500);
  });

  test("Fastify", async () => {
    const inner = fastify();
    inner.get("/hello/:name", ({ params }) => params);
    inner.post("/echo", ({ body }) => body);
    inner.get("/stream", (_, reply) => reply.send(Readable.from(["a", "b"])));
    await inner.ready();
    const { url } = await serving(inner.routing);
    expect(await (await fetch(`${url}hello/you`)).json()).toEqual({ name: "you" });
    expect(await (await fetch(`${url}echo`, json({ a: 1 }))).json()).toEqual({ a: 1 });
    expect(await (await fetch(`${url}stream`)).text()).toBe("ab");
    expect((await fetch(`${url}nothing`)).status).toBe(404);
  });

  test("Connect, whose middleware goes on to this application", async () => {
    const inner = connect();
    inner.use("/a", (_req, res) => void res.end("in /a"));
    inner.use((req, _res, next) => next(req.url === "/fails" ? new Error("no") : undefined));
    const { url, reported } = await serving((req, res, next) => inner(req, res, next));
    expect(await (await fetch(`${url}a`)).text()).toBe("in /a");
    const missing = await fetch(`${url}b`);
    expect([missing.status, await missing.text()]).toEqual([404, "Not Found\n"]);
    expect((await fetch(`${url}fails`)).status).toBe(500);
    expect(reported).toEqual([new Error("no")]);
  });

  test("one in memory, by inject", async () => {
    const inner = express();
    inner.use(express.text({ limit: "1mb" }));
    inner.post("/", (req, res) => void res.send(req.body.toUpperCase()));
    const { app } = application(inner);
    const answer = await app.inject({
      method: "POST",
      headers: { "Content-Type": "text/plain" },
      body: "x".repeat(99_999),
    });
    expect([answer.status, answer.text()]).toEqual([200, "X".repeat(99_999)]);
    expect((await app.inject({ path: "/nothing" })).status).toBe(404);
  });
});

describe("beside what this application does", () => {
  test("fields that middleware and hooks have set are sent", async () => {
    const { app } = application((_, res) => res.writeHead(201, { "X-Own": "1" }).end("x"));
    app.use(cors({ origins: "http://b" }));
    app.on("response", (response) => {
      response.setCookie("a", "1").setCookie("b", "2");
      response.headers.set("X-Hook", "1");
    });
    const answer = await app.inject({ headers: { Origin: "http://b" } });
    expect([answer.status, answer.headers.get("access-control-allow-origin")]).toEqual([201, "http://b"]);
    expect([answer.headers.get("x-own"), answer.headers.get("x-hook")]).toEqual(["1", "1"]);
    expect(answer.headers.getAll("set-cookie").map((line) => line.slice(0, 3))).toEqual(["a=1", "b=2"]);
  });

  test("middleware that looks at content leaves it alone", async () => {
    let count = 0;
    const { app } = application((_, res) => res.end(`made ${++count}`));
    app.use(cached({ timeout: 60 }), etag());
    app.on("response", compression({ minSize: 0 }));
    const ask = () => app.inject({ headers: { "Accept-Encoding": "gzip" } });
    expect([(await ask()).text(), (await ask()).text()]).toEqual(["made 1", "made 2"]);
    expect([(await ask()).headers.get("etag"), (await ask()).headers.get("content-encoding")]).toEqual([null, null]);
  });

  test("a listener under a route sees the whole target", async () => {
    const app = new App();
    app.route(
      "/legacy/{rest:path}",
      fromNode((req, res) => res.end(req.url)),
      { methods: ["GET"] },
    );
    expect((await app.inject({ path: "/legacy/a%20b?c=d" })).text()).toBe("/legacy/a%20b?c=d");
  });

  test("what is no function is refused", () => {
    expect(() => fromNode({} as NodeListener)).toThrow(new TypeError("fromNode needs a listener: (req, res) => …"));
  });

  test("requests are those of node:http, though a framework changes what they inherit from", async () => {
    const { url } = await serving((req, res) => {
      Object.setPrototypeOf(req, Object.create(IncomingMessage.prototype));
      const { remoteAddress, remotePort } = req.socket;
      res.end(String(req instanceof IncomingMessage && remoteAddress === "127.0.0.1" && Number(remotePort) > 0));
    });
    expect(await (await fetch(url)).text()).toBe("true");
  });
});

describe("errors", () => {
  test.each<[string, NodeListener]>([
    [
      "throws",
      () => {
        throw new Error("no");
      },
    ],
    [
      "rejects",
      async () => {
        throw new Error("no");
      },
    ],
    ["hands to next", (_req, _res, next) => next(new Error("no"))],
  ])("what a listener %s is reported, and the client gets 500 without what was set", async (_, fail) => {
    const { port, reported } = await serving((req, res, next) => {
      res.setHeader("X-Secret", "s");
      return fail(req, res, next);
    });
    const answers = await exchange(port, GET + GET);
    expect(answers.map(({ status, body }) => [status, body])).toEqual([
      [500, "Internal Server Error\n"],
      [500, "Internal Server Error\n"],
    ]);
    expect(answers[0].headers.has("x-secret")).toBe(false);
    expect(answers[0].headers.get("connection")).toBe("keep-alive");
    expect(reported).toEqual([new Error("no"), new Error("no")]);
  });

  test("those that say a status of clients are answered with it, and their text where it is for clients", async () => {
    const { url, reported } = await serving((req, _res, next) => {
      const error = Object.assign(new Error("you did it"), { statusCode: 403, expose: req.url === "/told" });
      next(error);
    });
    expect(await (await fetch(`${url}told`)).text()).toBe("you did it\n");
    const other = await fetch(url);
    expect([other.status, await other.text()]).toEqual([403, "Forbidden\n"]);
    expect(reported).toEqual([]);
  });

  test("one after the head has left cuts the connection, and no other", async () => {
    const { port, reported } = await serving((req, res) => {
      if (req.url === "/other") return void res.end("fine");
      res.writeHead(200, { "Content-Length": 10 });
      res.write("12345");
      throw new Error("no");
    });
    const [cut, other] = [rawClient(port), rawClient(port)];
    await cut.write(GET);
    await cut.end();
    expect(reported).toEqual([new Error("no")]);
    await other.write(GET.replace("/", "/other"));
    expect((await other.responses(1))[0].body).toBe("fine");
  });

  /** Says that it has begun to read, and never answers. */
  const reading = (req: IncomingMessage, res: ServerResponse) => {
    res.writeProcessing();
    req.resume();
  };

  test("content that is too large gets 413 where nobody listens to errors of the request", async () => {
    const { port } = await serving(reading, { server: { maxBodySize: 4 } });
    const client = rawClient(port);
    await client.write("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n");
    await client.responses(1);
    await client.write("3\r\ncde\r\n");
    const [, answer] = await client.responses(2);
    expect([answer.status, answer.headers.get("connection")]).toEqual([413, "close"]);
    await client.end();
  });

  test("a listener that hears of it answers itself", async () => {
    const inner = express();
    inner.use((_req, res, next) => {
      res.writeProcessing();
      next();
    });
    inner.use(express.text());
    inner.post("/", (req, res) => void res.send(req.body));
    const { port } = await serving(inner, { server: { maxBodySize: 4 } });
    const client = rawClient(port);
    await client.write(
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n",
    );
    await client.responses(1);
    await client.write("3\r\ncde\r\n");
    const [, answer] = await client.responses(2);
    expect([answer.status, answer.headers.get("content-type")]).toEqual([413, "text/html; charset=utf-8"]);
  });

  test("content that stops coming gets 408", async () => {
    const { port } = await serving(reading, { server: { bodyTimeout: 1 } });
    const client = rawClient(port);
    await client.write("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nab");
    const [, answer] = await client.responses(2);
    expect(answer.status).toBe(408);
  });
});

describe("content", () => {
  test("large content goes both ways, no faster than it is read", async () => {
    const { url } = await serving((req, res) => pipeline(req, res), { server: { maxBodySize: 1e8 } });
    const content = Buffer.alloc(5_000_000, "0123456789");
    const answer = await fetch(url, { method: "POST", body: content });
    expect(Buffer.from(await answer.arrayBuffer()).equals(content)).toBe(true);
  });

  test("a client that does not read holds the writer, and drain tells it to go on", async () => {
    let written = 0;
    let waited = 0;
    const { port } = await serving(async (_, res) => {
      while (written < 20_000_000) {
        written += 100_000;
        if (res.write(Buffer.alloc(100_000))) continue;
        ++waited;
        await once(res, "drain");
      }
      res.end();
    });
    const socket = connectTo(port, "127.0.0.1");
    closing.push(() => socket.destroy());
    socket.write(GET.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n"));
    let received = 0;
    for await (const piece of socket) received += piece.length;
    expect(received).toBeGreaterThan(20_000_000);
    expect(waited).toBeGreaterThan(0);
  });

  test("100 (Continue) is sent when content is first asked for", async () => {
    const { port } = await serving(async (req, res) => {
      if (req.url === "/no") return void res.writeHead(403, { "Content-Length": 0 }).end();
      let text = "";
      for await (const piece of req) text += piece;
      res.end(text);
    });
    const expecting = (path: string) =>
      `POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n`;
    const client = rawClient(port);
    await client.write(expecting("/"));
    await client.responses(1);
    await client.write("hi");
    const answers = await client.responses(2);
    expect(answers.map(({ status, body }) => [status, body])).toEqual([
      [100, ""],
      [200, "hi"],
    ]);
    const refused = rawClient(port);
    await refused.write(expecting("/no"));
    const [answer] = await refused.responses(1);
    expect([answer.status, answer.headers.get("connection")]).toEqual([403, "close"]);
    await refused.end();
  });

  test("content that nobody reads is dropped up to a mebibyte, and ends the connection beyond", async () => {
    const { port } = await serving((_, res) => res.end("x"), { server: { maxBodySize: 1e8 } });
    const client = rawClient(port);
    const post = (length: number) => `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${length}\r\n\r\n`;
    await client.write(post(1_048_576));
    expect((await client.responses(1))[0].headers.get("connection")).toBe("keep-alive");
    await client.write("x".repeat(1_048_575));
    await client.write(`x${post(1_048_577)}`);
    expect((await client.responses(2))[1].headers.get("connection")).toBe("close");
    await client.end();
  });
});

describe("clients that go", () => {
  const told = (req: IncomingMessage, res: ServerResponse) => {
    const events: string[] = [];
    for (const event of ["aborted", "close"]) req.on(event, () => events.push(`req ${event}`));
    req.on("error", (error) => events.push(`req error ${(error as NodeJS.ErrnoException).code}`));
    res.on("close", () => events.push(`res close ${res.writableFinished}`));
    return events;
  };

  test.each<[string, (req: IncomingMessage, res: ServerResponse) => unknown, string[]]>([
    ["before there is an answer", () => {}, ["req close", "res close false"]],
    ["in the middle of the answer", (_, res) => res.write("x"), ["req close", "res close false"]],
  ])("%s", async (_, answer, wanted) => {
    let events: string[] = [];
    let closed: Promise<unknown> = Promise.resolve();
    const { port } = await serving(async (req, res) => {
      events = told(req, res);
      closed = once(res, "close");
      await once(req.resume(), "end");
      answer(req, res);
      client.socket.resetAndDestroy();
    });
    const client = rawClient(port);
    const came = new Promise<void>((resolve) => client.socket.on("close", () => resolve()));
    await client.write(GET);
    await came;
    await closed;
    expect(events.sort()).toEqual([...wanted].sort());
  });

  test("in the middle of the content", async () => {
    let events: string[] = [];
    let closed: Promise<unknown> = Promise.resolve();
    let begun: () => void = () => {};
    const began = new Promise<void>((resolve) => {
      begun = resolve;
    });
    const { port } = await serving((req, res) => {
      events = told(req, res);
      closed = Promise.all([once(req, "close").catch(() => {}), once(res, "close")]);
      req.once("data", begun);
    });
    const client = rawClient(port);
    await client.write("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc");
    await began;
    client.socket.resetAndDestroy();
    await closed;
    expect(events.sort()).toEqual(["req aborted", "req close", "req error ECONNRESET", "res close false"]);
  });

  test("those that wait behind them are told, too", async () => {
    const closed: Promise<unknown>[] = [];
    const { port } = await serving((_, res) => {
      closed.push(once(res, "close"));
      if (closed.length === 2) client.socket.resetAndDestroy();
    });
    const client = rawClient(port);
    await client.write(GET + GET);
    await client.end();
    expect(await Promise.all(closed)).toEqual([[], []]);
  });
});

test("a client that ends its side has gone, as on node:http", async () => {
  let closed: Promise<unknown> = Promise.resolve();
  const { port } = await serving((_, res) => {
    closed = once(res, "close");
    res.write("x");
  });
  const client = rawClient(port);
  await client.write(GET);
  await client.until(() => client.received.endsWith("x\r\n"));
  client.socket.end();
  await closed;
});

describe("connections", () => {
  test("a server that stops has what is answered say so", async () => {
    const held: ServerResponse[] = [];
    const { port, app } = await serving((_, res) => {
      held.push(res);
      began();
    });
    let began: () => void = () => {};
    const beginning = new Promise<void>((resolve) => {
      began = resolve;
    });
    const client = rawClient(port);
    await client.write(GET);
    await beginning;
    const stopped = app.close();
    // Its connections are told when its hooks were.
    await new Promise((resolve) => setImmediate(resolve));
    held[0].end("x");
    expect((await client.responses(1))[0].headers.get("connection")).toBe("close");
    client.socket.end();
    await stopped;
  });

  test("maxRequestsPerConnection holds", async () => {
    const { port } = await serving((_, res) => res.end("x"), { server: { maxRequestsPerConnection: 2 } });
    const answers = await exchange(port, GET + GET + GET);
    expect(answers.map(({ headers }) => headers.get("connection"))).toEqual(["keep-alive", "close"]);
  });

  test("a listener that closes in the middle of pipelined requests leaves the rest without an answer", async () => {
    const { port } = await serving((req, res) => {
      if (req.url === "/1") res.setHeader("Connection", "close");
      res.end(req.url);
    });
    const answers = await exchange(port, [0, 1, 2].map((number) => GET.replace("/", `/${number}`)).join(""));
    expect(answers.map(({ body }) => body)).toEqual(["/0", "/1"]);
  });

  test("answers of listeners and of handlers leave in order", async () => {
    const app = new App();
    app.get("/own", () => "own");
    app.get(
      "/later",
      fromNode((_, res) => void setImmediate(() => res.end("later"))),
    );
    app.get(
      "/now",
      fromNode((_, res) => void res.end("now")),
    );
    const { address } = await listen(app);
    const paths = ["/later", "/own", "/now", "/own", "/later"];
    const client = rawClient(address.port);
    await client.write(paths.map((path) => GET.replace("/", path)).join(""));
    const answers = await client.responses(paths.length);
    expect(answers.map(({ body }) => `/${body}`)).toEqual(paths);
  });

  test("what one listener enters no other is in", async () => {
    const storage = new AsyncLocalStorage<string>();
    const { port } = await serving((req, res) => {
      const before = storage.getStore() ?? "none";
      storage.enterWith(String(req.url));
      setImmediate(() => res.end(`${before} ${storage.getStore()}`));
    });
    const client = rawClient(port);
    await client.write(GET.replace("/", "/1") + GET.replace("/", "/2") + GET.replace("GET /", "DELETE /3"));
    await client.responses(3);
    await client.write(GET.replace("/", "/4"));
    const answers = await client.responses(4);
    expect(answers.map(({ body }) => body)).toEqual(["none /1", "none /2", "none /3", "none /4"]);
  });

  test("a listener is in what middleware has entered", async () => {
    const storage = new AsyncLocalStorage<string>();
    const { app } = application((_, res) => res.end(storage.getStore()));
    app.use((next) => (request) => storage.run("within", () => next(request)));
    expect((await app.inject()).text()).toBe("within");
  });

  test("req.setTimeout and res.setTimeout tell, and hold for one request", async () => {
    const { port } = await serving((req, res) => {
      if (req.url === "/quick") return void res.end("quick");
      res.setTimeout(10, () => res.end("late"));
    });
    const client = rawClient(port);
    await client.write(GET);
    expect((await client.responses(1))[0].body).toBe("late");
    await client.write(GET.replace("/", "/quick"));
    expect((await client.responses(2))[1].body).toBe("quick");
  });
});

describe("upgrade", () => {
  test("WebSockets of ws", async () => {
    const sockets = new WebSocketServer({ noServer: true });
    sockets.on("connection", (socket) => socket.on("message", (message) => socket.send(`[${message}]`)));
    const { port } = await serving((_, res) => res.end("plain"), {
      upgrade: (req, socket, head) =>
        sockets.handleUpgrade(req, socket, head, (client) => sockets.emit("connection", client, req)),
    });
    const socket = new WebSocket(`ws://127.0.0.1:${port}/chat`);
    socket.on("open", () => socket.send("hello"));
    const [message] = await once(socket, "message");
    expect(String(message)).toBe("[hello]");
    socket.close();
    await once(socket, "close");
    expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe("plain");
  });

  test("where nobody takes it, the listener answers", async () => {
    const { port } = await serving((req, res) => res.end(String(req.headers.upgrade)));
    const client = rawClient(port);
    await client.write("GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n");
    expect((await client.responses(1))[0].body).toBe("x");
  });
});

test("the same listener answers the same on node:http", async () => {
  const listener = (req: IncomingMessage, res: ServerResponse) => {
    res.setHeader("X-A", ["1", "2"]);
    res.end(JSON.stringify([req.method, req.url, req.headers, req.httpVersion]));
  };
  const server = createServer(listener).listen(0, "127.0.0.1");
  closing.push(() => new Promise((resolve) => server.close(resolve)));
  await once(server, "listening");
  const { port } = await serving(listener);
  const read = async (from: number) => {
    const client = rawClient(from);
    await client.write("GET /a?b HTTP/1.1\r\nHost: a\r\nX-B: 1\r\nConnection: close\r\n\r\n");
    await client.end();
    return client.received.replace(/Date: .*/, "");
  };
  expect(await read(port)).toBe(await read((server.address() as { port: number }).port));
});
// and this line
