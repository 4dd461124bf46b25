/** The paths that a pattern stands for: one for each way in which its optional segments may be missing. */
import { convert, type Parameter, type Pattern, type Segment } from "./pattern.ts";
import { Edge, type Step } from "./tree.ts";

/** A pattern without some of its optional segments. */
export interface Variant<E> {
  readonly steps: readonly Step<E>[];
  /** Names of its parameters, in order. */
  readonly names: readonly string[];
  /** Parameters that are missing and have a default. */
  readonly missing: readonly Parameter[];
}

/** Ways in which the optional segments of one pattern may be missing. */
export const MAX_VARIANTS = 16;

function isOptional(segment: Segment): boolean {
  const [part] = segment;
  return typeof part === "object" && part.optional;
}

/**
 * The lists of segments that a pattern stands for. Of optional segments in a row, one is only there where those before
 * it are: in /{year:int?}/{month:int?} a single number is the year.
 */
function listsOf(segments: readonly Segment[]): Segment[][] {
  let lists: Segment[][] = [[]];
  for (let at = 0; at < segments.length; ) {
    let end = at;
    while (end < segments.length && isOptional(segments[end])) ++end;
    if (end === at) {
      for (const list of lists) list.push(segments[at]);
      ++at;
      continue;
    }
    const row = segments.slice(at, end);
    lists = lists.flatMap((list) => [...row, null].map((_, count) => [...list, ...row.slice(0, count)]));
    at = end;
  }
  // Without any segment there is still the slash.
  return lists.map((list) => (list.length === 0 ? [[]] : list));
}

const NONE: readonly never[] = [];

function variantOf<E>(pattern: Pattern, segments: readonly Segment[], fold: (text: string) => string): Variant<E> {
  const steps: Step<E>[] = [];
  const names: string[] = [];
  let text = "";
  for (const segment of segments) {
    text += "/";
    for (const part of segment) if (typeof part === "object") names.push(part.name);
    const [first = ""] = segment;
    if (segment.length <= 1 && typeof first === "string") {
      text += fold(first);
      continue;
    }
    steps.push(text, new Edge<E>(segment, fold));
    text = "";
  }
  if (text !== "") steps.push(text);
  const missing = pattern.parameters.filter(({ name, fallback }) => fallback !== undefined && !names.includes(name));
  return { steps, names: names.length > 0 ? names.slice() : NONE, missing: missing.length > 0 ? missing : NONE };
}

/** All variants of a pattern. Throws a TypeError where they are too many; `where` names the route. */
export function variantsOf<E>(pattern: Pattern, where: string, fold: (text: string) => string): Variant<E>[] {
  if (pattern.text === "*") return [{ steps: ["*"], names: NONE, missing: NONE }];
  if (pattern.parameters.length === 0) return [{ steps: [fold(pattern.text)], names: NONE, missing: NONE }];
  const lists = pattern.segments.some(isOptional) ? listsOf(pattern.segments) : [pattern.segments];
  if (lists.length > MAX_VARIANTS) throw new TypeError(`too many segments may be missing in ${where}`);
  return lists.map((list) => variantOf<E>(pattern, list, fold));
}

/** The value of a parameter that is missing. */
export function defaultOf({ kinds, fallback }: Parameter): unknown {
  return convert(kinds, fallback as string);
}
