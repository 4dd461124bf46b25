/** What Content-Type says (RFC 9110 §8.3.1). */
import { UnsupportedMediaTypeError } from "./status-errors.ts";

export interface MediaType {
  /** Type and subtype, in small letters: "text/html". */
  readonly essence: string;
  /** By name in small letters; values as they were sent, out of their quotes. */
  readonly parameters: ReadonlyMap<string, string>;
}

/** token "/" token (RFC 9110 §5.6.2) */
const ESSENCE = /([!#$%&'*+\-.^`|~\w]+\/[!#$%&'*+\-.^`|~\w]+)[\t ]*/y;
/** ";" [ token "=" ( token / quoted-string ) ] (RFC 9110 §5.6.6) */
const PARAMETER =
  /;[\t ]*(?:([!#$%&'*+\-.^`|~\w]+)=(?:([!#$%&'*+\-.^`|~\w]+)|"((?:[\t !\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t -\x7e\x80-\xff])*)")[\t ]*)?/y;

/** Reads a Content-Type; null where it is none, or says a parameter twice. */
export function parseMediaType(value: string): MediaType | null {
  ESSENCE.lastIndex = 0;
  const essence = ESSENCE.exec(value)?.[1];
  if (essence === undefined) return null;
  const parameters = new Map<string, string>();
  PARAMETER.lastIndex = ESSENCE.lastIndex;
  while (PARAMETER.lastIndex < value.length) {
    const found = PARAMETER.exec(value);
    if (found === null) return null;
    const [, name, token, quoted] = found;
    if (name === undefined) continue;
    if (parameters.has(name.toLowerCase())) return null;
    parameters.set(name.toLowerCase(), token ?? quoted.replace(/\\(.)/g, "$1"));
  }
  return { essence: essence.toLowerCase(), parameters };
}

/** Throws an HttpError 415 where a type names another charset than UTF-8, for `what`. */
export function requireUtf8({ parameters }: MediaType, what: string): void {
  const charset = parameters.get("charset");
  if (charset === undefined || /^utf-?8$/i.test(charset)) return;
  throw new UnsupportedMediaTypeError(`the charset of ${what} must be utf-8, not ${charset}`);
}
