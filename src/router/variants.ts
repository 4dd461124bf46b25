/** The paths that a pattern stands for: one for each way in which its optional segments may be missing. */
import { convert, endOfRow, type Parameter, type Part, type Pattern, parametersOf, type Segment } from "./pattern.ts";
import type { Where } from "./reader.ts";

/** A pattern without some of its optional segments. */
export interface Variant {
  /** What leads to its place in the tree. */
  readonly steps: readonly Part[];
  /** Names of its parameters, in order. */
  readonly names: readonly string[];
  /** Parameters that are missing and have a default. */
  readonly missing: readonly Parameter[];
  /** Whether a parameter has more than one kind. */
  readonly unions: boolean;
}

/** How fixed text is compared; null where it is as it stands. */
export type Fold = ((text: string) => string) | null;

/** Ways in which the optional segments of one pattern may be missing. */
export const MAX_VARIANTS = 16;

const NONE: readonly never[] = [];

/** A list of parts with one more; of texts that meet there becomes one. */
function append(list: readonly Part[], part: Part): Part[] {
  const last = list.at(-1);
  return typeof last === "string" && typeof part === "string" ? [...list.slice(0, -1), last + part] : [...list, part];
}

/** A list of parts without the slash at its end. */
function withoutSlash(list: readonly Part[]): Part[] {
  const last = (list.at(-1) as string).slice(0, -1);
  return last === "" ? list.slice(0, -1) : [...list.slice(0, -1), last];
}

/**
 * The lists of parts that a pattern stands for. Of optional segments in a row, one is only there where those before it
 * are: in /{year:int?}/{month:int?} a single number is the year.
 */
function listsOf(parts: readonly Part[]): Part[][] {
  let lists: Part[][] = [[]];
  for (let at = 0; at < parts.length; ) {
    const end = endOfRow(parts, at);
    if (end === at) {
      lists = lists.map((list) => append(list, parts[at]));
      ++at;
      continue;
    }
    const present = parts.slice(at, end).flatMap((part, index, row) => (part === "/" ? [] : [row.slice(0, index + 1)]));
    lists = lists.flatMap((list) => [withoutSlash(list), ...present.map((row) => [...list, ...row])]);
    at = end;
  }
  // Without any segment there is still the slash.
  return lists.map((list) => (list.length === 0 ? ["/"] : list));
}

function foldSegment(segment: Segment, fold: (text: string) => string): Segment {
  return segment.length === 1 ? segment : segment.map((part) => (typeof part === "string" ? fold(part) : part));
}

function folded(parts: readonly Part[], fold: Fold): readonly Part[] {
  if (fold === null) return parts;
  return parts.map((part) => (typeof part === "string" ? fold(part) : foldSegment(part, fold)));
}

/** All variants of a pattern. Throws a TypeError where they are too many; `where` names the route. */
export function variantsOf(pattern: Pattern, where: Where, fold: Fold): Variant[] {
  const { parts, names, optional, unions } = pattern;
  if (!optional) return [{ steps: folded(parts, fold), names, missing: NONE, unions }];
  const lists = listsOf(parts);
  if (lists.length > MAX_VARIANTS) throw new TypeError(`too many segments may be missing in ${where}`);
  const fallbacks = parametersOf(parts).filter(({ fallback }) => fallback !== undefined);
  return lists.map((list) => {
    const present = parametersOf(list);
    return {
      steps: folded(list, fold),
      names: present.map(({ name }) => name),
      missing: fallbacks.filter((parameter) => !present.includes(parameter)),
      unions,
    };
  });
}

/** The value of a parameter that is missing. */
export function defaultOf({ kinds, fallback }: Parameter): unknown {
  return convert(kinds, fallback as string);
}
