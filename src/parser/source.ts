import * as abi from "./abi.ts";
import { decodeLatin1 } from "./latin1.ts";

/**
 * Bytes of a head that is decoded whole when any of it is asked for: a decoding costs a call, whatever its length, and
 * the next span is then cut out of the text.
 */
const SMALL = 1024;

/** Texts that were decoded lately, by a hash of a few of their bytes: what is asked for again need not be decoded. */
const KNOWN_COUNT = 256;
const KNOWN_MAX = 64;
const known: string[] = new Array(KNOWN_COUNT).fill("");

/** Entries of the record that tell of a head; those after them are the chunked decoder's. */
const ENTRIES = abi.CHUNK_STATE / 4;
/** Numbers that an owned source keeps of each field: its known name, and the spans of name and value. */
const ROW = 5;

/** The bytes of a head, and the tables that the parser made of it. */
export interface HeadSource {
  /** Whether it looks at memory that the next parse overwrites. */
  readonly borrowed: boolean;
  /** The whole head. */
  readonly text: string;
  /** One number of the record. */
  record(entry: number): number;
  /** Id of the name of a field line, 0 where it is none of the known ones. */
  fieldId(index: number): number;
  /** Index of the first line of a known name, -1 where there is none. */
  firstOf(id: number): number;
  /** A number of a field line: offset (0) and length (1) of its name, and of its value (2, 3). */
  fieldSpan(index: number, column: number): number;
  /** The text of a span. */
  slice(offset: number, length: number): string;
  /** As `slice`, for a text that is likely to come again, and is no secret. */
  recall(offset: number, length: number): string;
  /** A source that lasts. */
  own(): HeadSource;
}

/** Looks at linear memory, and holds until the next parse. */
export class BorrowedSource implements HeadSource {
  readonly borrowed = true;
  readonly #u8: Uint8Array;
  readonly #u16: Uint16Array;
  readonly #u32: Uint32Array;
  /** Where the head begins. */
  #base = 0;
  #size = 0;
  #text: string | undefined;

  constructor(memory: ArrayBuffer) {
    this.#u8 = new Uint8Array(memory);
    this.#u16 = new Uint16Array(memory);
    this.#u32 = new Uint32Array(memory);
  }

  /** Looks at the head that was just parsed at an address. */
  point(address: number, size: number): void {
    this.#base = address;
    this.#size = size;
    this.#text = undefined;
  }

  get text(): string {
    this.#text ??= decodeLatin1(this.#u8, this.#base, this.#base + this.#size);
    return this.#text;
  }

  record(entry: number): number {
    return this.#u32[(abi.RECORD + entry) / 4];
  }

  fieldId(index: number): number {
    return this.#u8[abi.IDS + index];
  }

  firstOf(id: number): number {
    return this.#u8[abi.FIRST + id] - 1;
  }

  fieldSpan(index: number, column: number): number {
    return this.#u16[abi.FIELDS / 2 + 4 * index + column];
  }

  slice(offset: number, length: number): string {
    if (length === 0) return "";
    if (this.#text !== undefined || this.#size <= SMALL) return this.text.substring(offset, offset + length);
    return decodeLatin1(this.#u8, this.#base + offset, this.#base + offset + length);
  }

  recall(offset: number, length: number): string {
    if (this.#text !== undefined || length === 0 || length > KNOWN_MAX) return this.slice(offset, length);
    const bytes = this.#u8;
    const start = this.#base + offset;
    const place = (31 * length + 7 * bytes[start + length - 1] + bytes[start + (length >> 1)]) % KNOWN_COUNT;
    const text = known[place];
    if (text.length === length) {
      let at = 0;
      while (at < length && text.charCodeAt(at) === bytes[start + at]) ++at;
      if (at === length) return text;
    }
    known[place] = decodeLatin1(bytes, start, start + length);
    return known[place];
  }

  own(): OwnedSource {
    const count = this.record(abi.FIELD_COUNT);
    const numbers: number[] = new Array(ENTRIES + ROW * count);
    for (let entry = 0; entry < ENTRIES; ++entry) numbers[entry] = this.#u32[abi.RECORD / 4 + entry];
    for (let index = 0, at = ENTRIES; index < count; ++index, at += ROW) {
      numbers[at] = this.fieldId(index);
      for (let column = 0; column < 4; ++column) numbers[at + 1 + column] = this.fieldSpan(index, column);
    }
    return new OwnedSource(this.text, numbers);
  }
}

/** What a source has that is made of texts: numbers of the record by entry, and the spans of each field. */
export interface Tables {
  readonly record: ReadonlyMap<number, number>;
  /** For each field line: id of its name, offset and length of the name, offset and length of the value. */
  readonly fields: readonly (readonly [id: number, name: number, size: number, value: number, size: number])[];
}

/** A source of a head that no parser has read; what the tables do not say of the record is 0. */
export function ownedSource(text: string, { record, fields }: Tables): HeadSource {
  const numbers: number[] = new Array(ENTRIES).fill(0);
  for (const [entry, value] of record) numbers[entry / 4] = value;
  for (const row of fields) numbers.push(...row);
  return new OwnedSource(text, numbers);
}

/** Has copies. Plain numbers, for to make a typed array takes longer than all else that owning a head does. */
class OwnedSource implements HeadSource {
  readonly borrowed = false;
  readonly text: string;
  /** The record, then a row for each field. */
  readonly #numbers: readonly number[];

  constructor(text: string, numbers: readonly number[]) {
    this.text = text;
    this.#numbers = numbers;
  }

  record(entry: number): number {
    return this.#numbers[entry / 4];
  }

  fieldId(index: number): number {
    return this.#numbers[ENTRIES + ROW * index];
  }

  firstOf(id: number): number {
    const count = this.record(abi.FIELD_COUNT);
    for (let index = 0; index < count; ++index) if (this.fieldId(index) === id) return index;
    return -1;
  }

  fieldSpan(index: number, column: number): number {
    return this.#numbers[ENTRIES + ROW * index + 1 + column];
  }

  slice(offset: number, length: number): string {
    return this.text.substring(offset, offset + length);
  }

  recall(offset: number, length: number): string {
    return this.slice(offset, length);
  }

  own(): this {
    return this;
  }
}
