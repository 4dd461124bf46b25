import * as abi from "./abi.ts";
import { HeaderFields } from "./fields.ts";
import { decodeLatin1 } from "./latin1.ts";

/** The registered methods, by id; 0 is none of them. */
const METHOD_NAMES: readonly string[] = ["", ...abi.METHODS.split(",")];

/** The forms of a request-target (RFC 9112 §3.2). */
export type TargetForm = "origin" | "absolute" | "authority" | "asterisk";
const FORMS: readonly TargetForm[] = ["origin", "origin", "absolute", "authority", "asterisk"];

const RELEASED = "this head is no longer valid: its exchange is over, or another head was parsed since";

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

  /** Bytes of the head. */
  get size(): number {
    return this.#size;
  }

  /** The whole head, decoded once. */
  get text(): string {
    this.#text ??= decodeLatin1(this.u8, this.#base, this.#base + this.#size);
    return this.#text;
  }

  /** The text of a span. */
  slice(offset: number, length: number): string {
    if (this.#text !== undefined) return this.#text.substring(offset, offset + length);
    return decodeLatin1(this.u8, this.#base + offset, this.#base + offset + length);
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

/** The head of a request, read only as far as it is asked. */
export class RequestHead {
  #source: HeadSource | null;
  #headers: HeaderFields | undefined;

  constructor(source: HeadSource) {
    this.#source = source;
  }

  /** What this head reads from; throws after `release()`. */
  get source(): HeadSource {
    if (this.#source === null) throw new TypeError(RELEASED);
    return this.#source;
  }

  /** The method, in the case it was sent in. */
  get method(): string {
    const id = this.methodId;
    return id ? METHOD_NAMES[id] : this.#span(abi.METHOD_OFFSET);
  }

  /** Number of the method in the list of registered ones (abi.ts), 0 where it is none of them. */
  get methodId(): number {
    return this.source.record(abi.METHOD_ID);
  }

  /** The request-target as it was sent. */
  get target(): string {
    return this.#span(abi.TARGET_OFFSET);
  }

  get targetForm(): TargetForm {
    return FORMS[this.source.record(abi.TARGET_FORM)];
  }

  /** The target's path as it was sent, percent-encoding and all; "" where the form has none. */
  get path(): string {
    return this.#span(abi.PATH_OFFSET);
  }

  /** What stands after the target's first `?`; "" where there is none. */
  get query(): string {
    return this.#span(abi.QUERY_OFFSET);
  }

  /** Host and port of a target in absolute or authority form, which outrank Host; "" in the other forms. */
  get authority(): string {
    return this.#span(abi.AUTHORITY_OFFSET);
  }

  /** Whether the target has percent-encoded bytes. */
  get hasEscapes(): boolean {
    return this.#flag(abi.FLAG_ESCAPES);
  }

  /** The protocol version as it was sent: "1.0", "1.1", or a later 1.x. */
  get version(): string {
    const minor = this.minorVersion;
    return minor === 1 ? "1.1" : `1.${minor}`;
  }

  /** Second digit of the version; the first is 1. */
  get minorVersion(): number {
    return this.source.record(abi.MINOR_VERSION);
  }

  /** How the content is framed: a FRAMING number of abi.ts. */
  get framing(): number {
    return this.source.record(abi.FRAMING);
  }

  /** Bytes of content announced by Content-Length; 0 where there is none. */
  get contentLength(): number {
    const source = this.source;
    return source.record(abi.CONTENT_LENGTH_HIGH) * 0x1_0000_0000 + source.record(abi.CONTENT_LENGTH_LOW);
  }

  /** Whether the connection may carry another request. */
  get keepAlive(): boolean {
    return this.#flag(abi.FLAG_KEEP_ALIVE);
  }

  /** Whether the client waits for 100 (Continue). */
  get expectContinue(): boolean {
    return this.#flag(abi.FLAG_EXPECT_CONTINUE);
  }

  /** Whether the client asks for another protocol. */
  get upgrade(): boolean {
    return this.#flag(abi.FLAG_UPGRADE);
  }

  get headers(): HeaderFields {
    this.#headers ??= new HeaderFields(this);
    return this.#headers;
  }

  /** The whole head as it came, one character a byte. */
  get text(): string {
    return this.source.text;
  }

  /** Copies what the head reads from, once, so that it outlasts the next parse. A released head stays as it is. */
  own(): this {
    if (this.#source?.borrowed) this.#source = this.#source.copy();
    return this;
  }

  /** Ends the life of the head: whatever is read of it from now on throws. */
  release(): void {
    this.#source = null;
  }

  #flag(bit: number): boolean {
    return (this.source.record(abi.FLAGS) & bit) !== 0;
  }

  #span(offsetEntry: number): string {
    const source = this.source;
    return source.slice(source.record(offsetEntry), source.record(offsetEntry + 4));
  }
}
