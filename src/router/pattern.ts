/** What a path pattern is made of. */
import { isPlain, isRest, type Kind, STRING } from "./converters.ts";

/** A parameter of a pattern. */
export interface Parameter {
  readonly name: string;
  /** As it stands in the pattern. */
  readonly text: string;
  /** What its text may be, tried in order. */
  readonly kinds: readonly Kind[];
  /** Takes the rest of the path. */
  readonly rest: boolean;
  /** The segment may be missing. */
  readonly optional: boolean;
  /** Text that stands for a missing segment. */
  readonly fallback: string | undefined;
}

/** A segment with parameters: they and fixed text in turn, with text between any two parameters. */
export type Segment = readonly (string | Parameter)[];

/** A segment with parameters, or fixed text before, between or after such, with its slashes. */
export type Part = string | Segment;

export interface Pattern {
  /** The pattern as it was given. */
  readonly text: string;
  /** Text and segments in turn; a segment follows a slash, and a slash or nothing follows it. */
  readonly parts: readonly Part[];
  /** Names of its parameters, in order. */
  readonly names: readonly string[];
  /** Whether segments may be missing. */
  readonly optional: boolean;
  /** Whether a parameter has more than one kind. */
  readonly unions: boolean;
}

/** The kinds of a parameter that names none. */
export const ANY: readonly Kind[] = [STRING];

export function isOptional(part: Part | undefined): part is readonly [Parameter] {
  return typeof part === "object" && typeof part[0] === "object" && part[0].optional;
}

/** Where a row of segments ends that may be missing, with nothing but slashes between; `start` where none begins there. */
export function endOfRow(parts: readonly Part[], start: number): number {
  if (!isOptional(parts[start])) return start;
  let end = start + 1;
  while (parts[end] === "/" && isOptional(parts[end + 1])) end += 2;
  return end;
}

export function parametersOf(parts: readonly Part[]): Parameter[] {
  return parts.flatMap((part) => (typeof part === "string" ? [] : part.filter((each) => typeof each === "object")));
}

/** The value of a text by the first of the kinds that takes it; undefined where none does. */
export function convert(kinds: readonly Kind[], text: string): unknown {
  for (const kind of kinds) {
    const value = kind.parse(text);
    if (value !== undefined) return value;
  }
  return undefined;
}

/** The kinds of a parameter as a pattern names them. */
export function nameOf(kinds: readonly Kind[]): string {
  return kinds.map(({ key }) => key).join("|");
}

/** What set of texts the kinds take, whatever their order: two parameters with the same one take the same. */
export function setOf(kinds: readonly Kind[]): string {
  const all = kinds.find(isRest) ?? kinds.find(isPlain);
  return all
    ? all.key
    : kinds
        .map(({ key }) => key)
        .sort()
        .join("|");
}
