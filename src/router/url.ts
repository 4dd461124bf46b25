/** Writes the path that a pattern reads. */
import { mixedOf, takeMixed } from "./mixed.ts";
import {
  convert,
  endOfRow,
  nameOf,
  type Parameter,
  type Part,
  type Pattern,
  parametersOf,
  type Segment,
} from "./pattern.ts";
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
    const mixed = mixedOf(segment);
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

  /** A part of a pattern: a segment, or text as it stands. */
  part(part: Part): string {
    return typeof part === "string" ? part : this.segment(part);
  }

  /** What must be written of a row of segments that may be missing: up to the last one that is given. */
  row(parts: readonly Part[]): string {
    const last = parts.findLastIndex(
      (part) => typeof part === "object" && has(this.#values, (part[0] as Parameter).name),
    );
    return parts
      .slice(0, last + 1)
      .map((part) => this.part(part))
      .join("");
  }
}

/**
 * The path of a pattern with values.
 * @throws TypeError that names all that is missing or wrong; `where` names the route
 */
export function writePath(pattern: Pattern, values: Values, where: string): string {
  const { parts } = pattern;
  const parameters = parametersOf(parts);
  const writer = new Writer(values);
  for (const name of Object.keys(values)) {
    if (!parameters.some((parameter) => parameter.name === name)) writer.wrong.push(`there is no parameter ${name}`);
  }
  let path = "";
  for (let at = 0; at < parts.length; ) {
    const end = endOfRow(parts, at);
    if (end === at) {
      path += writer.part(parts[at++]);
      continue;
    }
    const row = writer.row(parts.slice(at, end));
    path = row === "" ? path.slice(0, -1) : path + row;
    at = end;
  }
  if (writer.wrong.length > 0) throw new TypeError(`no URL of ${where}: ${writer.wrong.join("; ")}`);
  // Without any segment there is still the slash.
  return path === "" ? "/" : path;
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
