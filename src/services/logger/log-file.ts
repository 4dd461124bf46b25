/** A file that lines are added to, and that gives way to a new one when it is large or old enough. */
import { closeSync, fstatSync, mkdirSync, openSync, renameSync, rmSync, statSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { atExit } from "./at-exit.ts";

/** When a file gives way, and how many of the old ones stay. */
export interface LogFileOptions {
  /** Bytes that a file may have; Infinity for as many as come. */
  readonly maxSize?: number;
  /** Time that a file may take in, in UTC: the hour, the day, milliseconds, or Infinity. */
  readonly interval?: "hour" | "day" | number;
  /** Old files that are kept: `app.log.1` is the newest of them. */
  readonly keep?: number;
  /** Bytes that wait for a disk that takes none; what comes beyond is lost. */
  readonly maxPending?: number;
  /** Milliseconds from a failure to the next attempt. */
  readonly retryAfter?: number;
  /** The time, in milliseconds since 1970. */
  readonly now?: () => number;
}

/** Every option: six files of 10 MiB at the most, so that no log fills a disk before somebody has thought of it. */
export const DEFAULT_LOG_FILE_OPTIONS: Required<LogFileOptions> = {
  maxSize: 10_485_760,
  interval: Number.POSITIVE_INFINITY,
  keep: 5,
  maxPending: 1_048_576,
  retryAfter: 1000,
  now: Date.now,
};

const INTERVALS = { hour: 3_600_000, day: 86_400_000 } as const;

/** Logs tell of people: they are for their owner and his group. */
const MODE = 0o640;

/** Milliseconds of an interval. Throws a TypeError or a RangeError where it is none. */
function millisecondsOf(interval: "hour" | "day" | number): number {
  if (typeof interval === "number") {
    if (interval > 0) return interval;
    throw new RangeError(`interval must be more than 0 milliseconds, not ${interval}`);
  }
  if (Object.hasOwn(INTERVALS, interval)) return INTERVALS[interval];
  throw new TypeError(`interval is "hour", "day" or milliseconds, not ${JSON.stringify(interval)}`);
}

function checkNumbers(options: Required<LogFileOptions>): void {
  if (!(options.maxSize >= 1)) throw new RangeError(`maxSize must be at least 1 byte, not ${options.maxSize}`);
  for (const name of ["keep", "maxPending", "retryAfter"] as const) {
    if (!(options[name] >= 0)) throw new RangeError(`${name} must be a number of at least 0, not ${options[name]}`);
  }
  if (!Number.isInteger(options.keep)) throw new RangeError(`keep must be a whole number, not ${options.keep}`);
}

/**
 * A file for lines. What it is given is in the file when `write` returns, so nothing is lost however the process ends.
 * It never throws: where the disk takes nothing, or there can be no such file, it says so once on stderr, and what comes
 * waits, up to `maxPending`, until the disk takes it.
 */
export class LogFile {
  readonly path: string;
  readonly #options: Required<LogFileOptions>;
  readonly #interval: number;
  #descriptor = -1;
  /** Whether it may give way: a pipe, a terminal or a device stays where it is. */
  #isFile = false;
  #size = 0;
  /** The interval that the file is of. */
  #period = 0;
  /** What the disk has not taken. */
  #pending: Uint8Array[] = [];
  #pendingSize = 0;
  #failedAt: number | null = null;
  readonly #forget: () => void;

  /** Throws a TypeError or a RangeError for an option that makes no sense. The file is made with its first line. */
  constructor(path: string, options: LogFileOptions = {}) {
    if (typeof path !== "string" || path === "") throw new TypeError("the path of a log file is text");
    this.path = path;
    this.#options = { ...DEFAULT_LOG_FILE_OPTIONS, ...options };
    checkNumbers(this.#options);
    this.#interval = millisecondsOf(this.#options.interval);
    this.#forget = atExit(() => this.flush());
  }

  /** Adds lines, which stay together in one file. */
  write(lines: string): void {
    const bytes = Buffer.from(lines);
    if (this.#failedAt === null) {
      this.#attempt(bytes);
      return;
    }
    this.#hold(bytes);
    // A disk that is full fails each attempt, and attempts are not for nothing.
    if (Math.abs(this.#options.now() - this.#failedAt) >= this.#options.retryAfter) this.flush();
  }

  /** Tries to write what waits. */
  flush(): void {
    const waiting = this.#pending;
    this.#pending = [];
    this.#pendingSize = 0;
    for (const bytes of waiting) this.#attempt(bytes);
  }

  /** Writes what waits, and closes the file; a line that comes yet opens it again. */
  close(): void {
    this.flush();
    this.#forget();
    this.#closeFile();
  }

  #attempt(bytes: Uint8Array): void {
    let rest = bytes;
    // What waits leaves in its order.
    if (this.#pendingSize === 0) {
      try {
        this.#prepare(bytes.length);
        while (rest.length > 0) {
          const written = writeSync(this.#descriptor, rest);
          this.#size += written;
          rest = rest.subarray(written);
        }
        this.#failedAt = null;
        return;
      } catch (error) {
        this.#fail(error);
      }
    }
    this.#hold(rest);
  }

  #hold(bytes: Uint8Array): void {
    if (this.#pendingSize + bytes.length > this.#options.maxPending) return;
    this.#pending.push(bytes);
    this.#pendingSize += bytes.length;
  }

  /** Tells of the first failure since the disk took something. */
  #fail(error: unknown): void {
    if (this.#failedAt === null) console.error(`pyrois: the log ${this.path} cannot be written: ${messageOf(error)}`);
    this.#failedAt = this.#options.now();
    // Whatever it was, opening the file anew is where to begin.
    this.#closeFile();
  }

  /** Has the file open that so many bytes belong in. */
  #prepare(length: number): void {
    const period = Math.floor(this.#options.now() / this.#interval);
    if (this.#descriptor < 0) this.#open();
    if (this.#isOver(length, period)) {
      // Another process that writes here may have moved it.
      if (fstatSync(this.#descriptor).ino !== statSync(this.path, { throwIfNoEntry: false })?.ino) {
        this.#closeFile();
        this.#open();
      }
      if (this.#isOver(length, period)) this.#rotate();
    }
    if (this.#size === 0) this.#period = period;
  }

  /** Whether so many bytes belong in a new file. */
  #isOver(length: number, period: number): boolean {
    return this.#isFile && this.#size > 0 && (this.#size + length > this.#options.maxSize || period !== this.#period);
  }

  #open(): void {
    mkdirSync(dirname(this.path), { recursive: true });
    this.#descriptor = openSync(this.path, "a", MODE);
    const stats = fstatSync(this.#descriptor);
    const { size, mtimeMs } = stats;
    this.#isFile = stats.isFile();
    this.#size = size;
    // A file that was there is of the interval that it was last written in.
    this.#period = Math.floor(mtimeMs / this.#interval);
  }

  #closeFile(): void {
    if (this.#descriptor < 0) return;
    try {
      closeSync(this.#descriptor);
    } catch {
      // Whatever was wrong with it, it is gone.
    }
    this.#descriptor = -1;
  }

  /** Begins a new file; where the old one cannot be moved it goes on, and is tried again when as much was added. */
  #rotate(): void {
    this.#closeFile();
    try {
      this.#moveOld();
    } catch (error) {
      console.error(`pyrois: the log ${this.path} cannot be rotated: ${messageOf(error)}`);
      this.#open();
      this.#size = 0;
      return;
    }
    this.#open();
  }

  /** Moves each old file up by one, the oldest away. */
  #moveOld(): void {
    const { keep } = this.#options;
    const old = (age: number) => (age === 0 ? this.path : `${this.path}.${age}`);
    rmSync(old(keep), { force: true });
    for (let age = keep - 1; age >= 0; --age) {
      if (age === 0 || statSync(old(age), { throwIfNoEntry: false })) renameSync(old(age), old(age + 1));
    }
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
