/** Bytes by name, and the classes of bytes that the grammar speaks of. */
import { CLASSES } from "./memory";

export const HTAB: u8 = 0x09;
export const LF: u8 = 0x0a;
export const CR: u8 = 0x0d;
export const SP: u8 = 0x20;
export const DQUOTE: u8 = 0x22;
export const PERCENT: u8 = 0x25;
export const ASTERISK: u8 = 0x2a;
export const COMMA: u8 = 0x2c;
export const DOT: u8 = 0x2e;
export const SLASH: u8 = 0x2f;
export const ZERO: u8 = 0x30;
export const COLON: u8 = 0x3a;
export const SEMICOLON: u8 = 0x3b;
export const EQUALS: u8 = 0x3d;
export const QUESTION: u8 = 0x3f;
export const BRACKET_OPEN: u8 = 0x5b;
export const BACKSLASH: u8 = 0x5c;
export const BRACKET_CLOSE: u8 = 0x5d;
export const DEL: u8 = 0x7f;
/** CR LF as a little-endian u16. */
export const CRLF: u16 = 0x0a0d;

/** tchar = "!" / "#" / "$" / "%" / "&" / "'" / "*" / "+" / "-" / "." / "^" / "_" / "`" / "|" / "~" / DIGIT / ALPHA (RFC 9110 §5.6.2) */
export const TCHAR: u8 = 1;
/**
 * What a request-target may be made of: every VCHAR but `"`, `#`, `<` and `>`. RFC 3986 knows no `[ ] \ ^ { | }` and
 * backtick there either, yet the URL Standard has browsers send them in a query as they are; none of them delimits
 * anything in a request line.
 */
export const TARGET_CHAR: u8 = 2;
/** field-vchar / SP / HTAB, field-vchar = VCHAR / obs-text (RFC 9110 §5.5) */
export const FIELD_CHAR: u8 = 4;
/** unreserved / sub-delims: reg-name without pct-encoded (RFC 3986 §3.2.2) */
export const REG_NAME_CHAR: u8 = 8;
/** HEXDIG in either case (RFC 9112 §7.1, RFC 5234 B.1) */
export const HEX_DIGIT: u8 = 16;
/** qdtext of a quoted-string: HTAB / SP / "!" / %x23-5B / %x5D-7E / obs-text (RFC 9110 §5.6.4) */
export const QUOTED_CHAR: u8 = 32;

/** Whether the byte belongs to the class. */
// @ts-ignore: decorator
@inline
export function isClass(byte: u8, cls: u8): bool {
  return (load<u8>(CLASSES + byte) & cls) != 0;
}

/** SP or HTAB: what optional white space is made of (RFC 9110 §5.6.3). */
// @ts-ignore: decorator
@inline
export function isBlank(byte: u8): bool {
  return byte == SP || byte == HTAB;
}

// @ts-ignore: decorator
@inline
export function isDigit(byte: u8): bool {
  return <u32>byte - 0x30 < 10;
}

// @ts-ignore: decorator
@inline
export function isAlpha(byte: u8): bool {
  return (<u32>byte | 0x20) - 0x61 < 26;
}

/** Value of a hexadecimal digit, of which the caller knows that it is one. */
// @ts-ignore: decorator
@inline
export function hexValue(byte: u8): u32 {
  return (<u32>byte & 15) + (byte >> 6) * 9;
}

/** Adds bytes to the class: pairs of a first and a last one, in between all. */
function addRanges(cls: u8, pairs: string): void {
  const end = changetype<usize>(pairs) + (<usize>pairs.length << 1);
  for (let pair = changetype<usize>(pairs); pair < end; pair += 4) {
    const last = CLASSES + load<u16>(pair, 2);
    for (let entry = CLASSES + load<u16>(pair); entry <= last; ++entry) store<u8>(entry, load<u8>(entry) | cls);
  }
}

/** Has a request-target be made of any VCHAR. */
export function addTargetChars(): void {
  addRanges(TARGET_CHAR, "!~");
}

/** Builds the table of classes; once, when the module starts. */
export function buildClasses(): void {
  addRanges(TCHAR, "!!#'*+-.09AZ^z||~~");
  addRanges(TARGET_CHAR, "!!$;==?~");
  addRanges(FIELD_CHAR, "\t\t ~\x80\xff");
  addRanges(REG_NAME_CHAR, "!!$$&.09;;==AZ__az~~");
  addRanges(HEX_DIGIT, "09AFaf");
  addRanges(QUOTED_CHAR, "\t\t !#[]~\x80\xff");
}
