/** Checks that the options of middleware have in common. */
import { TIMER_MAX } from "../services/timer.ts";

/** A number of at least `least`, whole where it is to be; throws a RangeError that names the option where it is none. */
export function atLeast(name: string, value: unknown, least: number, whole = true): number {
  const fits = typeof value === "number" && value >= least && (!whole || Number.isSafeInteger(value));
  if (fits) return value;
  const shown = typeof value === "string" ? JSON.stringify(value) : String(value);
  throw new RangeError(`${name} must be a ${whole ? "whole " : ""}number of at least ${least}, not ${shown}`);
}

/** One of these words; throws a TypeError that names the option where it is none. */
export function oneOf<T extends string>(name: string, value: T, words: readonly T[]): T {
  if (words.includes(value)) return value;
  throw new TypeError(`${name} is one of ${words.join(", ")}, not ${JSON.stringify(value)}`);
}

/** Milliseconds that a timer can wait; throws as `atLeast`. */
export function milliseconds(name: string, value: unknown): number {
  const checked = atLeast(name, value, 1, false);
  if (checked > TIMER_MAX) throw new RangeError(`${name} must be at most ${TIMER_MAX}, not ${checked}`);
  return checked;
}
