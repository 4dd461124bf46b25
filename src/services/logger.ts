/** `pyrois/logger`: what happens, in lines for people or in JSON, on the console and in files. */
import type { Logger } from "../http/index.ts";
import { openConsole } from "./logger/console.ts";
import { LogFile } from "./logger/log-file.ts";
import { checkLevel, consoleOf, type Level, type LineStream, type LoggerOptions } from "./logger/options.ts";
import { HIDDEN, type Hide, hiding, SECRET_NAMES } from "./logger/secrets.ts";
import { arrange } from "./logger/values.ts";

export { type AccessEntry, type AccessLog, type AccessLogOptions, accessLog } from "./logger/access-log.ts";
export { DEFAULT_LOG_FILE_OPTIONS, LogFile, type LogFileOptions } from "./logger/log-file.ts";
export type { Level, LineStream, LoggerOptions, RedactOptions } from "./logger/options.ts";
export { SECRET_NAMES } from "./logger/secrets.ts";

/** A logger with levels, and with children that say in every line whom it is about. */
export interface LevelLogger extends Logger {
  /** What matters less is not written; may be set. */
  level: Level;
  trace(...values: unknown[]): void;
  /** What the process does not survive. */
  fatal(...values: unknown[]): void;
  /** A logger that writes these fields in every line, to the same places; at a level of its own where one is given. */
  child(fields: Readonly<Record<string, unknown>>, options?: { readonly level?: Level }): LevelLogger;
  /** Tries to write what a disk has not taken. */
  flush(): void;
  /** Flushes, and closes the file; a line that comes yet opens it again. */
  close(): void;
}

/** Several places as one. A place that throws is left to itself: no line is worth a request. */
function all(streams: readonly LineStream[]): LineStream {
  const failed = new Set<LineStream>();
  return {
    write(line) {
      for (const stream of streams) {
        try {
          stream.write(line);
        } catch (error) {
          if (!failed.has(stream)) console.error("pyrois: a stream of the log fails:", error);
          failed.add(stream);
        }
      }
    },
  };
}

function fileOf({ file }: LoggerOptions): LogFile | null {
  if (file === undefined) return null;
  if (typeof file === "string") return new LogFile(file);
  const { path, ...options } = file;
  return new LogFile(path, options);
}

/**
 * Makes a logger on pino, which is loaded here. Each line is where it belongs when the call returns, so nothing is lost
 * however the process ends. A place that cannot be written is told of once on stderr, and never throws. Rejects with a
 * TypeError or RangeError for an option that makes no sense.
 */
export async function createLogger(options: LoggerOptions = {}): Promise<LevelLogger> {
  const { level = "info", stream, fields = { pid: process.pid }, redact = {} } = options;
  checkLevel(level);
  const choice = consoleOf(options);
  if (stream !== undefined && typeof stream?.write !== "function") throw new TypeError("stream has a function write");
  const { pino } = await import("pino");
  const console = choice && (await openConsole(choice.pretty, choice.color));
  const file = fileOf(options);
  const places = [console, file, stream];
  const names = redact === false ? [] : [...SECRET_NAMES, ...(redact.names ?? [])];
  const paths = redact === false ? [] : [...(redact.paths ?? [])];
  const hide = hiding(names, pino.stdSerializers.err);
  const logger = pino(
    {
      level,
      base: hide(fields) as Record<string, unknown>,
      redact: { paths, censor: HIDDEN },
      // Errors are told by `hide`, wherever they are.
      serializers: { err: (error: unknown) => error },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      hooks: {
        logMethod(values, write) {
          const [told, text] = arrange(values);
          if (told === null) write.call(this, text ?? "");
          else write.call(this, hide(told) as object, text);
        },
      },
    },
    all(places.filter((place) => place !== null && place !== undefined)),
  );
  return withEnds(logger as unknown as LevelLogger, hide, file);
}

/** Has the children of a logger hide what it hides, and its file flushed and closed by it; they inherit both. */
function withEnds(logger: LevelLogger, hide: Hide, file: LogFile | null): LevelLogger {
  const { child } = logger;
  return Object.assign(logger, {
    child(this: LevelLogger, fields: object, options?: { readonly level?: Level }) {
      return child.call(this, hide(fields) as Record<string, unknown>, options);
    },
    flush: () => file?.flush(),
    close: () => file?.close(),
  });
}
