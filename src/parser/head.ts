import * as abi from "./abi.ts";
import { HeaderFields } from "./fields.ts";
import type { HeadSource } from "./source.ts";

/** The registered methods, by id; 0 is none of them. */
const METHOD_NAMES: readonly string[] = ["", ...abi.METHODS.split(",")];
const METHOD_IDS: ReadonlyMap<string, number> = new Map(METHOD_NAMES.slice(1).map((name, index) => [name, index + 1]));

/** Number of a method in the list of registered ones (abi.ts), 0 where it is none of them. */
export function methodId(method: string): number {
  return METHOD_IDS.get(method) ?? 0;
}

/** The forms of a request-target (RFC 9112 §3.2). */
export type TargetForm = "origin" | "absolute" | "authority" | "asterisk";
const FORMS: readonly TargetForm[] = ["origin", "origin", "absolute", "authority", "asterisk"];

/** Thrown where something is read of a message whose exchange is over. */
export class ReleasedError extends TypeError {
  constructor() {
    super("this message is no longer valid: its exchange is over");
    this.name = "ReleasedError";
  }
}

/** What requests and responses share: a head, read only as far as it is asked. */
export abstract class MessageHead {
  #source: HeadSource | null;
  #headers: HeaderFields | undefined;

  constructor(source: HeadSource) {
    this.#source = source;
  }

  /** What this head reads from; throws after `release()`. */
  get source(): HeadSource {
    if (this.#source === null) throw new ReleasedError();
    return this.#source;
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

  /** Whether the connection may carry another message. */
  get keepAlive(): boolean {
    return this.flag(abi.FLAG_KEEP_ALIVE);
  }

  /** Whether another protocol is asked for (in a request), or spoken from here on (in a response). */
  get upgrade(): boolean {
    return this.flag(abi.FLAG_UPGRADE);
  }

  get headers(): HeaderFields {
    this.#headers ??= new HeaderFields(this);
    return this.#headers;
  }

  /** The whole head as it came, one character a byte. */
  get text(): string {
    return this.source.text;
  }

  /** The whole head as it came; the bytes are the caller's. */
  bytes(): Uint8Array {
    const { text } = this.source;
    const bytes = new Uint8Array(text.length);
    for (let at = 0; at < bytes.length; ++at) bytes[at] = text.charCodeAt(at);
    return bytes;
  }

  /** Copies what the head reads from, once, so that it outlasts the next parse. A released head stays as it is. */
  own(): this {
    if (this.#source?.borrowed) this.#source = this.#source.own();
    return this;
  }

  /** Ends the life of the head: whatever is read of it from now on throws. */
  release(): void {
    this.#source = null;
  }

  protected flag(bit: number): boolean {
    return (this.source.record(abi.FLAGS) & bit) !== 0;
  }

  /** The text of a span of the record: an offset, and a length after it. */
  protected span(offsetEntry: number): string {
    const source = this.source;
    return source.slice(source.record(offsetEntry), source.record(offsetEntry + 4));
  }
}

/** The head of a request. */
export class RequestHead extends MessageHead {
  /** The method, in the case it was sent in. */
  get method(): string {
    const id = this.methodId;
    return id ? METHOD_NAMES[id] : this.span(abi.METHOD_OFFSET);
  }

  /** Number of the method in the list of registered ones (abi.ts), 0 where it is none of them. */
  get methodId(): number {
    return this.source.record(abi.METHOD_ID);
  }

  /** The request-target as it was sent. */
  get target(): string {
    return this.span(abi.TARGET_OFFSET);
  }

  get targetForm(): TargetForm {
    return FORMS[this.source.record(abi.TARGET_FORM)];
  }

  /** The target's path as it was sent, percent-encoding and all; "" where the form has none. */
  get path(): string {
    const { source } = this;
    return source.recall(source.record(abi.PATH_OFFSET), source.record(abi.PATH_OFFSET + 4));
  }

  /** What stands after the target's first `?`; "" where there is none. */
  get query(): string {
    return this.span(abi.QUERY_OFFSET);
  }

  /** Host and port of a target in absolute or authority form, which outrank Host; "" in the other forms. */
  get authority(): string {
    return this.span(abi.AUTHORITY_OFFSET);
  }

  /** Whether the target has percent-encoded bytes. */
  get hasEscapes(): boolean {
    return this.flag(abi.FLAG_ESCAPES);
  }

  /** Whether the client takes trailers in the answer. */
  get acceptsTrailers(): boolean {
    return this.flag(abi.FLAG_TRAILERS);
  }

  /** Whether the client waits for 100 (Continue). */
  get expectContinue(): boolean {
    return this.flag(abi.FLAG_EXPECT_CONTINUE);
  }
}

/** The head of a response. */
export class ResponseHead extends MessageHead {
  /** 100 to 999. */
  get status(): number {
    return this.source.record(abi.STATUS);
  }

  /** The reason phrase as it was sent; it means nothing (RFC 9112 §4). */
  get reason(): string {
    return this.span(abi.REASON_OFFSET);
  }
}
