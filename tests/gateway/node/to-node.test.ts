/** Applications of this framework in servers and frameworks of Node. */
import { once } from "node:events";
import { Agent, createServer, type IncomingMessage, request, type Server, type ServerResponse } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import makeConnect from "connect";
import express from "express";
import Fastify from "fastify";
import supertest from "supertest";
import { afterEach, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { type NodeHandler, toNode } from "../../../src/gateway/node/to-node.ts";
import { App, HttpResponse, json, NotFoundError, tunnel, upgrade } from "../../../src/index.ts";
import { deferred } from "../../support/deferred.ts";

const errors: unknown[] = [];
const servers: Server[] = [];

type Listener = (req: IncomingMessage, res: ServerResponse) => void;

async function listen(listener: Listener): Promise<number> {
  const server = createServer(listener);
  servers.push(server);
  const { upgrade } = listener as Partial<NodeHandler>;
  if (upgrade) server.on("upgrade", upgrade).on("connect", upgrade);
  await once(server.listen(0, "127.0.0.1"), "listening");
  return (server.address() as AddressInfo).port;
}

/** Sends bytes as they are, and gives all that comes until the server ends the connection. */
async function raw(port: number, head: string): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  socket.setEncoding("latin1");
  socket.write(head, "latin1");
  return text(socket);
}

const CLOSE = "Host: x\r\nConnection: close\r\n\r\n";

