/** Reads path patterns. */
import { expressionKind, isRest, type Kind } from "./converters.ts";
import { ANY, convert, nameOf, type Parameter, type Part, type Pattern, type Segment } from "./pattern.ts";

/** What patterns may name, and what was read before: routes have the same parameters again and again. */
export interface Known {
  readonly kinds: ReadonlyMap<string, Kind>;
  /** Segments of one parameter, by its text. */
  readonly segments: Map<string, readonly [Parameter]>;
}

/** Names a route in errors; asked for its text only then. */
export interface Where {
  toString(): string;
}

/** Parameters that a pattern may have. */
export const MAX_PARAMETERS = 32;

const NO_NAMES: readonly string[] = [];

const NAME = /[A-Za-z_]\w*/y;
/** RFC 3986 §3.3: anything else comes percent-encoded, or is no part of a path, and would never match. */
const NO_PATH = /[^!$-;=@-Z_a-z~%]|%(?![\dA-Fa-f]{2})/;

function wrong(message: string, where: Where): TypeError {
  return new TypeError(`${message} in ${where}`);
}

function quote(text: string): string {
  return JSON.stringify(text);
}

/** Where the bracket that `text` opens at `start` is closed; -1 where it is not. */
function closing(text: string, start: number, open: string, close: string): number {
  let end = text.indexOf(close, start);
  let inner = text.indexOf(open, start + 1);
  // Each one that is opened before the end so far puts the end off by one.
  while (inner >= 0 && inner < end) {
    end = text.indexOf(close, end + 1);
    inner = text.indexOf(open, inner + 1);
  }
  return end;
}

/** Where the first character stands that may begin a parameter; -1 where none does. */
function opening(text: string, start: number): number {
  const brace = text.indexOf("{", start);
  const colon = text.indexOf(":", start);
  return brace < 0 || (colon >= 0 && colon < brace) ? colon : brace;
}

function nameAt(text: string, at: number): string {
  NAME.lastIndex = at;
  return NAME.test(text) ? text.slice(at, NAME.lastIndex) : "";
}

/** Fixed text of a pattern, as it was given. Throws a TypeError where no path has it. */
function fixed(text: string, where: Where): string {
  if (text.includes("//")) throw wrong("an empty segment", where);
  if (/\/\*(?:\/|$)/.test(text)) throw wrong('"*" is no wildcard, the rest of a path is {name:path},', where);
  const unfit = NO_PATH.exec(text)?.[0];
  if (unfit !== undefined) throw wrong(`${quote(unfit)} must be percent-encoded`, where);
  if (!text.includes("%")) return text;
  try {
    if (!decodeURIComponent(text).includes("\0")) return text;
  } catch {}
  throw wrong(`${quote(text)} is no percent-encoded UTF-8, or has NUL,`, where);
}

/** The parameter of the short form, a colon and its name. */
function plain(text: string): Parameter {
  return { name: text.slice(1), text, kinds: ANY, rest: false, optional: false, fallback: undefined };
}

class PatternReader {
  readonly #text: string;
  readonly #where: Where;
  readonly #known: Known;
  /** Where the segment ends that was read last. */
  #end = 0;
  #names: readonly string[] = NO_NAMES;
  #optional = false;
  #unions = false;
  #rest = false;

  constructor(text: string, where: Where, known: Known) {
    this.#text = text;
    this.#where = where;
    this.#known = known;
  }

