/** The drop-in server of node:http: what it is, what it may be told, and how it ends. */
import { AsyncLocalStorage } from "node:async_hooks";
import { once } from "node:events";
import http, { type IncomingMessage, type ServerResponse } from "node:http";
import { type AddressInfo, type Server as NetServer, type Socket, Server as TcpServer } from "node:net";
import { Duplex } from "node:stream";
import { inherits } from "node:util";
import express from "express";
import request from "supertest";
import { afterEach, describe, expect, test, vi } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import drop, * as entry from "../../../src/gateway/node.ts";
import { RawClient } from "../../support/client.ts";

const { createServer, Server } = entry;

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function listen<S extends NetServer>(server: S): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  closing.push(async () => {
    if (server instanceof Server) server.closeAllConnections();
    if (server.listening) await new Promise((resolve) => server.close(resolve));
  });
  return (server.address() as AddressInfo).port;
}

function rawClient(port: number): RawClient {
  const client = new RawClient(port);
  closing.push(() => client.destroy());
  return client;
}

const GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const hello = (_: IncomingMessage, res: ServerResponse) => void res.end("hello");

describe("what there is", () => {
  test("everything that node:http exports, and its server is another", () => {
    expect(Object.keys(drop).sort()).toEqual(Object.keys(http).sort());
    const { createServer: _, Server: __, ...rest } = http;
    for (const name of Object.keys(rest) as (keyof typeof rest)[]) expect(drop[name], name).toBe(http[name]);
    expect(drop.Server).toBe(Server);
    for (const name of [
      "METHODS",
      "STATUS_CODES",
      "maxHeaderSize",
      "request",
      "get",
      "Agent",
      "ClientRequest",
    ] as const) {
      expect(entry[name], name).toBe(http[name]);
    }
  });

  test("a server is one of node:http and of node:net, however it is made", () => {
    const call = Server as unknown as (listener: typeof hello) => http.Server;
    class Derived extends Server {}
    function Old(this: object) {
      (Server as unknown as (this: object) => void).call(this);
    }
    inherits(Old, Server);
    const Inherited = Old as unknown as new () => http.Server;
    for (const server of [new Server(hello), call(hello), createServer({}, hello), new Derived({}), new Inherited()]) {
      expect([server instanceof Server, server instanceof http.Server, server instanceof TcpServer]).toEqual([
        true,
        true,
        true,
      ]);
      expect([server.keepAliveTimeout, server.headersTimeout, server.requestTimeout, server.timeout]).toEqual([
        5000, 60000, 300000, 0,
      ]);
    }
    expect(new Derived() instanceof Derived).toBe(true);
    expect([Server.name, Server.length]).toEqual(["Server", http.Server.length]);
  });

  test("options are checked as by node:http, and leniency is refused", () => {
    for (const options of [
      { keepAliveTimeout: "1" },
      { headersTimeout: 2, requestTimeout: 1 },
      { maxHeaderSize: -1 },
      5,
    ]) {
      const attempt = (on: typeof http) => {
        try {
          on.createServer(options as http.ServerOptions);
        } catch (error) {
          return [(error as NodeJS.ErrnoException).code, String(error)];
        }
        return "nothing";
      };
      expect(attempt(drop)).toEqual(attempt(http));
      expect(attempt(drop)).not.toBe("nothing");
    }
    expect(() => createServer({ insecureHTTPParser: true })).toThrow(
      "insecureHTTPParser: this server has no lenient parser; leave the option out",
    );
  });

  test("messages of other classes", async () => {
    class Request extends http.IncomingMessage {
      get shouted() {
        return this.url?.toUpperCase();
      }
    }
    class Response extends http.ServerResponse<Request> {
      shout(text = "") {
        this.end(text.toUpperCase());
      }
    }
    const server = createServer({ IncomingMessage: Request, ServerResponse: Response }, (req, res) =>
      res.shout(req.shouted),
    );
    const port = await listen(server);
    expect(await (await fetch(`http://127.0.0.1:${port}/abc`)).text()).toBe("/ABC");
  });

  test("what supertest asks of it", async () => {
    const app = express();
    app.use(express.urlencoded());
    app.post("/", (req, res) => void res.json(req.body));
    await request(createServer(app)).post("/").send("a=b").expect(200, { a: "b" });
  });

  test("WebSockets of ws on the same port", async () => {
    const server = createServer(hello);
    const sockets = new WebSocketServer({ server });
    sockets.on("connection", (socket) => socket.on("message", (message) => socket.send(`[${message}]`)));
    const port = await listen(server);
    const socket = new WebSocket(`ws://127.0.0.1:${port}/`);
    socket.on("open", () => socket.send("x".repeat(100_000)));
    const [message] = await once(socket, "message");
    expect(String(message)).toBe(`[${"x".repeat(100_000)}]`);
    socket.close();
    await once(socket, "close");
    sockets.close();
  });
});