afterEach(async () => {
  errors.length = 0;
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

function makeApp(): App {
  const app = new App();
  app.on("error", (error) => void errors.push(error));
  app.get("/", () => "Hello");
  app.get("/json", () => ({ a: 1 }));
  app.get("/users/{id:int}", ({ params, query }) => ({ id: params.id, query }));
  app.post("/echo", async (request) => new HttpResponse(await request.bytes()));
  app.post("/pieces", (request) => new HttpResponse(request.body));
  app.post("/deaf", () => "not read");
  app.post("/glance", async (request) => String((await request.body.next()).done));
  app.post("/large", async (request) => String((await request.bytes()).length), { maxBodySize: 2_000_000 });
  app.get("/cookies", ({ cookies }) =>
    json({ ...cookies })
      .setCookie("a", "1")
      .setCookie("b", "2", { secure: true }),
  );
  app.get("/none", () => null);
  app.get("/throws", () => {
    throw new Error("inside");
  });
  app.get("/missing", () => {
    throw new NotFoundError("no such thing");
  });
  app.get("/wrong-length", () => new HttpResponse("abc", { headers: { "Content-Length": "4" } }));
  app.get("/unsendable", () => new HttpResponse("abc", { headers: { "Transfer-Encoding": "chunked" } }));
  app.get("/stream", () => new HttpResponse(Readable.from(["one ", "two"])));
  app.get("/announced", () => new HttpResponse(Readable.from(["1234"]), { headers: { "Content-Length": "4" } }));
  app.get(
    "/fails",
    () =>
      new HttpResponse(
        (async function* () {
          yield "begun";
          throw new Error("in the middle");
        })(),
      ),
  );
  app.get("/trailers", () => new HttpResponse("body", { trailers: () => ({ "X-Sum": "7" }) }));
  app.get("/hints", (request) => {
    request.inform(102);
    request.inform(103, [
      ["Link", "</a.css>; rel=preload; as=style"],
      ["Link", "</b.css>; rel=preload; as=style"],
    ]);
    return "hinted";
  });
  app.get("/head", (request) => new TextDecoder("latin1").decode(request.rawHead()));
  app.get("/peer", ({ remoteAddress, localPort, secure }) => ({ remoteAddress, localPort, secure }));
  app.get("/upgrade-required", () => new HttpResponse("no", { status: 426, headers: { Upgrade: "shout" } }));
  return app;
}

describe("under node:http", () => {
  test.each([
    ["GET / HTTP/1.1", 200, "Content-Type: text/plain; charset=utf-8\r\nContent-Length: 5\r\n", "Hello"],
    ["GET /json HTTP/1.1", 200, "Content-Type: application/json\r\nContent-Length: 7\r\n", '{"a":1}'],
    ["GET /users/7?q=%20 HTTP/1.1", 200, "Content-Length: 24\r\n", '{"id":7,"query":"q=%20"}'],
    ["HEAD / HTTP/1.1", 200, "Content-Length: 5\r\n", ""],
    ["GET /none HTTP/1.1", 204, "HTTP/1.1 204 No Content\r\n", ""],
    ["POST / HTTP/1.1", 405, "Allow: GET, HEAD, OPTIONS\r\n", undefined],
    ["OPTIONS / HTTP/1.1", 204, "Allow: GET, HEAD, OPTIONS\r\n", ""],
    ["GET /nowhere HTTP/1.1", 404, "Content-Type: text/plain; charset=utf-8\r\n", undefined],
    ["GET /missing HTTP/1.1", 404, "", "no such thing\n"],
    ["GET /throws HTTP/1.1", 500, "", "Internal Server Error\n"],
    ["GET /wrong-length HTTP/1.1", 500, "", "Internal Server Error\n"],
    ["GET /unsendable HTTP/1.1", 500, "", "Internal Server Error\n"],
    ["GET /stream HTTP/1.1", 200, "Transfer-Encoding: chunked\r\n", "4\r\none \r\n3\r\ntwo\r\n0\r\n\r\n"],
    ["GET /stream HTTP/1.0", 200, "Connection: close\r\n", "one two"],
    ["HEAD /stream HTTP/1.1", 200, "", ""],
    ["GET /announced HTTP/1.1", 200, "Content-Length: 4\r\n", "1234"],
    ["GET /upgrade-required HTTP/1.1", 426, "Connection: close, upgrade\r\n", "no"],
    ["GET http://h/users/3 HTTP/1.1", 200, "", '{"id":3,"query":""}'],
    ["OPTIONS * HTTP/1.1", 204, "", ""],
  ])("%s gets %i", async (line, status, field, body) => {
    const port = await listen(toNode(makeApp()));
    const answer = await raw(port, `${line}\r\n${CLOSE}`);
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(answer).toContain(field);
    if (body !== undefined) expect(answer.slice(answer.indexOf("\r\n\r\n") + 4)).toContain(body);
    if (body === "") expect(answer.slice(answer.indexOf("\r\n\r\n") + 4)).toBe("");
  });

  test("what fails is reported, and the connection goes on", async () => {
    const port = await listen(toNode(makeApp()));
    const answer = await raw(port, `GET /throws HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\n${CLOSE}`);
    expect(answer.match(/HTTP\/1\.1 \d+/g)).toEqual(["HTTP/1.1 500", "HTTP/1.1 200"]);
    expect(errors).toEqual([new Error("inside")]);
  });

  test("a source that fails has the connection cut, in both versions", async () => {
    const port = await listen(toNode(makeApp()));
    for (const version of ["1.1", "1.0"]) {
      const socket = connect(port, "127.0.0.1");
      socket.on("error", () => {});
      let received = "";
      socket.on("data", (chunk) => {
        received += chunk;
      });
      socket.write(`GET /fails HTTP/${version}\r\nHost: x\r\n\r\n`);
      const failed = await new Promise((resolve) => socket.on("close", resolve));
      expect(received.endsWith("0\r\n\r\n")).toBe(false);
      // Without chunks only a reset tells that something is missing.
      if (version === "1.0") expect(failed).toBe(true);
    }
    expect(errors).toEqual([new Error("in the middle"), new Error("in the middle")]);
  });

  test("cookies come and go, each in its line", async () => {
    const port = await listen(toNode(makeApp()));
    const answer = await raw(port, `GET /cookies HTTP/1.1\r\nCookie: x=1; y=%20\r\n${CLOSE}`);
    expect(answer).toContain("Set-Cookie: a=1; Path=/; HttpOnly; SameSite=Lax\r\nSet-Cookie: b=2; Path=/; ");
    expect(answer).toContain('{"x":"1","y":" "}');
  });

  test("trailers go where the client takes them, and come", async () => {
    const app = makeApp();
    app.post("/trailers", async (request) => {
      await request.bytes();
      return String(request.trailers?.get("x-check"));
    });
    const port = await listen(toNode(app));
    const taken = await raw(port, `GET /trailers HTTP/1.1\r\nTE: trailers\r\n${CLOSE}`);
    expect(taken).toContain("4\r\nbody\r\n0\r\nX-Sum: 7\r\n\r\n");
    expect(await raw(port, `GET /trailers HTTP/1.1\r\n${CLOSE}`)).toMatch(/Content-Length: 4\r\n[\s\S]*\r\n\r\nbody$/);
    const came = await raw(
      port,
      `POST /trailers HTTP/1.1\r\nTransfer-Encoding: chunked\r\n${CLOSE}1\r\na\r\n0\r\nX-Check: 9\r\n\r\n`,
    );
    expect(came).toMatch(/\r\n\r\n9$/);
  });

  test("informational responses come first", async () => {
    const port = await listen(toNode(makeApp()));
    const answer = await raw(port, `GET /hints HTTP/1.1\r\n${CLOSE}`);
    expect(answer).toMatch(
      /^HTTP\/1\.1 102 Processing\r\n\r\nHTTP\/1\.1 103 Early Hints\r\nLink: <\/a\.css>.*<\/b\.css>.*\r\n\r\nHTTP\/1\.1 200/,
    );
    expect(await raw(port, `GET /hints HTTP/1.0\r\n${CLOSE}`)).toMatch(/^HTTP\/1\.1 200/);
  });

  test("the head is as it came, and the peer is known", async () => {
    const port = await listen(toNode(makeApp()));
    const head = `GET /head?a=b HTTP/1.1\r\nX-One: 1\r\nx-one: 2\r\n${CLOSE}`;
    expect(await raw(port, head)).toContain(`\r\n\r\n${head}`);
    const peer = await fetch(`http://127.0.0.1:${port}/peer`);
    expect(await peer.json()).toEqual({ remoteAddress: "127.0.0.1", localPort: port, secure: false });
  });

  test("what our parser refuses is refused, and what a URL was made into by others too", async () => {
    const port = await listen(toNode(makeApp()));
    expect(await raw(port, `GET / HTTP/1.1\r\nHost: a b\r\nConnection: close\r\n\r\n`)).toMatch(/^HTTP\/1\.1 400 /);
    for (const url of [
      "/ HTTP/1.1\r\nX-Admin: 1",
      "/ HTTP/1.1\r\nHost: y\r\nX-Admin: 1\r\n\r\n",
      "/\u010a",
      "/a b",
      "relative",
    ]) {
      const handler = toNode(makeApp());
      const other = await listen((req, res) => {
        req.url = url;
        handler(req, res);
      });
      expect(await raw(other, `GET / HTTP/1.1\r\n${CLOSE}`)).toMatch(/^HTTP\/1\.1 400 /);
    }
  });
});

describe("content", () => {
  test.each(["/echo", "/pieces"])("%s gets it whole, chunked or not", async (path) => {
    const port = await listen(toNode(makeApp()));
    const body = "x".repeat(300_000);
    const url = `http://127.0.0.1:${port}${path}`;
    expect(await (await fetch(url, { method: "POST", body })).text()).toBe(body);
    const chunked = await fetch(url, {
      method: "POST",
      body: new Blob([body]).stream(),
      duplex: "half",
    } as RequestInit);
    expect(await chunked.text()).toBe(body);
    expect(await (await fetch(url, { method: "POST", body: "" })).text()).toBe("");
  });

  test("maxBodySize holds, and a route may grant more", async () => {
    const port = await listen(toNode(makeApp(), { maxBodySize: 10 }));
    const post = (path: string, body: string | ReadableStream) =>
      fetch(`http://127.0.0.1:${port}${path}`, { method: "POST", body, duplex: "half" } as RequestInit);
    expect((await post("/echo", "x".repeat(10))).status).toBe(200);
    expect((await post("/echo", "x".repeat(11))).status).toBe(413);
    expect((await post("/echo", new Blob(["x".repeat(10)]).stream())).status).toBe(200);
    expect((await post("/echo", new Blob(["x".repeat(11)]).stream())).status).toBe(413);
    expect(await (await post("/large", "x".repeat(2_000_000))).text()).toBe("2000000");
    expect((await post("/large", "x".repeat(2_000_001))).status).toBe(413);
    const plain = await listen(toNode(makeApp()));
    const whole = await fetch(`http://127.0.0.1:${plain}/echo`, { method: "POST", body: "x".repeat(1_048_576) });
    expect(whole.status).toBe(200);
    const over = await fetch(`http://127.0.0.1:${plain}/echo`, { method: "POST", body: "x".repeat(1_048_577) });
    expect(over.status).toBe(413);
    expect(() => toNode(makeApp(), { maxBodySize: -1 })).toThrow("maxBodySize must be a number of at least 0, not -1");
  });

  test("what is not read leaves the connection usable", async () => {
    const port = await listen(toNode(makeApp()));
    const body = "x".repeat(900_000);
    for (const path of ["/deaf", "/glance"]) {
      const answer = await raw(
        port,
        `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}GET / HTTP/1.1\r\n${CLOSE}`,
      );
      expect(answer.match(/HTTP\/1\.1 \d+/g)).toEqual(["HTTP/1.1 200", "HTTP/1.1 200"]);
    }
  });

  test("nobody reads faster than the application", async () => {
    const app = makeApp();
    const [asked, more] = [deferred(), deferred()];
    app.post("/slow", async (request) => {
      const pieces = request.body;
      const first = (await pieces.next()).value as Uint8Array;
      asked.resolve();
      await more.promise;
      let size = first.length;
      for await (const piece of pieces) size += piece.length;
      return String(size);
    });
    const port = await listen(toNode(app, { maxBodySize: Number.POSITIVE_INFINITY }));
    const size = 64 * 1024 * 1024;
    const req = request({ port, path: "/slow", method: "POST", headers: { "Content-Length": size } });
    const answered = once(req, "response");
    const chunk = Buffer.alloc(65536);
    let written = 0;
    const write = () => {
      written += chunk.length;
      return req.write(chunk);
    };
    write();
    await asked.promise;
    for (let going = true; going && written < size; ) {
      going = write() || (await Promise.race([once(req, "drain").then(() => true), hasStopped(req)]));
    }
    expect(written).toBeLessThan(size);
    more.resolve();
    while (written < size) if (!write()) await once(req, "drain");
    req.end();
    const [response] = (await answered) as [IncomingMessage];
    expect([response.statusCode, await text(response)]).toEqual([200, String(size)]);
  });

  test("what a body parser has read is told of, or taken where it kept the bytes", async () => {
    const site = express();
    site.use("/json", express.json(), toNode(makeApp()));
    site.use("/raw", express.raw({ type: "*/*" }), toNode(makeApp()));
    const port = await listen(site);
    const post = (path: string) =>
      fetch(`http://127.0.0.1:${port}${path}`, {
        method: "POST",
        body: '{"a":1}',
        headers: { "Content-Type": "application/json" },
      });
    expect((await post("/json/echo")).status).toBe(500);
    expect(String(errors)).toMatch(/read before the application got it: mount the application ahead of body parsers/);
    expect(await (await post("/raw/echo")).text()).toBe('{"a":1}');
    expect((await post("/json/deaf")).status).toBe(200);
  });
});

/** Resolves with false once a socket has written nothing for a while. */
async function hasStopped(req: ReturnType<typeof request>): Promise<boolean> {
  for (let turn = 0, before = -1; turn < 50; ++turn) {
    const now = req.socket?.bytesWritten ?? 0;
    if (now !== before) turn = 0;
    before = now;
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  return false;
}

describe("a client that goes", () => {
  test("is told to a handler that waits, and to one that streams", async () => {
    const app = makeApp();
    const [waiting, waited, streaming, stopped] = [deferred(), deferred(), deferred(), deferred()];
    app.get("/wait", async ({ signal }) => {
      waiting.resolve();
      await once(signal, "abort");
      waited.resolve();
      return "too late";
    });
    app.get(
      "/for-ever",
      () =>
        new HttpResponse(
          (async function* () {
            try {
              for (;;) {
                yield "x".repeat(65536);
                streaming.resolve();
              }
            } finally {
              stopped.resolve();
            }
          })(),
        ),
    );
    const port = await listen(toNode(app));
    for (const [path, begun, told] of [
      ["/wait", waiting, waited],
      ["/for-ever", streaming, stopped],
    ] as const) {
      const socket = connect(port, "127.0.0.1");
      socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`);
      await begun.promise;
      socket.destroy();
      await told.promise;
    }
    expect(errors).toEqual([]);
  });

  test("in the middle of its content has that fail", async () => {
    const app = makeApp();
    const [begun, failed] = [deferred(), deferred<Error>()];
    app.post("/upload", async (request) => {
      begun.resolve();
      await request.bytes().catch(failed.resolve);
      return null;
    });
    const port = await listen(toNode(app));
    const socket = connect(port, "127.0.0.1");
    socket.write("POST /upload HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc");
    await begun.promise;
    socket.destroy();
    expect((await failed.promise).name).toBe("IncompleteMessage");
  });
});

describe("in frameworks", () => {
  test("Express mounts it, and its fields and cookies stay", async () => {
    const site = express();
    site.use((_req, res, next) => {
      res.cookie("outer", "1").vary("Origin");
      next();
    });
    const app = makeApp();
    app.get("/vary", () => new HttpResponse("v", { headers: { Vary: "Accept", "Set-Cookie": "inner=2" } }));
    site.use("/api", toNode(app));
    site.get("/own", (_req, res) => void res.send("express"));
    const agent = supertest(site);
    const answer = await agent.get("/api/users/5?x=1");
    expect([answer.status, answer.body]).toEqual([200, { id: 5, query: "x=1" }]);
    expect(answer.headers["x-powered-by"]).toBe("Express");
    const vary = await agent.get("/api/vary");
    expect(vary.headers["set-cookie"]).toEqual(["outer=1; Path=/", "inner=2"]);
    expect(vary.headers.vary).toBe("Origin, Accept");
    expect((await agent.get("/own")).text).toBe("express");
    expect((await agent.get("/api/nowhere")).status).toBe(404);
  });

  test("passthrough has others serve what there is no route for", async () => {
    const site = express();
    site.use(toNode(makeApp(), { passthrough: true }));
    site.get("/own", (_req, res) => void res.send("express"));
    site.post("/json", (_req, res) => void res.send("posted"));
    const agent = supertest(site);
    expect((await agent.get("/json")).body).toEqual({ a: 1 });
    expect((await agent.get("/own")).text).toBe("express");
    expect((await agent.post("/json")).text).toBe("posted");
    expect((await agent.get("/missing")).text).toBe("no such thing\n");
    expect((await agent.get("/nowhere")).text).toContain("Cannot GET /nowhere");
    // Where there is no next one, the application answers.
    const port = await listen(toNode(makeApp(), { passthrough: true }));
    expect((await fetch(`http://127.0.0.1:${port}/own`)).status).toBe(404);
    expect(() => toNode({} as App, { passthrough: true })).toThrow("passthrough needs an application with routes");
  });

  test("Connect mounts it", async () => {
    const site = makeConnect();
    site.use("/api", toNode(makeApp()));
    const answer = await supertest(site).get("/api/users/9");
    expect(answer.body).toEqual({ id: 9, query: "" });
  });

  test("a route of Fastify hands its request on", async () => {
    const fastify = Fastify();
    const handler = toNode(makeApp());
    fastify.removeAllContentTypeParsers();
    fastify.addContentTypeParser("*", (_request, _payload, done) => done(null));
    fastify.all("/*", (request, reply) => {
      reply.hijack();
      handler(request.raw, reply.raw);
    });
    await fastify.listen({ port: 0, host: "127.0.0.1" });
    const agent = supertest(fastify.server);
    expect((await agent.get("/users/2")).body).toEqual({ id: 2, query: "" });
    expect((await agent.post("/echo").send("text")).body.toString()).toBe("text");
    const injected = await fastify.inject({ method: "POST", url: "/echo", payload: "in memory" });
    expect([injected.statusCode, injected.body]).toEqual([200, "in memory"]);
    await fastify.close();
  });

  test("another that answers first is left alone", async () => {
    const app = makeApp();
    const [begun, go, aborted] = [deferred(), deferred(), deferred()];
    app.get("/slow", async ({ signal }) => {
      signal.addEventListener("abort", () => aborted.resolve());
      begun.resolve();
      await go.promise;
      return "late";
    });
    const handler = toNode(app);
    const port = await listen((req, res) => {
      handler(req, res);
      begun.promise.then(() => res.end("early"));
    });
    expect(await (await fetch(`http://127.0.0.1:${port}/slow`)).text()).toBe("early");
    await aborted.promise;
    go.resolve();
    expect(await (await fetch(`http://127.0.0.1:${port}/slow`)).text()).toBe("early");
    const late = await listen((req, res) => {
      res.writeHead(200);
      expect(() => handler(req, res)).toThrow("the response was begun before the application was called");
      res.end();
    });
    expect((await fetch(`http://127.0.0.1:${late}/`)).status).toBe(200);
    expect(errors).toEqual([]);
  });

  test("a response that others have broken is cut, and told of", async () => {
    const handler = toNode(makeApp());
    const port = await listen((req, res) => {
      res.writeHead = () => {
        throw new Error("patched");
      };
      handler(req, res);
    });
    await expect(fetch(`http://127.0.0.1:${port}/`)).rejects.toThrow();
    expect(errors).toEqual([new Error("patched")]);
  });
});

describe("other protocols", () => {
  function makeSpeaker(): App {
    const app = new App({
      tunnel: ({ target }) => tunnel((socket) => void socket.end(`to ${target}`)),
    });
    app.on("error", (error) => void errors.push(error));
    app.ws("/chat/{room}", {
      upgrade: ({ headers }) => {
        if (headers.has("x-refused")) throw new NotFoundError("no room");
      },
      open: (socket) => socket.send(`in ${socket.params.room}`),
      message: async (socket, message) => {
        await socket.send(message);
      },
    });
    app.get("/shout", (request) => {
      if (request.upgrade !== "shout") return `no upgrade but ${request.upgrade}`;
      return upgrade("shout", (socket, head) => void socket.end(Buffer.from(head).toString().toUpperCase()));
    });
    app.get("/long", () => new HttpResponse(Readable.from(Array.from({ length: 64 }, () => "x".repeat(65536)))));
    return app;
  }

  test("WebSocket works under node:http", async () => {
    const handler = toNode(makeSpeaker());
    const port = await listen(handler);
    const client = new WebSocket(`ws://127.0.0.1:${port}/chat/5`);
    const [first] = await once(client, "message");
    expect(String(first)).toBe("in 5");
    client.send("again");
    const [second] = await once(client, "message");
    expect(String(second)).toBe("again");
    const closed = once(client, "close");
    await handler.close();
    expect((await closed)[0]).toBe(1001);
    const refused = new WebSocket(`ws://127.0.0.1:${port}/chat/5`);
    const [error] = await once(refused, "error");
    expect(String(error)).toContain("503");
  });

  test("what is refused, or asks for nothing that is spoken, gets its response", async () => {
    const port = await listen(toNode(makeSpeaker()));
    const ask = (path: string, protocol: string, more = "") =>
      raw(port, `GET ${path} HTTP/1.1\r\nHost: x\r\nUpgrade: ${protocol}\r\nConnection: upgrade\r\n${more}\r\n`);
    const key = `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${Buffer.alloc(16).toString("base64")}\r\n`;
    expect(await ask("/chat/1", "websocket", `${key}X-Refused: 1\r\n`)).toMatch(/^HTTP\/1\.1 404 [\s\S]*no room\n$/);
    expect(await ask("/shout", "h2c")).toMatch(/^HTTP\/1\.1 200 [\s\S]*no upgrade but h2c$/);
    expect(await ask("/shout", "shout", "\r\nhey")).toMatch(/^HTTP\/1\.1 101 [\s\S]*HEY/);
    expect(await ask("/long", "h2c")).toMatch(/x\r\n0\r\n\r\n$/);
    expect(await ask("/long", "h2c", "Host: second\r\n")).toMatch(/^HTTP\/1\.1 400 /);
    expect(await raw(port, "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n")).toMatch(/^HTTP\/1\.1 200 [\s\S]*to a:1$/);
  });

  test("501 where nobody passes upgrades on", async () => {
    const handler = toNode(makeSpeaker());
    const port = await listen((req, res) => handler(req, res));
    const answer = await raw(
      port,
      "GET /shout HTTP/1.1\r\nHost: x\r\nUpgrade: shout\r\nConnection: upgrade, close\r\n\r\n",
    );
    expect(answer).toMatch(/^HTTP\/1\.1 501 /);
    expect(String(errors)).toContain('server.on("upgrade", handler.upgrade)');
  });
});

describe("the life of an application", () => {
  test("starts with its first request, and ends with close", async () => {
    const app = makeApp();
    const told: string[] = [];
    for (const event of ["start", "stopping", "stop"] as const) app.on(event, () => void told.push(event));
    const [begun, go] = [deferred(), deferred()];
    app.get("/slow", async ({ stopping }) => {
      begun.resolve();
      await once(stopping, "abort");
      await go.promise;
      return "slow";
    });
    const handler = toNode(app);
    const port = await listen(handler);
    expect(told).toEqual([]);
    const [one, two] = await Promise.all([fetch(`http://127.0.0.1:${port}/`), fetch(`http://127.0.0.1:${port}/`)]);
    expect([one.status, two.status, told]).toEqual([200, 200, ["start"]]);
    const slow = fetch(`http://127.0.0.1:${port}/slow`);
    await begun.promise;
    const closed = handler.close();
    expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(503);
    expect(told).toEqual(["start", "stopping"]);
    go.resolve();
    expect(await (await slow).text()).toBe("slow");
    await closed;
    expect(told).toEqual(["start", "stopping", "stop"]);
    expect(() => handler.close({ deadline: -1 })).toThrow("deadline must be a number of milliseconds");
  });

  test("what outlasts the deadline is cut", async () => {
    const app = makeApp();
    const begun = deferred();
    app.get("/hangs", () => {
      begun.resolve();
      return new Promise<string>(() => {});
    });
    const handler = toNode(app);
    const port = await listen(handler);
    const hangs = fetch(`http://127.0.0.1:${port}/hangs`).catch(() => "cut");
    await begun.promise;
    await handler.close({ deadline: 0 });
    expect(await hangs).toBe("cut");
  });

  test("one that cannot start answers 500, and is tried again", async () => {
    const app = makeApp();
    let fail = true;
    app.on("start", () => {
      if (fail) throw new Error("no database");
    });
    const port = await listen(toNode(app));
    expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(500);
    expect(errors).toEqual([new Error("no database")]);
    fail = false;
    expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(200);
    await toNode(app).close();
  });
});

test("requests of one connection are served in turn", async () => {
  const port = await listen(toNode(makeApp()));
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  for (let turn = 0; turn < 20; ++turn) {
    const req = request({ port, agent, path: "/users/1" });
    req.end();
    const [response] = await once(req, "response");
    expect(await text(response)).toBe('{"id":1,"query":""}');
  }
  agent.destroy();
});
