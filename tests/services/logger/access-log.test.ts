/** One line for each request, whatever becomes of it, and nothing that a client sends makes it two. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { Writable } from "node:stream";
import { afterEach, describe, expect, test, vi } from "vitest";
import { App, HttpResponse, upgrade } from "../../../src/index.ts";
import { requestId } from "../../../src/middleware/index.ts";
import { type AccessLog, type AccessLogOptions, accessLog, createLogger } from "../../../src/services/logger.ts";
import { exchange, RawClient } from "../../support/client.ts";
import { deferred } from "../../support/deferred.ts";

const folder = mkdtempSync(path.join(tmpdir(), "pyrois-access-log-"));
const logs: AccessLog[] = [];
const apps: App[] = [];
afterEach(async () => {
  await Promise.all(apps.splice(0).map((app) => app.close({ deadline: 0 })));
  for (const log of logs.splice(0)) log.close();
});

/** An application, its log, and what that has written. */
function logged(options: AccessLogOptions = {}) {
  const app = new App().on("error", () => {});
  const writes: string[] = [];
  const log = accessLog(app, { to: { write: (text: string) => void writes.push(text) }, ...options });
  logs.push(log);
  apps.push(app);
  app.get("/", () => "ok");
  const lines = () => {
    log.flush();
    return writes.join("").split("\n").slice(0, -1);
  };
  return { app, log, writes, lines };
}

const TIME = String.raw`\[\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d \+0000\]`;
const line = (rest: string) => new RegExp(`^127\\.0\\.0\\.1 - - ${TIME} ${rest}$`);