  read(): Pattern {
    const text = this.#text;
    const where = this.#where;
    const parts: Part[] = [];
    let taken = 0;
    for (let at = opening(text, 0); at >= 0; at = opening(text, this.#end)) {
      const start = text.lastIndexOf("/", at) + 1;
      const segment = this.#segment(start);
      if (segment === null) continue;
      if (this.#rest && this.#end < text.length) throw wrong("a parameter that takes the rest is not the last", where);
      parts.push(fixed(text.slice(taken, start), where), segment);
      taken = this.#end;
    }
    if (taken < text.length) parts.push(fixed(text.slice(taken), where));
    return { text, parts, names: this.#names, optional: this.#optional, unions: this.#unions };
  }

  /** The segment at `start`; null where it has no parameter. */
  #segment(start: number): Segment | null {
    const text = this.#text;
    const end = this.#endOf(start);
    if (end === start || (end < text.length && text[end] !== "/")) return this.#mixed(start);
    this.#end = end;
    return this.#parameter(text.slice(start, end));
  }

  /** Where the parameter ends that begins at a place; the place itself where none does. */
  #endOf(at: number): number {
    const text = this.#text;
    if (text[at] === "{") {
      const end = closing(text, at, "{", "}") + 1;
      if (end === 0) throw wrong(`${quote(text.slice(at))} is not closed`, this.#where);
      return end;
    }
    // ":" begins a name where no word character stands before it: /users:batch is fixed text.
    if (text[at] !== ":" || /\w/.test(text[at - 1])) return at;
    const name = nameAt(text, at + 1);
    return name === "" ? at : at + 1 + name.length;
  }

  /** A segment in which text and parameters may stand side by side; null where it has no parameter. */
  #mixed(start: number): Segment | null {
    const text = this.#text;
    const parts: (string | Parameter)[] = [];
    let taken = start;
    let at = start;
    while (at < text.length && text[at] !== "/") {
      const end = this.#endOf(at);
      if (end === at) {
        ++at;
        continue;
      }
      if (taken < at) parts.push(fixed(text.slice(taken, at), this.#where));
      const before = parts.at(-1);
      const [parameter] = this.#parameter(text.slice(at, end));
      if (typeof before === "object") throw wrong(`nothing between ${before.text} and ${parameter.text}`, this.#where);
      parts.push(parameter);
      taken = at = end;
    }
    this.#end = at;
    if (parts.length === 0) return null;
    if (taken < at) parts.push(fixed(text.slice(taken, at), this.#where));
    this.#check(parts);
    return parts;
  }

  #check(parts: Segment): void {
    for (const [index, part] of parts.entries()) {
      if (typeof part === "string") continue;
      if (part.optional) throw wrong(`${part.text} may be missing, so no text may stand beside it`, this.#where);
      if (part.rest && index < parts.length - 1) throw wrong(`text after ${part.text}`, this.#where);
      if (part.rest && index > 1) throw wrong(`another parameter in the segment of ${part.text}`, this.#where);
    }
  }

  /** The segment of a parameter alone, which is one of the pattern from now on. */
  #parameter(text: string): readonly [Parameter] {
    const { segments } = this.#known;
    let segment = segments.get(text);
    if (segment === undefined) {
      segment = [text.startsWith(":") ? plain(text) : this.#braced(text)];
      segments.set(text, segment);
    }
    const { name, kinds, optional, rest } = segment[0];
    if (this.#names.includes(name)) throw wrong(`{${name}} stands twice`, this.#where);
    if (this.#names.length === MAX_PARAMETERS) throw wrong(`more than ${MAX_PARAMETERS} parameters`, this.#where);
    // Neither pushed to nor spread, for it would have room for 17, and is kept as long as the route.
    this.#names = this.#names.concat(name);
    this.#optional ||= optional;
    this.#unions ||= kinds.length > 1;
    this.#rest ||= rest;
    return segment;
  }

  /** parameter = "{" name [ ":" kind *( "|" kind ) ] [ "?" / "=" default ] "}" */
  #braced(text: string): Parameter {
    const inner = text.slice(1, -1);
    const name = nameAt(inner, 0);
    if (name === "") throw wrong(`${text} has no name`, this.#where);
    const named: Kind[] = [];
    let at = name.length;
    if (inner[at] === ":") {
      do {
        const [kind, end] = this.#kind(inner, at + 1, text);
        if (named.some(({ key }) => key === kind.key)) throw wrong(`${kind.key} stands twice in ${text}`, this.#where);
        named.push(kind);
        at = end;
      } while (inner[at] === "|");
    }
    const mark = inner[at] ?? "";
    const fallback = mark === "=" ? inner.slice(at + 1) : undefined;
    if (!(mark === "" || mark === "=" || (mark === "?" && at === inner.length - 1))) {
      throw wrong(`${quote(inner.slice(at))} means nothing in ${text}`, this.#where);
    }
    const kinds = named.length > 0 ? named : ANY;
    if (fallback !== undefined && (fallback === "" || convert(kinds, fallback) === undefined)) {
      throw wrong(`the default of ${text} is no ${nameOf(kinds)}`, this.#where);
    }
    return { name, text, kinds, rest: kinds.some(isRest), optional: mark !== "", fallback };
  }

  #kind(inner: string, at: number, text: string): [Kind, number] {
    const name = nameAt(inner, at);
    const end = at + name.length;
    if (name === "re" && inner[end] === "(") {
      const close = closing(inner, end, "(", ")");
      if (close < 0) throw wrong(`a parenthesis is not closed in ${text}`, this.#where);
      try {
        return [expressionKind(inner.slice(end + 1, close)), close + 1];
      } catch (error) {
        throw wrong(`${(error as Error).message} in ${text}`, this.#where);
      }
    }
    const kind = this.#known.kinds.get(name);
    if (kind) return [kind, end];
    const known = [...this.#known.kinds.keys()].join(", ");
    throw new TypeError(
      `unknown converter ${quote(name)} in ${text} of ${this.#where}; known are ${known} and re(\u2026)`,
    );
  }
}

/**
 * Reads a pattern. `where` names the route in errors.
 * @throws TypeError where it is not valid
 */
export function readPattern(text: string, where: Where, known: Known): Pattern {
  if (!text.startsWith("/") && text !== "*") throw wrong(`a path begins with "/", not like ${quote(text)},`, where);
  if (opening(text, 0) >= 0) return new PatternReader(text, where, known).read();
  return { text, parts: [fixed(text, where)], names: NO_NAMES, optional: false, unions: false };
}
