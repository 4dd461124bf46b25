/**
 * request-line = method SP request-target SP HTTP-version CRLF (RFC 9112 §3)
 *
 * Every function here takes a cursor and gives the next one, 0 where bytes are missing, or a negated error code.
 */
import {
  AUTHORITY_LENGTH,
  AUTHORITY_OFFSET,
  FORM_ABSOLUTE,
  FORM_ASTERISK,
  FORM_AUTHORITY,
  FORM_ORIGIN,
  INVALID_METHOD,
  INVALID_TARGET,
  INVALID_VERSION,
  LIMIT_TARGET,
  METHOD_CONNECT,
  METHOD_GET,
  METHOD_ID,
  METHOD_LENGTH,
  METHOD_MAX,
  METHOD_OFFSET,
  METHOD_OPTIONS,
  METHOD_POST,
  METHOD_TOO_LONG,
  PATH_LENGTH,
  PATH_OFFSET,
  QUERY_LENGTH,
  QUERY_OFFSET,
  TARGET_FORM,
  TARGET_LENGTH,
  TARGET_OFFSET,
  TARGET_TOO_LONG,
  TOLERATE_TARGET,
} from "../src/parser/abi";
import { ASTERISK, COLON, CR, LF, QUESTION, SLASH, SP, isAlpha, isDigit } from "./bytes";
import { isAuthority } from "./host";
import { fail, getRecord, limit, setRecord } from "./memory";
import { methodId } from "./names";
import { skipTarget, skipToken, targetQuery } from "./scan";
import { load16, load32, parseLineEnd, parseVersion } from "./start-line";
import { tolerates } from "./tolerance";

// The first four bytes of the two methods that most requests have, as a little-endian u32.
const GET_SP: u32 = 0x20544547;
const POST: u32 = 0x54534f50;

/** method SP, method = token (RFC 9110 §9.1) */
function parseMethod(start: usize, p: usize, end: usize): i32 {
  const from = p;
  let id: u32 = 0;
  const head = load32(p);
  if (head == GET_SP) {
    id = METHOD_GET;
    p += 3;
  } else if (head == POST && load<u8>(p + 4) == SP) {
    id = METHOD_POST;
    p += 4;
  } else {
    p = skipToken(p, end);
    if (<i32>(min(p, end) - from) > METHOD_MAX) return fail(METHOD_TOO_LONG, from + METHOD_MAX);
    if (p >= end) return 0;
    if (p == from || load<u8>(p) != SP) return fail(INVALID_METHOD, p);
    id = methodId(from, p - from);
  }
  if (p >= end) return 0;
  setRecord(METHOD_ID, id);
  setRecord(METHOD_OFFSET, <u32>(from - start));
  setRecord(METHOD_LENGTH, <u32>(p - from));
  return <i32>(p + 1);
}

/** `"http" [ "s" ] "://"` in any case: the address after it, 0 where [p, end) begins otherwise (RFC 9110 §4.2). */
function skipScheme(p: usize, end: usize): usize {
  if (p + 7 > end || (load32(p) | 0x20202020) != 0x70747468) return 0;
  p += 4;
  if ((load<u8>(p) | 0x20) == 0x73) ++p;
  return p + 3 <= end && load<u8>(p) == COLON && load16(p + 1) == 0x2f2f ? p + 3 : 0;
}

/** The same for letters of any scheme. */
function skipAnyScheme(p: usize, end: usize): usize {
  while (p < end && isAlpha(load<u8>(p))) ++p;
  return p + 3 <= end && load<u8>(p) == COLON && load16(p + 1) == 0x2f2f ? p + 3 : 0;
}

/**
 * absolute-form = absolute-URI, with a host and without userinfo unless that is tolerated (RFC 9112 §3.2.2, RFC 9110 §4.2.1,
 * §4.2.4)
 */
