/** What is written down of objects without what lets in whoever reads it: logs are read by many. */

/** What stands in place of a secret. */
export const HIDDEN = "…";

/** Names whose values are secrets, wherever they are in what is logged. */
export const SECRET_NAMES: readonly string[] = ["authorization", "proxy-authorization", "cookie", "set-cookie"];

/** Objects within objects that are looked at; what lies deeper is hidden as a whole. */
const DEPTH_MAX = 32;

/** Hides what is secret in a value: gives the value itself where nothing is, else a copy. */
export type Hide = (value: unknown) => unknown;

/** Says of an error what is to be told of it, as an object. */
export type DescribeError = (error: Error) => object;

/** What says itself what it is in JSON. */
interface OwnJson {
  toJSON(): unknown;
}

/** Whether the names in a value are worth looking at. */
function isRecord(value: unknown): value is object {
  return typeof value === "object" && value !== null && !ArrayBuffer.isView(value);
}

function hasOwnJson(value: object): value is OwnJson {
  return typeof (value as Partial<OwnJson>).toJSON === "function";
}

/**
 * Hides the values of these names, whatever their case, at any depth; what contains itself is cut. Errors become what
 * `describe` says of them, for they carry what they failed with; what has a JSON of its own becomes that, errors too. What
 * throws where it is read becomes the message of that.
 */
export function hiding(names: readonly string[], describe: DescribeError): Hide {
  const secret = new Set(names.map((name) => name.toLowerCase()));
  const hide = (value: unknown, within: readonly object[]): unknown => {
    if (!isRecord(value)) return value;
    if (within.includes(value)) return "[Circular]";
    if (within.length === DEPTH_MAX) return HIDDEN;
    try {
      return look(value, [...within, value]);
    } catch (error) {
      return `[${messageOf(error)}]`;
    }
  };
  const look = (value: object, path: readonly object[]): unknown => {
    const told = hasOwnJson(value) ? value.toJSON() : value instanceof Error ? describe(value) : value;
    // Of a date, say, there is nothing to hide.
    if (!isRecord(told)) return value;
    const from = told as Record<string, unknown>;
    let copy: Record<string, unknown> | null = null;
    for (const key of Object.keys(from)) {
      const own = from[key];
      const shown = secret.has(key.toLowerCase()) ? HIDDEN : hide(own, path);
      if (shown === own) continue;
      copy ??= copyOf(from);
      // Not by assignment: a key may be called __proto__.
      Object.defineProperty(copy, key, { value: shown, enumerable: true, configurable: true, writable: true });
    }
    return copy ?? from;
  };
  return (value) => hide(value, []);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function copyOf(value: object): Record<string, unknown> {
  const copy = Array.isArray(value) ? [...value] : { ...value };
  return copy as Record<string, unknown>;
}
