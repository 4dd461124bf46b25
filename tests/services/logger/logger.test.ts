/** What a logger makes of values, what it hides, and where it writes. */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, describe, expect, test, vi } from "vitest";
import { App, type HttpRequest } from "../../../src/index.ts";
import { wantsColor } from "../../../src/services/logger/console.ts";
import { createLogger, type LoggerOptions } from "../../../src/services/logger.ts";

const folder = mkdtempSync(path.join(tmpdir(), "pyrois-logger-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

type Line = Record<string, unknown>;

/** A logger, and the lines that it has written. */
async function logging(options: LoggerOptions = {}) {
  const lines: Line[] = [];
  const stream = { write: (line: string) => void lines.push(JSON.parse(line)) };
  const log = await createLogger({ console: false, fields: {}, stream, ...options });
  return { log, lines };
}

/** What lines say beside level and time. */
const said = (lines: Line[]) => lines.map(({ level: _level, time: _time, ...rest }) => rest);

describe("lines", () => {
  test("have a level, a time and a text", async () => {
    const { log, lines } = await logging({ level: "trace", fields: { service: "shop" } });
    for (const level of ["trace", "debug", "info", "warn", "error", "fatal"] as const) log[level](`a ${level}`);
    expect(lines.map(({ level, msg }) => `${level} ${msg}`)).toEqual([
      "trace a trace",
      "debug a debug",
      "info a info",
      "warn a warn",
      "error a error",
      "fatal a fatal",
    ]);
    expect([lines[0].service, new Date(String(lines[0].time)).toISOString()]).toEqual(["shop", lines[0].time]);
  });

  test("below the level are not written, and the level may change", async () => {
    const { log, lines } = await logging({ level: "warn" });
    log.info("unheard");
    log.level = "info";
    log.info("heard");
    log.level = "silent";
    log.fatal("unheard");
    expect(said(lines)).toEqual([{ msg: "heard" }]);
  });

  test.each<[values: unknown[], line: object]>([
    [["text"], { msg: "text" }],
    [[{ a: 1 }, "text"], { a: 1, msg: "text" }],
    [["text", { a: 1 }, { b: 2 }], { a: 1, b: 2, msg: "text" }],
    [[{ a: 1 }], { a: 1 }],
    [["%s is %d", "x", 7], { msg: "x is 7" }],
    [[{ a: 1 }, "%s", "x"], { a: 1, msg: "x" }],
    [["100% sure", 7], { msg: "100% sure 7" }],
    [["a", "b", 3, null, undefined], { msg: "a b 3 null undefined" }],
    [["list", [1, 2]], { msg: "list [ 1, 2 ]" }],
    [["map", new Map([[1, 2]])], { msg: "map Map(1) { 1 => 2 }" }],
    [[7], { msg: "7" }],
    [[], { msg: "" }],
    [["two\nlines"], { msg: "two\nlines" }],
    [[JSON.parse('{"__proto__":{"a":1}}'), "x"], { msg: "x" }],
  ])("%j", async (values, line) => {
    const { log, lines } = await logging();
    log.info(...values);
    expect(said(lines)).toEqual([line]);
  });

  test("tell of errors, wherever they stand", async () => {
    const { log, lines } = await logging();
    const error = new Error("no disk", { cause: new Error("no power") });
    log.error(error);
    log.error("cannot save", error);
    log.error(error, "cannot save");
    log.error(error, new Error("second"));
    log.error("of %s", "x", error);
    log.error({ failed: error });
    expect(lines.map(({ msg }) => String(msg).split("\n")[0])).toEqual([
      "no disk: no power",
      "cannot save",
      "cannot save",
      expect.stringContaining("second") as unknown as string,
      "of x Error: no disk",
      "undefined",
    ]);
    for (const { err } of lines.slice(0, 4)) {
      expect(err).toMatchObject({ type: "Error", stack: expect.stringContaining("no power") });
    }
    expect(lines[5].failed).toMatchObject({ type: "Error", stack: expect.stringContaining("no power") });
  });

  test("survive what cannot be written down", async () => {
    const { log, lines } = await logging();
    const circle: Record<string, unknown> = { a: 1 };
    circle.self = circle;
    let deep: object = {};
    for (let depth = 0; depth < 50_000; ++depth) deep = { deep };
    log.info({ circle }, "circle");
    log.info({ deep }, "deep");
    log.info({ big: 1n }, "big");
    log.info(
      Object.defineProperty({}, "bad", {
        enumerable: true,
        get() {
          throw new Error("not to be read");
        },
      }),
      "getter",
    );
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    log.info(
      {
        within: {
          get bad() {
            throw new Error("not to be read");
          },
        },
        good: 1,
      },
      "nested",
    );
    log.info({ proxy }, "revoked");
    log.info(proxy, "revoked");
    expect(lines.map(({ msg }) => String(msg).split(" ").at(-1))).toEqual([
      "circle",
      "deep",
      "big",
      "getter",
      "nested",
      "revoked",
      "revoked",
    ]);
    expect(lines[4]).toMatchObject({ within: "[not to be read]", good: 1 });
    expect(lines[0].circle).toEqual({ a: 1, self: "[Circular]" });
  });
});

describe("secrets", () => {
  const headers = { Authorization: "Bearer x", "set-cookie": ["a=x"], COOKIE: "x", accept: "*/*" };
  const hidden = { Authorization: "…", "set-cookie": "…", COOKIE: "…", accept: "*/*" };

  test("are hidden at any depth, in lines, fields and children, and stay as they are", async () => {
    const { log, lines } = await logging({ fields: { base: { headers } } });
    const child = log.child({ mine: { headers } });
    child.child({ own: [headers] }).info({ a: { b: { c: { headers } } } }, "x", { cookie: "x" });
    expect(said(lines)).toEqual([
      {
        base: { headers: hidden },
        mine: { headers: hidden },
        own: [hidden],
        a: { b: { c: { headers: hidden } } },
        cookie: "…",
        msg: "x",
      },
    ]);
    expect(headers.Authorization).toBe("Bearer x");
  });

  test("are hidden below __proto__", async () => {
    const { log, lines } = await logging();
    log.info({ body: JSON.parse('{"__proto__":{"cookie":"x"}}') });
    expect(JSON.stringify(lines[0])).toContain('{"__proto__":{"cookie":"…"}}');
  });

  test("are hidden in errors, and in requests", async () => {
    const { log, lines } = await logging();
    log.error(Object.assign(new Error("refused"), { request: { headers } }));
    expect(lines[0].err).toMatchObject({ message: "refused", request: { headers: hidden } });
    const app = new App({ logger: log });
    let kept: HttpRequest | undefined;
    app.get("/", (request) => {
      kept = request;
      request.log.info({ request }, "in a field");
      request.log.info(request);
      return "";
    });
    await app.inject({ headers: { Authorization: "Bearer x", Cookie: "a=x" } });
    expect(lines[1].request).toMatchObject({ headers: { authorization: "…", cookie: "…" } });
    expect(lines[2]).toMatchObject({ path: "/", headers: { authorization: "…", cookie: "…" } });
    log.info("over", kept);
    expect(lines[3].msg).toBe("over HttpRequest (answered)");
    expect(JSON.stringify(lines)).not.toContain("Bearer");
  });

  test("are hidden in what says itself what it is in JSON, errors too", async () => {
    const { log, lines } = await logging();
    const config = { config: { headers } };
    const date = new Date(0);
    log.info({ client: { toJSON: () => config }, date });
    log.error(Object.assign(new Error("refused"), { toJSON: () => ({ message: "refused", ...config }) }));
    const told = { config: { headers: hidden } };
    expect(said(lines)).toEqual([
      { client: told, date: date.toJSON() },
      { err: { message: "refused", ...told }, msg: "refused" },
    ]);
  });

  test("thirty-two levels are shown, what is below them is hidden", async () => {
    const { log, lines } = await logging();
    const nest = (depth: number): object => (depth === 0 ? { cookie: "x" } : { in: nest(depth - 1) });
    log.info(nest(31));
    log.info(nest(32));
    expect(JSON.stringify(lines[0])).toContain('{"cookie":"…"}');
    expect(JSON.stringify(lines[1])).toMatch(/"in":"…"\}+$/);
  });

  test("may have more names, and single places", async () => {
    const { log, lines } = await logging({ redact: { names: ["Password"], paths: ["user.card"] } });
    log.info({ password: "x", user: { PASSWORD: "x", card: 1 }, card: 2, cookie: "x" });
    expect(said(lines)).toEqual([{ password: "…", user: { PASSWORD: "…", card: "…" }, card: 2, cookie: "…" }]);
  });

  test("are shown where nothing is to be hidden", async () => {
    const { log, lines } = await logging({ redact: false });
    log.info({ cookie: "x" });
    expect(said(lines)).toEqual([{ cookie: "x" }]);
  });
});

describe("places", () => {
  test("a file has lines of JSON, of children too, at once", async () => {
    const file = path.join(folder, "deep", "app.log");
    const { log, lines } = await logging({ file });
    log.info("one");
    log.child({ id: 7 }, { level: "warn" }).info("unheard");
    log.child({ id: 7 }).warn("two");
    const written = readFileSync(file, "utf8").trimEnd().split("\n");
    expect(written.map((line) => JSON.parse(line))).toEqual(lines);
    expect(said(lines)).toEqual([{ msg: "one" }, { id: 7, msg: "two" }]);
    log.close();
  });

  test("a stream that throws costs its lines and nothing else", async () => {
    const told = vi.spyOn(console, "error").mockImplementation(() => {});
    const file = path.join(folder, "beside.log");
    const stream = {
      write() {
        throw new Error("broken");
      },
    };
    const log = await createLogger({ console: false, stream, file });
    log.info("one");
    log.info("two");
    expect(told).toHaveBeenCalledOnce();
    told.mockRestore();
    expect(readFileSync(file, "utf8").match(/\n/g)).toHaveLength(2);
    log.close();
  });

  test.each<[options: object, says: string]>([
    [{ level: "loud" }, "level is one of trace, debug, info, warn, error, fatal, silent"],
    [{ console: "loud" }, 'console is "auto", "pretty", "json" or false'],
    [{ stream: {} }, "stream has a function write"],
    [{ file: { path: "x", maxSize: 0 } }, "maxSize must be at least 1 byte"],
  ])("%j is refused", async (options, says) => {
    await expect(createLogger({ console: false, ...options } as LoggerOptions)).rejects.toThrow(says);
  });
});

test.each<[environment: NodeJS.ProcessEnv, terminal: boolean, wanted: boolean]>([
  [{}, true, true],
  [{}, false, false],
  [{ TERM: "dumb" }, true, false],
  [{ NO_COLOR: "1" }, true, false],
  [{ NO_COLOR: "" }, true, true],
  [{ FORCE_COLOR: "1" }, false, true],
  [{ FORCE_COLOR: "" }, false, true],
  [{ FORCE_COLOR: "0" }, true, false],
  [{ FORCE_COLOR: "1", NO_COLOR: "1" }, false, true],
])("colour: %j, terminal %s: %s", (environment, terminal, wanted) => {
  expect(wantsColor(environment, terminal)).toBe(wanted);
});

const MAIN = `
import { createLogger } from ${JSON.stringify(path.resolve("src/services/logger.ts"))};
const log = await createLogger(JSON.parse(process.env.OPTIONS ?? "{}"));
`;

/** What a process writes that runs this after it has made `log`, and how it ends. */
async function run(script: string, env: NodeJS.ProcessEnv = {}, end?: (pid: number) => void) {
  const { FORCE_COLOR: _force, NO_COLOR: _no, ...inherited } = process.env;
  const child = spawn(process.execPath, ["--import", "tsx", "--input-type=module", "-e", MAIN + script], {
    env: { ...inherited, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [out, errors] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    out += text;
    if (end !== undefined && out.includes("ready")) end(child.pid as number);
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    errors += text;
  });
  const [code, signal] = await new Promise<[number | null, string | null]>((resolve) => {
    child.on("close", (...ended) => resolve(ended));
  });
  return { out, errors, code, signal };
}

describe("standard output", () => {
  const SAY = `log.warn({ a: 1 }, "hello"); log.error(new Error("no disk"));`;

  test("has JSON where nobody reads it", async () => {
    const { out, errors } = await run(SAY);
    const [first, second] = out.split("\n").map((line) => line && JSON.parse(line));
    expect([first.level, first.a, first.msg, typeof first.pid, second.err.message, errors]).toEqual([
      "warn",
      1,
      "hello",
      "number",
      "no disk",
      "",
    ]);
  });

  test("has lines for people, plain where it is no terminal", async () => {
    const { out } = await run(SAY, { OPTIONS: '{"console":"pretty"}' });
    expect(out).toMatch(
      /^\[\d\d:\d\d:\d\d\.\d{3}\] WARN: hello\n {4}a: 1\n\[.*ERROR: no disk\n[\s\S]* {4}Error: no disk/,
    );
    expect(out).not.toContain("\u001b");
  });

  test("is in colour where that is forced", async () => {
    expect((await run(SAY, { FORCE_COLOR: "1" })).out).toContain("\u001b[33mWARN");
    expect((await run(SAY, { OPTIONS: '{"console":"json"}', FORCE_COLOR: "1" })).out).not.toContain("\u001b");
  });

  test("shows what a terminal would obey", async () => {
    const script = String.raw`log.info("a\u001b[2J\r\u0007\u009b\u007f \\u001b \"x\"\t{}", { b: "\u001b]0;x" });`;
    const { out } = await run(script, { OPTIONS: '{"console":"pretty"}' });
    expect(out).toContain(String.raw`a\u001b[2J\r\u0007\u009b\u007f \u001b "x"	{}`);
    expect(out).toContain(String.raw`b: "\u001b]0;x"`);
  });

  test.skipIf(process.platform !== "linux")("that takes nothing is told of once, and the process goes on", async () => {
    const script = `process.stderr.write("still here"); ${SAY}${SAY} process.stderr.write(" and here");`;
    const child = spawn("/bin/sh", [
      "-c",
      '"$0" --import tsx --input-type=module -e "$1" > /dev/full',
      process.execPath,
      MAIN + script,
    ]);
    let errors = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      errors += text;
    });
    const code = await new Promise((resolve) => child.on("close", resolve));
    expect([code, errors]).toEqual([
      0,
      expect.stringMatching(/^still herepyrois: the log cannot be written to standard output: ENOSPC.*\n and here$/),
    ]);
  });
});

describe("the end of a process loses no line", () => {
  const LINES = 500;
  const many = `for (let at = 0; at < ${LINES}; ++at) log.info({ at }, "line");`;

  test.each([
    ["by itself", many, 0],
    ["process.exit", `${many} process.exit(3);`, 3],
    ["an error", `${many} setImmediate(() => { throw new Error("gone"); });`, 1],
  ])("%s", async (name, script, wanted) => {
    const file = path.join(folder, `${name}.log`);
    const { code, out } = await run(script, { OPTIONS: JSON.stringify({ file, console: "json" }) });
    expect(code).toBe(wanted);
    expect(readFileSync(file, "utf8")).toBe(out);
    expect(out.match(/\n/g)).toHaveLength(LINES);
  });

  test.skipIf(process.platform === "win32").each(["SIGTERM", "SIGKILL"] as const)("%s", async (wanted) => {
    const file = path.join(folder, `${wanted}.log`);
    const script = `${many} process.stdout.write("ready"); setInterval(() => {}, 1000);`;
    const { signal } = await run(script, { OPTIONS: JSON.stringify({ file, console: false }) }, (pid) =>
      process.kill(pid, wanted),
    );
    expect(signal).toBe(wanted);
    expect(readFileSync(file, "utf8").match(/\n/g)).toHaveLength(LINES);
  });
});
