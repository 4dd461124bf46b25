import type { Subject } from "./subject.ts";

/** How grave something is: a hole, what makes one likely, what is better done otherwise, and what to know. */
export type Level = "high" | "medium" | "low" | "note";

/** What a rule has found. */
export interface Finding {
  readonly level: Level;
  /** The id of the rule. */
  readonly rule: string;
  /** What is wrong. */
  readonly what: string;
  /** Where: "the server", "the application", or a route. */
  readonly where: string;
  /** What to do about it. */
  readonly how: string;
}

/** What a rule says of one place. */
export type Found = Omit<Finding, "level" | "rule">;

export interface Rule {
  readonly id: string;
  readonly level: Level;
  /** Looks for one thing. */
  readonly find: (subject: Subject) => Iterable<Found>;
}

/** Findings of one text at many places as one, which names the first of them. */
export function together(places: readonly { readonly where: string }[], what: string, how: string): Found[] {
  const [first, ...others] = places;
  if (first === undefined) return [];
  const where = others.length === 0 ? first.where : `${first.where}, and ${others.length} more`;
  return [{ what, where, how }];
}