describe("connections", () => {
  test("any Duplex may be one", async () => {
    const received: Buffer[] = [];
    const stream = new Duplex({
      read() {},
      write(piece, _encoding, done) {
        received.push(piece);
        done();
      },
    });
    const server = createServer((req, res) => req.pipe(res));
    server.emit("connection", stream);
    stream.push("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhel");
    stream.push("lo");
    await once(stream, "finish");
    expect(Buffer.concat(received).toString()).toMatch(/^HTTP\/1.1 200 OK\r\n[\s\S]*hello/);
    stream.destroy();
  });

  test("a request that asks for an upgrade keeps its content", async () => {
    const server = createServer();
    server.on("upgrade", async (req, socket, head) => {
      socket.end(`[${(await req.toArray()).join("")}][${head}]`);
    });
    const client = rawClient(await listen(server));
    await client.write(
      "POST / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: x\r\nContent-Length: 3\r\n\r\nabcdef",
    );
    await client.end();
    expect(client.received).toBe("[abc][def]");
  });

  const lenders: Record<string, (socket: Socket, server: http.Server) => void> = {
    "put back before it is lent": (socket, server) =>
      socket.once("data", (bytes) => {
        socket.pause();
        socket.unshift(bytes);
        server.emit("connection", socket);
        socket.resume();
      }),
    "put back after it was lent": (socket, server) =>
      socket.once("data", (bytes) => {
        socket.pause();
        server.emit("connection", socket);
        socket.unshift(bytes);
        process.nextTick(() => socket.resume());
      }),
    "that was only looked at": (socket, server) =>
      socket.once("readable", () => {
        socket.unshift(socket.read());
        server.emit("connection", socket);
      }),
    "told of by hand": (socket, server) =>
      socket.once("data", (bytes) => {
        server.emit("connection", socket);
        socket.emit("data", bytes);
      }),
  };

  test.each(Object.entries(lenders))("one of another server may be lent, with what was read %s", async (_, lend) => {
    for (const on of [http, drop]) {
      const server = on.createServer((req, res) => req.pipe(res));
      const client = rawClient(await listen(new TcpServer((socket) => lend(socket, server))));
      await client.write("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhel");
      await client.write("lo");
      await client.end();
      expect(client.received).toMatch(/^HTTP\/1.1 200 OK\r\n[\s\S]*hel/);
      expect(client.received).toMatch(/lo\r\n0\r\n\r\n$/);
    }
  });

  test("whoever listens to a socket hears what comes on it", async () => {
    for (const on of [http, drop]) {
      const heard: string[] = [];
      const server = on.createServer((req, res) => {
        if (req.url === "/listen") req.socket.on("data", (bytes) => heard.push(`late ${bytes}`));
        res.end("x");
      });
      const port = await listen(server);
      const late = rawClient(port);
      await late.write(GET.replace("/", "/listen"));
      await late.responses(1);
      await late.write(GET);
      await late.responses(2);
      server.on("connection", (socket) => socket.on("data", (bytes) => heard.push(`early ${bytes}`)));
      const early = rawClient(port);
      await early.write(GET);
      await early.responses(1);
      expect(heard).toEqual([`late ${GET}`, `early ${GET}`]);
    }
  });

  test("are counted, and closed where they are idle, or all", async () => {
    const waiting: ServerResponse[] = [];
    const server = createServer((req, res) => (req.url === "/wait" ? waiting.push(res) : res.end("x")));
    const port = await listen(server);
    const [idle, busy] = [rawClient(port), rawClient(port)];
    await idle.write(GET);
    await idle.responses(1);
    const began = once(server, "request");
    await busy.write(GET.replace("/", "/wait"));
    await began;
    const count = await new Promise((resolve) => server.getConnections((_, number) => resolve(number)));
    expect(count).toBe(2);
    server.closeIdleConnections();
    await idle.end();
    expect(busy.ended).toBe(false);
    server.closeAllConnections();
    await busy.end();
  });

  test("close waits for those that are at work", async () => {
    const server = createServer((req, res) => {
      if (req.url === "/") server.close(() => told());
      setImmediate(() => res.end("x"));
    });
    let told: () => void = () => {};
    const closed = new Promise<void>((resolve) => {
      told = resolve;
    });
    const port = await listen(server);
    const [client, idle] = [rawClient(port), rawClient(port)];
    await idle.write(GET.replace("/", "/idle"));
    await idle.responses(1);
    await client.write(GET);
    const [answer] = await client.responses(1);
    expect(answer.body).toBe("x");
    client.socket.end();
    await idle.end();
    await closed;
  });

  test("it may listen again", async () => {
    const server = createServer(hello);
    for (let time = 0; time < 2; ++time) {
      const port = await listen(server);
      const client = rawClient(port);
      await client.write(GET);
      expect((await client.responses(1))[0].headers.get("connection")).toBe("keep-alive");
      await server[Symbol.asyncDispose]();
    }
  });

  test("keepAliveTimeout may be set at any time, and ends what is idle", async () => {
    const server = createServer(hello);
    const port = await listen(server);
    const client = rawClient(port);
    await client.write(GET);
    await client.responses(1);
    Object.assign(server, { keepAliveTimeout: 1, keepAliveTimeoutBuffer: 0 });
    await client.end();
  });
});

