/** The command itself: help, mistakes, colours. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { nearest, UsageError } from "../../src/cli/command.ts";
import { helpOf } from "../../src/cli/help.ts";
import { COMMANDS as ENTRIES, run } from "../../src/cli/main.ts";
import { pyrois } from "../support/pyrois.ts";

const { version } = JSON.parse(readFileSync(path.join(import.meta.dirname, "../../package.json"), "utf8"));
const COMMANDS = ["new", "dev", "start", "routes", "openapi", "audit", "bench", "parse"];

describe("help", () => {
  test("without a word it lists all commands", async () => {
    const [bare, asked] = await Promise.all([pyrois([]), pyrois(["--help"])]);
    for (const { code, out } of [bare, asked]) {
      expect(code).toBe(0);
      for (const name of COMMANDS) expect(out).toMatch(new RegExp(`^ {2}${name} +\\w`, "m"));
    }
  });

  test.each(COMMANDS)("of %s has usage, options with defaults, and examples", async (name) => {
    const command = await ENTRIES[name].load();
    const lines = helpOf(name, command, (_style, text) => text);
    const text = lines.join("\n");
    expect(text).toContain(`Usage: pyrois ${name} `);
    expect(text).toMatch(/Options:\n(?: .*\n)+/);
    expect(text).toMatch(/Examples:\n {2}\S/);
    for (const line of lines) expect(line.length, line).toBeLessThanOrEqual(80);
    expect(ENTRIES[name].summary).toBe(command.summary);
  });

  test("is asked for in two ways", async () => {
    const [one, other] = await Promise.all([pyrois(["help", "dev"]), pyrois(["dev", "x", "--help"])]);
    expect(one).toEqual(other);
    expect([one.code, one.err]).toEqual([0, ""]);
    expect(one.out).toContain("Usage: pyrois dev FILE [options]\n");
  });

  test("the version", async () => {
    expect(await pyrois(["--version"])).toEqual({ code: 0, out: `${version}\n`, err: "" });
  });
});

test("a mistake gets exit code 2, and no stack", async () => {
  const { code, out, err } = await pyrois(["rutes"]);
  expect([code, out]).toEqual([2, ""]);
  expect(err).toBe('pyrois: there is no command rutes. Do you mean routes? "pyrois --help" lists what there is.\n');
});

describe("what was wrong is named", () => {
  test.each([
    { args: ["help", "statr"], says: /there is no command statr\. Do you mean start\?/ },
    { args: ["xyzzyx"], says: /there is no command xyzzyx\. "pyrois --help"/ },
    { args: ["routes", "a.js", "--constructor"], says: /there is no option --constructor/ },
    { args: ["--colour"], says: /there is no option --colour/ },
    { args: ["dev", "a.js", "--prot", "5"], says: /there is no option --prot\. Do you mean --port\?/ },
    { args: ["dev", "a.js", "--constructor"], says: /there is no option --constructor/ },
    { args: ["dev"], says: /FILE is missing/ },
    { args: ["dev", "a.js", "b.js"], says: /"b\.js" is one argument too many/ },
    { args: ["bench", "http://a/", "--connections"], says: /--connections needs a value: --connections N/ },
    { args: ["parse", "--json=5"], says: /--json takes no value, not "5"/ },
    { args: ["bench", "http://a/", "-c", "0"], says: /--connections must be a whole number from 1 to 65535, not "0"/ },
    { args: ["bench", "http://a/", "-c", "65536"], says: /--connections must be a whole number/ },
    { args: ["bench", "http://a/", "-p", "1025"], says: /--pipelining must be a whole number from 1 to 1024/ },
    { args: ["bench", "http://a/", "-d", "fast"], says: /--duration is a time such as 10s, 500ms or 1m/ },
    { args: ["bench", "http://a/", "-d", "86401"], says: /--duration is a time/ },
    { args: ["bench", "http://a/", "-H", "none"], says: /--header is "Name: value"/ },
    { args: ["bench", "http://a/", "-m", "a b"], says: /"a b" is no method/ },
    { args: ["bench", "http://["], says: /"http:\/\/\[" is no URL/ },
    { args: ["bench", "ftp://a/"], says: /"ftp:\/\/a\/" is no URL of http or https/ },
    { args: ["audit", "a.js", "--fail-on", "x"], says: /--fail-on is high, medium, low, note or never, not "x"/ },
  ])("$args", async ({ args, says }) => {
    const error = await run(args).catch((error) => error);
    expect(error).toBeInstanceOf(UsageError);
    expect(error.message).toMatch(says);
  });
});

test("a file that is not there gets exit code 1", async () => {
  const { code, err } = await pyrois(["routes", "nowhere.js"]);
  expect(err).toMatch(/^pyrois: there is no file .*nowhere\.js\n$/);
  expect(code).toBe(1);
});

test.each([
  { args: ["routes", "."], says: /^pyrois: .* is a folder: name the module in it\n$/ },
  { args: ["new", "package.json/hello", "--no-install"], says: /^pyrois: cannot make .*hello: ENOTDIR.*\n$/ },
])("what the system refuses gets exit code 1, and no stack: $args", async ({ args, says }) => {
  const { code, err } = await pyrois(args, { cwd: path.join(import.meta.dirname, "../..") });
  expect(err).toMatch(says);
  expect(code).toBe(1);
});

test("colours are for terminals, and for whoever asks", async () => {
  const [piped, forced, none] = await Promise.all([
    pyrois(["--help"]),
    pyrois(["--help"], { env: { FORCE_COLOR: "1" } }),
    pyrois(["--help"], { env: { NO_COLOR: "1" } }),
  ]);
  expect(forced.out).toContain("\x1b[1m");
  for (const { out } of [piped, none]) expect(out).not.toContain("\x1b");
});

test("the nearest name", () => {
  expect(nearest("ruotes", COMMANDS)).toBe("routes");
  expect(nearest("opnapi", COMMANDS)).toBe("openapi");
  expect(nearest("qqqq", COMMANDS)).toBeNull();
});
