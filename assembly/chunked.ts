/**
 * chunked-body = *chunk last-chunk trailer-section CRLF (RFC 9112 §7.1)
 * chunk        = chunk-size [ chunk-ext ] CRLF chunk-data CRLF
 * chunk-ext    = *( BWS ";" BWS chunk-ext-name [ BWS "=" BWS chunk-ext-val ] )
 *
 * A decoder has two numbers of state, which the caller keeps: the phase with the overhead left, and the bytes that
 * remain of the chunk. It copies nothing: it tells where in its input the payload lies.
 *
 * BWS is accepted only where the grammar goes on after it; white space at the end of a line is refused, for that is
 * what smuggling is made of.
 */
import {
  CHUNK_OVERHEAD_MAX,
  CHUNK_OVERHEAD_RATE,
  CHUNK_OVERHEAD_SHIFT,
  CHUNK_OVERHEAD_TOO_LARGE,
  CHUNK_PHASE_DONE,
  CHUNK_PHASE_MASK,
  CHUNK_PHASE_TRAILERS,
  CHUNK_REMAINING,
  CHUNK_STATE,
  CHUNK_TOO_LARGE,
  INVALID_CHUNK_END,
  INVALID_CHUNK_EXTENSION,
  INVALID_CHUNK_SIZE,
  SPANS_MAX,
  SPAN_COUNT,
} from "../src/parser/abi";
import {
  BACKSLASH,
  CR,
  CRLF,
  DQUOTE,
  EQUALS,
  HEX_DIGIT,
  LF,
  QUOTED_CHAR,
  SEMICOLON,
  TCHAR,
  hexValue,
  isBlank,
  isClass,
} from "./bytes";
import { fail, setRecord, setSpan } from "./memory";
import { load16 } from "./start-line";

// Phases: what the next byte is read as. Zero is where every chunk begins.
const SIZE_START: i32 = 0;
const SIZE: i32 = 1;
const EXTENSION_START: i32 = 2;
const EXTENSION_NAME: i32 = 3;
const AFTER_NAME: i32 = 4;
const VALUE_START: i32 = 5;
const VALUE: i32 = 6;
const QUOTED: i32 = 7;
const QUOTED_PAIR: i32 = 8;
const AFTER_QUOTED: i32 = 9;
/** White space was met; only another extension may follow. */
const NEXT_EXTENSION: i32 = 10;
const SIZE_LF: i32 = 11;
const DATA: i32 = 12;
const DATA_CR: i32 = 13;
const DATA_LF: i32 = 14;
const WRONG: i32 = 29;

/** Digits of a chunk size that cannot overflow 32 bits. */
const SAFE_DIGITS: usize = 7;

/** Where a chunk header goes on after a complete name or value. */
// @ts-ignore: decorator
@inline
function afterElement(byte: u8): i32 {
  return byte == CR ? SIZE_LF : byte == SEMICOLON ? EXTENSION_START : isBlank(byte) ? NEXT_EXTENSION : WRONG;
}

/** The phase after one byte of a chunk extension: the transitions of the grammar above, one line a phase. */
function extensionPhase(phase: i32, byte: u8): i32 {
  const token = isClass(byte, TCHAR);
  const blank = isBlank(byte);
  switch (phase) {
    case EXTENSION_START: return token ? EXTENSION_NAME : blank ? EXTENSION_START : WRONG;
    case EXTENSION_NAME: return token ? EXTENSION_NAME : byte == EQUALS ? VALUE_START : blank ? AFTER_NAME : afterElement(byte);
    case AFTER_NAME: return blank ? AFTER_NAME : byte == EQUALS ? VALUE_START : byte == SEMICOLON ? EXTENSION_START : WRONG;
    case VALUE_START: return token ? VALUE : byte == DQUOTE ? QUOTED : blank ? VALUE_START : WRONG;
    case VALUE: return token ? VALUE : afterElement(byte);
    case QUOTED: return byte == DQUOTE ? AFTER_QUOTED : byte == BACKSLASH ? QUOTED_PAIR : isClass(byte, QUOTED_CHAR) ? QUOTED : WRONG;
    // quoted-pair = "\\" ( HTAB / SP / VCHAR / obs-text ): qdtext, a quote or a backslash.
    case QUOTED_PAIR: return isClass(byte, QUOTED_CHAR) || byte == DQUOTE || byte == BACKSLASH ? QUOTED : WRONG;
    case AFTER_QUOTED: return afterElement(byte);
    default: return byte == SEMICOLON ? EXTENSION_START : blank ? NEXT_EXTENSION : WRONG;
  }
}

