/**
 * Scanners: each takes and returns a cursor, and finds the first byte of [p, end) that is not of its class.
 *
 * Every scanner stands here twice, as a vector loop and as a byte loop, with one contract: where all bytes up to
 * `end` are of the class, the result is `end` or beyond it (the vector loop goes by 16 bytes and may look into the
 * padding), and what it says beyond `end` means nothing. Neither reads further than 15 bytes past `end`.
 */
import { COLON, CR, DEL, FIELD_CHAR, HTAB, LF, PERCENT, QUESTION, REG_NAME_CHAR, TARGET_CHAR, TCHAR, isClass } from "./bytes";
import { CLASSES, NIBBLES } from "./memory";

const TOKEN_LOW: usize = NIBBLES;
const TARGET_LOW: usize = NIBBLES + 16;
const REG_NAME_LOW: usize = NIBBLES + 32;
const HIGH: usize = NIBBLES + 48;

/**
 * One bit a byte of `bytes`, set where it is not of the ASCII class whose nibble table lies at `low`.
 * The table has a row for each low nibble, with one bit for each high nibble that makes a byte of the class.
 */
// @ts-ignore: decorator
@inline
function outsideClass(bytes: v128, low: usize): i32 {
  const row = i8x16.swizzle(v128.load(low), v128.and(bytes, i8x16.splat(0x0f)));
  const bit = i8x16.swizzle(v128.load(HIGH), i8x16.shr_u(bytes, 4));
  return i8x16.bitmask(i8x16.eq(v128.and(row, bit), i8x16.splat(0)));
}

/** One bit a byte of `bytes`, set where it is a control byte that no field value may have. */
// @ts-ignore: decorator
@inline
function controls(bytes: v128): i32 {
  const low = v128.andnot(i8x16.le_u(bytes, i8x16.splat(<i8>0x1f)), i8x16.eq(bytes, i8x16.splat(<i8>HTAB)));
  return i8x16.bitmask(v128.or(low, i8x16.eq(bytes, i8x16.splat(<i8>DEL))));
}

// @ts-ignore: decorator
@inline
function skipClassSimd(p: usize, end: usize, low: usize): usize {
  do {
    const outside = outsideClass(v128.load(p), low);
    if (outside) return p + i32.ctz(outside);
    p += 16;
  } while (p < end);
  return p;
}

// @ts-ignore: decorator
@inline
function skipClassScalar(p: usize, end: usize, cls: u8): usize {
  while (p < end && isClass(load<u8>(p), cls)) ++p;
  return p;
}

// @ts-ignore: decorator
@inline
export function skipTokenSimd(p: usize, end: usize): usize {
  return skipClassSimd(p, end, TOKEN_LOW);
}

// @ts-ignore: decorator
@inline
export function skipTokenScalar(p: usize, end: usize): usize {
  return skipClassScalar(p, end, TCHAR);
}

/** First byte of [p, end) that is no tchar. */
// @ts-ignore: decorator
@inline
export function skipToken(p: usize, end: usize): usize {
  return ASC_FEATURE_SIMD ? skipTokenSimd(p, end) : skipTokenScalar(p, end);
}

/** One bit a byte of `bytes`, set where it is neither unreserved nor a sub-delim. */
// @ts-ignore: decorator
@inline
export function outsideRegName(bytes: v128): i32 {
  return outsideClass(bytes, REG_NAME_LOW);
}

export function skipRegNameSimd(p: usize, end: usize): usize {
  return skipClassSimd(p, end, REG_NAME_LOW);
}

export function skipRegNameScalar(p: usize, end: usize): usize {
  return skipClassScalar(p, end, REG_NAME_CHAR);
}

/** First byte of [p, end) that is neither unreserved nor a sub-delim. */
// @ts-ignore: decorator
@inline
export function skipRegName(p: usize, end: usize): usize {
  return ASC_FEATURE_SIMD ? skipRegNameSimd(p, end) : skipRegNameScalar(p, end);
}

// @ts-ignore: decorator
@inline
export function findColonSimd(p: usize, end: usize): usize {
  do {
    const colons = i8x16.bitmask(i8x16.eq(v128.load(p), i8x16.splat(COLON)));
    if (colons) return p + i32.ctz(colons);
    p += 16;
  } while (p < end);
  return p;
}

// @ts-ignore: decorator
@inline
export function findColonScalar(p: usize, end: usize): usize {
  while (p < end && load<u8>(p) != COLON) ++p;
  return p;
}

/** First colon of [p, end). */
// @ts-ignore: decorator
@inline
export function findColon(p: usize, end: usize): usize {
  return ASC_FEATURE_SIMD ? findColonSimd(p, end) : findColonScalar(p, end);
}