function absoluteForm(start: usize, from: usize, end: usize): usize {
  let authority = skipScheme(from, end);
  if (!authority && tolerates(TOLERATE_TARGET)) authority = skipAnyScheme(from, end);
  if (!authority) return 0;
  let p = authority;
  while (p < end && load<u8>(p) != SLASH && load<u8>(p) != QUESTION) ++p;
  if (!isAuthority(authority, p, false) && !tolerates(TOLERATE_TARGET)) return 0;
  setRecord(AUTHORITY_OFFSET, <u32>(authority - start));
  setRecord(AUTHORITY_LENGTH, <u32>(p - authority));
  return p;
}

/** Notes the form of a target [from, end) and its path, which begins at `path`; `query` is where its `?` is, or 0. */
// @ts-ignore: decorator
@inline
function setTarget(form: u32, start: usize, path: usize, end: usize, query: usize): void {
  const pathEnd = query ? query : end;
  setRecord(TARGET_FORM, form);
  setRecord(PATH_OFFSET, <u32>(path - start));
  setRecord(PATH_LENGTH, <u32>(pathEnd - path));
  setRecord(QUERY_OFFSET, query ? <u32>(query + 1 - start) : 0);
  setRecord(QUERY_LENGTH, query ? <u32>(end - query - 1) : 0);
}

/** A target in another form than origin-form (RFC 9112 §3.2.2 to §3.2.4): 1, or a negated error code. */
function otherTarget(start: usize, from: usize, end: usize, query: usize): i32 {
  const method = getRecord(METHOD_ID);
  if (method == METHOD_CONNECT) {
    if (!isAuthority(from, end, true)) return fail(INVALID_TARGET, from);
    setRecord(AUTHORITY_OFFSET, <u32>(from - start));
    setRecord(AUTHORITY_LENGTH, <u32>(end - from));
    setTarget(FORM_AUTHORITY, start, end, end, 0);
    return 1;
  }
  if (load<u8>(from) == ASTERISK && end == from + 1 && (method == METHOD_OPTIONS || tolerates(TOLERATE_TARGET))) {
    setTarget(FORM_ASTERISK, start, from, end, 0);
    return 1;
  }
  const path = absoluteForm(start, from, end);
  if (!path) return fail(INVALID_TARGET, from);
  setTarget(FORM_ABSOLUTE, start, path, end, query);
  return 1;
}

/**
 * Reads the request line that begins at `p`; `start` is what offsets count from. Gives the cursor after its CRLF, 0
 * where it is incomplete, or a negated error code.
 */
export function parseRequestLine(start: usize, p: usize, end: usize): i32 {
  let next = parseMethod(start, p, end);
  if (next <= 0) return next;
  const target = <usize>next;
  const targetLimit = target + limit(LIMIT_TARGET);
  const targetEnd = skipTarget(target, end);
  if (min(targetEnd, end) > targetLimit) return fail(TARGET_TOO_LONG, targetLimit);
  if (targetEnd >= end) return 0;
  if (targetEnd == target || load<u8>(targetEnd) != SP) {
    // HTTP/0.9 had a line end here; anything else is no byte of a target.
    const byte = load<u8>(targetEnd);
    return fail(targetEnd > target && (byte == CR || byte == LF) ? INVALID_VERSION : INVALID_TARGET, targetEnd);
  }
  next = parseVersion(targetEnd + 1, end);
  if (next <= 0) return next;
  // A second digit of the minor version is a wrong version rather than a wrong line end.
  if (<usize>next < end && isDigit(load<u8>(<usize>next))) return fail(INVALID_VERSION, targetEnd + 1);
  next = parseLineEnd(<usize>next, end);
  if (next <= 0) return next;
  setRecord(TARGET_OFFSET, <u32>(target - start));
  setRecord(TARGET_LENGTH, <u32>(targetEnd - target));
  setRecord(AUTHORITY_LENGTH, 0);
  if (load<u8>(target) == SLASH && getRecord(METHOD_ID) != METHOD_CONNECT) {
    setTarget(FORM_ORIGIN, start, target, targetEnd, targetQuery);
    return next;
  }
  const form = otherTarget(start, target, targetEnd, targetQuery);
  return form < 0 ? form : next;
}
