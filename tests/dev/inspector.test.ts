/** What an inspector keeps of exchanges, and what it shows of them. */
import { channel } from "node:diagnostics_channel";
import { once } from "node:events";
import { Readable } from "node:stream";
import { gzipSync } from "node:zlib";
import { afterEach, describe, expect, test } from "vitest";
import type { Details, Refused, Summary } from "../../src/dev/inspector/entries.ts";
import { type InspectorOptions, inspector } from "../../src/dev/inspector.ts";
import { App, type Handler, HttpResponse, type Logger, NotFoundError } from "../../src/index.ts";
import { requestId, serverTiming } from "../../src/middleware/index.ts";
import { createLogger } from "../../src/services/logger.ts";
import { exchange, RawClient } from "../support/client.ts";

const quietLogger = (): Logger => ({ debug() {}, info() {}, warn() {}, error() {} });

const open: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

/** An application that is inspected, with its logger. */
function inspected(options: InspectorOptions = {}, logger: Logger = quietLogger()) {
  const app = new App({ logger });
  const routes = inspector(app, options);
  open.push(
    () => routes.close(),
    () => app.close({ deadline: 0 }),
  );
  app.include(routes);
  return app;
}

const listed = async (app: App) =>
  (await app.inject({ path: "/_dev/exchanges" })).json() as { revision: number; entries: (Summary | Refused)[] };
const entries = async (app: App) => (await listed(app)).entries;
const exchanges = async (app: App) => (await entries(app)) as Summary[];

async function details(app: App, id: number): Promise<Details> {
  const answer = await app.inject({ path: `/_dev/exchanges/${id}` });
  expect(answer.status).toBe(200);
  return answer.json() as Details;
}

const plain = (base64: string) => Buffer.from(base64, "base64").toString("latin1");

