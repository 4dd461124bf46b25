/** What the suites of others have found to differ from node:http. */
import { execFile } from "node:child_process";
import { once } from "node:events";
import http, { type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import express from "express";
import Koa from "koa";
import supertest from "supertest";
import { afterEach, describe, expect, test, vi } from "vitest";
import drop from "../../../src/gateway/node.ts";
import { RawClient } from "../../support/client.ts";
import { deferred } from "../../support/deferred.ts";

const servers: Server[] = [];

async function connectTo(server: Server): Promise<RawClient> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return new RawClient((server.address() as AddressInfo).port);
}

afterEach(() => {
  vi.useRealTimers();
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

const REQUEST = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

describe.each([
  ["node:http", http],
  ["pyrois/node", drop],
] as const)("%s", (_name, { createServer }) => {
  test("a timeout of sockets does not hold for connections that wait for the next request", async () => {
    const told: string[] = [];
    const server = createServer({ keepAliveTimeout: 5000 }, (req, res) => {
      req.socket.on("timeout", () => told.push("socket"));
      res.end("ok");
    });
    server.setTimeout(50, () => told.push("server"));
    const client = await connectTo(server);
    await client.write(REQUEST);
    await client.responses(1);
    // Longer than the timeout, which is what must not be told.
    await new Promise((resolve) => setTimeout(resolve, 150));
    await client.write(REQUEST);
    await client.responses(2);
    expect([client.ended, told]).toEqual([false, []]);
    client.destroy();
  });

  test("a timeout of sockets that a listener for connections has set holds for the first request", async () => {
    const told: string[] = [];
    const server = createServer({ keepAliveTimeout: 5000 }, () => told.push("request"));
    server.on("connection", (socket) => {
      socket.setTimeout(50, () => told.push("timeout"));
    });
    const client = await connectTo(server);
    await client.write(REQUEST);
    await client.end();
    expect(told).toEqual(["request", "timeout"]);
    client.destroy();
  });

  test("a timeout of sockets holds on where there is no keepAliveTimeout", async () => {
    const server = createServer({ keepAliveTimeout: 0 }, (req, res) => {
      req.socket.setTimeout(50);
      res.end("ok");
    });
    const client = await connectTo(server);
    await client.write(REQUEST);
    await client.responses(1);
    await client.end();
    client.destroy();
  });

  test("a timeout of sockets holds for each request anew", async () => {
    const server = createServer({ keepAliveTimeout: 5000 }, (req, res) => {
      if (req.url === "/") res.end("ok");
    });
    server.setTimeout(50);
    const client = await connectTo(server);
    await client.write(REQUEST);
    await client.responses(1);
    await client.write(REQUEST.replace("/", "/hangs"));
    await client.end();
    expect(await client.responses(1)).toHaveLength(1);
  });

  test("an answer that closes does not wait for the rest of content that is read", async () => {
    const server = createServer((req, res) => {
      req.once("data", () => res.writeHead(200, { Connection: "close" }).end("early"));
    });
    const client = await connectTo(server);
    client.socket.on("end", () => client.socket.end());
    await client.write("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1048576\r\n\r\na");
    await client.end();
    expect(client.received).toMatch(/\r\n\r\n(5\r\nearly\r\n0\r\n\r\n|early)$/);
    client.destroy();
  });

  test("requestTimeout holds for content that still comes after the answer", async () => {
    const timeouts = { connectionsCheckingInterval: 25, headersTimeout: 100, requestTimeout: 100 };
    const server = createServer(timeouts, (_, res) => res.end("early"));
    const client = await connectTo(server);
    await client.write("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\na");
    await client.end();
    expect(client.received).toMatch(/\r\n\r\nearlyHTTP\/1\.1 408 /);
    client.destroy();
  });

  test("timers that a test puts in the place of others are none of the server's", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "performance"] });
    const server = createServer({ keepAliveTimeout: 1000, headersTimeout: 1000 }, (_req, res) => void res.end("ok"));
    const client = await connectTo(server);
    await client.write(REQUEST);
    await client.responses(1);
    const timers = vi.getTimerCount();
    vi.advanceTimersByTime(60_000);
    await client.write(REQUEST);
    await client.responses(2);
    expect([timers, client.ended]).toEqual([0, false]);
    client.destroy();
  });

  test("the server's clock goes on where a test has stopped all others", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "performance"] });
    const server = createServer({ headersTimeout: 100, connectionsCheckingInterval: 50 });
    const client = await connectTo(server);
    await client.write("GET / HT");
    await client.end();
    expect(client.received).toMatch(/^HTTP\/1\.1 408 /);
  });

  test("requests that wait for those before them go on where a test has put off all microtasks", async () => {
    vi.useFakeTimers({ toFake: ["queueMicrotask"] });
    const server = createServer((req, res) => void req.resume().on("end", () => res.end("ok")));
    const client = await connectTo(server);
    await client.write("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\na".repeat(3));
    expect(await client.responses(3)).toHaveLength(3);
    client.destroy();
  });

  test("how large heads may be is told a server that somebody else has made", async () => {
    const server = createServer((_req, res) => void res.end("ok"));
    Object.assign(server, { maxHeaderSize: 40_000 });
    const client = await connectTo(server);
    await client.write(REQUEST.replace("Host", `Cookie: ${"a".repeat(30_000)}\r\nHost`));
    expect((await client.responses(1))[0].status).toBe(200);
    await client.write(REQUEST.replace("Host", `Cookie: ${"a".repeat(41_000)}\r\nHost`));
    await client.end();
    expect(client.received).toContain("HTTP/1.1 431 ");
  });

  test("a server that closes goes on to serve the connections that are at work", async () => {
    const [begun, go] = [deferred(), deferred()];
    const server = createServer(async (req, res) => {
      begun.resolve();
      await go.promise;
      res.end(req.url);
    });
    const client = await connectTo(server);
    await client.write(REQUEST);
    await begun.promise;
    server.close();
    await client.write(REQUEST.replace("/", "/sent-while-it-closes"));
    go.resolve();
    await client.responses(2);
    await client.write(REQUEST.replace("/", "/afterwards"));
    const answers = await client.responses(3);
    expect(answers.map(({ body }) => body)).toEqual(["/", "/sent-while-it-closes", "/afterwards"]);
    client.destroy();
  });

  test("a server that closes serves the first request of a connection that is there", async () => {
    const server = createServer((_, res) => res.end("first"));
    const began = once(server, "connection");
    const client = await connectTo(server);
    await began;
    server.close();
    await client.write(REQUEST);
    expect((await client.responses(1)).map(({ body }) => body)).toEqual(["first"]);
    client.destroy();
  });
});

