/** Files of lines: when they give way to new ones, and what becomes of lines that the disk does not take. */
import { execFileSync } from "node:child_process";
import {
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { DEFAULT_LOG_FILE_OPTIONS, LogFile, type LogFileOptions } from "../../../src/services/logger.ts";

let folder: string;
let file: string;
const open: LogFile[] = [];
const told = vi.spyOn(console, "error");

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "pyrois-log-file-"));
  file = path.join(folder, "app.log");
  told.mockReset().mockImplementation(() => {});
});
afterEach(() => {
  for (const log of open.splice(0)) log.close();
  rmSync(folder, { recursive: true, force: true });
});

function logFile(options?: LogFileOptions, at = file): LogFile {
  const log = new LogFile(at, options);
  open.push(log);
  return log;
}

/** All files, the newest first. */
const files = () =>
  readdirSync(folder)
    .sort((a, b) => a.length - b.length || a.localeCompare(b))
    .map((name) => readFileSync(path.join(folder, name), "utf8"));

describe("size", () => {
  test("a file has as much as it may, and the next line is in a new one", () => {
    const log = logFile({ maxSize: 10 });
    log.write("12345678\n");
    log.write("\n");
    expect(files()).toEqual(["12345678\n\n"]);
    log.write("9\n");
    expect(files()).toEqual(["9\n", "12345678\n\n"]);
  });

  test("a line that is larger than a file has one for itself", () => {
    const log = logFile({ maxSize: 5 });
    for (const line of ["1\n", "a long line\n", "2\n"]) log.write(line);
    expect(files()).toEqual(["2\n", "a long line\n", "1\n"]);
  });

  test("counts bytes, and those that were there before", () => {
    writeFileSync(file, "é\n");
    const log = logFile({ maxSize: 6 });
    log.write("é\n");
    expect(files()).toEqual(["é\né\n"]);
    log.write("é\n");
    expect(files()).toEqual(["é\n", "é\né\n"]);
  });

  test("so many old files are kept, and no more", () => {
    const log = logFile({ maxSize: 2, keep: 2 });
    for (const line of "12345") log.write(`${line}\n`);
    expect(files()).toEqual(["5\n", "4\n", "3\n"]);
  });

  test("none is kept where none is wanted", () => {
    const log = logFile({ maxSize: 2, keep: 0 });
    for (const line of "12") log.write(`${line}\n`);
    expect(files()).toEqual(["2\n"]);
    expect(told).not.toHaveBeenCalled();
  });

  test("two that write to one file do not move it twice", () => {
    const [one, two] = [logFile({ maxSize: 4 }), logFile({ maxSize: 4 })];
    one.write("1\n");
    two.write("2\n");
    one.write("3\n");
    one.write("4\n");
    two.write("5\n");
    expect(files()).toEqual(["4\n5\n", "1\n2\n3\n"]);
    two.write("6\n");
    expect(files()).toEqual(["6\n", "4\n5\n", "1\n2\n3\n"]);
  });
});

test("a pipe stays where it is, however much goes through it", () => {
  execFileSync("mkfifo", [file]);
  const reader = openSync(file, constants.O_RDWR | constants.O_NONBLOCK);
  const log = logFile({ maxSize: 2 });
  for (const line of ["1\n", "2\n", "3\n"]) log.write(line);
  expect(readdirSync(folder)).toEqual(["app.log"]);
  const bytes = new Uint8Array(6);
  expect([readSync(reader, bytes), Buffer.from(bytes).toString()]).toEqual([6, "1\n2\n3\n"]);
  closeSync(reader);
});

describe("time", () => {
  const HOUR = 3_600_000;

  test.each<[LogFileOptions["interval"], number]>([
    ["hour", HOUR],
    ["day", 24 * HOUR],
    [1000, 1000],
  ])("%s: the last moment of one, and the first of the next", (interval, length) => {
    let now = 1000 * length;
    const log = logFile({ interval: interval as "hour", now: () => now });
    log.write("1\n");
    now += length - 1;
    log.write("2\n");
    expect(files()).toEqual(["1\n2\n"]);
    now += 1;
    log.write("3\n");
    expect(files()).toEqual(["3\n", "1\n2\n"]);
  });

  test("a file of yesterday gives way to one of today", () => {
    writeFileSync(file, "old\n");
    utimesSync(file, 0, 86_399);
    logFile({ interval: "day", now: () => 86_400_000 }).write("new\n");
    expect(files()).toEqual(["new\n", "old\n"]);
  });

  test("one that was begun in the same interval goes on", () => {
    writeFileSync(file, "old\n");
    utimesSync(file, 0, 86_400);
    logFile({ interval: "day", now: () => 2 * 86_400_000 - 1 }).write("new\n");
    expect(files()).toEqual(["old\nnew\n"]);
  });
});

