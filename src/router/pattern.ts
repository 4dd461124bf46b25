/** Reads path patterns. */
import { expressionKind, isPlain, isRest, type Kind, STRING } from "./converters.ts";

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

/** Fixed text and parameters, in turn, with text between any two parameters. */
export type Segment = readonly (string | Parameter)[];

export interface Pattern {
  /** The pattern as it was given. */
  readonly text: string;
  readonly segments: readonly Segment[];
  readonly parameters: readonly Parameter[];
}

/** Parameters that a pattern may have. */
export const MAX_PARAMETERS = 32;

/** The kinds of a parameter that names none. */
export const ANY: readonly Kind[] = [STRING];
const NO_PARAMETERS: readonly Parameter[] = [];

const NAME = /[A-Za-z_]\w*/y;
/** RFC 3986 §3.3: anything else comes percent-encoded, or is no part of a path, and would never match. */
const NO_PATH = /[^!$-;=@-Z_a-z~%]|%(?![\dA-Fa-f]{2})/;

function wrong(message: string, where: string): TypeError {
  return new TypeError(`${message} in ${where}`);
}

function quote(text: string): string {
  return JSON.stringify(text);
}

/** Where the bracket that `text` opens at `start` is closed; -1 where it is not. */
function closing(text: string, start: number, open: string, close: string): number {
  let depth = 0;
  for (let at = start; at < text.length; ++at) {
    if (text[at] === open) ++depth;
    else if (text[at] === close && --depth === 0) return at;
  }
  return -1;
}

function nameAt(text: string, at: number): string {
  NAME.lastIndex = at;
  return NAME.test(text) ? text.slice(at, NAME.lastIndex) : "";
}

/** Parameters that were read with these converters, by their text: routes have the same ones again and again. */
const read = new WeakMap<ReadonlyMap<string, Kind>, Map<string, Parameter>>();

function parametersOf(known: ReadonlyMap<string, Kind>): Map<string, Parameter> {
  const old = read.get(known);
  if (old) return old;
  const parameters = new Map<string, Parameter>();
  read.set(known, parameters);
  return parameters;
}

class PatternReader {
  readonly #text: string;
  readonly #where: string;
  readonly #known: ReadonlyMap<string, Kind>;
  readonly #read: Map<string, Parameter>;
  readonly #parameters: Parameter[] = [];

  constructor(text: string, where: string, known: ReadonlyMap<string, Kind>) {
    this.#text = text;
    this.#where = where;
    this.#known = known;
    this.#read = parametersOf(known);
  }

