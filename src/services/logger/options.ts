/** What a logger is made with. */
import { wantsColor } from "./console.ts";
import type { LogFileOptions } from "./log-file.ts";

/** How much a line matters, the least first; at "silent" none is written. */
export const LEVELS = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;
/** How much a line matters, the least first. */
export type Level = (typeof LEVELS)[number];

/** Whatever lines can be written to: a stream of Node, a `LogFile`, an object of one's own. */
export interface LineStream {
  write(lines: string): unknown;
}

/** What a logger writes, how, and where to. */
export interface LoggerOptions {
  /** What matters less is not written. */
  readonly level?: Level;
  /**
   * What standard output gets: lines for people ("pretty"), JSON, nothing (false), or people's where a terminal or colour
   * is meant and else JSON ("auto").
   */
  readonly console?: "auto" | "pretty" | "json" | false;
  /** Whether lines for people are in colour; by default where a terminal reads them, as FORCE_COLOR and NO_COLOR say. */
  readonly color?: boolean;
  /** A file that gets lines of JSON: its path, or that and when it gives way. */
  readonly file?: string | ({ readonly path: string } & LogFileOptions);
  /** Gets lines of JSON. */
  readonly stream?: LineStream;
  /** In every line. */
  readonly fields?: Readonly<Record<string, unknown>>;
  /** What is hidden beside `SECRET_NAMES`; false for nothing at all. */
  readonly redact?: RedactOptions | false;
}

/** What is hidden of values that are logged. */
export interface RedactOptions {
  /** Names whose values are hidden wherever they are, whatever their case. */
  readonly names?: readonly string[];
  /** Single places, in the manner of pino: `user.card.number`, `users[*].token`. */
  readonly paths?: readonly string[];
}

/** How standard output is written to; null where it is not. */
export interface ConsoleChoice {
  readonly pretty: boolean;
  readonly color: boolean;
}

/** What `console` and `color` mean here and now. Throws a TypeError where `console` means nothing. */
export function consoleOf({ console: wanted = "auto", color }: LoggerOptions): ConsoleChoice | null {
  if (wanted === false) return null;
  if (!["auto", "pretty", "json"].includes(wanted)) {
    throw new TypeError(`console is "auto", "pretty", "json" or false, not ${JSON.stringify(wanted)}`);
  }
  const isTerminal = process.stdout.isTTY === true;
  const colored = color ?? wantsColor(process.env, isTerminal);
  return { pretty: wanted === "pretty" || (wanted === "auto" && (isTerminal || colored)), color: colored };
}

/** Throws a TypeError for a level that there is not. */
export function checkLevel(level: Level): Level {
  if (LEVELS.includes(level)) return level;
  throw new TypeError(`level is one of ${LEVELS.join(", ")}, not ${JSON.stringify(level)}`);
}
