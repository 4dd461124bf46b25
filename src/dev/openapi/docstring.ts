/** What a comment says of a function: JSDoc, or prose with sections as Python has them. */
import type { JsonSchema } from "./document.ts";

/** A parameter, as a comment tells of it. */
export interface ToldParameter {
  readonly name: string;
  readonly schema: JsonSchema;
  readonly description: string;
  readonly required: boolean;
}

export interface Docstring {
  readonly summary: string;
  readonly description: string;
  readonly deprecated: boolean;
  readonly parameters: readonly ToldParameter[];
  /** What it gives; null where nothing is said of that. */
  readonly returns: { readonly schema: JsonSchema; readonly description: string } | null;
}

const TYPES: Readonly<Record<string, string>> = {
  int: "integer",
  integer: "integer",
  float: "number",
  number: "number",
  str: "string",
  string: "string",
  bool: "boolean",
  boolean: "boolean",
  dict: "object",
  object: "object",
  list: "array",
  array: "array",
  none: "null",
  null: "null",
};

/** The schema of a type as people write it: `int`, `string[]`, `list[int]`, `str | None`; {} for what is not known. */
function schemaOfType(text: string): JsonSchema {
  const type = text.trim();
  if (/\|| or /.test(type)) return { anyOf: type.split(/\|| or /).map(schemaOfType) };
  const [, items] = /^(?:list|array)\s*[[<](.*)[\]>]$/i.exec(type) ?? /^(.+)\[\]$/.exec(type) ?? [];
  if (items !== undefined) return { type: "array", items: schemaOfType(items) };
  const name = type.toLowerCase();
  return Object.hasOwn(TYPES, name) ? { type: TYPES[name] } : {};
}

/** A default as its type has it. */
function defaultFrom(text: string, { type }: JsonSchema): unknown {
  const value = text.trim().replace(/^(["'])(.*)\1$/s, "$2");
  if (type === "string") return value;
  if (/^(?:none|null)$/i.test(value)) return null;
  if (/^(?:true|false)$/i.test(value)) return value.toLowerCase() === "true";
  return value !== "" && Number.isFinite(Number(value)) ? Number(value) : value;
}

const DEFAULT = /\s*\(default(?: is|:|=)?\s*([^)]*)\)/i;

function parameterFrom(name: string, types: string, text: string, given?: string): ToldParameter {
  const optional = /(?:,|^)\s*optional\s*$/i.test(types);
  const schema = schemaOfType(types.replace(/(?:,|^)\s*optional\s*$/i, ""));
  const fallback = given ?? DEFAULT.exec(text)?.[1];
  return {
    name,
    schema: fallback === undefined ? schema : { ...schema, default: defaultFrom(fallback, schema) },
    description: text.replace(DEFAULT, "").trim(),
    required: !optional && fallback === undefined,
  };
}

/** Parts of a comment; in each list one string is one item, whatever lines it took. */
interface Parts {
  readonly prose: string[];
  readonly args: string[];
  readonly returns: string[];
  readonly tags: string[];
}

const SECTION = /^\s*(args|arguments|parameters|params|returns?):\s*(.*)$/i;

function splitLines(lines: readonly string[]): Parts {
  const parts: Parts = { prose: [], args: [], returns: [], tags: [] };
  let list = parts.prose;
  for (const line of lines) {
    const [, section, rest] = SECTION.exec(line) ?? [];
    if (section !== undefined) {
      list = /^r/i.test(section) ? parts.returns : parts.args;
      if (rest !== "") list.push(rest);
    } else if (/^\s*@\w/.test(line)) {
      list = parts.tags;
      list.push(line.trim());
    } else if (list === parts.prose) list.push(line);
    else if (list === parts.args && /^\s*[\w.]+\s*(?:\([^)]*\))?\s*:/.test(line)) list.push(line.trim());
    // A blank line ends a section; what is not indented after it is prose again.
    else if (line.trim() === "") list = list === parts.tags ? list : parts.prose;
    else if (list.length > 0) list[list.length - 1] += ` ${line.trim()}`;
    else list.push(line.trim());
  }
  return parts;
}

/** `name (type): description` */
function argument(text: string): ToldParameter[] {
  const [, name, types = "", description = ""] = /^([\w.]+)\s*(?:\(([^)]*)\))?\s*:\s*(.*)$/s.exec(text) ?? [];
  return name === undefined ? [] : [parameterFrom(name, types, description)];
}

