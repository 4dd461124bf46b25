/** How the content of a message is framed: the steps of RFC 9112 §6.3, by their numbers. */
import {
  CONTENT_LENGTH_HIGH,
  CONTENT_LENGTH_LOW,
  CONTENT_LENGTH_TOO_LARGE,
  FIELD_CONTENT_LENGTH,
  FIELD_COUNT,
  FIELD_TRANSFER_ENCODING,
  FRAMING,
  FRAMING_CHUNKED,
  FRAMING_LENGTH,
  FRAMING_NONE,
  FRAMING_UNTIL_CLOSE,
  INVALID_CONTENT_LENGTH,
  INVALID_TRANSFER_ENCODING,
  LENGTH_WITH_TRANSFER_ENCODING,
  METHOD_CONNECT,
  METHOD_HEAD,
  MINOR_VERSION,
  REPEATED_CONTENT_LENGTH,
  STATUS,
  TRANSFER_ENCODING_IN_HTTP_1_0,
  UNSUPPORTED_TRANSFER_CODING,
} from "../src/parser/abi";
import { COMMA, ZERO, isDigit } from "./bytes";
import { fail, firstField, getRecord, setRecord } from "./memory";
import { isText, nextField, skipBlanks, skipElement, skipSeparators, valueEnd, valueStart } from "./values";

/** The largest integer that JavaScript counts with exactly; no content is longer. */
const LENGTH_MAX: f64 = 9007199254740991;

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
      p = skipElement(p, end);
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

/**
 * Steps 3 to 6, which requests and responses share: 1 where a field frames the content, 0 where none does, or a
 * negated error code.
 */
function frameByFields(start: usize): i32 {
  const transferEncoding = firstField(FIELD_TRANSFER_ENCODING);
  const contentLength = firstField(FIELD_CONTENT_LENGTH);
  if (transferEncoding) {
    const value = valueStart(start, transferEncoding - 1);
    // 3. Both Transfer-Encoding and Content-Length: "ought to be handled as an error".
    if (contentLength) return fail(LENGTH_WITH_TRANSFER_ENCODING, value);
    // §6.1: in a version that knows no Transfer-Encoding the framing is faulty.
    if (!getRecord(MINOR_VERSION)) return fail(TRANSFER_ENCODING_IN_HTTP_1_0, value);
    // 4. The final coding is chunked, else the length cannot be told.
    const error = checkTransferEncoding(start, transferEncoding - 1);
    if (error) return error;
    setRecord(FRAMING, FRAMING_CHUNKED);
    return 1;
  }
  if (!contentLength) return 0;
  // 5. An invalid Content-Length, or more than one.
  const again = nextField(contentLength - 1);
  if (again < getRecord(FIELD_COUNT)) return fail(REPEATED_CONTENT_LENGTH, valueStart(start, again));
  // 6. A valid one is the length.
  setRecord(FRAMING, FRAMING_LENGTH);
  const error = readContentLength(start, contentLength - 1);
  return error ? error : 1;
}

/** The message has no content. */
export function noContent(): void {
  setRecord(CONTENT_LENGTH_LOW, 0);
  setRecord(CONTENT_LENGTH_HIGH, 0);
  setRecord(FRAMING, FRAMING_NONE);
}

/** Frames the content of a request: 0, or a negated error code. */
export function frameRequest(start: usize): i32 {
  // 7. A request with neither field has no content.
  noContent();
  return min(frameByFields(start), 0);
}

/**
 * Frames the content of a response to a request of this method: 0, or a negated error code. The fields are checked
 * where they do not count too (to HEAD they tell of content that is not there).
 */
export function frameResponse(start: usize, method: u32): i32 {
  noContent();
  const framed = frameByFields(start);
  if (framed < 0) return framed;
  const status = getRecord(STATUS);
  if (method == METHOD_HEAD || status == 204 || status == 304 || (status < 200 && status != 101)) {
    // 1. A response to HEAD, and any of status 1xx, 204 or 304, has no content.
    setRecord(FRAMING, FRAMING_NONE);
  } else if (status == 101 || (method == METHOD_CONNECT && status < 300)) {
    // 2. From here on the connection is a tunnel, or speaks another protocol: what follows is all there is to come.
    setRecord(FRAMING, FRAMING_UNTIL_CLOSE);
  } else if (framed == 0) {
    // 8. All other responses last until the connection closes.
    setRecord(FRAMING, FRAMING_UNTIL_CLOSE);
  }
  return 0;
}
