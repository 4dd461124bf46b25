/**
 * field-line = field-name ":" OWS field-value OWS (RFC 9112 §5)
 *
 * One loop for the fields of requests, of responses and of trailers: it fills the field table and gives no meaning
 * to any of them.
 */
import {
  FIELD_COUNT,
  FIRST,
  FLAGS,
  FLAG_REPEATED,
  IDS,
  INVALID_FIELD_NAME,
  INVALID_FIELD_VALUE,
  LIMIT_FIELDS,
  OBSOLETE_FOLDING,
  SPACE_BEFORE_COLON,
  TOO_MANY_FIELDS,
} from "../src/parser/abi";
import { COLON, CR, CRLF, LF, SP, isBlank } from "./bytes";
import { fail, fieldRow, limit, setRecord } from "./memory";
import { fieldNameId } from "./names";
import { findColon, skipFieldContent, skipToken } from "./scan";
import { lineEndMissing, load16 } from "./start-line";

// @ts-ignore: decorator
@inline
function clear16(entry: usize): void {
  if (ASC_FEATURE_SIMD) v128.store(entry, i8x16.splat(0));
  else {
    store<u32>(entry, 0);
    store<u32>(entry, 0, 4);
    store<u32>(entry, 0, 8);
    store<u32>(entry, 0, 12);
  }
}

/** Forgets the fields of the last parse. Eight stores: a loop takes twice as long, and so does memory.fill. */
// @ts-ignore: decorator
@inline
export function clearFields(): void {
  clear16(FIRST);
  clear16(FIRST + 16);
  clear16(FIRST + 32);
  clear16(FIRST + 48);
  clear16(FIRST + 64);
  clear16(FIRST + 80);
  clear16(FIRST + 96);
  clear16(FIRST + 112);
}

/** What is wrong with the field name [from, p), which `p` ends too early; 0 where bytes are missing. */
function nameError(from: usize, p: usize, end: usize): i32 {
  if (p >= end) return 0;
  if (!isBlank(load<u8>(p))) return fail(INVALID_FIELD_NAME, p);
  return fail(p == from ? OBSOLETE_FOLDING : SPACE_BEFORE_COLON, p);
}

/** What is wrong at `p`, where a value ends without CRLF; 0 where bytes are missing. */
function valueError(p: usize, end: usize): i32 {
  if (p >= end || load<u8>(p) == CR || load<u8>(p) == LF) return lineEndMissing(p, end);
  return fail(INVALID_FIELD_VALUE, p);
}

/**
 * Reads field lines and the empty line after them; offsets count from `start`. Gives the cursor after the empty
 * line, 0 where it is incomplete, or a negated error code.
 *
 * Only the way out checks against `end`: what the scanners see beyond it is either dropped there, or is an error
 * whose place is checked before it is told.
 */
export function parseFields(start: usize, p: usize, end: usize): i32 {
  const most = limit(LIMIT_FIELDS);
  let count: u32 = 0;
  let repeated: u32 = 0;
  while (p < end) {
    if (load<u8>(p) == CR) {
      if (p + 2 > end || load16(p) != CRLF) return lineEndMissing(p, end);
      setRecord(FIELD_COUNT, count);
      setRecord(FLAGS, repeated);
      return <i32>(p + 2);
    }
    if (count == most) return fail(TOO_MANY_FIELDS, p);

    // The end of the line is looked for from its beginning, so that the next line waits for nothing else of this one.
    const lineEnd = skipFieldContent(p, end);
    const next = lineEnd + 2;

    // A known name is right as it stands; of another one every byte is looked at.
    const nameEnd = findColon(p, end);
    const id = nameEnd < lineEnd ? fieldNameId(p, nameEnd - p) : 0;
    if (!id) {
      const tokenEnd = skipToken(p, end);
      if (load<u8>(tokenEnd) != COLON || tokenEnd == p) return nameError(p, tokenEnd, end);
    }
    if (next > end || load16(lineEnd) != CRLF) return valueError(lineEnd, end);

    // Looked at only where there may be more white space than the one space that everybody sends.
    let value = nameEnd + 1;
    if (load<u8>(value) == SP) ++value;
    if (load<u8>(value) <= SP) while (isBlank(load<u8>(value))) ++value;
    let valueEnd = lineEnd;
    if (load<u8>(valueEnd - 1) <= SP) while (valueEnd > value && isBlank(load<u8>(valueEnd - 1))) --valueEnd;

    const row = fieldRow(count);
    store<u16>(row, <u16>(p - start));
    store<u16>(row, <u16>(nameEnd - p), 2);
    store<u16>(row, <u16>(value - start), 4);
    store<u16>(row, <u16>(valueEnd - value), 6);
    store<u8>(count, <u8>id, IDS);
    ++count;
    if (id) {
      if (load<u8>(id, FIRST)) repeated = FLAG_REPEATED;
      else store<u8>(id, <u8>count, FIRST);
    }
    p = next;
  }
  return 0;
}
