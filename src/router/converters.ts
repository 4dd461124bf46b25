/** Kinds of parameters: what text they take, and what value it stands for. */
import type { Converter, Converters } from "./types.ts";

/** A converter as the tree uses it. */
export interface Kind {
  /** As in a pattern; two kinds of one key are the same. */
  readonly key: string;
  /** Narrower kinds have lower ranks and are tried first. */
  readonly rank: number;
  /** The value of a text that is percent-decoded and not empty; undefined where it is none. */
  parse(text: string): unknown;
  /** The text of a value; null where it cannot be one. What it gives is yet to be parsed. */
  format(value: unknown): string | null;
  /** Whether code of others runs in `parse`. */
  readonly foreign: boolean;
}

const ZERO = 0x30;
const NINE = 0x39;
const MINUS = 0x2d;

/** int = "0" / ["-"] %x31-39 *DIGIT, within the safe integers; "-0" is no other number than "0", and refused. */
function parseInteger(text: string): number | undefined {
  const negative = text.charCodeAt(0) === MINUS;
  const { length } = text;
  let at = negative ? 1 : 0;
  if (length === at || length > 17) return undefined;
  if (text.charCodeAt(at) === ZERO) return length === 1 ? 0 : undefined;
  let value = 0;
  for (; at < length; ++at) {
    const code = text.charCodeAt(at);
    if (code < ZERO || code > NINE) return undefined;
    value = value * 10 + (code - ZERO);
  }
  if (value > Number.MAX_SAFE_INTEGER) return undefined;
  return negative ? -value : value;
}

/** float = ["-"] ("0" / %x31-39 *DIGIT) ["." 1*DIGIT], finite. */
function parseFloatingPoint(text: string): number | undefined {
  if (!/^-?(?:0|[1-9]\d*)(?:\.\d+)?$/.test(text)) return undefined;
  const value = Number(text);
  return Number.isFinite(value) ? value : undefined;
}

function parseBoolean(text: string): boolean | undefined {
  if (text === "true") return true;
  return text === "false" ? false : undefined;
}

function parseUuid(text: string): string | undefined {
  if (text.length !== 36) return undefined;
  return /^[\da-f]{8}-(?:[\da-f]{4}-){3}[\da-f]{12}$/i.test(text) ? text.toLowerCase() : undefined;
}

/** A day of the calendar as RFC 3339 writes it (full-date), at midnight UTC. */
function parseDate(text: string): Date | undefined {
  if (text.length !== 10 || !/^\d{4}-\d\d-\d\d$/.test(text)) return undefined;
  const date = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text) ? date : undefined;
}

function formatDate(value: unknown): string | null {
  if (typeof value === "string") return value;
  return value instanceof Date && !Number.isNaN(value.getTime()) ? value.toISOString().slice(0, 10) : null;
}

function formatScalar(value: unknown): string | null {
  return typeof value === "object" || typeof value === "symbol" || typeof value === "function" ? null : String(value);
}

function itself(text: string): string {
  return text;
}

function matching(pattern: RegExp): (text: string) => string | undefined {
  return (text) => (pattern.test(text) ? text : undefined);
}

/** What there is, narrowest first. */
const BUILT_IN: readonly [key: string, parse: (text: string) => unknown, format?: (value: unknown) => string | null][] =
  [
    ["bool", parseBoolean],
    ["date", parseDate, formatDate],
    ["uuid", parseUuid],
    ["int", parseInteger],
    ["float", parseFloatingPoint],
    ["hex", matching(/^[\dA-Fa-f]+$/)],
    ["alpha", matching(/^[A-Za-z]+$/)],
    ["slug", matching(/^[\da-z]+(?:-[\da-z]+)*$/)],
    ["alnum", matching(/^[\dA-Za-z]+$/)],
    ["string", itself],
    ["path", itself],
  ];

const EXPRESSION_RANK = 20;
const CUSTOM_RANK = 21;
const STRING_RANK = 30;
const PATH_RANK = 31;

function rankOf(key: string, index: number): number {
  if (key === "string") return STRING_RANK;
  return key === "path" ? PATH_RANK : index;
}

const KINDS: ReadonlyMap<string, Kind> = new Map(
  BUILT_IN.map(([key, parse, format = formatScalar], index) => [
    key,
    { key, rank: rankOf(key, index), parse, format, foreign: false },
  ]),
);

export const STRING: Kind = KINDS.get("string") as Kind;

/** Whether a kind takes slashes, and so the rest of a path. */
export function isRest(kind: Kind): boolean {
  return kind.rank === PATH_RANK;
}

/** Whether a kind takes all there may be in a segment. */
export function isPlain(kind: Kind): boolean {
  return kind.rank === STRING_RANK;
}

function anchored(source: string, flags: string): RegExp {
  // Compiled alone first, so that no source can close the group that holds it.
  new RegExp(source, flags);
  return new RegExp(`^(?:${source})$`, flags);
}

/** The kind of `re(source)`. Throws a SyntaxError where the source is no regular expression. */
export function expressionKind(source: string): Kind {
  const parse = matching(anchored(source, "u"));
  return { key: `re(${source})`, rank: EXPRESSION_RANK, parse, format: formatScalar, foreign: false };
}

function customKind(key: string, converter: Converter): Kind {
  const { pattern } = converter;
  const expression = pattern ? anchored(pattern.source, pattern.flags.replace(/[gy]/g, "")) : null;
  return {
    key,
    rank: CUSTOM_RANK,
    parse(text) {
      if (expression !== null && !expression.test(text)) return undefined;
      return converter.parse ? converter.parse(text) : text;
    },
    format: (value) => (converter.format ? converter.format(value) : formatScalar(value)),
    foreign: true,
  };
}

/** All kinds that patterns of a router may name. Throws a TypeError where a converter makes no sense. */
export function kindsWith(converters: Converters | undefined): ReadonlyMap<string, Kind> {
  if (!converters) return KINDS;
  const kinds = new Map(KINDS);
  for (const [key, converter] of Object.entries(converters)) {
    if (!/^[A-Za-z_]\w*$/.test(key)) throw new TypeError(`${JSON.stringify(key)} is no name for a converter`);
    if (KINDS.has(key) || key === "re") throw new TypeError(`there is a converter called ${key} already`);
    if (!converter.pattern && !converter.parse) {
      throw new TypeError(`the converter ${key} has neither a pattern nor parse`);
    }
    kinds.set(key, customKind(key, converter));
  }
  return kinds;
}
