/** What a server tells on node:diagnostics_channel, and what it counts. */
import { channel } from "node:diagnostics_channel";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { App, type HttpRequest, type RunningServer, type ServerOptions, upgrade } from "../../src/index.ts";
import type { ParseError } from "../../src/parser/index.ts";
import { exchange, RawClient } from "../support/client.ts";

interface Message {
  peer?: { remotePort?: number };
  request?: HttpRequest;
  status?: number;
  bytes?: number;
  duration?: number;
  application?: App;
  error?: unknown;
}

const NAMES = ["connection:open", "connection:close", "request:start", "request:end", "request:error", "parse:error"];
let events: [name: string, message: Message, target: string][];
let told: () => void;
const listeners = NAMES.map((name) => (message: unknown) => {
  const { request } = message as Message;
  events.push([name, message as Message, request?.target ?? ""]);
  told();
});

let app: App;
let server: RunningServer;
let entered: Promise<void>;
let release: () => void;

async function serve(options: ServerOptions = {}): Promise<number> {
  app = new App().on("error", () => {});
  let enter = () => {};
  entered = new Promise((resolve) => {
    enter = resolve;
  });
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  app.get("/", () => "ok");
  app.get("/later", async () => {
    await new Promise((resolve) => setImmediate(resolve));
    return "later";
  });
  app.get("/held", async () => {
    enter();
    await held;
    return "held";
  });
  app.get("/throws", () => {
    throw new Error("in the handler");
  });
  app.get("/fails", async function* fails() {
    yield "some";
    throw new Error("in the middle");
  } as () => AsyncIterable<string>);
  app.get("/upgrade", () => upgrade("echo", (socket) => socket.end("bye")));
  app.post("/copy", (request) => request.body);
  app.post("/read", async (request) => String((await request.bytes()).length));
  server = await app.listen({ port: 0, ...options });
  return server.address.port;
}

/** Resolves once that many events were told. */
async function count(wanted: number): Promise<string[]> {
  while (events.length < wanted) {
    await new Promise<void>((resolve) => {
      told = resolve;
    });
  }
  return events.map(([name, { status }, target]) =>
    [name, target, status].filter((part) => part !== "" && part !== undefined).join(" "),
  );
}

beforeEach(() => {
  events = [];
  told = () => {};
  for (const [at, name] of NAMES.entries()) channel(`pyrois:${name}`).subscribe(listeners[at]);
});
afterEach(async () => {
  for (const [at, name] of NAMES.entries()) channel(`pyrois:${name}`).unsubscribe(listeners[at]);
  await app.close({ deadline: 0 });
});

const get = (path: string, more = "") => `GET ${path} HTTP/1.1\r\nHost: a\r\n${more}\r\n`;

