/** Segments that have text around parameters. */
import type { Kind } from "./converters.ts";
import { ANY, convert, type Segment } from "./pattern.ts";

/** A segment as text and parameters in turn: `texts` has one entry more than `kinds`, its first and last maybe "". */
export interface Mixed {
  readonly texts: readonly string[];
  readonly kinds: readonly (readonly Kind[])[];
}

const SINGLE: Mixed = { texts: ["", ""], kinds: [ANY] };

export function mixedOf(segment: Segment): Mixed {
  const [first] = segment;
  if (segment.length === 1 && typeof first === "object" && first.kinds === ANY) return SINGLE;
  const texts: string[] = [];
  const kinds: (readonly Kind[])[] = [];
  for (const part of segment) {
    if (typeof part === "string") {
      texts.push(part);
      continue;
    }
    if (texts.length === kinds.length) texts.push("");
    kinds.push(part.kinds);
  }
  if (texts.length === kinds.length) texts.push("");
  return { texts, kinds };
}

/** Decodes percent-encoded UTF-8; null where it is not valid, and where it has NUL. */
export function decode(text: string): string | null {
  try {
    const decoded = decodeURIComponent(text);
    return decoded.includes("\0") ? null : decoded;
  } catch {
    return null;
  }
}

/** Puts the start of each parameter into `starts`, where the texts between them are looked for from the right. */
function divideFromRight({ texts }: Mixed, folded: string, starts: number[]): boolean {
  let end = folded.length - texts[texts.length - 1].length;
  for (let index = texts.length - 2; index > 0; --index) {
    const text = texts[index];
    const at = folded.lastIndexOf(text, end - 1 - text.length);
    if (at < 0 || end - 1 - text.length < 0) return false;
    starts[index] = at + text.length;
    end = at;
  }
  starts[0] = texts[0].length;
  return end > starts[0];
}

/** The same from the left. */
function divideFromLeft({ texts }: Mixed, folded: string, starts: number[]): boolean {
  const last = texts.length - 1;
  let start = texts[0].length;
  starts[0] = start;
  for (let index = 1; index < last; ++index) {
    const at = folded.indexOf(texts[index], start + 1);
    if (at < 0) return false;
    start = at + texts[index].length;
    starts[index] = start;
  }
  return start < folded.length - texts[last].length;
}

/** Converts what lies between the texts; false where one of them is no value. */
function take(mixed: Mixed, segment: string, starts: readonly number[], values: unknown[], depth: number): boolean {
  const { texts, kinds } = mixed;
  const last = kinds.length - 1;
  for (let index = 0; index <= last; ++index) {
    const next = index === last ? segment.length : starts[index + 1];
    const raw = segment.slice(starts[index], next - texts[index + 1].length);
    const text = raw.includes("%") ? decode(raw) : raw;
    const value = text === null ? undefined : convert(kinds[index], text);
    if (value === undefined) return false;
    values[depth + index] = value;
  }
  return true;
}

/**
 * Puts the values of a segment's parameters into `values`, from `depth` on; false where it does not fit. The texts
 * between parameters are looked for from the right, and where the values so found are none, from the left: two ways,
 * never all there are, so the time is linear.
 */
export function takeMixed(mixed: Mixed, segment: string, folded: string, values: unknown[], depth: number): boolean {
  const { texts } = mixed;
  if (!folded.startsWith(texts[0]) || !folded.endsWith(texts[texts.length - 1])) return false;
  const starts: number[] = [];
  if (!divideFromRight(mixed, folded, starts)) return false;
  if (take(mixed, segment, starts, values, depth)) return true;
  return texts.length > 2 && divideFromLeft(mixed, folded, starts) && take(mixed, segment, starts, values, depth);
}
