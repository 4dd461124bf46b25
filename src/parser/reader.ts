import * as abi from "./abi.ts";
import { ParseError } from "./errors.ts";
import type { HeaderFields } from "./fields.ts";
import type { MessageHead, RequestHead, ResponseHead } from "./head.ts";
import type { Parser } from "./parser.ts";

/** What `MessageReader.next` found. */
export const NEED_MORE = 0;
export const HEAD = 1;
export const DATA = 2;
export const TRAILERS = 3;
export const END = 4;
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

/**
 * Reads the messages of one connection from a window that it shares with others.
 *
 * The owner puts new bytes at the beginning of the window, calls `feed`, and then `next` until it gives NEED_MORE, or
 * stops earlier with `suspend`. Between those calls nothing else may touch the window. Nothing is kept of the window
 * afterwards but the incomplete tail; a head that is still in use is given its own copy in time.
 */
export abstract class MessageReader<Head extends MessageHead> {
  readonly parser: Parser;
  /** The head that HEAD told of, until the next one. */
  head: Head | null = null;
  /** The fields that TRAILERS told of. */
  trailers: HeaderFields | null = null;
  /** Where in the window the content lies that DATA told of. */
  dataStart = 0;
  dataEnd = 0;

  #phase = IN_HEAD;
  #at = 0;
  #end = 0;
  /**
   * Bytes that came before: [#tailAt, #tailEnd) of the tail were not read yet. They are the beginning of a head or of a
   * trailer section, or whatever `suspend` put by.
   */
  #tail: Uint8Array<ArrayBuffer> | null = null;
  #tailAt = 0;
  #tailEnd = 0;
  /** Whether the tail was put by unread, and may hold anything. */
  #suspended = false;
  /** Whether what lies in the window came from the tail, and still stands there before #tailAt. */
  #mirrored = false;
  /** Bytes of content that remain, or of the chunk. */
  #remaining = 0;
  #chunkState = 0;
  #span = 0;
  #spanCount = 0;
  #spanBase = 0;
  /** Bytes of the chunked body before this window: what the offset of an error counts from. */
  #bodyOffset = 0;

  constructor(parser: Parser) {
    this.parser = parser;
  }

