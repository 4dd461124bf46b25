/**
 * Values as text: JSON, where bytes are strings that begin with a colon and have base64 behind it. Strings that begin with
 * one themselves get another, which no base64 begins with.
 */

/** Throws a TypeError for what JSON cannot say. */
export function encode(value: unknown): string {
  const text = JSON.stringify(value, escapeValue);
  if (text === undefined) throw new TypeError(`a store cannot keep ${typeof value}`);
  return text;
}

/** The value that was encoded. Throws a SyntaxError where the text is none. */
export function decode(text: string): unknown {
  return JSON.parse(text, (_, value) =>
    typeof value === "string" && value.startsWith(":") ? unescapeValue(value) : value,
  );
}

/** Looks at what holds the value: by itself it may have been made JSON already, as a Buffer is. */
function escapeValue(this: Record<string, unknown>, name: string, value: unknown): unknown {
  const { [name]: original } = this;
  if (original instanceof Uint8Array) {
    const { buffer, byteOffset, byteLength } = original;
    return `:${Buffer.from(buffer, byteOffset, byteLength).toString("base64")}`;
  }
  return typeof value === "string" && value.startsWith(":") ? `:${value}` : value;
}

function unescapeValue(text: string): string | Uint8Array {
  return text.startsWith("::") ? text.slice(1) : Buffer.from(text.slice(1), "base64");
}
