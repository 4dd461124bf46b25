/** The parser's own interface: limits, errors, the choice of a build, and what it costs. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import * as abi from "../../src/parser/abi.ts";
import {
  DEFAULT_PARSER_LIMITS,
  END,
  HEAD,
  NEED_MORE,
  PARSE_ERRORS,
  ParseError,
  Parser,
  RequestParser,
  RequestReader,
  ResponseParser,
} from "../../src/parser/index.ts";
import { sharedParser } from "../../src/parser/messages.ts";
import { bytesOf } from "../support/messages.ts";

const HEAD_TEXT = "GET /p?q HTTP/1.1\r\nHost: a\r\nX-Y: z\r\nx-y: \xe4\r\n\r\n";

describe("Parser", () => {
  test("reads a head where it lies, and keeps it once it is owned", () => {
    const parser = new Parser();
    const text = bytesOf(HEAD_TEXT);
    parser.window.set(text);
    expect(parser.parseRequest(0, text.length - 1)).toBe(0);
    expect(parser.parseRequest(0, text.length)).toBe(text.length);
    const head = parser.borrowHead().own();
    parser.window.fill(0);
    expect([head.method, head.path, head.query, head.target]).toEqual(["GET", "/p", "q", "/p?q"]);
    expect(head.headers.entries()).toEqual([
      ["Host", "a"],
      ["X-Y", "z"],
      ["x-y", "\xe4"],
    ]);
    expect([...head.headers]).toEqual(head.headers.entries());
    expect(head.text).toBe(HEAD_TEXT);
    expect(head.bytes()).toEqual(text);
    expect([head.headers.get("X-y"), head.headers.getAll("x-Y"), head.headers.has("z")]).toEqual([
      "z, \xe4",
      ["z", "\xe4"],
      false,
    ]);
  });

  test("never takes one path for another, though it remembers those that came", () => {
    const parser = new Parser();
    // Of the same length, and alike where the memory looks: at the middle and the end.
    for (const path of ["/abc/x", "/xyc/x", "/abc/x", "/abcdx", "/xyc/x", `/${"a".repeat(63)}`, `/${"a".repeat(64)}`]) {
      const text = bytesOf(`GET ${path}?q HTTP/1.1\r\nHost: a\r\n\r\n`);
      parser.window.set(text);
      expect(parser.parseRequest(0, text.length)).toBe(text.length);
      expect([parser.head.path, parser.head.path, parser.borrowHead().own().path]).toEqual([path, path, path]);
    }
  });

  test("reads a head that begins in the carry area", () => {
    const parser = new Parser();
    const text = bytesOf(HEAD_TEXT);
    const start = parser.carry(text.subarray(0, 11));
    parser.window.set(text.subarray(11));
    expect(parser.parseRequest(start, text.length - 11)).toBe(text.length);
    expect(parser.head.headers.get("x-y")).toBe("z, \xe4");
    expect(() => parser.carry(new Uint8Array(abi.CARRY_SIZE + 1))).toThrow(RangeError);
    expect(parser.carry(new Uint8Array(abi.CARRY_SIZE))).toBe(-abi.CARRY_SIZE);
  });

  test.each([
    [{ maxHeadSize: 255 }],
    [{ maxHeadSize: 49153 }],
    [{ maxTargetSize: 0 }],
    [{ maxTargetSize: 1.5 }],
    [{ maxFields: 0 }],
    [{ maxFields: 256 }],
    [{ maxFields: Number.NaN }],
  ])("refuses the limits %j, and names them", (limits) => {
    expect(() => new Parser(limits)).toThrow(new RegExp(`^${Object.keys(limits)[0]} must be a whole number from`));
    expect(() => new RequestParser(limits)).toThrow(RangeError);
  });

  test.each([
    ["maxHeadSize", 1000, (n: number) => `${HEAD_TEXT.slice(0, -2)}A: ${"b".repeat(n - HEAD_TEXT.length - 5)}\r\n\r\n`],
    [
      "maxHeadSize",
      49152,
      (n: number) => `${HEAD_TEXT.slice(0, -2)}A: ${"b".repeat(n - HEAD_TEXT.length - 5)}\r\n\r\n`,
    ],
    ["maxTargetSize", 20, (n: number) => `GET /${"b".repeat(n - 1)} HTTP/1.1\r\nHost: a\r\n\r\n`],
    ["maxFields", 255, (n: number) => `GET / HTTP/1.1\r\n${"A: b\r\n".repeat(n - 1)}Host: a\r\n\r\n`],
    ["maxFields", 1, (n: number) => `GET / HTTP/1.1\r\nHost: a\r\n${"A: b\r\n".repeat(n - 1)}\r\n`],
  ] as const)("holds to %s of %i, and not one more", (name, limit, make) => {
    const names = { maxHeadSize: "HeadTooLarge", maxTargetSize: "TargetTooLong", maxFields: "TooManyFields" };
    for (const size of [limit, limit + 1]) {
      const parser = new RequestParser({ [name]: limit });
      const read = () => [...parser.push(bytesOf(make(size)))].length;
      if (size === limit) expect(read()).toBe(2);
      else expect(read).toThrow(expect.objectContaining({ name: names[name] }));
    }
  });

  test("shows the bytes around an error, and nothing that could harm a terminal", () => {
    const parser = new Parser();
    const text = bytesOf('GET / HTTP/1.1\r\nHost: a\r\n"\\\x1b[31m\xff: b\r\n\r\n');
    parser.window.set(text);
    const outcome = parser.parseRequest(0, text.length);
    const error = parser.error(outcome);
    expect(error).toBeInstanceOf(ParseError);
    expect([error.code, error.name, error.status, error.offset]).toEqual([8, "InvalidFieldName", 400, 25]);
    expect(error.quoted).toBe('"P/1.1\\r\\nHost: a\\r\\n\\"\\\\\\x1b[31m\\xff"');
    expect(error.message).not.toContain("\x1b");
  });

  test("a released head throws", () => {
    const parser = new Parser();
    const text = bytesOf(HEAD_TEXT);
    parser.window.set(text);
    parser.parseRequest(0, text.length);
    const head = parser.borrowHead();
    head.release();
    expect(() => head.method).toThrow("no longer valid");
    expect(head.own()).toBe(head);
  });
});

describe("errors", () => {
  test("stand in one table, each code once, each with a rule", () => {
    const names = new Set<string>();
    for (const [code, row] of PARSE_ERRORS) {
      const error = new ParseError(code, 3);
      expect(error).toMatchObject({ code, name: row.name, status: row.status, section: row.section, offset: 3 });
      expect(row.section).toMatch(/^RFC \d{4} §/);
      names.add(row.name);
    }
    expect(names.size).toBe(PARSE_ERRORS.size);
    expect(() => new ParseError(999)).toThrow(RangeError);
  });
});

describe("message parsers", () => {
  test("give what came before an error, then throw it, and throw it ever after", () => {
    const parser = new RequestParser();
    const types: string[] = [];
    const read = () => {
      for (const event of parser.push(bytesOf(`${HEAD_TEXT}BAD\r\n\r\n`))) types.push(event.type);
    };
    expect(read).toThrow(expect.objectContaining({ name: "InvalidMethod" }));
    expect(types).toEqual(["head", "end"]);
    expect(() => parser.push(bytesOf(HEAD_TEXT))).toThrow(ParseError);
    expect(() => parser.finish()).toThrow(ParseError);
  });

  test("share the window without disturbing each other", () => {
    const [left, right] = [new RequestParser(), new RequestParser()];
    const half = HEAD_TEXT.length >> 1;
    for (const event of left.push(bytesOf(HEAD_TEXT))) {
      expect([...right.push(bytesOf(HEAD_TEXT.slice(0, half)))]).toEqual([]);
      const [head] = right.push(bytesOf(HEAD_TEXT.slice(half).replace("z", "w")));
      if (event.type === "head") expect(event.head.headers.get("x-y")).toBe("z, \xe4");
      expect(head.type === "head" && head.head.headers.get("x-y")).toBe("w, \xe4");
    }
  });

  test("content is a view on what was pushed, also where it is larger than the window", () => {
    const size = 200_000;
    const whole = bytesOf(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${size}\r\n\r\n${"x".repeat(size)}`);
    let found = 0;
    for (const event of new RequestParser().push(whole)) {
      if (event.type !== "data") continue;
      expect(event.data.buffer).toBe(whole.buffer);
      found += event.data.length;
    }
    expect(found).toBe(size);
  });

  test("finish gives the end of a response that lasts until the connection closes", () => {
    const parser = new ResponseParser();
    expect([...parser.push(bytesOf("HTTP/1.1 200 OK\r\n\r\nx"))].map(({ type }) => type)).toEqual(["head", "data"]);
    expect(parser.finish()).toEqual([{ type: "end" }]);
  });
});

describe("builds", () => {
  test("the fastest is chosen, and a compiled module is taken", () => {
    expect(new Parser().build).toBe("simd");
    const module = new WebAssembly.Module(readFileSync(new URL("../../dist/parser.wasm", import.meta.url)));
    expect([...new RequestParser({ module }).push(bytesOf(HEAD_TEXT))]).toHaveLength(2);
    expect(sharedParser({ module })).toBe(sharedParser({ module }));
    expect(sharedParser({ module })).not.toBe(sharedParser({}));
    const other = new WebAssembly.Module(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0));
    expect(() => new Parser({ module: other })).toThrow(TypeError);
  });

  const chosenBy = (command: string, ...args: string[]) => {
    const script = `import("pyrois/parser").then(({ Parser }) => console.log(new Parser().build))`;
    return execFileSync(command, [...args, "-e", script], { encoding: "utf8" }).trim();
  };

  test("without WebAssembly the JavaScript build runs", () => {
    expect(chosenBy(process.execPath, "--jitless")).toBe("js");
  });

  test.skipIf(process.platform !== "linux")("with a small address space the JavaScript build runs", () => {
    const limited = 'ulimit -v 2097152 && exec "$0" "$@"';
    expect(chosenBy("sh", "-c", limited, process.execPath)).toBe("js");
  });

  test("no parse allocates in the module, and memory cannot grow", () => {
    const parser = new Parser();
    const { buffer } = parser.memory;
    const text = bytesOf(HEAD_TEXT);
    parser.window.set(text);
    for (let i = 0; i < 100_000; ++i) parser.parseRequest(0, text.length);
    expect(parser.memory.buffer).toBe(buffer);
    expect(buffer.byteLength).toBe(abi.MEMORY_PAGES * 65536);
  });
});

describe("RequestReader", () => {
  test("puts unread bytes by and goes on with them", () => {
    const reader = new RequestReader(new Parser());
    const text = bytesOf(HEAD_TEXT + HEAD_TEXT);
    reader.parser.window.set(text);
    reader.feed(text.length);
    expect(reader.next()).toBe(HEAD);
    reader.suspend();
    expect(reader.waiting).toBe(HEAD_TEXT.length);
    reader.parser.window.fill(0);
    reader.parser.window.set(bytesOf("GET"));
    reader.postpone(3);
    expect(() => reader.feed(1)).toThrow("must be resumed");
    reader.resume();
    expect([reader.next(), reader.next()]).toEqual([END, HEAD]);
    expect(reader.head?.path).toBe("/p");
    expect([reader.next(), reader.next()]).toEqual([END, NEED_MORE]);
    expect(reader.inMessage).toBe(true);
  });
});

test("defaults are as documented", () => {
  expect(DEFAULT_PARSER_LIMITS).toEqual({ maxHeadSize: 16384, maxTargetSize: 8192, maxFields: 100 });
});