describe("a file that cannot be written", () => {
  test("is told of once, and has its lines once it can", () => {
    let now = 0;
    mkdirSync(file);
    const log = logFile({ now: () => now });
    log.write("1\n");
    log.write("2\n");
    expect(told.mock.calls.map(([text]) => text)).toEqual([expect.stringContaining("cannot be written: EISDIR")]);
    rmSync(file, { recursive: true });
    now = DEFAULT_LOG_FILE_OPTIONS.retryAfter - 1;
    log.write("3\n");
    expect(existsSync(file)).toBe(false);
    now += 1;
    log.write("4\n");
    log.write("5\n");
    expect(files()).toEqual(["1\n2\n3\n4\n5\n"]);
    expect(told).toHaveBeenCalledOnce();
  });

  test("is told of again where it fails again", () => {
    const log = logFile({ retryAfter: 0 });
    for (let round = 1; round <= 2; ++round) {
      mkdirSync(file);
      // The open file goes on: only another one can fail.
      log.close();
      log.write("x\n");
      expect(told).toHaveBeenCalledTimes(round);
      rmSync(file, { recursive: true });
      log.flush();
      expect(files()).toEqual(["x\n"]);
      rmSync(file);
    }
  });

  test.skipIf(process.platform !== "linux")("as where the disk is full, loses what is too much", () => {
    const log = logFile({ maxPending: 4, retryAfter: 0 }, "/dev/full");
    log.write("12\n");
    log.write("\n");
    log.write("lost\n");
    expect(told.mock.calls.map(([text]) => text)).toEqual([
      expect.stringContaining("/dev/full cannot be written: ENOSPC"),
    ]);
  });

  test("holds so many bytes, and not one more", () => {
    mkdirSync(file);
    const log = logFile({ maxPending: 4, retryAfter: 1e9 });
    for (const line of ["12\n", "34\n", "\n", "\n"]) log.write(line);
    rmSync(file, { recursive: true });
    log.flush();
    expect(files()).toEqual(["12\n\n"]);
  });

  test("nor moved goes on, and is told of", () => {
    const log = logFile({ maxSize: 2 });
    mkdirSync(`${file}.1`);
    writeFileSync(path.join(`${file}.1`, "in"), "");
    mkdirSync(`${file}.5`);
    log.write("1\n");
    log.write("2\n");
    log.write("3\n");
    expect(readFileSync(file, "utf8")).toBe("1\n2\n3\n");
    expect(String(told.mock.calls[0][0])).toContain("cannot be rotated");
  });
});

test.skipIf(process.platform === "win32")("others may not read it", () => {
  logFile().write("x\n");
  expect(statSync(file).mode & 0o007).toBe(0);
});

test("one that is closed opens again", () => {
  const log = logFile();
  log.write("1\n");
  log.close();
  log.write("2\n");
  expect(files()).toEqual(["1\n2\n"]);
});

test("all share one listener of the process's end, and leave it", () => {
  const before = process.listenerCount("exit");
  const logs = Array.from({ length: 20 }, () => new LogFile(file));
  expect(process.listenerCount("exit")).toBe(before + 1);
  for (const log of logs) log.close();
  expect(process.listenerCount("exit")).toBe(before);
});

test.each<[options: object, says: string]>([
  [{ maxSize: 0 }, "maxSize must be at least 1 byte, not 0"],
  [{ maxSize: Number.NaN }, "maxSize must be"],
  [{ interval: 0 }, "interval must be more than 0 milliseconds"],
  [{ interval: "week" }, 'interval is "hour", "day" or milliseconds, not "week"'],
  [{ interval: "toString" }, "interval is"],
  [{ keep: -1 }, "keep must be"],
  [{ keep: 1.5 }, "keep must be a whole number"],
  [{ maxPending: -1 }, "maxPending must be"],
  [{ retryAfter: -1 }, "retryAfter must be"],
])("%j is refused", (options, says) => {
  expect(() => new LogFile(file, options)).toThrow(says);
});
test("a path is text", () => {
  expect(() => new LogFile("")).toThrow("the path of a log file is text");
});