// @ts-ignore: decorator
@inline
export function skipFieldContentSimd(p: usize, end: usize): usize {
  do {
    const stop = controls(v128.load(p));
    if (stop) return p + i32.ctz(stop);
    p += 16;
  } while (p < end);
  return p;
}

/** Whether any of eight bytes is below SP or is DEL: the known tests for a byte below n, and for a zero byte. */
// @ts-ignore: decorator
@inline
function hasControl(bytes: u64): bool {
  const notDel = bytes ^ 0x7f7f7f7f7f7f7f7f;
  const below = (bytes - 0x2020202020202020) & ~bytes;
  return ((below | ((notDel - 0x0101010101010101) & ~notDel)) & 0x8080808080808080) != 0;
}

// @ts-ignore: decorator
@inline
export function skipFieldContentScalar(p: usize, end: usize): usize {
  if (WIDE_LOADS) while (p + 8 <= end && !hasControl(load<u64>(p))) p += 8;
  while (p < end && isClass(load<u8>(p), FIELD_CHAR)) ++p;
  return p;
}

/** First byte of [p, end) that may not be in a field value: the CR of its line's end, if all is well. */
// @ts-ignore: decorator
@inline
export function skipFieldContent(p: usize, end: usize): usize {
  return ASC_FEATURE_SIMD ? skipFieldContentSimd(p, end) : skipFieldContentScalar(p, end);
}

/** Where the last target that was scanned has its first `?`, 0 where it has none. */
export let targetQuery: usize = 0;
/** Whether the last target that was scanned has a `%`. */
export let targetEscapes: bool = false;

export function skipTargetSimd(p: usize, end: usize): usize {
  let query: usize = 0;
  let escapes = 0;
  do {
    const bytes = v128.load(p);
    const outside = outsideClass(bytes, TARGET_LOW);
    // All bits below the first byte that is not of the target; all sixteen where there is none.
    const inside = (outside & -outside) - 1;
    const question = i8x16.bitmask(i8x16.eq(bytes, i8x16.splat(<i8>QUESTION))) & inside;
    escapes |= i8x16.bitmask(i8x16.eq(bytes, i8x16.splat(<i8>PERCENT))) & inside;
    if (question && !query) query = p + i32.ctz(question);
    if (outside) {
      p += i32.ctz(outside);
      break;
    }
    p += 16;
  } while (p < end);
  targetQuery = query;
  targetEscapes = escapes != 0;
  return p;
}

export function skipTargetScalar(p: usize, end: usize): usize {
  let query: usize = 0;
  let escapes = false;
  for (; p < end; ++p) {
    const byte = load<u8>(p);
    if (!isClass(byte, TARGET_CHAR)) break;
    if (byte == PERCENT) escapes = true;
    else if (byte == QUESTION && !query) query = p;
  }
  targetQuery = query;
  targetEscapes = escapes;
  return p;
}

/** First byte of [p, end) that may not be in a request-target; notes `targetQuery` and `targetEscapes` on the way. */
// @ts-ignore: decorator
@inline
export function skipTarget(p: usize, end: usize): usize {
  return ASC_FEATURE_SIMD ? skipTargetSimd(p, end) : skipTargetScalar(p, end);
}

/**
 * How far the search for the end of a head has come: the first byte of [p, end) that can decide its fate, or `end`.
 * Such a byte is the LF of the empty line, and any byte that makes the head wrong wherever it stands: a bare LF, a CR
 * without its LF, another control byte. `start` is where the head begins; bytes before `p` are known to decide nothing.
 */
export function findHeadEnd(start: usize, p: usize, end: usize): usize {
  for (; p < end; ++p) {
    p = skipFieldContent(p, end);
    if (p >= end) return end;
    const byte = load<u8>(p);
    if (byte == CR) {
      if (p + 1 < end && load<u8>(p + 1) != LF) return p;
    } else if (byte == LF) {
      if (p == start || load<u8>(p - 1) != CR) return p;
      if (p - start >= 3 && load<u8>(p - 2) == LF) return p;
    } else return p;
  }
  return end;
}

/** Builds the tables of the vector scanners from the table of classes. */
export function buildNibbles(): void {
  for (let high: u32 = 0; high < 8; ++high) {
    const bit: u8 = 1 << <u8>high;
    store<u8>(HIGH + high, bit);
    for (let low: u32 = 0; low < 16; ++low) {
      const cls = load<u8>(CLASSES + ((high << 4) | low));
      if (cls & TCHAR) store<u8>(TOKEN_LOW + low, load<u8>(TOKEN_LOW + low) | bit);
      if (cls & REG_NAME_CHAR) store<u8>(REG_NAME_LOW + low, load<u8>(REG_NAME_LOW + low) | bit);
      if (cls & TARGET_CHAR) store<u8>(TARGET_LOW + low, load<u8>(TARGET_LOW + low) | bit);
    }
  }
}