describe("an exchange", () => {
  test("is kept with head, fields, parameters, route, content of both directions, and its times", async () => {
    const app = inspected();
    const seen = (next: Handler): Handler => next;
    app.use(seen, serverTiming()).on("request", function onEach() {});
    app.catch(function whenItFails() {
      return undefined;
    });
    const group = app.group("/users", { middleware: [(next) => (request) => next(request)] });
    const own = (next: Handler): Handler => next;
    group.post("/{id:int}", async (request) => ({ got: await request.json() }), { middleware: [own], name: "user" });
    await app.inject({ method: "POST", path: "/users/7?a=b", headers: { "X-A": "1" }, body: { n: 1 } });

    const [summary] = await exchanges(app);
    expect(summary).toMatchObject({
      kind: "exchange",
      id: 1,
      method: "POST",
      target: "/users/7?a=b",
      status: 200,
      over: true,
      received: 7,
      sent: 15,
      route: "/users/{id:int}",
      failed: false,
      replayOf: null,
    });
    const shown = await details(app, 1);
    expect(plain(shown.head)).toMatch(
      /^POST \/users\/7\?a=b HTTP\/1\.1\r\nHost: localhost\r\n[\s\S]*X-A: 1\r\n[\s\S]*\r\n\r\n$/,
    );
    expect(shown.fields).toContainEqual(["X-A", "1"]);
    expect(shown.params).toEqual([["id", "7"]]);
    expect(shown.handler).toEqual({ name: "user", method: "POST" });
    expect(shown.surroundings).toEqual([
      { kind: "error handler", name: "whenItFails" },
      { kind: "request hook", name: "onEach" },
      { kind: "middleware", name: "seen" },
      { kind: "middleware", name: "serverTiming" },
      { kind: "middleware", name: "(function)" },
      { kind: "middleware", name: "own" },
    ]);
    expect(shown.client).toBe("127.0.0.1");
    expect(shown.request).toMatchObject({ size: 7, whole: true, plain: null });
    expect(plain(shown.request.bytes)).toBe('{"n":1}');
    expect(plain(shown.content.bytes)).toBe('{"got":{"n":1}}');
    expect(shown.response?.status).toBe(200);
    expect(shown.response?.fields).toContainEqual(["Content-Type", "application/json"]);
    expect(shown.response?.fields.find(([name]) => name === "Server-Timing")?.[1]).toMatch(/^total;dur=/);
    expect(shown.duration).toBeGreaterThanOrEqual(shown.answeredAfter ?? Number.POSITIVE_INFINITY);
  });

  test("that has no route has what stands around the application", async () => {
    const app = inspected();
    app.use(function all(next) {
      return next;
    });
    await app.inject({ path: "/nowhere" });
    await app.inject({ method: "OPTIONS", path: "*" });
    const shown = await details(app, 1);
    expect([shown.status, shown.route, shown.handler]).toEqual([404, null, null]);
    expect(shown.surroundings).toEqual([{ kind: "middleware", name: "all" }]);
    expect((await details(app, 2)).status).toBe(204);
  });

  test("of a route whose converter fails is one without a route", async () => {
    const app = new App({
      logger: quietLogger(),
      converters: {
        bad: {
          pattern: /\w+/,
          parse: () => {
            throw new Error("bad");
          },
        },
      },
    });
    const routes = inspector(app as unknown as App);
    open.push(() => routes.close());
    app.include(routes);
    app.get("/{x:bad}", () => "never");
    expect((await app.inject({ path: "/x" })).status).toBe(500);
    expect(await exchanges(app as unknown as App)).toMatchObject([{ status: 500, route: null }]);
  });

  test("comes in pieces and leaves in pieces, and is the same for handler and client", async () => {
    const app = inspected({ showSecrets: true });
    app.post("/copy", async function* (request) {
      for await (const piece of request.body) yield piece;
    });
    const server = await app.listen({ port: 0 });
    const client = new RawClient(server.address.port);
    await client.write(
      "POST /copy HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTE: trailers\r\n\r\n3\r\nabc\r\n",
    );
    await client.until(() => client.received.includes("abc\r\n"));
    await client.write("3\r\ndef\r\n0\r\nX-Sum: 6\r\n\r\n");
    await client.until(() => client.received.endsWith("0\r\n\r\n"));
    client.destroy();
    expect(client.received).toContain("\r\n\r\n3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n");
    const shown = await details(app, 1);
    expect([plain(shown.request.bytes), plain(shown.content.bytes)]).toEqual(["abcdef", "abcdef"]);
    expect(shown.trailers).toEqual([["X-Sum", "6"]]);
    expect([shown.received, shown.sent, shown.over]).toEqual([6, 6, true]);
  });

  test("shows content that is encoded as what it is", async () => {
    const app = inspected();
    app.get("/", () => new HttpResponse(gzipSync("plain text"), { headers: { "Content-Encoding": "gzip" } }));
    app.get("/odd", () => new HttpResponse("x", { headers: { "Content-Encoding": "odd" } }));
    app.get("/wrong", () => new HttpResponse("no gzip", { headers: { "Content-Encoding": "gzip" } }));
    for (const path of ["/", "/odd", "/wrong"]) await app.inject({ path });
    const [first, odd, wrong] = await Promise.all([1, 2, 3].map((id) => details(app, id)));
    expect(plain(first.content.plain ?? "")).toBe("plain text");
    expect([odd.content.plain, wrong.content.plain]).toEqual([null, null]);
  });

  test("of HEAD has no content, and one of another protocol ends with 101", async () => {
    const app = inspected();
    app.get("/", () => "content");
    app.ws("/chat", {});
    await app.inject({ method: "HEAD" });
    const server = await app.listen({ port: 0 });
    const key = "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==";
    const client = new RawClient(server.address.port);
    await client.write(`GET /chat HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n${key}\r\n\r\n`);
    await client.until(() => client.received.includes("101"));
    client.destroy();
    expect(await exchanges(app)).toMatchObject([
      { method: "HEAD", status: 200, sent: 0 },
      { target: "/chat", status: 101, over: true },
    ]);
    expect((await details(app, 1)).content.size).toBe(0);
  });

  test("whose client has gone has no status, and what was thrown away is not looked at", async () => {
    const app = inspected();
    let finish = (_answer: string) => {};
    const began = new Promise<void>((resolve) => {
      app.get("/slow", () => {
        resolve();
        return new Promise<string>((answer) => {
          finish = answer;
        });
      });
    });
    const server = await app.listen({ port: 0 });
    const client = new RawClient(server.address.port);
    await client.write("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
    await began;
    expect(await exchanges(app)).toMatchObject([{ status: 0, over: false }]);
    const ended = new Promise((resolve) => channel("pyrois:connection:close").subscribe(resolve));
    client.socket.resetAndDestroy();
    await ended;
    finish("too late");
    await new Promise(setImmediate);
    expect(await exchanges(app)).toMatchObject([{ status: 0, over: true }]);
    expect((await details(app, 1)).response).toBeNull();
  });

  test("that was sent away before it was served is one, too", async () => {
    const app = inspected();
    let finish = (_answer: string) => {};
    const began = new Promise<void>((resolve) => {
      app.get("/slow", () => {
        resolve();
        return new Promise<string>((answer) => {
          finish = answer;
        });
      });
    });
    const server = await app.listen({ port: 0, maxConcurrentRequests: 1 });
    const one = new RawClient(server.address.port);
    await one.write("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
    await began;
    const [busy] = await exchange(server.address.port, "GET /other HTTP/1.1\r\nHost: a\r\n\r\n");
    finish("done");
    await one.responses(1);
    one.destroy();
    expect(busy.status).toBe(503);
    expect(await exchanges(app)).toMatchObject([{ status: 200 }, { target: "/other", status: 503, over: true }]);
  });

  test("with content of a stream that fails is cut as without an inspector, and its source is let go", async () => {
    const app = inspected();
    let source = new Readable({ read() {} });
    let asked = () => {};
    app.get("/", () => {
      asked();
      return source;
    });
    const server = await app.listen({ port: 0 });
    const began = new Promise<void>((resolve) => {
      asked = resolve;
    });
    const failing = fetch(`${server.url}`).then((answer) => answer.text());
    await began;
    source.destroy(new Error("the disk is gone"));
    await expect(failing).rejects.toThrow();
    expect((await details(app, 1)).errors[0]).toContain("the disk is gone");

    source = new Readable({ read() {} });
    const closed = once(source, "close");
    source.push("begin");
    const client = new RawClient(server.address.port);
    await client.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    await client.until(() => client.received.includes("begin"));
    client.socket.resetAndDestroy();
    await closed;
    // One that is never iterated, too.
    source = new Readable({ read() {} });
    const unread = once(source, "close");
    await app.inject({ method: "HEAD" });
    await unread;
  });

  test("may give one response again and again", async () => {
    const app = inspected();
    const body = {
      async *[Symbol.asyncIterator]() {
        yield "again";
      },
    };
    const response = new HttpResponse(body);
    app.get("/", () => response);
    for (let time = 0; time < 3; ++time) expect((await app.inject()).text()).toBe("again");
    for (const id of [1, 2, 3]) expect(plain((await details(app, id)).content.bytes)).toBe("again");
  });
});

describe("limits", () => {
  test("maxExchanges: as many are kept, and the oldest goes for one more", async () => {
    const app = inspected({ maxExchanges: 2 });
    app.get("/", () => "");
    for (let time = 0; time < 2; ++time) await app.inject();
    expect((await exchanges(app)).map(({ id }) => id)).toEqual([1, 2]);
    await app.inject();
    expect((await exchanges(app)).map(({ id }) => id)).toEqual([2, 3]);
    expect((await app.inject({ path: "/_dev/exchanges/1" })).status).toBe(404);
  });

  test("maxExchanges is 200 by default", async () => {
    const app = inspected();
    for (let time = 0; time < 201; ++time) await app.inject();
    const kept = await exchanges(app);
    expect([kept.length, kept[0].id]).toEqual([200, 2]);
  });

  test.each([
    [{ maxContent: 5 }, 5],
    [{}, 65_536],
  ])("maxContent of %j: so much is kept of each direction, in one piece or in some", async (options, max) => {
    const app = inspected(options);
    app.post("/whole", async (request) => request.bytes());
    app.post("/pieces", async function* (request) {
      const bytes = await request.bytes();
      yield bytes.subarray(0, 3);
      yield bytes.subarray(3);
    });
    let id = 0;
    for (const path of ["/whole", "/pieces"]) {
      for (const length of [max, max + 1]) {
        const body = Buffer.alloc(length, "x");
        expect((await app.inject({ method: "POST", path, body })).body).toEqual(new Uint8Array(body));
        const { request, content } = await details(app, ++id);
        for (const sample of [request, content]) {
          expect([sample.size, sample.whole]).toEqual([length, length === max]);
          expect(plain(sample.bytes)).toBe("x".repeat(max));
        }
      }
    }
  });

  test("maxLogs and maxLogSize: lines that are kept, and their characters", async () => {
    const app = inspected({ maxLogs: 2, maxLogSize: 4 });
    app.get("/{count:int}", (request) => {
      for (let line = 0; line < (request.params as { count: number }).count; ++line) request.log.info("1234", line);
      request.log.info("");
      throw new Error("failed");
    });
    app.get("/sizes", ({ log }) => {
      log.info("1234");
      log.info("12345");
      return "";
    });
    await app.inject({ path: "/0" });
    await app.inject({ path: "/1" });
    await app.inject({ path: "/sizes" });
    // The error is logged as well.
    expect(await details(app, 1)).toMatchObject({
      logs: [{ text: "" }, { text: "Erro" }],
      lostLogs: 0,
      errors: ["Erro"],
    });
    expect(await details(app, 2)).toMatchObject({ logs: [{ text: "1234" }, { text: "" }], lostLogs: 1 });
    expect((await details(app, 3)).logs.map(({ text }) => text)).toEqual(["1234", "1234"]);
  });

  test("errors are bounded as lines are", async () => {
    const app = inspected({ maxLogs: 1 });
    app.get("/", (request) => {
      for (let time = 0; time < 2; ++time) app.report(new Error(`error ${time}`), request);
      return "";
    });
    await app.inject();
    const { errors, lostErrors } = await details(app, 1);
    expect([errors.length, lostErrors]).toEqual([1, 1]);
  });

  test.each([
    [{ maxExchanges: 0 }, "maxExchanges must be a whole number from 1"],
    [{ maxContent: -1 }, "maxContent must be a whole number from 0"],
    [{ maxLogs: 1.5 }, "maxLogs must be a whole number"],
    [{ maxLogSize: Number.NaN }, "maxLogSize must be a whole number"],
    [{ replayTimeout: 0x8000_0000 }, "replayTimeout must be a whole number from 1 to 2147483647"],
    [{ hosts: ["a", ""] }, 'hosts is a list of names, not ["a",""]'],
    [{ secrets: "password" }, "secrets is a list of names"],
  ])("%j is refused", (options, message) => {
    expect(() => inspector(new App(), options as InspectorOptions)).toThrow(message);
  });
});

describe("what goes wrong", () => {
  test("is shown with its stack, its cause and what else it says", async () => {
    const app = inspected();
    app.get("/", () => {
      throw Object.assign(new Error("outer", { cause: new TypeError("inner") }), { code: "E1", cookie: "secret" });
    });
    await app.inject();
    const [summary] = await exchanges(app);
    expect(summary).toMatchObject({ status: 500, failed: true });
    const { errors } = await details(app, 1);
    expect(errors).toHaveLength(1);
    expect(errors[0]).toMatch(
      /^Error: outer\n +at .*inspector\.test\.ts[\s\S]*code: 'E1'[\s\S]*caused by: TypeError: inner\n +at/,
    );
    expect(errors[0]).not.toContain("secret");
  });

  test("an error of HTTP is an answer and no failure", async () => {
    const app = inspected();
    app.get("/", () => {
      throw new NotFoundError("no such thing");
    });
    await app.inject();
    const shown = await details(app, 1);
    expect([shown.status, shown.failed, shown.errors]).toEqual([404, false, []]);
    expect(plain(shown.content.bytes)).toBe("no such thing\n");
  });

  test("what cannot be looked at does no harm", async () => {
    const app = inspected();
    const hostile = new Proxy(
      {},
      {
        get() {
          throw new Error("do not look");
        },
      },
    );
    app.get("/", ({ log }) => {
      log.info(hostile, Object.create(null), Symbol("s"), () => 1, 10n);
      log.info("%s and %s", hostile);
      throw hostile;
    });
    app.on("error", () => {});
    expect((await app.inject()).status).toBe(500);
    const { logs, errors } = await details(app, 1);
    expect([logs.length, errors.length]).toEqual([2, 1]);
    expect(logs[0].text).toContain("Symbol(s)");
  });

  test("a response that cannot be looked at is still sent", async () => {
    class Odd extends HttpResponse {
      override get headers(): HttpResponse["headers"] {
        throw new Error("do not look");
      }
    }
    const app = inspected();
    app.get("/now", () => new Odd("odd"));
    app.get("/later", async () => new Odd("odd"));
    for (const path of ["/now", "/later"]) expect((await app.inject({ path })).text()).toBe("odd");
    for (const id of [1, 2]) expect((await details(app, id)).errors[0]).toContain("do not look");
  });

  test("what was no request is listed with its bytes, for the application that it was sent to", async () => {
    const [app, other] = [inspected(), inspected()];
    const server = await app.listen({ port: 0 });
    await exchange(server.address.port, "GET / HTTP/1.1\r\nHost : a\r\n\r\n");
    const [refused] = await entries(app);
    expect(refused).toMatchObject({
      kind: "parse error",
      name: "SpaceBeforeColon",
      status: 400,
      section: "RFC 9112 §5.1",
      offset: 20,
    });
    expect((refused as Refused).quoted).toContain("Host : a");
    expect((refused as Refused).client).toMatch(/^127\.0\.0\.1 port \d+$/);
    expect(await entries(other)).toEqual([]);
    expect((await app.inject({ path: "/_dev/exchanges/1" })).status).toBe(404);
  });
});

describe("what is logged", () => {
  test("belongs to the request that it is logged at, before and after an await, and to none outside", async () => {
    const logger = quietLogger();
    const app = inspected({}, logger);
    app.get("/{n}", async ({ params, log }) => {
      log.info("before %s", params.n, { authorization: "secret" });
      await new Promise(setImmediate);
      logger.warn("after", params.n);
      return "";
    });
    logger.info("outside");
    await Promise.all([app.inject({ path: "/1" }), app.inject({ path: "/2" })]);
    for (const id of [1, 2]) {
      const { target, logs } = await details(app, id);
      const n = target.slice(1);
      expect(logs.map(({ level, text }) => [level, text])).toEqual([
        ["info", `before ${n} { authorization: '…' }`],
        ["warn", `after ${n}`],
      ]);
    }
  });

  test("by children of a logger, by one whose level was set, and while content is made, is found too", async () => {
    const lines: string[] = [];
    const logger = await createLogger({ console: false, stream: { write: (line: string) => lines.push(line) } });
    const app = inspected({}, logger);
    app.use(requestId({ generate: () => "the-name" }));
    app.get("/", async function* ({ log }) {
      log.info("child");
      logger.level = "error";
      logger.info("not written");
      logger.level = "info";
      logger.info("written");
      yield "content";
      log.warn("late");
    });
    await app.inject();
    const { logs } = await details(app, 1);
    expect(logs.map(({ text }) => text)).toEqual(["child", "not written", "written", "late"]);
    expect(lines.map((line) => JSON.parse(line).msg)).toEqual(["child", "written", "late"]);
    expect(JSON.parse(lines[0]).id).toBe("the-name");
  });

  test("by a logger that cannot be changed is not, and does no harm", async () => {
    const app = inspected({}, Object.freeze(quietLogger()));
    app.get("/", ({ log }) => {
      log.info("unseen");
      return "";
    });
    expect((await app.inject()).status).toBe(200);
    expect((await details(app, 1)).logs).toEqual([]);
  });
});

test("clear forgets all, and what was closed records no more", async () => {
  const app = new App({ logger: quietLogger() });
  const routes = inspector(app);
  app.include(routes);
  await app.inject();
  const before = await listed(app);
  expect((await app.inject({ method: "POST", path: "/_dev/clear" })).status).toBe(204);
  const after = await listed(app);
  expect([before.entries.length, after.entries.length]).toEqual([1, 0]);
  expect(after.revision).toBeGreaterThan(before.revision);
  routes.close();
  await app.inject();
  expect((await listed(app)).entries).toEqual([]);
});

test("its own requests are not recorded, whatever is asked below it, and by no other inspector", async () => {
  const app = inspected();
  const other = inspector(app);
  open.push(() => other.close());
  app.include(other, { prefix: "/second" });
  for (const path of ["/_dev", "/_dev/", "/_dev/list.js", "/_dev/nothing", "/second/_dev/", "/_dev/exchanges/x"])
    await app.inject({ path });
  await app.inject({ method: "DELETE", path: "/_dev/clear" });
  expect(await exchanges(app)).toEqual([]);
  expect((await app.inject({ path: "/second/_dev/exchanges" })).json()).toMatchObject({ entries: [] });
});
