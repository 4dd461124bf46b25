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

/**
 * Where the bytes of a head and the tables that the parser made of it lie. A borrowed source looks at linear memory
 * and holds until the next parse; an owned one has copies.
 */
export class HeadSource {
  /** The tables: linear memory from its beginning, or a copy of as much of it as this head needs. */
  readonly u8: Uint8Array;
  readonly u16: Uint16Array;
  readonly u32: Uint32Array;
  /** Whether this source looks at memory that the next parse overwrites. */
  readonly borrowed: boolean;
  /** Where the head begins in `u8`; an owned source has no bytes, only `text`. */
  #base = 0;
  #size = 0;
  #text: string | undefined;

  constructor(tables: ArrayBuffer, borrowed: boolean) {
    this.borrowed = borrowed;
    this.u8 = new Uint8Array(tables);
    this.u16 = new Uint16Array(tables);
    this.u32 = new Uint32Array(tables);
  }

  /** Looks at the head that was just parsed at an address. */
  point(address: number, size: number): void {
    this.#base = address;
    this.#size = size;
    this.#text = undefined;
  }

  /** The whole head, decoded once. */
  get text(): string {
    this.#text ??= decodeLatin1(this.u8, this.#base, this.#base + this.#size);
    return this.#text;
  }

  /** The text of a span. */
  slice(offset: number, length: number): string {
    if (length === 0) return "";
    if (this.#text !== undefined || this.#size <= SMALL) return this.text.substring(offset, offset + length);
    return decodeLatin1(this.u8, this.#base + offset, this.#base + offset + length);
  }

  /** As `slice`, for a text that is likely to come again, and is no secret. */
  recall(offset: number, length: number): string {
    if (this.#text !== undefined || length === 0 || length > KNOWN_MAX) return this.slice(offset, length);
    const { u8 } = this;
    const start = this.#base + offset;
    const place = (31 * length + 7 * u8[start + length - 1] + u8[start + (length >> 1)]) % KNOWN_COUNT;
    const text = known[place];
    if (text.length === length) {
      let at = 0;
      while (at < length && text.charCodeAt(at) === u8[start + at]) ++at;
      if (at === length) return text;
    }
    known[place] = decodeLatin1(u8, start, start + length);
    return known[place];
  }

  /** One number of the record. */
  record(entry: number): number {
    return this.u32[(abi.RECORD + entry) / 4];
  }

  /** A source that lasts. */
  copy(): HeadSource {
    const end = abi.FIELDS + abi.FIELD_SIZE * this.record(abi.FIELD_COUNT);
    const owned = new HeadSource(this.u8.buffer.slice(0, end) as ArrayBuffer, false);
    owned.#size = this.#size;
    owned.#text = this.text;
    return owned;
  }
}