  /** Whether a message has begun and not ended; empty lines before a head begin nothing (RFC 9112 §2.2). */
  get inMessage(): boolean {
    if (this.#phase !== IN_HEAD) return true;
    if (this.#tail === null) return false;
    const tail = this.#tail.subarray(this.#tailAt, this.#tailEnd);
    return tail.some((byte, at) => byte !== (at % 2 === 0 ? CR : LF));
  }

  /** Bytes that wait to be read after `suspend`. */
  get waiting(): number {
    return this.#suspended ? this.#tailEnd - this.#tailAt : 0;
  }

  /** Takes the bytes at [0, length) of the window, which follow on what came before. */
  feed(length: number): void {
    this.#at = 0;
    this.#end = length;
    const known = this.#tailEnd - this.#tailAt;
    if (known === 0) return;
    if (this.#suspended) throw new Error("a suspended reader must be resumed before it is fed");
    const tail = (this.#tail as Uint8Array).subarray(this.#tailAt, this.#tailEnd);
    if (this.#search(tail, length) === length && known + length < this.parser.limits.maxHeadSize) {
      this.#keep(0, length);
      this.#at = length;
      return;
    }
    this.#at = this.parser.carry(tail);
    this.#drop();
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
    this.head?.own();
    this.#putBack();
    this.#suspended = this.#tailAt < this.#tailEnd;
  }

  /** Adds the bytes at [0, length) of the window to those that were put by. */
  postpone(length: number): void {
    this.#suspended = true;
    this.#keep(0, length);
  }

  /** Gives the bytes that were put by, which belong to no message; they are the caller's. */
  takeWaiting(): Uint8Array {
    const waiting = this.#tail === null ? new Uint8Array(0) : this.#tail.subarray(this.#tailAt, this.#tailEnd);
    this.#drop();
    return waiting;
  }

  /** Puts the bytes that were put by back into the window, as many as it takes; as `feed`. */
  resume(): void {
    const tail = this.#tail as Uint8Array;
    const length = Math.min(this.#tailEnd - this.#tailAt, this.parser.window.length);
    this.parser.window.set(tail.subarray(this.#tailAt, this.#tailAt + length));
    this.#tailAt += length;
    this.#mirrored = true;
    this.#suspended = false;
    this.#at = 0;
    this.#end = length;
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
    if (this.#phase === IN_HEAD && !this.#suspended) {
      // What is wrong already is told before what is missing.
      const start = this.parser.carry((this.#tail as Uint8Array).subarray(this.#tailAt, this.#tailEnd));
      const outcome = this.parseHead(start, 0);
      if (outcome < 0) throw this.parser.error(outcome);
    }
    throw new ParseError(abi.INCOMPLETE_MESSAGE, this.#tailEnd - this.#tailAt);
  }

  /** Appends bytes of the window to the tail. */
  #keep(start: number, end: number): void {
    const length = this.#tailEnd - this.#tailAt + end - start;
    if (this.#tail === null || this.#tail.length < this.#tailAt + length) {
      const larger = new Uint8Array(Math.max(length, 2 * (this.#tailEnd - this.#tailAt)));
      if (this.#tail !== null) larger.set(this.#tail.subarray(this.#tailAt, this.#tailEnd));
      this.#tail = larger;
      this.#tailEnd -= this.#tailAt;
      this.#tailAt = 0;
    }
    const { memory } = this.parser;
    this.#tail.set(memory.subarray(abi.WINDOW + start, abi.WINDOW + end), this.#tailEnd);
    this.#tailEnd += end - start;
  }

  /** Makes what is unread in the window the beginning of the tail. */
  #putBack(): void {
    if (this.#mirrored) this.#tailAt -= this.#end - this.#at;
    else if (this.#at < this.#end) this.#keep(this.#at, this.#end);
    this.#mirrored = false;
    this.#at = this.#end;
    if (this.#tailAt === this.#tailEnd) this.#drop();
  }

  /** Looks for the end of the head that begins with the tail; as `Parser.findHeadEnd`. */
  #search(tail: Uint8Array, length: number): number {
    let behind = tail.subarray(Math.max(0, tail.length - LOOK_BACK));
    // A trailer section may be nothing but its empty line: the line end of the last chunk stands before it.
    if (this.#phase === IN_TRAILERS && tail.length < LOOK_BACK) behind = Uint8Array.of(CR, LF, ...behind);
    // The last byte is looked at again: a CR is told by what follows it.
    return this.parser.findHeadEnd(this.parser.carry(behind), -1, length);
  }

  #drop(): void {
    this.#tail = null;
    this.#tailAt = this.#tailEnd = 0;
    this.#suspended = this.#mirrored = false;
  }

  /**
   * Nothing more can be read of the window: what is left is kept, and the window let go. Where more was put by than the
   * window takes, the rest waits for the next `resume`.
   */
  #needMore(): ReaderEvent {
    this.head?.own();
    const more = this.#mirrored && this.#tailAt < this.#tailEnd;
    this.#putBack();
    this.#suspended = more;
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
      this.#chunkState = abi.CHUNK_START;
      this.#remaining = 0;
      this.#bodyOffset = 0;
      this.#span = this.#spanCount = 0;
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
    for (;;) {
      if (this.#span < this.#spanCount) {
        this.dataStart = this.#spanBase + parser.spanOffset(this.#span);
        this.dataEnd = this.dataStart + parser.spanLength(this.#span);
        ++this.#span;
        return DATA;
      }
      const phase = this.#chunkState & abi.CHUNK_PHASE_MASK;
      if (phase === abi.CHUNK_PHASE_DONE) {
        this.#phase = AT_END;
        return this.next();
      }
      if (phase === abi.CHUNK_PHASE_TRAILERS) {
        this.#phase = IN_TRAILERS;
        return this.#nextTrailers();
      }
      if (this.#at >= this.#end) return this.#needMore();
      const consumed = parser.decodeChunked(this.#at, this.#end, this.#chunkState, this.#remaining);
      if (consumed < 0) throw parser.error(consumed, this.#bodyOffset);
      this.#spanBase = this.#at;
      this.#at += consumed;
      this.#bodyOffset += consumed;
      this.#chunkState = parser.chunkState;
      this.#remaining = parser.chunkRemaining;
      this.#span = 0;
      this.#spanCount = parser.spanCount;
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