test("a server that closes does not keep connections for as long as others", async () => {
  const [begun, go] = [deferred(), deferred()];
  const server = drop.createServer({ keepAliveTimeout: 3_600_000 }, async (_req, res) => {
    begun.resolve();
    await go.promise;
    res.end("last");
  });
  const client = await connectTo(server);
  const connected = once(server, "connection");
  const unused = new RawClient((server.address() as AddressInfo).port);
  await connected;
  await client.write(REQUEST);
  await begun.promise;
  const closed = new Promise((resolve) => server.close(resolve));
  go.resolve();
  await client.end();
  await unused.end();
  client.destroy();
  await closed;
});

function makeExpress(): RequestListener {
  const app = express();
  app.use(express.json());
  app.get("/", (_req, res) => void res.cookie("a", "1").json({ hello: "world" }));
  app.post("/", (req, res) => void res.status(201).send(req.body));
  app.get("/redirect", (_req, res) => res.redirect("/"));
  return app;
}

function makeKoa(): RequestListener {
  const app = new Koa();
  app.use(async (ctx) => {
    if (ctx.path === "/redirect") ctx.redirect("/");
    else if (ctx.method !== "POST") {
      ctx.cookies.set("a", "1", { httpOnly: false });
      ctx.body = { hello: "world" };
    } else {
      let text = "";
      for await (const chunk of ctx.req) text += chunk;
      ctx.status = 201;
      ctx.body = JSON.parse(text);
    }
  });
  return app.callback();
}

describe("supertest", () => {
  test.each([
    ["Express", makeExpress],
    ["Koa", makeKoa],
  ])("asks %s on a server of ours, which it has listen itself", async (_name, make) => {
    const server = drop.createServer(make());
    const agent = supertest.agent(server);
    await agent
      .get("/")
      .expect(200, { hello: "world" })
      .expect("Set-Cookie", /^a=1; path=\//i);
    await agent.post("/").send({ name: "Ada" }).expect(201, { name: "Ada" });
    await agent.get("/redirect").redirects(1).expect(200, { hello: "world" });
    await agent.head("/").expect(200).expect("Content-Length", "17");
    await Promise.all(Array.from({ length: 20 }, () => agent.get("/").expect(200)));
    server.close();
  });

  test("asks applications themselves, where the preload has it make servers of ours", async () => {
    const root = path.join(import.meta.dirname, "..", "..", "..");
    const entry = pathToFileURL(path.join(root, "dist", "gateway", "node.js")).href;
    const code = `
      const supertest = require("supertest");
      const app = require("express")();
      app.get("/", (req, res) => res.json({ server: req.socket.server instanceof globalThis.Ours }));
      const koa = new (require("koa"))();
      koa.use((ctx) => { ctx.body = { server: ctx.req.socket.server instanceof globalThis.Ours }; });
      (async () => {
        globalThis.Ours = (await import("${entry}")).Server;
        for (const asked of [app, koa.callback()]) {
          const { status, body } = await supertest(asked).get("/");
          console.log(status, body.server);
        }
      })();`;
    const preload = path.join(root, "dist", "gateway", "node", "register.js");
    const { stdout } = await promisify(execFile)(process.execPath, ["--import", preload, "-e", code], { cwd: root });
    expect(stdout).toBe("200 true\n".repeat(2));
  });
});
