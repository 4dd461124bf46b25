/** What request lines and status lines share: the version, and the end of a line. */
import { INVALID_LINE_END, INVALID_VERSION, MINOR_VERSION, UNSUPPORTED_VERSION } from "../src/parser/abi";
import { CR, CRLF, DOT, SLASH, ZERO, isDigit } from "./bytes";
import { fail, setRecord } from "./memory";

/** "HTTP" and "/1.1" as little-endian u32s. */
const HTTP: u32 = 0x50545448;
const SLASH_1_1: u32 = 0x312e312f;
/** Both of them. */
const HTTP_1_1: u64 = 0x312e312f50545448;

/** Whether eight bytes are "HTTP/1.1". */
// @ts-ignore: decorator
@inline
function isHttp11(p: usize): bool {
  return WIDE_LOADS ? load<u64>(p) == HTTP_1_1 : load32(p) == HTTP && load32(p + 4) == SLASH_1_1;
}

/** Four bytes at any address. */
// @ts-ignore: decorator
@inline
export function load32(p: usize): u32 {
  if (WIDE_LOADS) return load<u32>(p);
  return <u32>load<u8>(p) | (<u32>load<u8>(p + 1) << 8) | (<u32>load<u8>(p + 2) << 16) | (<u32>load<u8>(p + 3) << 24);
}

/** Two bytes at any address. */
// @ts-ignore: decorator
@inline
export function load16(p: usize): u16 {
  if (WIDE_LOADS) return load<u16>(p);
  return <u16>load<u8>(p) | (<u16>load<u8>(p + 1) << 8);
}

/**
 * HTTP-version = "HTTP/" DIGIT "." DIGIT (RFC 9112 §2.3): the cursor after it, 0 where bytes are missing, or a negated
 * error code.
 */
// @ts-ignore: decorator
@inline
export function parseVersion(p: usize, end: usize): i32 {
  if (p + 8 > end) return partialVersion(p, end);
  if (isHttp11(p)) setRecord(MINOR_VERSION, 1);
  else {
    const code = otherVersion(p);
    if (code < 0) return code;
  }
  return <i32>(p + 8);
}

/** A version other than HTTP/1.1: 1.0 is told apart, a later 1.x is spoken to as 1.1 (RFC 9110 §2.5). */
function otherVersion(p: usize): i32 {
  if (load32(p) != HTTP || load<u8>(p + 4) != SLASH) return fail(INVALID_VERSION, p);
  const major = load<u8>(p + 5);
  const minor = load<u8>(p + 7);
  if (!isDigit(major) || load<u8>(p + 6) != DOT || !isDigit(minor)) return fail(INVALID_VERSION, p);
  if (major != ZERO + 1) return fail(UNSUPPORTED_VERSION, p);
  setRecord(MINOR_VERSION, minor - ZERO);
  return 1;
}

/** Whether what there is of a version can still become one. */
function partialVersion(p: usize, end: usize): i32 {
  const version = "HTTP/";
  for (let i: usize = 0; p + i < end; ++i) {
    const byte = load<u8>(p + i);
    const right =
      i < 5 ? byte == load<u8>(changetype<usize>(version) + (i << 1)) : i == 6 ? byte == DOT : isDigit(byte);
    if (!right) return fail(INVALID_VERSION, p);
  }
  return 0;
}

/**
 * CRLF (RFC 9112 §2.2: a bare LF might be taken for it, and a bare CR must not; here both are refused): the cursor
 * after it, 0, or a negated error code.
 */
// @ts-ignore: decorator
@inline
export function parseLineEnd(p: usize, end: usize): i32 {
  if (p + 2 <= end && load16(p) == CRLF) return <i32>(p + 2);
  return lineEndMissing(p, end);
}

/** Why there is no CRLF at `p`: bytes are missing, or wrong. */
export function lineEndMissing(p: usize, end: usize): i32 {
  if (p >= end || (p + 1 == end && load<u8>(p) == CR)) return 0;
  return fail(INVALID_LINE_END, load<u8>(p) == CR ? p + 1 : p);
}