/** The phase after one byte of what frames the payload, or a negated error code. `remaining` is the size so far. */
function step(phase: i32, byte: u8, remaining: u32): i32 {
  if (phase <= SIZE) {
    if (isClass(byte, HEX_DIGIT)) return phase == SIZE && remaining >> 28 ? -CHUNK_TOO_LARGE : SIZE;
    const next = phase == SIZE ? afterElement(byte) : WRONG;
    return next == WRONG ? -INVALID_CHUNK_SIZE : next;
  }
  if (phase == SIZE_LF) return byte != LF ? -INVALID_CHUNK_SIZE : remaining ? DATA : CHUNK_PHASE_TRAILERS;
  if (phase == DATA_CR) return byte != CR ? -INVALID_CHUNK_END : DATA_LF;
  if (phase == DATA_LF) return byte != LF ? -INVALID_CHUNK_END : SIZE_START;
  const next = extensionPhase(phase, byte);
  return next == WRONG ? -INVALID_CHUNK_EXTENSION : next;
}

// @ts-ignore: decorator
@inline
function toState(phase: i32, overhead: i32): u32 {
  return (<u32>overhead << CHUNK_OVERHEAD_SHIFT) | phase;
}

/** The overhead left after a chunk of `size` bytes was announced. */
// @ts-ignore: decorator
@inline
function earn(overhead: i32, size: u32): i32 {
  return size >= <u32>(CHUNK_OVERHEAD_MAX / CHUNK_OVERHEAD_RATE)
    ? CHUNK_OVERHEAD_MAX
    : min(CHUNK_OVERHEAD_MAX, overhead + <i32>size * CHUNK_OVERHEAD_RATE);
}

/**
 * Decodes what lies at addresses [start, end) of a chunked body. `state` and `remaining` are what the last call for
 * this body left in CHUNK_STATE and CHUNK_REMAINING, or CHUNK_START and 0.
 *
 * Gives the number of bytes that were read, or a negated error code with the place in ERROR_OFFSET. SPANS holds the
 * SPAN_COUNT pieces of payload found, in order. Fewer bytes than there are were read where the span table is full or
 * an error follows on the payload (call again), and where the phase has become CHUNK_PHASE_TRAILERS (call
 * `parseTrailers` on what follows) or CHUNK_PHASE_DONE (what follows is the next message).
 */
export function decodeChunked(start: usize, end: usize, state: u32, remaining: u32): i32 {
  let phase = <i32>(state & CHUNK_PHASE_MASK);
  let overhead = <i32>(state >> CHUNK_OVERHEAD_SHIFT);
  let spans: u32 = 0;
  let p = start;
  let error = 0;
  // Where the last payload ended, and the state there.
  let safe = start;
  let safeState = state;
  while (p < end) {
    if (phase == DATA) {
      const length = min(<usize>remaining, end - p);
      setSpan(spans++, p - start, length);
      p += length;
      remaining -= <u32>length;
      if (remaining) break;
      phase = DATA_CR;
      if (p + 2 <= end && load16(p) == CRLF) {
        p += 2;
        phase = SIZE_START;
      }
      safe = p;
      safeState = toState(phase, overhead);
      if (spans == SPANS_MAX) break;
      continue;
    }
    if (phase == SIZE_START) {
      // A size and its line end, whole and without extensions: what nearly every chunk has.
      const stop = min(end, p + SAFE_DIGITS);
      let size: u32 = 0;
      let digits = p;
      for (; digits < stop; ++digits) {
        const byte = load<u8>(digits);
        if (!isClass(byte, HEX_DIGIT)) break;
        size = (size << 4) | hexValue(byte);
      }
      const length = <i32>(digits + 2 - p);
      if (digits > p && digits + 2 <= end && load16(digits) == CRLF && length <= overhead) {
        p = digits + 2;
        overhead = earn(overhead - length, size);
        remaining = size;
        phase = size ? DATA : CHUNK_PHASE_TRAILERS;
        if (size) continue;
      }
    }
    if (phase == CHUNK_PHASE_TRAILERS) {
      if (p + 2 <= end && load16(p) == CRLF) {
        p += 2;
        phase = CHUNK_PHASE_DONE;
      }
      break;
    }

    if (phase < DATA && --overhead < 0) {
      error = CHUNK_OVERHEAD_TOO_LARGE;
      break;
    }
    const byte = load<u8>(p);
    const next = step(phase, byte, remaining);
    if (next < 0) {
      error = -next;
      break;
    }
    if (next == SIZE) remaining = ((phase == SIZE ? remaining : 0) << 4) | hexValue(byte);
    else if (phase == SIZE_LF) overhead = earn(overhead, remaining);
    phase = next;
    ++p;
  }
  if (error) {
    if (!spans) return fail(error, p - start);
    // What came before the error is told first; the next call meets it again, and at once.
    p = safe;
    state = safeState;
    remaining = 0;
  } else state = toState(phase, overhead);
  setRecord(SPAN_COUNT, spans);
  setRecord(CHUNK_STATE, state);
  setRecord(CHUNK_REMAINING, remaining);
  return <i32>(p - start);
}
