/** What the fields of a head mean for the connection and for the content that follows (RFC 9112 §6.3, §9). */
import {
  CONTENT_LENGTH_HIGH,
  CONTENT_LENGTH_LOW,
  CONTENT_LENGTH_TOO_LARGE,
  FIELD_CONNECTION,
  FIELD_CONTENT_LENGTH,
  FIELD_COUNT,
  FIELD_EXPECT,
  FIELD_HOST,
  FIELD_TRANSFER_ENCODING,
  FIELD_UPGRADE,
  FLAGS,
  FLAG_EXPECT_CONTINUE,
  FLAG_KEEP_ALIVE,
  FLAG_REPEATED,
  FLAG_UPGRADE,
  FRAMING,
  FRAMING_CHUNKED,
  FRAMING_LENGTH,
  FRAMING_NONE,
  INVALID_CONNECTION,
  INVALID_CONTENT_LENGTH,
  INVALID_HOST,
  INVALID_TRANSFER_ENCODING,
  LENGTH_WITH_TRANSFER_ENCODING,
  MINOR_VERSION,
  MISSING_HOST,
  REPEATED_CONTENT_LENGTH,
  REPEATED_HOST,
  TRANSFER_ENCODING_IN_HTTP_1_0,
  UNKNOWN_EXPECTATION,
  UNSUPPORTED_TRANSFER_CODING,
} from "../src/parser/abi";
import { COMMA, ZERO, isBlank, isDigit } from "./bytes";
import { isAuthority } from "./host";
import { fail, fieldId, fieldRow, firstField, getRecord, setRecord } from "./memory";
import { skipToken } from "./scan";

/** The largest integer that JavaScript counts with exactly; no content is longer. */
const LENGTH_MAX: f64 = 9007199254740991;

// Options of Connection, one bit each.
const CLOSE: i32 = 1;
const KEEP_ALIVE: i32 = 2;
const UPGRADE: i32 = 4;

// @ts-ignore: decorator
@inline
function valueStart(start: usize, index: u32): usize {
  return start + load<u16>(fieldRow(index), 4);
}

// @ts-ignore: decorator
@inline
function valueEnd(start: usize, index: u32): usize {
  return valueStart(start, index) + load<u16>(fieldRow(index), 6);
}

/** Index of the next field after `index` that has the same known name, or the number of fields. */
function nextField(index: u32): u32 {
  const count = getRecord(FIELD_COUNT);
  if (!(getRecord(FLAGS) & FLAG_REPEATED)) return count;
  const id = fieldId(index);
  do ++index;
  while (index < count && fieldId(index) != id);
  return index;
}

/** Whether [p, end) is `text`, which is in lower case, in any case. */
function isText(p: usize, end: usize, text: string): bool {
  const length = <usize>text.length;
  if (end - p != length) return false;
  for (let i: usize = 0; i < length; ++i) {
    if ((load<u8>(p + i) | 0x20) != load<u8>(changetype<usize>(text) + (i << 1))) return false;
  }
  return true;
}

/** First byte of [p, end) that is neither a comma nor blank: where the next element of a list begins (RFC 9110 §5.6.1). */
function skipSeparators(p: usize, end: usize): usize {
  while (p < end && (load<u8>(p) == COMMA || isBlank(load<u8>(p)))) ++p;
  return p;
}

/** First byte of [p, end) that is not blank; where it is not the end, a list needs a comma there. */
function skipBlanks(p: usize, end: usize): usize {
  while (p < end && isBlank(load<u8>(p))) ++p;
  return p;
}

/**
 * Host: exactly one in HTTP/1.1, at most one in HTTP/1.0, valid in both (RFC 9112 §3.2). An empty one is refused too:
 * the URIs of HTTP have no empty host (RFC 9110 §4.2.1).
 */
function checkHost(start: usize, headEnd: usize): i32 {
  const first = firstField(FIELD_HOST);
  if (!first) return getRecord(MINOR_VERSION) ? fail(MISSING_HOST, headEnd) : 0;
  const again = nextField(first - 1);
  if (again < getRecord(FIELD_COUNT)) return fail(REPEATED_HOST, start + load<u16>(fieldRow(again)));
  const value = valueStart(start, first - 1);
  return isAuthority(value, valueEnd(start, first - 1), false) ? 0 : fail(INVALID_HOST, value);
}

/** Connection = #connection-option, connection-option = token (RFC 9110 §7.6.1): the options found, or an error. */
function connectionOptions(start: usize): i32 {
  const first = firstField(FIELD_CONNECTION);
  if (!first) return 0;
  const count = getRecord(FIELD_COUNT);
  let options = 0;
  for (let index = first - 1; index < count; index = nextField(index)) {
    const end = valueEnd(start, index);
    let p = skipSeparators(valueStart(start, index), end);
    while (p < end) {
      const from = p;
      p = min(skipToken(p, end), end);
      if (isText(from, p, "keep-alive")) options |= KEEP_ALIVE;
      else if (isText(from, p, "close")) options |= CLOSE;
      else if (isText(from, p, "upgrade")) options |= UPGRADE;
      p = skipBlanks(p, end);
      if (p == from || (p < end && load<u8>(p) != COMMA)) return fail(INVALID_CONNECTION, p);
      p = skipSeparators(p, end);
    }
  }
  return options;
}

/**
 * Transfer-Encoding = #transfer-coding (RFC 9112 §6.1, §7): 0 where it is `chunked` alone, which is the only coding
 * understood here, else an error.
 */
