/** What a server has answered, one line for each request. */
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { Application } from "../../app/index.ts";
import type { HttpRequest, Logger } from "../../http/index.ts";
import { AccessEntry, type RequestEnd } from "./access-entry.ts";
import { Batch } from "./batch.ts";
import { combined, common, json, oneLine } from "./lines.ts";
import { LogFile } from "./log-file.ts";
import type { LineStream } from "./options.ts";

export type { AccessEntry } from "./access-entry.ts";

/** How requests become lines, and where these go. */
export interface AccessLogOptions {
  /** How a request becomes a line: a known format, or a function that gives one without its end. */
  readonly format?: "combined" | "common" | "json" | ((entry: AccessEntry, request: HttpRequest) => string);
  /**
   * Where lines go: a stream, the path of a file (as a `LogFile` with its defaults), or a logger, which gets them as
   * `info`, and with the format "json" the entry itself. Standard output by default.
   */
  readonly to?: LineStream | Logger | string;
  /** Has a request left out. */
  readonly skip?: (entry: AccessEntry, request: HttpRequest) => boolean;
  /** Characters that wait for a stream that takes no more; further lines are lost. */
  readonly maxPending?: number;
}

/** A log of requests that is being written. */
export interface AccessLog {
  /** Writes what was gathered. */
  flush(): void;
  /** Flushes, and logs no more; a file is closed. */
  close(): void;
}

/** Where entries go, and what ends it. */
interface Sink extends AccessLog {
  take(entry: AccessEntry, request: HttpRequest): void;
}

const FORMATS = { combined, common, json } as const;
const MAX_PENDING = 1_048_576;

function nothing(): void {}

function isLogger(to: LineStream | Logger): to is Logger {
  return typeof (to as Partial<Logger>).info === "function";
}

/** Throws a TypeError for a format that there is not. */
function formatOf({ format = "combined" }: AccessLogOptions): (entry: AccessEntry, request: HttpRequest) => string {
  if (typeof format === "function") return (entry, request) => oneLine(format(entry, request));
  if (Object.hasOwn(FORMATS, format)) return FORMATS[format];
  throw new TypeError(`format is ${Object.keys(FORMATS).join(", ")} or a function, not ${JSON.stringify(format)}`);
}

function toLogger(logger: Logger, options: AccessLogOptions): Sink {
  const format = formatOf(options);
  const write: Sink["take"] = (entry, request) => logger.info(format(entry, request));
  const writeFields: Sink["take"] = (entry) => logger.info(entry.toJSON());
  return { take: options.format === "json" ? writeFields : write, flush: nothing, close: nothing };
}

function toStream(stream: LineStream, options: AccessLogOptions, close: () => void): Sink {
  const { maxPending = MAX_PENDING } = options;
  if (!(maxPending >= 0)) throw new RangeError(`maxPending must be a number of at least 0, not ${maxPending}`);
  if (typeof stream?.write !== "function") throw new TypeError("to is a stream, a logger or the path of a file");
  const format = formatOf(options);
  const batch = new Batch(stream, maxPending);
  return {
    take: (entry, request) => batch.add(`${format(entry, request)}\n`),
    flush: () => batch.flush(),
    close() {
      batch.close();
      close();
    },
  };
}

function sinkOf(options: AccessLogOptions): Sink {
  const { to = process.stdout } = options;
  if (typeof to !== "string") return isLogger(to) ? toLogger(to, options) : toStream(to, options, nothing);
  const file = new LogFile(to);
  return toStream(file, options, () => file.close());
}

/** The time, looked at once in a turn of the event loop: to look at it takes a third of what a line does. */
let now = 0;

function turnTime(): number {
  if (now === 0) {
    now = Date.now();
    setImmediate(endTurn);
  }
  return now;
}

function endTurn(): void {
  now = 0;
}

/** Has a connection find out now whom it is with: once its client has gone, it could not any more. */
function learnPeer(message: unknown): void {
  void (message as { peer: { remoteAddress?: string } }).peer.remoteAddress;
}

/**
 * Logs every request of an application when it is over, on whatever server, and those of `inject` too. Lines of one turn
 * of the event loop leave in one write, and all of them when the server has stopped or the process ends. A format or
 * `skip` that throws is reported as errors of handlers are; a stream that fails is told of once on stderr. Throws a
 * TypeError or RangeError for an option that makes no sense.
 */
export function accessLog(application: Application, options: AccessLogOptions = {}): AccessLog {
  const { skip } = options;
  if (skip !== undefined && typeof skip !== "function") throw new TypeError("skip is a function");
  const sink = sinkOf(options);
  const over = (message: unknown) => {
    const end = message as RequestEnd;
    if (end.application !== application) return;
    try {
      const entry = new AccessEntry(end, turnTime());
      if (skip === undefined || !skip(entry, end.request)) sink.take(entry, end.request);
    } catch (error) {
      application.report(error, end.request);
    }
  };
  subscribe("pyrois:connection:open", learnPeer);
  subscribe("pyrois:request:end", over);
  application.on("stop", () => sink.flush());
  return {
    flush: () => sink.flush(),
    close() {
      unsubscribe("pyrois:request:end", over);
      unsubscribe("pyrois:connection:open", learnPeer);
      sink.close();
    },
  };
}
