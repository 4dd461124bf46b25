/** status-line = HTTP-version SP status-code SP [ reason-phrase ] CRLF (RFC 9112 §4) */
import { INVALID_STATUS_LINE, REASON_LENGTH, REASON_OFFSET, STATUS } from "../src/parser/abi";
import { CR, LF, SP, ZERO, isDigit } from "./bytes";
import { fail, setRecord } from "./memory";
import { skipFieldContent } from "./scan";
import { parseLineEnd, parseVersion } from "./start-line";

/**
 * Reads the status line that begins at `start`: the cursor after its CRLF, 0 where it is incomplete, or a negated
 * error code.
 */
export function parseStatusLine(start: usize, end: usize): i32 {
  const next = parseVersion(start, end);
  if (next <= 0) return next;
  // SP 3DIGIT SP
  const p = <usize>next;
  let status: u32 = 0;
  for (let i: usize = 0; i < 5; ++i) {
    if (p + i >= end) return 0;
    const byte = load<u8>(p + i);
    if (i == 0 || i == 4 ? byte != SP : !isDigit(byte)) return fail(INVALID_STATUS_LINE, p + i);
    if (i >= 1 && i <= 3) status = status * 10 + byte - ZERO;
  }
  if (status < 100) return fail(INVALID_STATUS_LINE, p + 1);
  // reason-phrase = 1*( HTAB / SP / VCHAR / obs-text )
  const reason = p + 5;
  const reasonEnd = skipFieldContent(reason, end);
  if (reasonEnd >= end) return 0;
  const stop = load<u8>(reasonEnd);
  if (stop != CR && stop != LF) return fail(INVALID_STATUS_LINE, reasonEnd);
  setRecord(STATUS, status);
  setRecord(REASON_OFFSET, <u32>(reason - start));
  setRecord(REASON_LENGTH, <u32>(reasonEnd - reason));
  return parseLineEnd(reasonEnd, end);
}
