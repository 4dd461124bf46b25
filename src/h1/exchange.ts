import {
  FRAMING_NONE,
  INCOMPLETE_MESSAGE,
  METHOD_CONNECT,
  METHOD_GET,
  METHOD_HEAD,
  METHOD_OPTIONS,
} from "../parser/abi.ts";
import { type HeaderFields, ParseError, ReleasedError, type RequestHead } from "../parser/index.ts";
import { type ContentSource, IncomingContent } from "./content.ts";
import type { Fields } from "./fields.ts";
import type { Peer } from "./options.ts";
import type { OutgoingMessage } from "./serialize.ts";

/**
 * Whoever goes on with a connection in another protocol: gets the stream below (`Transport.detach`), and the bytes that
 * were read of it already.
 */
export type TakeOver = (stream: unknown, unread: Uint8Array) => void;

/** Whoever writes a response itself, on the stream below. None of these may throw. */
export interface ResponseWriter {
  /** All before it are answered: from here on the stream is its to write to, until it says that all was `written`. */
  begin(): void;
  /** The client has gone; nothing can be written any more. */
  abandoned(): void;
  /**
   * Content that had not come when the writer was given has come whole, with these fields after it; what came of it after
   * all was `written` was dropped.
   */
  contentEnded?(trailers: HeaderFields | null): void;
}

/** What an exchange needs of its connection. */
export interface ExchangeOwner {
  readonly peer: Peer;
  /** As `Transport.stream`. */
  readonly stream: unknown;
  /** Tells the client to send the content it holds back, and reads on. */
  continue(exchange: Exchange): void;
  /** Writes an informational response. */
  inform(exchange: Exchange, status: number, fields: Fields): void;
  /** Writes the response; gives a promise where its content takes time. */
  answer(exchange: Exchange, message: OutgoingMessage): Promise<void> | undefined;
  /** Lets another write the response; gives whether 100 (Continue) is owed, which is then for that to send. */
  letWrite(exchange: Exchange, writer: ResponseWriter): boolean;
  /** The response was written by another; where it `closes`, it was the last. */
  written(exchange: Exchange, closes: boolean): void;
  /** Whether the connection closes after the answer, where the rest of the content is `wanted`, or is not. */
  closesAfter(exchange: Exchange, wanted: boolean): boolean;
  /** Hands the stream below over. */
  handOver(exchange: Exchange, take: TakeOver): void;
}

const GONE = "the client has gone";

/** One request and its response. */
export class Exchange implements ContentSource {
  /** Can be read until the exchange is done, then throws a ReleasedError. */
  readonly head: RequestHead;
  /** Status of the response, once there is one; 0 before, and where the client has gone without. */
  status = 0;
  /** Bytes of content that were handed over to be sent, without what frames them. */
  sent = 0;
  /** When it began, by the clock of whoever has noted it; 0 where nobody has. */
  began = 0;
  /** The exchange whose answer comes after this one's. */
  next: Exchange | null = null;
  /** Whatever its owner wants to find again. */
  context: unknown = null;
  #content: IncomingContent | null = null;
  #answered = false;
  #abandoned = false;
  /** Whether the client has gone, as far as can be seen. */
  #left = false;
  #controller: AbortController | null = null;
  #trailers: HeaderFields | null = null;
  #owner: ExchangeOwner | null;
  #writer: ResponseWriter | null = null;
  /** What is to be written once those before it are answered. */
  #waiting: (() => void)[] | null = null;

  constructor(owner: ExchangeOwner, head: RequestHead) {
    this.#owner = owner;
    this.head = head;
    if (head.framing !== FRAMING_NONE) this.#content = new IncomingContent(this);
  }

  /** Somebody wants content of the request; called by that. */
  wanted(): void {
    this.#owner?.continue(this);
  }

  /** The content of the request; made where it is asked for, if there is none. */
  get content(): IncomingContent {
    if (this.#content === null) {
      this.#content = new IncomingContent(null);
      this.#content.end();
      if (this.done) this.#content.discard();
    }
    return this.#content;
  }

  /**
   * Grants the content no more than so many bytes, and never more than it was granted before; gives false where there is
   * more already, or will be. What comes beyond that ends the connection, as beyond `maxBodySize`.
   */
  limitContent(maxSize: number): boolean {
    const content = this.#content;
    if (content === null) return true;
    content.maxSize = Math.min(content.maxSize, maxSize);
    return Math.max(this.head.contentLength, content.size) <= maxSize;
  }

  /**
   * Whether it may be at work beside others of its connection: it changes nothing (RFC 9110 §9.2.1), has no content
   * that is still to be read, and nothing that decides over the connection.
   */
  get overlaps(): boolean {
    const { head } = this;
    const { methodId } = head;
    const safe = methodId === METHOD_GET || methodId === METHOD_HEAD || methodId === METHOD_OPTIONS;
    return safe && head.framing === FRAMING_NONE && head.minorVersion !== 0 && !head.upgrade;
  }

  /** Whether all of the request has come. */
  get complete(): boolean {
    return this.#content === null || this.#content.ended;
  }

  /** Whether the exchange is over: all of the response was written, or nothing more can be. */
  get done(): boolean {
    return this.#owner === null;
  }

  /** Whether it has its response, or waits for no other. */
  get answered(): boolean {
    return this.#answered;
  }

