/**
 * Known names: methods and field names that are told by a number, found by hash and one comparison.
 *
 * The hash has no two of them in one slot; a list that breaks this stops the module when it starts, and a test
 * says so. Its factor was found by trying.
 */
import { FIELD_NAMES, METHODS } from "../src/parser/abi";
import { COMMA } from "./bytes";
import { FIELD_ENTRIES, FIELD_SLOTS, METHOD_ENTRIES, METHOD_SLOTS } from "./memory";
import { load16 } from "./start-line";

/** Bytes of a table of slots, which are two bytes each. */
const SLOTS: u32 = 1024;
const HASH_FACTOR: u32 = 2450644393;
const HASH_SHIFT: u32 = 16;
const ENTRY_SIZE: usize = 32;
/**
 * Turns upper case letters to lower case. Of all other bytes only control bytes (CR becomes a hyphen) fall together
 * with those of a known name by it; the caller knows that there are none.
 */
const CASELESS: u8 = 0x20;
const CASED: u8 = 0;

/** Where in a table of slots a name belongs, in bytes. */
// @ts-ignore: decorator
@inline
function slotOf(p: usize, length: usize, fold: u8): u32 {
  const folds = (<u32>fold << 8) | fold;
  const first = <u32>(load<u8>(p) | fold);
  const last = <u32>load16(p + length - 2) | folds;
  return ((last ^ (first << 16) ^ (<u32>length << 3)) * HASH_FACTOR >> HASH_SHIFT) & (SLOTS - 2);
}

/** Whether the name at `p` is the one at `entry`; both have `length` bytes, 1 to 32. */
// @ts-ignore: decorator
@inline
function sameName(p: usize, entry: usize, length: usize, fold: u8): bool {
  if (ASC_FEATURE_SIMD) {
    const folds = i8x16.splat(<i8>fold);
    const head = i8x16.bitmask(i8x16.ne(v128.or(v128.load(p), folds), v128.load(entry)));
    if (length <= 16) return (head & ((1 << <i32>length) - 1)) == 0;
    const rest = length - 16;
    return (head | i8x16.bitmask(i8x16.ne(v128.or(v128.load(p + rest), folds), v128.load(entry + rest)))) == 0;
  }
  let i: usize = 0;
  if (WIDE_LOADS) {
    const folds = <u64>fold * 0x0101010101010101;
    for (; i + 8 <= length; i += 8) if ((load<u64>(p + i) | folds) != load<u64>(entry + i)) return false;
  }
  for (; i < length; ++i) if ((load<u8>(p + i) | fold) != load<u8>(entry + i)) return false;
  return true;
}

// @ts-ignore: decorator
@inline
function lookUp(slots: usize, entries: usize, fold: u8, p: usize, length: usize): u32 {
  const slot = <u32>load<u16>(slots + slotOf(p, length, fold));
  if (<usize>(slot >> 8) != length) return 0;
  const id = slot & 0xff;
  return sameName(p, entries + <usize>id * ENTRY_SIZE, length, fold) ? id : 0;
}

/** Id of the field name of `length` (at least 1) bytes at `p`, in any case; 0 where it is none of the known ones. */
// @ts-ignore: decorator
@inline
export function fieldNameId(p: usize, length: usize): u32 {
  return lookUp(FIELD_SLOTS, FIELD_ENTRIES, CASELESS, p, length);
}

/** Id of the method of `length` (at least 1) bytes at `p`; 0 where it is no registered one. */
export function methodId(p: usize, length: usize): u32 {
  return lookUp(METHOD_SLOTS, METHOD_ENTRIES, CASED, p, length);
}

function build(names: string, slots: usize, entries: usize): void {
  const size = names.length;
  let id: u32 = 0;
  for (let i = 0; i < size; ++i) {
    const entry = entries + <usize>++id * ENTRY_SIZE;
    let length: usize = 0;
    for (; i < size; ++i) {
      const byte = load<u8>(changetype<usize>(names) + ((<usize>i) << 1));
      if (byte == COMMA) break;
      store<u8>(entry + length++, byte);
    }
    const slot = slots + slotOf(entry, length, CASED);
    if (load<u16>(slot)) unreachable();
    store<u16>(slot, <u16>((length << 8) | id));
  }
}

/** Builds the tables from the lists; once, when the module starts. */
export function buildNames(): void {
  build(METHODS, METHOD_SLOTS, METHOD_ENTRIES);
  build(FIELD_NAMES, FIELD_SLOTS, FIELD_ENTRIES);
}
