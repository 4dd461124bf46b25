const encoder = new TextEncoder();

/** Percent-encodes, as UTF-8, what matches in a text (RFC 3986 §2.1); half a surrogate pair becomes U+FFFD. */
export function percentEncode(text: string, unsafe: RegExp): string {
  return text.replace(unsafe, (part) =>
    Array.from(encoder.encode(part), (byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`).join(""),
  );
}
