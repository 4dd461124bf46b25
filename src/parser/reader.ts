import * as abi from "./abi.ts";
import { ParseError } from "./errors.ts";
import type { HeaderFields } from "./fields.ts";
import type { MessageHead, RequestHead, ResponseHead } from "./head.ts";
import type { Parser } from "./parser.ts";
import { Tail } from "./tail.ts";

/** More bytes are needed. */
export const NEED_MORE = 0;
/** A head was read: `head` has it. */
export const HEAD = 1;
/** Content was read: it lies from `dataStart` to `dataEnd`. */
export const DATA = 2;
/** The trailer section was read: `trailers` has it. */
export const TRAILERS = 3;
/** The message is complete. */
export const END = 4;
/** What `MessageReader.next` found. */
export type ReaderEvent = typeof NEED_MORE | typeof HEAD | typeof DATA | typeof TRAILERS | typeof END;

// What is read next. The only transitions:
//   IN_HEAD -> IN_LENGTH | IN_CHUNKS | UNTIL_CLOSE | AT_END      by the framing of the head
//   IN_LENGTH -> AT_END                            after the last byte
//   IN_CHUNKS -> IN_TRAILERS | AT_END              after the last chunk
//   IN_TRAILERS -> AT_END                          after the empty line
//   UNTIL_CLOSE -> AT_END                          when the input ends
//   AT_END -> IN_HEAD                              when END was told
const IN_HEAD = 0;
const IN_LENGTH = 1;
const IN_CHUNKS = 2;
const IN_TRAILERS = 3;
const UNTIL_CLOSE = 4;
const AT_END = 5;

const CR = 0x0d;
const LF = 0x0a;

/** Bytes before a new one that the search for the end of a head looks back at. */
const LOOK_BACK = 3;

/** Where the chunks of a body are being read. */
class Chunks {
  /** What the decoder goes on with. */
  state: number = abi.CHUNK_START;
  /** Bytes of the body before what was decoded last: what the offset of an error counts from. */
  offset = 0;
  /** Pieces of content that were found in what was decoded last, of which `span` are told; and where it began. */
  span = 0;
  spanCount = 0;
  spanBase = 0;
}

/**
 * Reads the messages of one connection from a window that it shares with others.
 *
 * The owner puts new bytes at the beginning of the window, calls `feed`, and then `next` until it gives NEED_MORE, or
 * stops earlier with `suspend`. Between those calls nothing else may touch the window. Nothing is kept of the window
 * afterwards but the incomplete tail; a head that is still in use is given its own copy in time.
 */
export abstract class MessageReader<Head extends MessageHead> {
  readonly parser: Parser;
  /** The head that HEAD told of, until the window is let go. */
  head: Head | null = null;
  /** The fields that TRAILERS told of. */
  trailers: HeaderFields | null = null;
  /** Where in the window the content lies that DATA told of. */
  dataStart = 0;
  dataEnd = 0;

  #phase = IN_HEAD;
  #at = 0;
  #end = 0;
  /** Bytes that came before; null where there are none. */
  #tail: Tail | null = null;
  /** Bytes of content that remain, or of the chunk. */
  #remaining = 0;
  #chunks: Chunks | null = null;

  constructor(parser: Parser) {
    this.parser = parser;
  }

