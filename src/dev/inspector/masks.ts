/** Secrets in what was sent: their characters become `*`, so that all else stays where it is. */

import { hiding } from "../../services/logger/secrets.ts";
import { SECRET_NAMES } from "../../services/logger.ts";

/** What is masked of the parts of a message. Text has one character for each byte. */
export interface Masks {
  /** A start line and fields, to the empty line. */
  head(text: string): string;
  /** Fields by name and value. */
  fields(fields: Iterable<readonly [string, string]>): [string, string][];
  /** A path with its query. */
  target(text: string): string;
  /** JSON or a form, whole or not; of other content nothing is known. */
  content(text: string): string;
  /** Bytes of a field as a ParseError quotes them: whose they are, and so whether they are secret, nobody knows. */
  quoted(text: string): string;
  /** A value, as logs hide it. */
  value(value: unknown): unknown;
}

const stars = (text: string): string => text.replace(/[^\s]/g, "*");

/** The value of a pair, of `Cookie` and at the beginning of `Set-Cookie`; its name is no secret. */
function pair(text: string): string {
  const at = text.indexOf("=") + 1;
  return text.slice(0, at) + stars(text.slice(at));
}

function maskValue(name: string, value: string): string {
  if (name === "cookie") return value.split(";").map(pair).join(";");
  if (name !== "set-cookie") return stars(value);
  const end = value.indexOf(";");
  return end < 0 ? pair(value) : pair(value.slice(0, end)) + value.slice(end);
}

/** The value of JSON that begins at a place, masked: brackets, commas, colons and quotes stay; and where it ends. */
function maskJson(text: string, from: number): [masked: string, end: number] {
  let masked = "";
  let depth = 0;
  let quoted = false;
  for (let at = from; at < text.length; ++at) {
    const char = text[at];
    if (char === '"') quoted = !quoted;
    else if (quoted) {
      // What is escaped ends nothing.
      if (char === "\\" && ++at < text.length) masked += "*";
    } else if (char === "[" || char === "{") ++depth;
    else if (char === "]" || char === "}" || char === ",") {
      if (depth === 0) return [masked, at];
      if (char !== ",") --depth;
    }
    masked += char === '"' || (!quoted && /[\s[\]{},:]/.test(char)) ? char : "*";
  }
  return [masked, text.length];
}

const NOTHING: Masks = {
  head: (text) => text,
  fields: (fields) => [...fields].map(([name, value]) => [name, value]),
  target: (text) => text,
  content: (text) => text,
  quoted: (text) => text,
  value: (value) => value,
};

/** Masks what belongs to the names that logs know, and to further ones; nothing where `show` says so. */
export function masksOf(further: readonly string[], show: boolean): Masks {
  if (show) return NOTHING;
  const names = new Set([...SECRET_NAMES, ...further].map((name) => name.toLowerCase()));
  const alternatives = [...names].map((name) => name.replace(/[^\w-]/g, "\\$&")).join("|");
  const inQuery = new RegExp(`((?:^|[?&])(?:${alternatives})=)([^&\\s]*)`, "gi");
  const inJson = new RegExp(`"(?:${alternatives})"\\s*:`, "gi");
  const hide = hiding([...names], (error) => ({
    ...error,
    name: error.name,
    message: error.message,
    stack: error.stack,
  }));
  const field = (name: string, value: string) => {
    const key = name.toLowerCase();
    return names.has(key) ? maskValue(key, value) : value;
  };
  const target = (text: string) => text.replace(inQuery, (_, before: string, value: string) => before + stars(value));
  return {
    target,
    head(text) {
      const [start, ...lines] = text.split("\r\n");
      const masked = lines.map((line) => {
        const colon = line.indexOf(":");
        return colon < 0 ? line : `${line.slice(0, colon)}:${field(line.slice(0, colon), line.slice(colon + 1))}`;
      });
      return [target(start), ...masked].join("\r\n");
    },
    fields: (fields) => [...fields].map(([name, value]) => [name, field(name, value)]),
    content(text) {
      const form = target(text);
      let masked = "";
      let at = 0;
      for (const { index, 0: key } of form.matchAll(inJson)) {
        // One within a value that is masked already.
        if (index < at) continue;
        const [value, end] = maskJson(form, index + key.length);
        masked += form.slice(at, index + key.length) + value;
        at = end;
      }
      return masked + form.slice(at);
    },
    quoted: (text) => text.replace(/\\x[\da-f]{2}|\\[rn]|./g, (part) => (/^(?:\\[xrn]|"$)/.test(part) ? part : "*")),
    value: hide,
  };
}