/** `@param {type} [name=default] - description` */
function parameterTag(tag: string): ToldParameter[] {
  const match = /^@param\s+(?:\{([^}]*)\}\s*)?(\[)?([\w.]+)(?:\s*=\s*([^\]]*))?\]?\s*(?:-\s*)?(.*)$/s.exec(tag);
  if (match === null) return [];
  const [, types = "", bracket, name, fallback, description] = match;
  const found = parameterFrom(name, types.replace(/=$/, ""), description, fallback);
  return [bracket === undefined && !types.endsWith("=") ? found : { ...found, required: false }];
}

function returnsFrom({ returns, tags }: Parts): Docstring["returns"] {
  const tag = tags.find((each) => /^@returns?\b/.test(each));
  if (tag !== undefined) {
    const [, type = "", description = ""] = /^@returns?\s*(?:\{([^}]*)\})?\s*(?:-\s*)?(.*)$/s.exec(tag) ?? [];
    return { schema: schemaOfType(type), description };
  }
  if (returns.length === 0) return null;
  const text = returns.join(" ");
  const [, type, description] = /^(\w+(?:\[\w+\])?):\s+(.*)$/s.exec(text) ?? [];
  const known = type === undefined ? {} : schemaOfType(type);
  return Object.keys(known).length > 0 ? { schema: known, description } : { schema: {}, description: text };
}

/** Reads the text of a comment, between its marks. */
export function readDocstring(text: string): Docstring {
  const parts = splitLines(text.split(/\r?\n/).map((line) => line.replace(/^\s*\* ?/, "").trimEnd()));
  const prose = parts.prose.map((line) => line.trim());
  const first = prose.findIndex((line) => line !== "");
  return {
    summary: first < 0 ? "" : prose[first],
    description:
      first < 0
        ? ""
        : prose
            .slice(first + 1)
            .join("\n")
            .trim(),
    deprecated: parts.tags.some((tag) => /^@deprecated\b/.test(tag)),
    parameters: [...parts.args.flatMap(argument), ...parts.tags.flatMap(parameterTag)],
    returns: returnsFrom(parts),
  };
}

/** What stands before a comment that belongs to a function: nothing, its parameters, or the beginning of its body. */
const HEAD = /(?:^|[({]|=>)\s*$/;
/** What begins a body is none of these. */
const STATEMENT = /;|\b(?:const|let|var|return|if|for|await)\b/;

/** The comment of a function, as far as its text was kept; null where there is none. */
export function docstringOf(written: object): Docstring | null {
  const source = String(written);
  const found = /\/\*\*(?!\/)([\s\S]*?)\*\//.exec(source);
  if (found === null) return null;
  const before = source.slice(0, found.index);
  if (!HEAD.test(before) || STATEMENT.test(before)) return null;
  const told = readDocstring(found[1]);
  const [, own] = /^(?:async\s+)?(?:function\s*)?\*?\s*[\w#]*\s*\(?\s*(?:\/\*[\s\S]*?\*\/\s*)?(\w+)/.exec(source) ?? [];
  return { ...told, parameters: told.parameters.flatMap((each) => wanted(each, own)) };
}

/** Names that a handler gives its argument, which is no parameter of the route. */
const REQUESTS: ReadonlySet<string> = new Set(["request", "req", "this", "self", "context", "ctx"]);

/** A parameter of the route: of what is a part of the request, the part. */
function wanted(parameter: ToldParameter, own: string | undefined): ToldParameter[] {
  const names = parameter.name.split(".");
  if (names.length > 1) return [{ ...parameter, name: names[names.length - 1] }];
  return parameter.name === own || REQUESTS.has(parameter.name) ? [] : [parameter];
}