describe("formats", () => {
  test("combined, by default", async () => {
    const { app, lines } = logged();
    await app.inject({ headers: { "User-Agent": "curl/8", Referer: "http://a/" } });
    await app.inject({ path: "/nowhere?a=1" });
    expect(lines()[0]).toMatch(line('"GET / HTTP/1\\.1" 200 2 "http://a/" "curl/8"'));
    expect(lines()[1]).toMatch(line('"GET /nowhere\\?a=1 HTTP/1\\.1" 404 10 "-" "-"'));
  });

  test("common", async () => {
    const { app, lines } = logged({ format: "common" });
    const before = Date.now();
    await app.inject();
    expect(lines()[0]).toMatch(line('"GET / HTTP/1\\.1" 200 2'));
    const [day, time] = /\[(.*?):(.*?) /.exec(lines()[0])?.slice(1) ?? [];
    const told = Date.parse(`${day.replaceAll("/", " ")} ${time} UTC`);
    expect(told).toBeGreaterThan(before - 2000);
    expect(told).toBeLessThanOrEqual(Date.now());
  });

  test("JSON", async () => {
    const { app, lines } = logged({ format: "json" });
    app.use(requestId({ generate: () => 'an "id"é' }));
    await app.inject({ headers: { "User-Agent": 'a "b"\\ é', Referer: "http://a/" } });
    await app.inject({ path: "/nowhere" });
    const [first, second] = lines().map((text) => JSON.parse(text));
    expect(first).toEqual({
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      client: "127.0.0.1",
      method: "GET",
      target: "/",
      version: "1.1",
      status: 200,
      bytes: 2,
      duration: expect.any(Number),
      referer: "http://a/",
      userAgent: 'a "b"\\ é',
      id: 'an "id"é',
    });
    expect(first.duration).toBeGreaterThan(0);
    expect(Object.keys(second)).not.toContain("referer");
  });

  test("of one's own", async () => {
    const { app, lines } = logged({
      format: ({ method, status }, { headers }) => `${method} ${status}\n${headers.get("x")}`,
    });
    await app.inject({ headers: { x: "y" } });
    expect(lines()).toEqual(["GET 200\\x0ay"]);
  });
});

describe("nothing forges a line", () => {
  const hostile = Buffer.from('x" 200 0 "-" "\\\t\u0080\u009b\u00ff').toString("latin1");

  test.each(["combined", "json", (({ userAgent }) => `${userAgent}`) as Exclude<AccessLogOptions["format"], string>])(
    "%s",
    async (format) => {
      const { app, lines } = logged({ format: format as "json" });
      const { address } = await app.listen({ port: 0 });
      await exchange(
        address.port,
        `GET /?x HTTP/1.1\r\nHost: a\r\nUser-Agent: ${hostile}\r\nConnection: close\r\n\r\n`,
      );
      await app.close();
      const [text] = lines();
      expect(lines()).toHaveLength(1);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: those must not be there
      expect(text).not.toMatch(/[\x00-\x08\x0a-\x1f\x7f-\x9f]/);
      if (format === "combined") expect(text.match(/"/g)).toHaveLength(6);
      if (format === "json") expect(JSON.parse(text).userAgent).toBe(hostile);
    },
  );

  test("what is escaped can be read", async () => {
    const { app, lines } = logged();
    await app.inject({ headers: { "User-Agent": 'a"b\\c\té' } });
    expect(lines()[0]).toContain(String.raw`"a\x22b\x5cc\x09\xe9"`);
  });
});

describe("what was sent", () => {
  test.each<[name: string, method: string, answer: () => unknown, bytes: number]>([
    ["text", "GET", () => "héllo", 6],
    ["bytes", "GET", () => new Uint8Array(7), 7],
    ["nothing", "GET", () => null, 0],
    ["HEAD", "HEAD", () => "hello", 0],
    [
      "pieces",
      "GET",
      async function* pieces() {
        yield "abc";
        yield new Uint8Array(3000);
      },
      3003,
    ],
    ["a Blob", "GET", () => new Blob(["four"]), 4],
    ["trailers", "GET", () => new HttpResponse("hello", { trailers: () => ({ "X-A": "1" }) }), 5],
  ])("%s", async (_name, method, answer, bytes) => {
    const { app, lines } = logged({ format: (entry) => `${entry.bytes}` });
    app.get("/sent", answer as () => string);
    await app.inject({ method, path: "/sent", headers: { TE: "trailers", Connection: "te" } }).catch(async () => {
      await app.inject({ method, path: "/sent", headers: { TE: "trailers" } });
    });
    expect(lines()).toEqual([`${bytes}`]);
  });

  test("answers to pipelined requests, each its own", async () => {
    const { app, lines } = logged({ format: ({ target, bytes }) => `${target} ${bytes}` });
    app.get("/later", async () => {
      await new Promise((resolve) => setImmediate(resolve));
      return "later";
    });
    const { address } = await app.listen({ port: 0 });
    const get = (target: string) => `GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`;
    await exchange(address.port, get("/later") + get("/") + get("/later?2"));
    expect(lines()).toEqual(["/later 5", "/ 2", "/later?2 5"]);
  });
});

test("a client that goes: 499, with its address", async () => {
  const { app, lines } = logged({ format: ({ status, bytes, client }) => `${status} ${bytes} ${client}` });
  const [entered, gone] = [deferred(), deferred()];
  app.get("/held", async ({ signal }) => {
    entered.resolve();
    await once(signal, "abort");
    gone.resolve();
    return "nobody reads this";
  });
  const { address } = await app.listen({ port: 0 });
  const client = new RawClient(address.port);
  await client.write("GET /held HTTP/1.1\r\nHost: a\r\n\r\n");
  await entered.promise;
  client.socket.resetAndDestroy();
  await gone.promise;
  expect(lines()).toEqual(["499 0 127.0.0.1"]);
});

test("content that is cut off counts as far as it came", async () => {
  const { app, lines } = logged({ format: ({ status, bytes }) => `${status} ${bytes}` });
  app.get("/fails", async function* fails() {
    yield "some";
    throw new Error("in the middle");
  } as () => AsyncIterable<string>);
  await expect(app.inject({ path: "/fails" })).rejects.toThrow();
  expect(lines()).toEqual(["200 4"]);
});

test("errors, refusals for too many requests, and connections handed over", async () => {
  const { app, lines } = logged({ format: ({ target, status }) => `${target} ${status}` });
  const [entered, held] = [deferred(), deferred()];
  app.get("/throws", () => {
    throw new Error("inside");
  });
  app.get("/upgrade", () => upgrade("echo", (socket) => socket.end()));
  app.get("/held", async () => {
    entered.resolve();
    await held.promise;
    return "";
  });
  const { address } = await app.listen({ port: 0, maxConcurrentRequests: 1 });
  const get = (target: string, more = "") => `GET ${target} HTTP/1.1\r\nHost: a\r\n${more}\r\n`;
  await exchange(address.port, get("/throws"));
  const client = new RawClient(address.port);
  await client.write(get("/held"));
  await entered.promise;
  await exchange(address.port, get("/"));
  held.resolve();
  await client.responses(1);
  await client.write(get("/upgrade", "Connection: upgrade\r\nUpgrade: echo\r\n"));
  await client.end();
  client.destroy();
  expect(lines()).toEqual(["/throws 500", "/ 503", "/held 200", "/upgrade 101"]);
});

test("another application has lines of its own", async () => {
  const [one, two] = [logged({ format: () => "one" }), logged({ format: () => "two" })];
  await one.app.inject();
  await two.app.inject();
  await two.app.inject();
  expect([one.lines(), two.lines()]).toEqual([["one"], ["two", "two"]]);
});

test("what is skipped has none, and after close there are no more", async () => {
  const { app, log, lines } = logged({ skip: ({ status }, { path }) => status < 400 && path === "/" });
  await app.inject();
  await app.inject({ path: "/nowhere" });
  expect(lines()).toHaveLength(1);
  log.close();
  await app.inject({ path: "/nowhere" });
  expect(lines()).toHaveLength(1);
});

test("a format that throws is reported, and costs its line", async () => {
  const { app, lines } = logged({
    format: ({ target }) => {
      if (target === "/bad") throw new Error("no format");
      return target;
    },
  });
  const errors: unknown[] = [];
  app.on("error", (error) => errors.push(error));
  await app.inject({ path: "/bad" });
  await app.inject();
  expect([errors, lines()]).toEqual([[new Error("no format")], ["/"]]);
});

describe("writes", () => {
  test("lines of one turn leave in one write, after it", async () => {
    const { app, writes } = logged({ format: "common" });
    const { address } = await app.listen({ port: 0 });
    const socket = connect(address.port, "127.0.0.1");
    const get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    socket.end(get.repeat(10));
    socket.resume();
    await once(socket, "close");
    await app.close();
    expect(writes[0].match(/\n/g)).toHaveLength(10);
  });

  test("those that come soon after a write leave too", async () => {
    const app = new App();
    let written = deferred();
    let text = "";
    const to = {
      write(lines: string) {
        text += lines;
        written.resolve();
      },
    };
    logs.push(accessLog(app, { to, format: ({ target }) => target }));
    for (const path of ["/1", "/2", "/3"]) {
      written = deferred();
      await app.inject({ path });
      await written.promise;
    }
    expect(text).toBe("/1\n/2\n/3\n");
  });

  test("16 KiB leave at once", async () => {
    const { app, writes } = logged({ format: () => "x".repeat(8191) });
    const written = deferred();
    writes.push = (...texts: string[]) => {
      written.resolve();
      return Array.prototype.push.apply(writes, texts);
    };
    let whileServed = -1;
    app.get("/third", () => {
      whileServed = writes.length;
      return "";
    });
    const { address } = await app.listen({ port: 0 });
    const get = (target: string) => `GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`;
    await exchange(address.port, get("/") + get("/") + get("/third"));
    await written.promise;
    expect([whileServed, writes[0].length]).toEqual([1, 16_384]);
  });

  test("all have left when the server has stopped", async () => {
    const file = path.join(folder, "stop.log");
    const { app } = logged({ to: file });
    const { address } = await app.listen({ port: 0 });
    for (let at = 0; at < 3; ++at) await exchange(address.port, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    await app.close();
    expect(readFileSync(file, "utf8").match(/\n/g)).toHaveLength(3);
  });

  test("a stream that is not read holds so much, and not one line more", async () => {
    const told = vi.spyOn(console, "error").mockImplementation(() => {});
    let taken = "";
    const goOn: (() => void)[] = [];
    const stream = new Writable({
      highWaterMark: 1,
      write(chunk, _encoding, done) {
        taken += chunk;
        goOn.push(done);
      },
    });
    const { app, log } = logged({ to: stream, format: ({ target }) => target, maxPending: 8 });
    const get = async (target: string) => void (await app.inject({ path: target }));
    await get("/1");
    await new Promise((resolve) => setImmediate(resolve));
    for (const target of ["/22", "/33", "/4", "/5"]) await get(target);
    expect([taken, told.mock.calls.length]).toEqual(["/1\n", 1]);
    goOn.shift()?.();
    expect(taken).toBe("/1\n/22\n/33\n");
    goOn.shift()?.();
    await get("/6");
    log.flush();
    goOn.shift()?.();
    expect(taken).toBe("/1\n/22\n/33\n/6\n");
    told.mockRestore();
  });

  test.each<[name: string, stream: () => { write(text: string): unknown }]>([
    ["throws", () => ({ write: () => expect.unreachable() })],
    [
      "fails later",
      () => new Writable({ write: (_chunk, _encoding, done) => setImmediate(done, new Error("broken")) }),
    ],
    ["was destroyed", () => new Writable().destroy()],
  ])("a stream that %s is told of once, and the server goes on", async (_name, stream) => {
    const failed = deferred();
    const told = vi.spyOn(console, "error").mockImplementation(() => failed.resolve());
    const { app, log } = logged({ to: stream() });
    for (let at = 0; at < 3; ++at) {
      expect((await app.inject()).status).toBe(200);
      log.flush();
    }
    await failed.promise;
    expect(told).toHaveBeenCalledOnce();
    told.mockRestore();
  });

  test("a logger gets lines, or the fields of an entry", async () => {
    const lines: Record<string, unknown>[] = [];
    const stream = { write: (text: string) => void lines.push(JSON.parse(text)) };
    const logger = await createLogger({ console: false, stream });
    const { app } = logged({ to: logger, format: "common" });
    logs.push(accessLog(app, { to: logger, format: "json" }));
    await app.inject();
    expect(lines[0].msg).toMatch(line('"GET / HTTP/1\\.1" 200 2'));
    expect(lines[1]).toMatchObject({ level: "info", client: "127.0.0.1", target: "/", status: 200, bytes: 2 });
  });
});

const MAIN = `
import { App } from ${JSON.stringify(path.resolve("src/index.ts"))};
import { accessLog } from ${JSON.stringify(path.resolve("src/services/logger.ts"))};
const app = new App();
accessLog(app, { to: process.env.LOG, format: ({ target }) => target });
app.get("/{n:int}", ({ params }) => {
  if (params.n === 299 && process.env.EXIT) process.nextTick(() => process.exit(0));
  return "ok";
});
const onListen = ({ address }) => process.stdout.write(String(address.port) + "\\n");
if (process.env.EXIT) onListen(await app.listen({ port: 0 }));
else await app.run({ port: 0, onListen });
`;

test.skipIf(process.platform === "win32").each(["SIGTERM", "process.exit"])("no line is lost at %s", async (end) => {
  const file = path.join(folder, `${end}.log`);
  const child = spawn(process.execPath, ["--import", "tsx", "--input-type=module", "-e", MAIN], {
    env: { ...process.env, LOG: file, EXIT: end === "process.exit" ? "1" : "" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(child, "exit");
  const [port] = await once(child.stdout, "data");
  const client = new RawClient(Number(port));
  const targets = Array.from({ length: 300 }, (_, at) => `/${at}`);
  await client.write(targets.map((target) => `GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`).join(""));
  if (end === "SIGTERM") {
    await client.responses(300);
    child.kill("SIGTERM");
  }
  await ended;
  client.destroy();
  expect(readFileSync(file, "utf8").split("\n").slice(0, -1)).toEqual(targets);
  if (end === "SIGTERM") rmSync(folder, { recursive: true });
});

test.each<[options: object, says: string]>([
  [{ format: "short" }, 'format is combined, common, json or a function, not "short"'],
  [{ format: "toString" }, "format is"],
  [{ to: {} }, "to is a stream, a logger or the path of a file"],
  [{ to: "" }, "the path of a log file is text"],
  [{ skip: true }, "skip is a function"],
  [{ to: { write() {} }, maxPending: -1 }, "maxPending must be"],
])("%j is refused, and leaves nothing behind", (options, says) => {
  const before = process.listenerCount("exit");
  expect(() => accessLog(new App(), options)).toThrow(says);
  expect(process.listenerCount("exit")).toBe(before);
});