  read(): Pattern {
    const text = this.#text;
    if (text === "*") return { text, segments: [], parameters: [] };
    if (!text.startsWith("/")) throw wrong(`a path begins with "/", not like ${quote(text)},`, this.#where);
    if (!/[{:]/.test(text)) return { text, segments: [this.#allFixed(text.slice(1))], parameters: NO_PARAMETERS };
    const segments: Segment[] = [];
    let at = 0;
    while (at < text.length) {
      const [segment, end] = this.#segment(at + 1);
      if (segment.length === 0 && end < text.length) throw wrong("an empty segment", this.#where);
      if (this.#parameters.some(({ rest }) => rest) && end < text.length) {
        throw wrong("a parameter that takes the rest is not the last", this.#where);
      }
      segments.push(segment);
      at = end;
    }
    return { text, segments, parameters: this.#parameters };
  }

  /** All of a pattern without parameters, taken as one segment. */
  #allFixed(text: string): Segment {
    if (text.startsWith("/") || text.includes("//")) throw wrong("an empty segment", this.#where);
    return text === "" ? [] : [this.#fixed(text)];
  }

  /** The segment at `start`, and where it ends. */
  #segment(start: number): [Segment, number] {
    const text = this.#text;
    const slash = text.indexOf("/", start);
    const stop = slash < 0 ? text.length : slash;
    const whole = text.slice(start, stop);
    if (!/[{:]/.test(whole)) return [whole === "" ? [] : [this.#fixed(whole)], stop];
    const close = text[start] === "{" ? closing(text, start, "{", "}") + 1 : 0;
    if (close > 0 && (close === text.length || text[close] === "/")) {
      return [[this.#parameter(text.slice(start, close))], close];
    }
    return this.#mixed(start);
  }

  /** A segment in which text and parameters may stand side by side, and where it ends. */
  #mixed(start: number): [Segment, number] {
    const text = this.#text;
    const parts: (string | Parameter)[] = [];
    let fixed = start;
    let at = start;
    const flush = () => {
      if (fixed < at) parts.push(this.#fixed(text.slice(fixed, at)));
    };
    const take = (parameter: Parameter, end: number) => {
      flush();
      const before = parts.at(-1);
      if (typeof before === "object") throw wrong(`nothing between ${before.text} and ${parameter.text}`, this.#where);
      parts.push(parameter);
      fixed = at = end;
    };
    while (at < text.length && text[at] !== "/") {
      if (text[at] === "{") {
        const end = closing(text, at, "{", "}") + 1;
        if (end === 0) throw wrong(`${quote(text.slice(at))} is not closed`, this.#where);
        take(this.#parameter(text.slice(at, end)), end);
        continue;
      }
      // ":" begins a name where no word character stands before it: /users:batch is fixed text.
      const name = text[at] === ":" && !/\w/.test(text[at - 1]) ? nameAt(text, at + 1) : "";
      if (name === "") ++at;
      else take(this.#keep(name, `:${name}`, ANY, "", undefined), at + 1 + name.length);
    }
    flush();
    this.#check(parts);
    return [parts, at];
  }

  #check(parts: Segment): void {
    if (parts.length === 1) return;
    for (const [index, part] of parts.entries()) {
      if (typeof part === "string") continue;
      if (part.optional) throw wrong(`${part.text} may be missing, so no text may stand beside it`, this.#where);
      if (part.rest && index < parts.length - 1) throw wrong(`text after ${part.text}`, this.#where);
      if (part.rest && index > 1) throw wrong(`another parameter in the segment of ${part.text}`, this.#where);
    }
  }

  #fixed(text: string): string {
    const unfit = NO_PATH.exec(text)?.[0];
    if (unfit !== undefined) throw wrong(`${quote(unfit)} must be percent-encoded`, this.#where);
    if (!text.includes("%")) return text;
    try {
      if (!decodeURIComponent(text).includes("\0")) return text;
    } catch {}
    throw wrong(`${quote(text)} is no percent-encoded UTF-8, or has NUL,`, this.#where);
  }

  /** parameter = "{" name [ ":" kind *( "|" kind ) ] [ "?" / "=" default ] "}" */
  #parameter(text: string): Parameter {
    const old = this.#read.get(text);
    if (old) return this.#add(old);
    const inner = text.slice(1, -1);
    const name = nameAt(inner, 0);
    if (name === "") throw wrong(`${text} has no name`, this.#where);
    const kinds: Kind[] = [];
    let at = name.length;
    if (inner[at] === ":") {
      do {
        const [kind, end] = this.#kind(inner, at + 1, text);
        if (kinds.some(({ key }) => key === kind.key)) throw wrong(`${kind.key} stands twice in ${text}`, this.#where);
        kinds.push(kind);
        at = end;
      } while (inner[at] === "|");
    }
    const mark = inner[at] ?? "";
    const fallback = mark === "=" ? inner.slice(at + 1) : undefined;
    if (!(mark === "" || mark === "=" || (mark === "?" && at === inner.length - 1))) {
      throw wrong(`${quote(inner.slice(at))} means nothing in ${text}`, this.#where);
    }
    return this.#keep(name, text, kinds.length > 0 ? kinds : ANY, mark, fallback);
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
    const kind = this.#known.get(name);
    if (kind) return [kind, end];
    const known = [...this.#known.keys()].join(", ");
    throw new TypeError(
      `unknown converter ${quote(name)} in ${text} of ${this.#where}; known are ${known} and re(\u2026)`,
    );
  }

  #keep(name: string, text: string, kinds: readonly Kind[], mark: string, fallback: string | undefined): Parameter {
    if (fallback !== undefined && (fallback === "" || convert(kinds, fallback) === undefined)) {
      throw wrong(`the default of ${text} is no ${nameOf(kinds)}`, this.#where);
    }
    const parameter = { name, text, kinds, rest: kinds.some(isRest), optional: mark !== "", fallback };
    this.#read.set(text, parameter);
    return this.#add(parameter);
  }

  #add(parameter: Parameter): Parameter {
    const { name } = parameter;
    if (this.#parameters.some((other) => other.name === name)) throw wrong(`{${name}} stands twice`, this.#where);
    if (this.#parameters.length === MAX_PARAMETERS) {
      throw wrong(`more than ${MAX_PARAMETERS} parameters`, this.#where);
    }
    this.#parameters.push(parameter);
    return parameter;
  }
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

/**
 * Reads a pattern. `where` names the route in errors.
 * @throws TypeError where it is not valid
 */
export function readPattern(text: string, where: string, known: ReadonlyMap<string, Kind>): Pattern {
  return new PatternReader(text, where, known).read();
}
