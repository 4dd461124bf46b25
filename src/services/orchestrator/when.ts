/** When a schedule is due. */
import type { Cron } from "croner";
import { type TaskOptions, wholeAtLeast } from "./options.ts";

/** What becomes of a run that is due while the one before it is still at work. */
export type Overlap = "skip" | "queue" | "allow";

/**
 * The fields of a time, each as in a cron expression: `"*"`, `"1,15"`, `"mon-fri"`, `"* /5"` without the space. Those
 * smaller than the smallest that is given are at their least value, all others any: `{ hour: 3 }` is at three, sharp.
 */
export interface CronFields {
  readonly second?: string | number;
  readonly minute?: string | number;
  readonly hour?: string | number;
  readonly day?: string | number;
  /** 1 to 12, or `"jan"`. */
  readonly month?: string | number;
  /** 0 to 7, both of which are Sunday, or `"mon"`. Where a day is given as well, it must be both. */
  readonly dayOfWeek?: string | number;
  readonly year?: string | number;
}

/** What a schedule is beside its times. */
export interface ScheduleOptions extends TaskOptions {
  /** The time zone that its times are of, `"Europe/Berlin"`; that of the system by default. */
  readonly timezone?: string;
  /** `"skip"` by default; with `"queue"` runs wait in turn, with `"allow"` they are at work at the same time. */
  readonly overlap?: Overlap;
  /** How often it is due at all; as often as it comes by default. */
  readonly runs?: number;
}

/** When a schedule is due: an expression of five or six fields (with six, the first is the second), or fields by name. */
export type When = string | ((CronFields | { readonly cron: string }) & ScheduleOptions);

/** A schedule as it was understood. */
export interface Plan {
  readonly pattern: string;
  readonly timezone: string | undefined;
  readonly overlap: Overlap;
  readonly runs: number;
  readonly task: TaskOptions;
}

/** The fields with their least values, from the greatest. The day of a week is part of none, and comes after days. */
const FIELDS = [
  ["year", "*"],
  ["month", "1"],
  ["day", "1"],
  ["dayOfWeek", "*"],
  ["hour", "0"],
  ["minute", "0"],
  ["second", "0"],
] as const;
const OPTIONS: readonly string[] = ["timezone", "overlap", "runs", "timeout", "retries", "backoff"];
const OVERLAPS: readonly unknown[] = ["skip", "queue", "allow"];

/** The seven fields of a pattern, from the second to the year. Throws a TypeError where none is given. */
function patternOf(fields: CronFields): string {
  const least = FIELDS.findLastIndex(([name]) => fields[name] !== undefined);
  if (least < 0) throw new TypeError(`a schedule needs an expression, or ${FIELDS.map(([name]) => name).join(", ")}`);
  const value = (name: keyof CronFields): string => {
    const index = FIELDS.findIndex(([field]) => field === name);
    const text = String(fields[name] ?? (index > least ? FIELDS[index][1] : "*"));
    if (!/^\S+$/.test(text)) throw new TypeError(`${name} of a schedule is one field, not ${JSON.stringify(text)}`);
    return text;
  };
  return (["second", "minute", "hour", "day", "month", "dayOfWeek", "year"] as const).map(value).join(" ");
}

/** An expression. Throws a TypeError where it is none of five or six fields, or of a word like `@daily`. */
function expressionOf(cron: string): string {
  const text = String(cron).trim();
  const { length } = text.split(/\s+/);
  if (length === 5 || length === 6 || text.startsWith("@")) return text;
  throw new TypeError(`a cron expression has five or six fields, not ${length}: ${JSON.stringify(text)}`);
}

/** Understands when a schedule is due. Throws a TypeError or RangeError for what makes no sense. */
export function planOf(when: When): Plan {
  if (typeof when === "string") return planOf({ cron: when });
  const { timezone, overlap = "skip", runs = Number.POSITIVE_INFINITY, timeout, retries, backoff, ...fields } = when;
  const known: readonly string[] = "cron" in fields ? ["cron"] : FIELDS.map(([name]) => name);
  for (const key of Object.keys(fields)) {
    if (!known.includes(key)) {
      throw new TypeError(`a schedule has no ${JSON.stringify(key)}, but ${[...known, ...OPTIONS].join(", ")}`);
    }
  }
  if (!OVERLAPS.includes(overlap)) throw new TypeError(`overlap is ${OVERLAPS.join(", ")}, not ${String(overlap)}`);
  wholeAtLeast("runs", runs, 1);
  const pattern = "cron" in fields ? expressionOf(fields.cron) : patternOf(fields);
  const task = {
    ...(timeout !== undefined && { timeout }),
    ...(retries !== undefined && { retries }),
    ...(backoff !== undefined && { backoff }),
  };
  return { pattern, timezone, overlap, runs, task };
}

/**
 * The clock of a plan, which stands still. Rejects with a TypeError where its pattern or time zone makes no sense, or is
 * never due.
 */
export async function clockOf({ pattern, timezone, runs }: Plan, due?: (clock: Cron) => void): Promise<Cron> {
  const { Cron } = await import("croner");
  const seven = pattern.split(/\s+/).length === 7;
  const options = {
    paused: true,
    // A schedule alone keeps no process from its end.
    unref: true,
    maxRuns: runs,
    mode: seven ? "7-part" : "5-or-6-parts",
    // Of expressions everybody knows that they are due on either.
    domAndDow: seven,
    ...(timezone !== undefined && { timezone }),
  } as const;
  try {
    const clock = due ? new Cron(pattern, options, due) : new Cron(pattern, options);
    if (clock.nextRun() === null) throw new TypeError("it is never due");
    return clock;
  } catch (cause) {
    throw new TypeError(`${JSON.stringify(pattern)} is no schedule: ${(cause as Error).message}`, { cause });
  }
}