describe("what lasts too long", () => {
  test.each([
    ["headersTimeout", "GET / HTTP/1.1\r\n"],
    ["requestTimeout", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nx"],
  ])("%s", async (name, text) => {
    const server = createServer((req) => void req.resume());
    server[name as "headersTimeout"] = 1;
    const client = rawClient(await listen(server));
    await client.write(text);
    await client.end();
    expect(client.received).toBe("HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n");
  });

  test("requestTimeout, of content that is answered already", async () => {
    const server = createServer((_, res) => void res.end("early"));
    const client = rawClient(await listen(server));
    await client.write("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nx");
    await client.responses(1);
    server.requestTimeout = 1;
    await client.end();
    expect(client.received).toMatch(/early(?=HTTP)HTTP\/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n$/);
  });

  test("keepAliveTimeout, of a client that sends no more of content that is answered already", async () => {
    const server = createServer({ keepAliveTimeout: 1 }, (_, res) => void res.end("early"));
    Object.assign(server, { keepAliveTimeoutBuffer: 0 });
    const client = rawClient(await listen(server));
    const timedOut = once(server, "request").then(([req]) => once(req, "timeout"));
    await client.write("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nx");
    await timedOut;
    const other = rawClient((server.address() as AddressInfo).port);
    await other.write("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nx");
    await other.end();
    expect(other.received).toMatch(/early$/);
  });

  test("is an error of the client to whoever listens", async () => {
    const server = createServer({ headersTimeout: 1 });
    const port = await listen(server);
    const client = rawClient(port);
    const failed = once(server, "clientError");
    await client.write("GET / HTTP/1.1\r\n");
    const [error, socket] = (await failed) as [NodeJS.ErrnoException, Socket];
    expect([error.code, error.message, socket.writable]).toEqual(["ERR_HTTP_REQUEST_TIMEOUT", "Request timeout", true]);
    socket.end("HTTP/1.1 408 Mine\r\n\r\n");
    await client.end();
    expect(client.received).toBe("HTTP/1.1 408 Mine\r\n\r\n");
  });
});

describe("errors of clients", () => {
  test.each([
    ["GET / HTTP/9.9\r\n\r\n", "HPE_INVALID_VERSION"],
    ["G@T / HTTP/1.1\r\n\r\n", "HPE_INVALID_METHOD"],
    [`GET / HTTP/1.1\r\nHost: a\r\nX: ${"x".repeat(20_000)}\r\n\r\n`, "HPE_HEADER_OVERFLOW"],
    ["GET / HTTP/1.1\r\nHost: a\r\nX Y: 1\r\n\r\n", "HPE_INVALID_HEADER_TOKEN"],
    [
      "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n",
      "HPE_INVALID_CONTENT_LENGTH",
    ],
  ])("%j is %s", async (text, code) => {
    const server = createServer();
    const port = await listen(server);
    const client = rawClient(port);
    const failed = once(server, "clientError");
    await client.write(text);
    const [error, socket] = await failed;
    expect([error.code, error instanceof Error]).toEqual([code, true]);
    expect(text.startsWith(error.rawPacket.toString("latin1").slice(0, 20))).toBe(true);
    expect(error.bytesParsed).toBeLessThanOrEqual(text.length);
    socket.destroy();
    await client.end();
  });
});

describe("listeners", () => {
  test("what one throws is nobody's to catch, and the server goes on", async () => {
    const server = createServer((req, res) => {
      if (req.url === "/throws") throw new Error("mine");
      res.end(req.url);
    });
    const port = await listen(server);
    const client = rawClient(port);
    const caught: unknown[] = [];
    // vitest listens as well, and would have the run fail.
    const others = process.listeners("uncaughtException");
    process.removeAllListeners("uncaughtException");
    process.on("uncaughtException", (error) => caught.push(error));
    try {
      await client.write(GET.replace("/", "/1") + GET.replace("/", "/throws") + GET.replace("/", "/2"));
      await client.responses(1);
      const other = rawClient(port);
      await other.write(GET.replace("/", "/3"));
      expect((await other.responses(1))[0].body).toBe("/3");
    } finally {
      process.removeAllListeners("uncaughtException");
      for (const listener of others) process.on("uncaughtException", listener);
    }
    expect(caught).toEqual([new Error("mine")]);
  });

  test("what one enters no other is in", async () => {
    const storage = new AsyncLocalStorage<string>();
    const server = storage.run("around", () =>
      createServer((req, res) => {
        const before = storage.getStore() ?? "none";
        storage.enterWith(String(req.url));
        setImmediate(() => res.end(`${before} ${storage.getStore()}`));
      }),
    );
    const client = rawClient(await listen(server));
    await client.write(GET.replace("/", "/1") + GET.replace("/", "/2") + GET.replace("GET /", "DELETE /3"));
    await client.responses(3);
    await client.write(GET.replace("/", "/4"));
    const answers = await client.responses(4);
    expect(answers.map(({ body }) => body)).toEqual(["none /1", "none /2", "none /3", "none /4"]);
  });

  test("a client that leaves is told of at once", async () => {
    const server = createServer();
    const port = await listen(server);
    const client = rawClient(port);
    const came = once(server, "request");
    await client.write(GET);
    const [, res] = (await came) as [IncomingMessage, ServerResponse];
    const closed = once(res, "close");
    client.socket.end();
    await closed;
    expect(res.writableFinished).toBe(false);
  });

  test("a client that ends its side is answered, where that was asked for", async () => {
    const server = createServer((_, res) => void setImmediate(() => res.end("late")));
    Object.assign(server, { httpAllowHalfOpen: true });
    const client = rawClient(await listen(server));
    client.socket.end(GET);
    expect((await client.responses(1))[0].body).toBe("late");
  });

  test("a slow reader holds its writer", async () => {
    let waited = 0;
    const server = createServer(async (_, res) => {
      for (let piece = 0; piece < 200; ++piece) {
        if (res.write(Buffer.alloc(100_000))) continue;
        ++waited;
        await once(res, "drain");
      }
      res.end();
    });
    const answer = await fetch(`http://127.0.0.1:${await listen(server)}/`);
    expect((await answer.arrayBuffer()).byteLength).toBe(20_000_000);
    expect(waited).toBeGreaterThan(0);
  });
});

test("nothing warns of listeners that pile up on one connection", async () => {
  const warn = vi.spyOn(process, "emitWarning");
  const server = createServer(hello);
  const client = rawClient(await listen(server));
  await client.write(GET.repeat(40));
  await client.responses(40);
  expect(warn).not.toHaveBeenCalled();
  warn.mockRestore();
});