  /**
   * Gives the response. Throws a TypeError or RangeError where it cannot be written as it is; then another may be given.
   * Throws an Error where there is one already, or the client has gone. Where its content is iterated, gives a promise
   * that resolves when all is sent or the client has gone, and rejects where its source fails; then the connection is
   * cut, for that is how a client learns that it has not all.
   */
  respond(message: OutgoingMessage): Promise<void> | undefined {
    const sent = this.#open().answer(this, message);
    this.#answered = true;
    return sent;
  }

  /**
   * Sends an informational response before the final one: 102 or 103 (RFC 9110 §15.2, RFC 8297); 100 is sent by itself
   * when content is asked for. To HTTP/1.0, which knows none, nothing is sent. Throws where it cannot be written.
   */
  inform(status: number, fields: Fields = []): void {
    this.#open().inform(this, status, fields);
  }

  /**
   * Has the response written by another, on the stream below; may be called once, in place of `respond`. Gives whether
   * the client waits for 100 (Continue), which is from now on for the writer to send. Throws as `respond`, and where
   * there is no such stream.
   */
  respondBelow(writer: ResponseWriter): boolean {
    const owner = this.#open();
    if (owner.stream === undefined) throw new Error("the transport of this connection has no stream to write on");
    this.#answered = true;
    this.#writer = writer;
    return owner.letWrite(this, writer);
  }

  /**
   * To be called by whoever writes the response, when all of it is in the stream: its status, its bytes of content, and
   * whether the connection ends with it. Does nothing where the client has gone.
   */
  written(status: number, sent: number, closes: boolean): void {
    const owner = this.#owner;
    if (owner === null) return;
    this.status = status;
    this.sent = sent;
    owner.written(this, closes);
  }

  /**
   * Whether the connection will close after the answer, as far as that is known: its head should say so. It depends on
   * whether whoever answers goes on to read the content.
   */
  closes(wanted: boolean): boolean {
    return this.#owner?.closesAfter(this, wanted) ?? true;
  }

  /** The stream below, for whoever writes on it; undefined where there is none. */
  get stream(): unknown {
    if (this.#owner === null) throw new ReleasedError();
    return this.#owner.stream;
  }

  /**
   * Ends HTTP on this connection, without a response: what else is to be written is for `take` to write, which must
   * not throw. Throws where the request asks for no other protocol, or its content has not come yet (RFC 9110 §7.8).
   */
  handOver(take: TakeOver): void {
    const owner = this.#open();
    if (!this.head.upgrade && this.head.methodId !== METHOD_CONNECT) {
      throw new Error("only a request with Upgrade, and CONNECT, can have the connection handed over");
    }
    if (!this.complete) throw new Error("the content of the request must be read before the connection is handed over");
    this.#answered = true;
    owner.handOver(this, take);
  }

  /** Fields after the content, once it has ended; null where there are none (RFC 9110 §6.5). */
  get trailers(): HeaderFields | null {
    if (this.#owner === null) throw new ReleasedError();
    return this.#trailers;
  }

  /** The two ends of its connection. */
  get peer(): Peer {
    if (this.#owner === null) throw new ReleasedError();
    return this.#owner.peer;
  }

  /**
   * Aborted when the client goes before it has its response, and never otherwise. One that ends its side of the
   * connection has gone, as far as can be seen; what it is answered is sent all the same.
   */
  get signal(): AbortSignal {
    if (this.#controller === null) {
      this.#controller = new AbortController();
      if (this.#left) this.#controller.abort(new Error(GONE));
    }
    return this.#controller.signal;
  }

  /** Puts something by that is to be written when the turn of this exchange has come. */
  wait(write: () => void): void {
    this.#waiting ??= [];
    this.#waiting.push(write);
  }

  /** Writes what was put by. */
  takeTurn(): void {
    const waiting = this.#waiting;
    if (waiting === null) return;
    this.#waiting = null;
    for (const write of waiting) write();
  }

  /** Copies what it has of its content in the window, so that it outlasts the next read. */
  own(): void {
    this.#content?.own();
  }

  /** All of the content has come. */
  end(): void {
    this.#content?.end();
    this.#writer?.contentEnded?.(this.#trailers);
  }

  /** The client has gone, as far as can be seen. */
  leave(): void {
    if (this.#left) return;
    this.#left = true;
    this.#controller?.abort(new Error(GONE));
  }

  /** The client has gone: there is nobody to answer any more. */
  abandon(): void {
    if (!this.complete) this.#content?.fail(new ParseError(INCOMPLETE_MESSAGE));
    this.#abandoned = true;
    this.settle();
    this.leave();
    this.#writer?.abandoned();
  }

  /** Notes the fields that came after the content. */
  addTrailers(trailers: HeaderFields | null): void {
    this.#trailers = trailers;
  }

  /** Ends the exchange; from here on nothing of the request can be read. */
  settle(): void {
    this.#owner = null;
    this.head.release();
    this.#content?.discard();
    // Whoever still waits for its turn need not wait any more.
    this.takeTurn();
  }

  #open(): ExchangeOwner {
    // Whoever goes on with a request whose client has gone did nothing wrong, and can tell so by the kind of the error.
    if (this.#abandoned && !this.#answered) throw new ReleasedError();
    if (this.#owner === null || this.#answered) throw new Error("this exchange already has its response");
    return this.#owner;
  }
}
