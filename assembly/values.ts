/** Reading the values of known fields: their places, their repetitions, and the lists in them (RFC 9110 §5.6.1). */
import { FIELD_COUNT, FLAGS, FLAG_REPEATED } from "../src/parser/abi";
import { COMMA, isBlank } from "./bytes";
import { fieldId, fieldRow, getRecord } from "./memory";
import { skipToken } from "./scan";

/** Address of the first byte of a field's value. */
// @ts-ignore: decorator
@inline
export function valueStart(start: usize, index: u32): usize {
  return start + load<u16>(fieldRow(index), 4);
}

/** Address after the last byte of a field's value. */
// @ts-ignore: decorator
@inline
export function valueEnd(start: usize, index: u32): usize {
  return valueStart(start, index) + load<u16>(fieldRow(index), 6);
}

/** Index of the next field after `index` that has the same known name, or the number of fields. */
// @ts-ignore: decorator
@inline
export function nextField(index: u32): u32 {
  return getRecord(FLAGS) & FLAG_REPEATED ? nextRepeated(index) : getRecord(FIELD_COUNT);
}

function nextRepeated(index: u32): u32 {
  const count = getRecord(FIELD_COUNT);
  const id = fieldId(index);
  do ++index;
  while (index < count && fieldId(index) != id);
  return index;
}

/** Whether [p, end) is `text`, which is in lower case, in any case. */
// @ts-ignore: decorator
@inline
export function isText(p: usize, end: usize, text: string): bool {
  return end - p == <usize>text.length && sameText(p, text);
}

function sameText(p: usize, text: string): bool {
  const length = <usize>text.length;
  for (let i: usize = 0; i < length; ++i) {
    if ((load<u8>(p + i) | 0x20) != load<u8>(changetype<usize>(text) + (i << 1))) return false;
  }
  return true;
}

/** First byte of [p, end) that is neither a comma nor blank: where the next element of a list begins. */
export function skipSeparators(p: usize, end: usize): usize {
  while (p < end && (load<u8>(p) == COMMA || isBlank(load<u8>(p)))) ++p;
  return p;
}

/** First byte of [p, end) that is no tchar, or `end`: where an element that is a token ends. */
export function skipElement(p: usize, end: usize): usize {
  return min(skipToken(p, end), end);
}

/** First byte of [p, end) that is not blank; where it is not the end, a list needs a comma there. */
export function skipBlanks(p: usize, end: usize): usize {
  while (p < end && isBlank(load<u8>(p))) ++p;
  return p;
}
