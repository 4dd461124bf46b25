/** Whole heads: the start line, the fields, and what they mean. */
import {
  EMPTY_LINES_MAX,
  ERROR_OFFSET,
  FLAG_ESCAPES,
  HEAD_TOO_LARGE,
  LIMIT_HEAD,
  TOO_MANY_EMPTY_LINES,
  TRAILERS_TOO_LARGE,
} from "../src/parser/abi";
import { CR, CRLF } from "./bytes";
import { clearFields, parseFields } from "./fields";
import { interpretRequest, interpretResponse } from "./interpret";
import { fail, getRecord, limit, setRecord } from "./memory";
import { parseRequestLine } from "./request-line";
import { targetEscapes } from "./scan";
import { lineEndMissing, load16 } from "./start-line";
import { parseStatusLine } from "./status-line";

/** Empty lines before a start line are passed over (RFC 9112 §2.2): the cursor after them, or as everywhere. */
// @ts-ignore: decorator
@inline
function skipEmptyLines(p: usize, end: usize): i32 {
  const most = p + 2 * EMPTY_LINES_MAX;
  while (load<u8>(p) == CR) {
    if (p + 2 > end || load16(p) != CRLF) return lineEndMissing(p, end);
    if (p == most) return fail(TOO_MANY_EMPTY_LINES, p);
    p += 2;
  }
  return <i32>p;
}

/** Ends a parse: from cursors and addresses to a number of bytes and an offset. `tooLarge` is the error at the limit. */
// @ts-ignore: decorator
@inline
function conclude(outcome: i32, start: usize, end: usize, most: usize, tooLarge: i32): i32 {
  return outcome > 0 ? outcome - <i32>start : concludeEarly(outcome, start, end, most, tooLarge);
}

function concludeEarly(outcome: i32, start: usize, end: usize, most: usize, tooLarge: i32): i32 {
  if (outcome == 0) {
    if (end < most) return 0;
    outcome = fail(tooLarge, most);
  }
  setRecord(ERROR_OFFSET, getRecord(ERROR_OFFSET) - <u32>start);
  return outcome;
}

function requestHead(start: usize, end: usize): i32 {
  let next = skipEmptyLines(start, end);
  if (next <= 0) return next;
  next = parseRequestLine(start, <usize>next, end);
  if (next <= 0) return next;
  const escapes: u32 = targetEscapes ? FLAG_ESCAPES : 0;
  clearFields();
  const headEnd = parseFields(start, <usize>next, end);
  if (headEnd <= 0) return headEnd;
  const error = interpretRequest(start, <usize>headEnd, escapes);
  return error ? error : headEnd;
}

/**
 * Parses the request head that begins at address `start`, of which the bytes up to address `end` are there.
 *
 * Gives the number of bytes of the head, empty line included; 0 where it is incomplete; a negated error code where it
 * is wrong, with the place in ERROR_OFFSET. Owns nothing: the record it fills holds until the next call.
 */
export function parseRequest(start: usize, end: usize): i32 {
  const most = start + limit(LIMIT_HEAD);
  return conclude(requestHead(start, min(end, most)), start, end, most, HEAD_TOO_LARGE);
}

function responseHead(start: usize, end: usize, method: u32): i32 {
  const next = parseStatusLine(start, end);
  if (next <= 0) return next;
  clearFields();
  const headEnd = parseFields(start, <usize>next, end);
  if (headEnd <= 0) return headEnd;
  const error = interpretResponse(start, method);
  return error ? error : headEnd;
}

/**
 * Parses the response head that begins at address `start`, by the contract of `parseRequest`. `method` is the id of
 * the request's method: what HEAD and CONNECT are answered with is framed otherwise (RFC 9112 §6.3).
 */
export function parseResponse(start: usize, end: usize, method: u32): i32 {
  const most = start + limit(LIMIT_HEAD);
  return conclude(responseHead(start, min(end, most), method), start, end, most, HEAD_TOO_LARGE);
}

/**
 * Parses the trailer section that begins at address `start` (RFC 9112 §7.1.2), by the contract of `parseRequest`. It
 * fills the field table and nothing else of the record; a trailer never changes how its message is framed.
 */
export function parseTrailers(start: usize, end: usize): i32 {
  const most = start + limit(LIMIT_HEAD);
  clearFields();
  return conclude(parseFields(start, start, min(end, most)), start, end, most, TRAILERS_TOO_LARGE);
}
