/**
 * Bytes to text, one character a byte: what the octets of a head are read as (RFC 9110 §5.5: obs-text is opaque data).
 */

interface Latin1Slice {
  latin1Slice?(this: Uint8Array, start: number, end: number): string;
}

const native = (globalThis as { Buffer?: { prototype: Latin1Slice } }).Buffer?.prototype.latin1Slice;

/** The most arguments that one call is given. */
const CALL_MAX = 4096;

function portable(bytes: Uint8Array, start: number, end: number): string {
  let text = "";
  for (let at = start; at < end; at += CALL_MAX) {
    text += String.fromCharCode.apply(null, bytes.subarray(at, Math.min(end, at + CALL_MAX)) as unknown as number[]);
  }
  return text;
}

/** The text of `bytes[start, end)`. */
export const decodeLatin1: (bytes: Uint8Array, start: number, end: number) => string = native
  ? (bytes, start, end) => native.call(bytes, start, end)
  : portable;
