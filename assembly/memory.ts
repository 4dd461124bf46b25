/**
 * The map of linear memory: src/parser/abi.ts draws it, this file adds what only the parser itself uses and the
 * few accessors through which all of it is reached.
 *
 * ```
 *   TABLES 0x1a00 ┌──────────────────────────┐
 *                 │ classes      256 × u8    │  byte → what it may be part of (bytes.ts)
 *          0x1b00 │ nibbles        4 × 16 u8 │  the same for the vector scanners (scan.ts)
 *          0x2000 │ field slots  512 × u16   │  hash of a field name → its id, and its length above (names.ts)
 *          0x2400 │ method slots 512 × u16   │  the same for methods
 *          0x2800 │ field names  128 × 32 u8 │  id → the name, padded with zeros
 *          0x3800 │ methods       64 × 32 u8 │
 *          0x4000 └──────────────────────────┘
 * ```
 */
import { ERROR_OFFSET, FIELDS, FIELD_SIZE, FIRST, IDS, LIMITS, RECORD, SPANS } from "../src/parser/abi";

export const CLASSES: usize = 0x1a00;
export const NIBBLES: usize = 0x1b00;
export const FIELD_SLOTS: usize = 0x2000;
export const METHOD_SLOTS: usize = 0x2400;
export const FIELD_ENTRIES: usize = 0x2800;
export const METHOD_ENTRIES: usize = 0x3800;

/** Writes one number of the record. */
// @ts-ignore: decorator
@inline
export function setRecord(entry: usize, value: u32): void {
  store<u32>(entry, value, RECORD);
}

/** Reads one number of the record. */
// @ts-ignore: decorator
@inline
export function getRecord(entry: usize): u32 {
  return load<u32>(entry, RECORD);
}

/** Reads one of the host's limits. */
// @ts-ignore: decorator
@inline
export function limit(entry: usize): u32 {
  return load<u32>(entry, LIMITS);
}

/** Address of the row of the field with this index. */
// @ts-ignore: decorator
@inline
export function fieldRow(index: u32): usize {
  return <usize>FIELDS + <usize>index * FIELD_SIZE;
}

/** 1 + index of the first field with this known name, 0 where there is none. */
// @ts-ignore: decorator
@inline
export function firstField(id: u32): u32 {
  return load<u8>(id, FIRST);
}

/** Whether there is a field with any of the known names `first` to `last`, which are 8 apart at the most. */
// @ts-ignore: decorator
@inline
export function anyField(first: u32, last: u32): bool {
  if (WIDE_LOADS) return load<u64>(first, FIRST) << (56 - ((<u64>last - first) << 3)) != 0;
  for (let id = first; id <= last; ++id) if (firstField(id)) return true;
  return false;
}

/** Known name id of the field with this index, 0 where the name is none of them. */
// @ts-ignore: decorator
@inline
export function fieldId(index: u32): u32 {
  return load<u8>(index, IDS);
}

/** Writes one row of the span table. */
// @ts-ignore: decorator
@inline
export function setSpan(index: u32, offset: usize, length: usize): void {
  const row = <usize>index << 3;
  store<u32>(row, <u32>offset, SPANS);
  store<u32>(row, <u32>length, SPANS + 4);
}

/** Notes where the input is wrong, and gives what the parse function returns for it. */
// @ts-ignore: decorator
@inline
export function fail(code: i32, at: usize): i32 {
  setRecord(ERROR_OFFSET, <u32>at);
  return -code;
}
