/** Writes the path that a pattern reads. */
import { mixedOf, takeMixed } from "./mixed.ts";
import { convert, nameOf, type Parameter, type Pattern, type Segment } from "./pattern.ts";
import type { Query } from "./types.ts";

/** Values by name; undefined and null are as good as missing. */
export type Values = Readonly<Record<string, unknown>>;

/** Clients take such a segment away, also where the dots are percent-encoded (RFC 3986 §5.2.4). */
const DOTS = /^\.\.?$/;

function has(values: Values, name: string): boolean {
  return Object.hasOwn(values, name) && values[name] !== undefined && values[name] !== null;
}

/** A value's text, which its parameter gives the value back for; null where there is none. */
function textOf({ kinds }: Parameter, value: unknown): string | null {
  for (const kind of kinds) {
    const text = kind.format(value);
    if (text !== null && text !== "" && kind.parse(text) !== undefined) return text;
  }
  return null;
}

/** A text percent-encoded as a segment; null where it cannot stand in one. */
function encode(text: string, whole: boolean): string | null {
  if (text.includes("\0") || (whole && DOTS.test(text))) return null;
  try {
    return encodeURIComponent(text).replace(/%(?:3A|40|24|26|2B|2C|3B|3D)/g, decodeURIComponent);
  } catch {
    return null;
  }
}

function encodeRest(text: string): string | null {
  if (text.startsWith("/")) return null;
  const segments = text.split("/").map((segment) => encode(segment, true));
  return segments.includes(null) ? null : segments.join("/");
}

function show(value: unknown): string {
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return String(value);
  }
}

class Writer {
  readonly wrong: string[] = [];
  readonly #values: Values;

  constructor(values: Values) {
    this.#values = values;
  }

  #parameter(parameter: Parameter, whole: boolean): string {
    const { name, kinds, fallback, rest } = parameter;
    if (!has(this.#values, name)) {
      if (fallback !== undefined) return encode(fallback, whole) ?? "";
      this.wrong.push(`${name} is missing`);
      return "";
    }
    const value = this.#values[name];
    const text = textOf(parameter, value);
    const encoded = text === null ? null : rest ? encodeRest(text) : encode(text, whole);
    if (encoded === null) this.wrong.push(`${name} is ${show(value)}, which is no ${nameOf(kinds)} of a path`);
    return encoded ?? "";
  }

  segment(segment: Segment): string {
    const whole = segment.length === 1;
    const parts = segment.map((part) => (typeof part === "string" ? part : this.#parameter(part, whole)));
    const text = parts.join("");
    if (segment.length > 1 && this.wrong.length === 0) this.#checkMixed(segment, text, parts);
    return text;
  }

  /** Where the values have the text that divides them, they would not be read as they were written. */
  #checkMixed(segment: Segment, text: string, parts: readonly string[]): void {
    if (segment.some((part) => typeof part === "object" && part.rest)) return;
    const mixed = mixedOf(segment, (part) => part);
    const read: unknown[] = [];
    const parameters = segment.flatMap((part, index) =>
      typeof part === "object" ? [{ part, text: parts[index] }] : [],
    );
    const same =
      !DOTS.test(text) &&
      takeMixed(mixed, text, text, read, 0) &&
      parameters.every(({ part, text }, index) => {
        const value = convert(part.kinds, decodeURIComponent(text));
        return show(value) === show(read[index]);
      });
    if (!same)
      this.wrong.push(`${parameters.map(({ part }) => part.name).join(" and ")} cannot be told apart in ${text}`);
  }

  /** The optional segments in a row that must be written: up to the last one that is given. */
  row(segments: readonly Segment[]): string[] {
    const last = segments.findLastIndex(([part]) => has(this.#values, (part as Parameter).name));
    return segments.slice(0, last + 1).map((segment) => this.segment(segment));
  }
}

function isOptional([part]: Segment): boolean {
  return typeof part === "object" && part.optional;
}

/**
 * The path of a pattern with values.
 * @throws TypeError that names all that is missing or wrong; `where` names the route
 */
export function writePath(pattern: Pattern, values: Values, where: string): string {
  const { segments, parameters, text } = pattern;
  if (text === "*") return text;
  const writer = new Writer(values);
  for (const name of Object.keys(values)) {
    if (!parameters.some((parameter) => parameter.name === name)) writer.wrong.push(`there is no parameter ${name}`);
  }
  const written: string[] = [];
  for (let at = 0; at < segments.length; ) {
    const start = at;
    while (at < segments.length && isOptional(segments[at])) ++at;
    if (at > start) written.push(...writer.row(segments.slice(start, at)));
    else written.push(writer.segment(segments[at++]));
  }
  if (writer.wrong.length > 0) throw new TypeError(`no URL of ${where}: ${writer.wrong.join("; ")}`);
  return `/${written.join("/")}`;
}

/** A query with its "?"; "" where nothing is in it. */
export function writeQuery(query: Query): string {
  const pairs = new URLSearchParams();
  for (const [name, given] of Object.entries(query)) {
    for (const value of Array.isArray(given) ? given : [given]) {
      if (value !== undefined && value !== null) pairs.append(name, String(value));
    }
  }
  return pairs.size > 0 ? `?${pairs}` : "";
}