function checkTransferEncoding(start: usize, first: u32): i32 {
  const count = getRecord(FIELD_COUNT);
  let chunked = false;
  let unknown: usize = 0;
  for (let index = first; index < count; index = nextField(index)) {
    const end = valueEnd(start, index);
    let p = skipSeparators(valueStart(start, index), end);
    while (p < end) {
      const from = p;
      p = min(skipToken(p, end), end);
      const after = skipBlanks(p, end);
      // Chunked comes last and once, and has no parameters.
      if (p == from || chunked) return fail(INVALID_TRANSFER_ENCODING, from);
      if (isText(from, p, "chunked")) {
        if (after < end && load<u8>(after) != COMMA) return fail(INVALID_TRANSFER_ENCODING, after);
        chunked = true;
        p = after;
      } else {
        if (!unknown) unknown = from;
        while (p < end && load<u8>(p) != COMMA) ++p;
      }
      p = skipSeparators(p, end);
    }
  }
  if (unknown) return fail(UNSUPPORTED_TRANSFER_CODING, unknown);
  return chunked ? 0 : fail(INVALID_TRANSFER_ENCODING, valueStart(start, first));
}

/** Content-Length = 1*DIGIT (RFC 9110 §8.6), here without needless zeros before it. */
function readContentLength(start: usize, index: u32): i32 {
  const from = valueStart(start, index);
  const end = valueEnd(start, index);
  let length: f64 = 0;
  for (let p = from; p < end; ++p) {
    const byte = load<u8>(p);
    if (!isDigit(byte)) return fail(INVALID_CONTENT_LENGTH, p);
    length = length * 10 + <f64>(byte - ZERO);
  }
  if (end == from || (end - from > 1 && load<u8>(from) == ZERO)) return fail(INVALID_CONTENT_LENGTH, from);
  if (length > LENGTH_MAX) return fail(CONTENT_LENGTH_TOO_LARGE, from);
  const high = <u32>(length / 4294967296);
  setRecord(CONTENT_LENGTH_LOW, <u32>(length - <f64>high * 4294967296));
  setRecord(CONTENT_LENGTH_HIGH, high);
  return 0;
}

/** How the content of a request is framed: the steps of RFC 9112 §6.3 that concern requests, by their numbers. */
function frameRequest(start: usize): i32 {
  const transferEncoding = firstField(FIELD_TRANSFER_ENCODING);
  const contentLength = firstField(FIELD_CONTENT_LENGTH);
  setRecord(CONTENT_LENGTH_LOW, 0);
  setRecord(CONTENT_LENGTH_HIGH, 0);
  if (transferEncoding) {
    const value = valueStart(start, transferEncoding - 1);
    // 3. Both Transfer-Encoding and Content-Length: "ought to be handled as an error".
    if (contentLength) return fail(LENGTH_WITH_TRANSFER_ENCODING, value);
    // §6.1: in a version that knows no Transfer-Encoding the framing is faulty.
    if (!getRecord(MINOR_VERSION)) return fail(TRANSFER_ENCODING_IN_HTTP_1_0, value);
    // 4. The final coding is chunked, else the length cannot be told: 400.
    const error = checkTransferEncoding(start, transferEncoding - 1);
    if (error) return error;
    setRecord(FRAMING, FRAMING_CHUNKED);
    return 0;
  }
  if (contentLength) {
    // 5. An invalid Content-Length, or more than one: 400.
    const again = nextField(contentLength - 1);
    if (again < getRecord(FIELD_COUNT)) return fail(REPEATED_CONTENT_LENGTH, valueStart(start, again));
    // 6. A valid one is the length.
    setRecord(FRAMING, FRAMING_LENGTH);
    return readContentLength(start, contentLength - 1);
  }
  // 7. A request with neither has no content.
  setRecord(FRAMING, FRAMING_NONE);
  return 0;
}

/** Expect = "100-continue" (RFC 9110 §10.1.1): 1 where it is that, 0 where there is none, else an error. */
function readExpectation(start: usize): i32 {
  const first = firstField(FIELD_EXPECT);
  if (!first || !getRecord(MINOR_VERSION)) return 0;
  const count = getRecord(FIELD_COUNT);
  for (let index = first - 1; index < count; index = nextField(index)) {
    const value = valueStart(start, index);
    if (!isText(value, valueEnd(start, index), "100-continue")) return fail(UNKNOWN_EXPECTATION, value);
  }
  return 1;
}

/** Gives the fields of a request their meaning and completes the record: 0, or a negated error code. */
export function interpretRequest(start: usize, headEnd: usize, escapes: u32): i32 {
  let outcome = checkHost(start, headEnd);
  if (outcome) return outcome;
  const options = connectionOptions(start);
  if (options < 0) return options;
  outcome = frameRequest(start);
  if (outcome) return outcome;
  const expectation = readExpectation(start);
  if (expectation < 0) return expectation;

  let flags = getRecord(FLAGS) | escapes;
  const minor = getRecord(MINOR_VERSION);
  // RFC 9112 §9.3: close wins; 1.1 persists by default, 1.0 where it is asked for.
  if (!(options & CLOSE) && (minor || options & KEEP_ALIVE)) flags |= FLAG_KEEP_ALIVE;
  if (expectation) flags |= FLAG_EXPECT_CONTINUE;
  // RFC 9110 §7.8: Upgrade counts only where Connection names it, and never in 1.0.
  if (minor && options & UPGRADE && firstField(FIELD_UPGRADE)) flags |= FLAG_UPGRADE;
  setRecord(FLAGS, flags);
  return 0;
}
