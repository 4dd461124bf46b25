/** What the fields of a head mean beyond the framing of its content: Host, Connection, Expect, Upgrade. */
import {
  FIELD_CONNECTION,
  FIELD_COUNT,
  FIELD_EXPECT,
  FIELD_HOST,
  FIELD_TE,
  FIELD_UPGRADE,
  FLAGS,
  FLAG_EXPECT_CONTINUE,
  FLAG_KEEP_ALIVE,
  FLAG_TRAILERS,
  FLAG_UPGRADE,
  FRAMING,
  FRAMING_UNTIL_CLOSE,
  INVALID_CONNECTION,
  INVALID_HOST,
  METHOD_CONNECT,
  MINOR_VERSION,
  MISSING_HOST,
  REPEATED_HOST,
  STATUS,
  TOLERATE_EXPECTATION,
  TOLERATE_HOST,
  TOLERATE_MISSING_HOST,
  UNKNOWN_EXPECTATION,
} from "../src/parser/abi";
import { COMMA, isBlank } from "./bytes";
import { frameRequest, frameResponse, noContent } from "./framing";
import { isAuthority } from "./host";
import { anyField, fail, fieldRow, firstField, getRecord, setRecord } from "./memory";
import { tolerates } from "./tolerance";
import { isText, nextField, skipBlanks, skipElement, skipSeparators, valueEnd, valueStart } from "./values";

// Options of Connection, one bit each.
const CLOSE: i32 = 1;
const KEEP_ALIVE: i32 = 2;
const UPGRADE: i32 = 4;

/**
 * Host: exactly one in HTTP/1.1, at most one in HTTP/1.0, valid in both (RFC 9112 §3.2). An empty one is refused too:
 * the URIs of HTTP have no empty host (RFC 9110 §4.2.1).
 */
function checkHost(start: usize, headEnd: usize): i32 {
  const first = firstField(FIELD_HOST);
  if (!first) return getRecord(MINOR_VERSION) && !tolerates(TOLERATE_MISSING_HOST) ? fail(MISSING_HOST, headEnd) : 0;
  const again = nextField(first - 1);
  if (again < getRecord(FIELD_COUNT)) return fail(REPEATED_HOST, start + load<u16>(fieldRow(again)));
  const value = valueStart(start, first - 1);
  if (isAuthority(value, valueEnd(start, first - 1), false) || tolerates(TOLERATE_HOST)) return 0;
  return fail(INVALID_HOST, value);
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
      p = skipElement(p, end);
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
 * Expect = "100-continue" (RFC 9110 §10.1.1): 1 where it is that, 0 where there is none or another one is tolerated, else
 * an error.
 */
function readExpectation(start: usize): i32 {
  const first = firstField(FIELD_EXPECT);
  if (!first || !getRecord(MINOR_VERSION)) return 0;
  const count = getRecord(FIELD_COUNT);
  for (let index = first - 1; index < count; index = nextField(index)) {
    const value = valueStart(start, index);
    if (isText(value, valueEnd(start, index), "100-continue")) continue;
    return tolerates(TOLERATE_EXPECTATION) ? 0 : fail(UNKNOWN_EXPECTATION, value);
  }
  return 1;
}

/** TE = #t-codings (RFC 9110 §10.1.4): whether "trailers" is one of them. */
function takesTrailers(start: usize): bool {
  const first = firstField(FIELD_TE);
  if (!first) return false;
  const count = getRecord(FIELD_COUNT);
  for (let index = first - 1; index < count; index = nextField(index)) {
    const end = valueEnd(start, index);
    let p = skipSeparators(valueStart(start, index), end);
    while (p < end) {
      const from = p;
      while (p < end && load<u8>(p) != COMMA) ++p;
      let last = p;
      while (last > from && isBlank(load<u8>(last - 1))) --last;
      if (isText(from, last, "trailers")) return true;
      p = skipSeparators(p, end);
    }
  }
  return false;
}

/** What the options of Connection make of the connection, as flags. */
function persistence(options: i32): u32 {
  const minor = getRecord(MINOR_VERSION);
  let flags: u32 = 0;
  // RFC 9112 §9.3: close wins; 1.1 persists by default, 1.0 where it is asked for.
  if (!(options & CLOSE) && (minor || options & KEEP_ALIVE)) flags |= FLAG_KEEP_ALIVE;
  // RFC 9110 §7.8: Upgrade counts only where Connection names it, and never in 1.0.
  if (minor && options & UPGRADE && firstField(FIELD_UPGRADE)) flags |= FLAG_UPGRADE;
  return flags;
}

/**
 * Completes the record of a request whose fields were read: 0, or a negated error code. `headEnd` is the address after
 * the head.
 */
export function interpretRequest(start: usize, headEnd: usize, escapes: u32): i32 {
  const hostError = checkHost(start, headEnd);
  if (hostError) return hostError;
  if (!anyField(FIELD_CONNECTION, FIELD_TE)) {
    // Nothing about the connection or the content: what most requests without a body are.
    noContent();
    setRecord(FLAGS, getRecord(FLAGS) | escapes | (getRecord(MINOR_VERSION) ? FLAG_KEEP_ALIVE : 0));
    return 0;
  }
  const options = connectionOptions(start);
  if (options < 0) return options;
  const framingError = frameRequest(start);
  if (framingError) return framingError;
  const expectation = readExpectation(start);
  if (expectation < 0) return expectation;
  let flags = getRecord(FLAGS) | escapes | persistence(options);
  if (expectation) flags |= FLAG_EXPECT_CONTINUE;
  if (takesTrailers(start)) flags |= FLAG_TRAILERS;
  setRecord(FLAGS, flags);
  return 0;
}

/** Completes the record of a response to a request of this method: 0, or a negated error code. */
export function interpretResponse(start: usize, method: u32): i32 {
  const options = connectionOptions(start);
  if (options < 0) return options;
  const framingError = frameResponse(start, method);
  if (framingError) return framingError;
  let flags = getRecord(FLAGS) | persistence(options);
  const status = getRecord(STATUS);
  if (getRecord(FRAMING) == FRAMING_UNTIL_CLOSE) {
    flags &= ~FLAG_KEEP_ALIVE;
    flags = status == 101 || (method == METHOD_CONNECT && status < 300) ? flags | FLAG_UPGRADE : flags & ~FLAG_UPGRADE;
  }
  setRecord(FLAGS, flags);
  return 0;
}