  /** Whether a message has begun and not ended; empty lines before a head begin nothing (RFC 9112 §2.2). */
  get inMessage(): boolean {
    if (this.#phase !== IN_HEAD) return true;
    return this.#tail?.unread.some((byte, at) => byte !== (at % 2 === 0 ? CR : LF)) ?? false;
  }

  /** Bytes that wait to be read after `suspend`. */
  get waiting(): number {
    return this.#tail?.suspended ? this.#tail.length : 0;
  }

  /** The bytes of the window that were taken last, as long as nothing else is read there. */
  get fed(): Uint8Array {
    return this.parser.window.subarray(0, this.#end);
  }

  /** Takes the bytes at [0, length) of the window, which follow on what came before. */
  feed(length: number): void {
    this.#at = 0;
    this.#end = length;
    const tail = this.#tail;
    if (tail === null) return;
    if (tail.suspended) throw new Error("a suspended reader must be resumed before it is fed");
    const { unread } = tail;
    if (this.#search(unread, length) === length && unread.length + length < this.parser.limits.maxHeadSize) {
      tail.add(this.parser.window.subarray(0, length));
      this.#at = length;
      return;
    }
    this.#at = this.parser.carry(unread);
    this.#tail = null;
  }

  /** Reads on. A ParseError ends the life of the reader. */
  next(): ReaderEvent {
    switch (this.#phase) {
      case IN_HEAD:
        return this.#nextHead();
      case IN_LENGTH:
      case UNTIL_CLOSE:
        return this.#nextContent();
      case IN_CHUNKS:
        return this.#nextChunk();
      case IN_TRAILERS:
        return this.#nextTrailers();
      default:
        this.#phase = IN_HEAD;
        return END;
    }
  }

  /** Puts the unread bytes by, so that the window is free; `resume` goes on with them. */
  suspend(): void {
    this.#letGo();
    if (this.#tail !== null) this.#tail.suspended = true;
  }

  /** Adds the bytes at [0, length) of the window to those that were put by. */
  postpone(length: number): void {
    this.#keep(0, length).suspended = true;
  }

  /** Gives the bytes that were put by, which belong to no message; they are the caller's. */
  takeWaiting(): Uint8Array {
    const waiting = this.#tail?.unread ?? new Uint8Array(0);
    this.#tail = null;
    return waiting;
  }

  /** Puts the bytes that were put by back into the window, as many as it takes; as `feed`. */
  resume(): void {
    const tail = this.#tail;
    if (tail === null) return;
    const { window } = this.parser;
    const bytes = tail.take(window.length);
    window.set(bytes);
    tail.mirrored = true;
    tail.suspended = false;
    this.#at = 0;
    this.#end = bytes.length;
  }

  /** Parses a head at [start, end) of the window; as the functions of `Parser`. */
  protected abstract parseHead(start: number, end: number): number;

  /** The head that was just parsed, borrowed. */
  protected abstract borrowHead(): Head;

  /**
   * Tells that the input has ended; throws where a message is incomplete. A message that lasts until the connection
   * closes is complete now: `next` tells its END.
   */
  finish(): void {
    if (this.#phase === UNTIL_CLOSE) {
      this.#phase = AT_END;
      return;
    }
    if (!this.inMessage) return;
    const tail = this.#tail;
    if (this.#phase === IN_HEAD && tail !== null && !tail.suspended) {
      // What is wrong already is told before what is missing.
      const outcome = this.parseHead(this.parser.carry(tail.unread), 0);
      if (outcome < 0) throw this.parser.error(outcome);
    }
    throw new ParseError(abi.INCOMPLETE_MESSAGE, tail?.length);
  }

  /** Appends bytes of the window to the tail. */
  #keep(start: number, end: number): Tail {
    const bytes = this.parser.memory.subarray(abi.WINDOW + start, abi.WINDOW + end);
    if (this.#tail === null) this.#tail = new Tail(bytes);
    else this.#tail.add(bytes);
    return this.#tail;
  }

  /** Lets the window go: what is unread becomes the beginning of the tail, and a head that is in use is copied. */
  #letGo(): void {
    this.head?.own();
    this.head = null;
    const tail = this.#tail;
    if (tail?.mirrored) {
      tail.takeBack(this.#end - this.#at);
      tail.mirrored = false;
    } else if (this.#at < this.#end) this.#keep(this.#at, this.#end);
    this.#at = this.#end;
    if (tail?.length === 0) this.#tail = null;
  }

  /** Looks for the end of the head that begins with the tail; as `Parser.findHeadEnd`. */
  #search(tail: Uint8Array, length: number): number {
    let behind = tail.subarray(Math.max(0, tail.length - LOOK_BACK));
    // A trailer section may be nothing but its empty line: the line end of the last chunk stands before it.
    if (this.#phase === IN_TRAILERS && tail.length < LOOK_BACK) behind = Uint8Array.of(CR, LF, ...behind);
    // The last byte is looked at again: a CR is told by what follows it.
    return this.parser.findHeadEnd(this.parser.carry(behind), -1, length);
  }

  /**
   * Nothing more can be read of the window. Where more was put by than that takes, the rest waits for the next
   * `resume`.
   */
  #needMore(): ReaderEvent {
    const tail = this.#tail;
    const more = tail?.mirrored === true && tail.length > 0;
    this.#letGo();
    if (more) tail.suspended = true;
    return NEED_MORE;
  }

  #nextHead(): ReaderEvent {
    if (this.#at >= this.#end) return this.#needMore();
    this.head?.own();
    const outcome = this.parseHead(this.#at, this.#end);
    if (outcome === 0) return this.#needMore();
    if (outcome < 0) throw this.parser.error(outcome);
    this.#at += outcome;
    const head = this.borrowHead();
    this.head = head;
    this.trailers = null;
    const { framing } = head;
    if (framing === abi.FRAMING_NONE) this.#phase = AT_END;
    else if (framing === abi.FRAMING_CHUNKED) {
      this.#phase = IN_CHUNKS;
      this.#chunks = new Chunks();
      this.#remaining = 0;
    } else if (framing === abi.FRAMING_UNTIL_CLOSE) this.#phase = UNTIL_CLOSE;
    else {
      this.#remaining = head.contentLength;
      this.#phase = this.#remaining > 0 ? IN_LENGTH : AT_END;
    }
    return HEAD;
  }

  /**
   * Takes content that lies elsewhere and need not pass through the window: how many of the next `available` bytes of
   * the input are content and nothing else. 0 where that cannot be told without looking at them.
   */
  passContent(available: number): number {
    if (this.#phase === UNTIL_CLOSE) return available;
    if (this.#phase !== IN_LENGTH) return 0;
    const length = Math.min(this.#remaining, available);
    this.#remaining -= length;
    if (this.#remaining === 0) this.#phase = AT_END;
    return length;
  }

  #nextContent(): ReaderEvent {
    if (this.#at >= this.#end) return this.#needMore();
    this.dataStart = this.#at;
    this.#at += this.passContent(this.#end - this.#at);
    this.dataEnd = this.#at;
    return DATA;
  }

  #nextChunk(): ReaderEvent {
    const { parser } = this;
    const chunks = this.#chunks as Chunks;
    for (;;) {
      if (chunks.span < chunks.spanCount) {
        this.dataStart = chunks.spanBase + parser.spanOffset(chunks.span);
        this.dataEnd = this.dataStart + parser.spanLength(chunks.span);
        ++chunks.span;
        return DATA;
      }
      const phase = chunks.state & abi.CHUNK_PHASE_MASK;
      if (phase >= abi.CHUNK_PHASE_TRAILERS) {
        this.#chunks = null;
        this.#phase = phase === abi.CHUNK_PHASE_DONE ? AT_END : IN_TRAILERS;
        return this.next();
      }
      if (this.#at >= this.#end) return this.#needMore();
      const consumed = parser.decodeChunked(this.#at, this.#end, chunks.state, this.#remaining);
      if (consumed < 0) throw parser.error(consumed, chunks.offset);
      chunks.spanBase = this.#at;
      this.#at += consumed;
      chunks.offset += consumed;
      chunks.state = parser.chunkState;
      this.#remaining = parser.chunkRemaining;
      chunks.span = 0;
      chunks.spanCount = parser.spanCount;
    }
  }

  #nextTrailers(): ReaderEvent {
    if (this.#at >= this.#end) return this.#needMore();
    this.head?.own();
    const outcome = this.parser.parseTrailers(this.#at, this.#end);
    if (outcome === 0) return this.#needMore();
    if (outcome < 0) throw this.parser.error(outcome);
    this.#at += outcome;
    this.#phase = AT_END;
    if (outcome === 2) return this.next();
    this.trailers = this.parser.takeFields();
    return TRAILERS;
  }
}

/** Reads the requests of a connection. */
export class RequestReader extends MessageReader<RequestHead> {
  protected parseHead(start: number, end: number): number {
    return this.parser.parseRequest(start, end);
  }

  protected borrowHead(): RequestHead {
    return this.parser.borrowHead();
  }
}

/** Reads the responses of a connection. */
export class ResponseReader extends MessageReader<ResponseHead> {
  /** Id of the method that the next response answers (`methodId`). */
  requestMethod = 0;

  protected parseHead(start: number, end: number): number {
    return this.parser.parseResponse(start, end, this.requestMethod);
  }

  protected borrowHead(): ResponseHead {
    return this.parser.borrowResponseHead();
  }
}