describe("events", () => {
  test("a connection, its requests in their order, and its end", async () => {
    const port = await serve();
    await exchange(port, get("/") + get("/later") + get("/throws") + get("/missing"));
    const all = await count(11);
    expect(all.filter((event) => !event.startsWith("connection"))).toEqual([
      "request:start /",
      "request:end / 200",
      "request:start /later",
      "request:start /throws",
      "request:error /throws",
      "request:start /missing",
      "request:end /later 200",
      "request:end /throws 500",
      "request:end /missing 404",
    ]);
    expect([all[0], all.at(-1)]).toEqual(["connection:open", "connection:close"]);
    expect(events[0][1].peer).toBe(events.at(-1)?.[1].peer);
    const { error } = events.find(([name]) => name === "request:error")?.[1] ?? {};
    expect(error).toEqual(new Error("in the handler"));
  });

  test("the request can be read at its end for the last time", async () => {
    const port = await serve();
    await exchange(port, get("/later", "X-A: 1\r\n"));
    await count(4);
    const request = events[1][1].request as HttpRequest;
    expect([events[2][2], events[2][1].request === request]).toEqual(["/later", true]);
    expect(() => request.target).toThrow("no longer valid");
  });

  test("the end tells how much was sent, how long it took, and whose it was", async () => {
    const port = await serve();
    await exchange(port, get("/") + get("/later"));
    await count(6);
    const ends = events.filter(([name]) => name === "request:end").map(([, message]) => message);
    expect(ends.map(({ bytes }) => bytes)).toEqual([2, 5]);
    for (const { duration, application } of ends) {
      expect(duration).toBeGreaterThan(0);
      expect(application).toBe(app);
    }
  });

  test("a client that goes: status 0", async () => {
    const port = await serve();
    const client = new RawClient(port);
    await client.write(get("/held"));
    await entered;
    client.socket.resetAndDestroy();
    expect(await count(4)).toEqual([
      "connection:open",
      "request:start /held",
      "request:end /held 0",
      "connection:close",
    ]);
    release();
    await exchange(port, get("/"));
    expect((await count(8)).slice(4)).toEqual([
      "connection:open",
      "request:start /",
      "request:end / 200",
      "connection:close",
    ]);
  });

  test("content whose source fails: the request can be read when that is told", async () => {
    const port = await serve();
    const client = new RawClient(port);
    await client.write(get("/fails"));
    await client.end();
    expect(await count(5)).toEqual([
      "connection:open",
      "request:start /fails",
      "request:error /fails",
      "request:end /fails 200",
      "connection:close",
    ]);
    client.destroy();
  });

  test("content that the client did not send whole is no error of whoever answers with it", async () => {
    const port = await serve();
    const client = new RawClient(port);
    await client.write("POST /copy HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nsome");
    await client.until(() => client.received.endsWith("some\r\n"));
    client.socket.end();
    expect(await count(5)).toEqual([
      "connection:open",
      "request:start /copy",
      "parse:error",
      "request:end /copy 200",
      "connection:close",
    ]);
    client.destroy();
  });

  test.each([
    ["GET / HTTP/1.1\r\nHost : a\r\n\r\n", "SpaceBeforeColon", 20, "Host : a"],
    ["GET / HTTP/3.0\r\n\r\n", "UnsupportedVersion", 6, "HTTP/3.0"],
    ["GET / HT", "IncompleteMessage", 8, ""],
    [
      `POST /read HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nzz\r\n`,
      "InvalidChunkSize",
      8,
      "zz",
    ],
  ])("what is wrong: %j", async (sent, name, offset, quoted) => {
    const port = await serve();
    const [answer] = await exchange(port, sent);
    const [, { error, peer }] = events.find((event) => event[0] === "parse:error") ?? ["", {}, ""];
    const parseError = error as ParseError;
    expect([parseError.name, parseError.offset, parseError.status]).toEqual([name, offset, answer.status]);
    expect(parseError.quoted).toContain(quoted);
    expect(peer).toBe(events[0][1].peer);
    expect(server.counters.parseErrors).toBe(1);
  });

  test("a connection that is handed over is closed as one of HTTP", async () => {
    const port = await serve();
    const client = new RawClient(port);
    await client.write(get("/later") + get("/upgrade", "Connection: upgrade\r\nUpgrade: echo\r\n"));
    await client.end();
    expect(client.received).toMatch(/later[\s\S]*101 Switching Protocols[\s\S]*\r\n\r\nbye$/);
    expect(await count(6)).toEqual([
      "connection:open",
      "request:start /later",
      "request:end /later 200",
      "request:start /upgrade",
      "request:end /upgrade 101",
      "connection:close",
    ]);
    client.destroy();
  });

  test("of many asynchronous requests none is lost", async () => {
    const port = await serve();
    const each = 50;
    await Promise.all(Array.from({ length: 20 }, () => exchange(port, get("/later").repeat(each))));
    const all = await count(20 * (2 + 2 * each));
    const times = (event: string) => all.filter((other) => other === event).length;
    expect([times("connection:open"), times("connection:close")]).toEqual([20, 20]);
    expect([times("request:start /later"), times("request:end /later 200")]).toEqual([20 * each, 20 * each]);
  });
});

test("counters add up", async () => {
  const port = await serve({ maxConnections: 3 });
  const held = new RawClient(port);
  await held.write(get("/held"));
  await entered;
  const others = [new RawClient(port), new RawClient(port)];
  for (const client of others) {
    await client.write(get("/"));
    await client.responses(1);
  }
  const refused = new RawClient(port);
  await refused.end();
  const now = {
    openConnections: 3,
    acceptedConnections: 3,
    refusedConnections: 1,
    activeRequests: 1,
    requests: 3,
    parseErrors: 0,
  };
  expect(server.counters).toEqual(now);
  await others[0].write("BAD\r\n\r\n");
  await others[0].end();
  for (const client of others) client.socket.end();
  const closed = () => events.filter(([name]) => name === "connection:close").length;
  while (closed() < 2) await count(events.length + 1);
  expect(server.counters).toEqual({ ...now, openConnections: 1, parseErrors: 1 });
  release();
  await held.responses(1);
  expect(server.counters.activeRequests).toBe(0);
  for (const client of [held, refused, ...others]) client.destroy();
});
