/**
 * One server connection as a machine without I/O: bytes come in through the parser's window, exchanges are handed to
 * the application, and what is to be written is handed to the transport.
 */
import * as abi from "../parser/abi.ts";
import {
  DATA,
  END,
  HEAD,
  type HeaderFields,
  NEED_MORE,
  ParseError,
  type Parser,
  ReleasedError,
  type RequestHead,
  RequestReader,
} from "../parser/index.ts";
import { IncomingContent } from "./content.ts";
import { type OutgoingMessage, type SerializedMessage, serialize } from "./serialize.ts";

/** Where a connection's bytes go. */
export interface Transport {
  /**
   * Writes pieces in order, in one go: text has one byte a character. Gives false where the peer is slow to read; then
   * `ServerConnection.drained` is to be called once it has caught up.
   */
  write(pieces: readonly (string | Uint8Array)[]): boolean;
  /** Ends the writing side once all is written, and discards what still comes in. */
  end(): void;
  /** Stops and starts reading. */
  pause(): void;
  resume(): void;
}

export interface ConnectionOptions {
  /** Bytes of content that a request may have. */
  readonly maxBodySize: number;
}

/** Characters of answers that are gathered for one write, before they are written while more are on their way. */
const BATCH_SIZE = 65536;

/** One request and its response. */
export class Exchange {
  readonly head: RequestHead;
  readonly content: IncomingContent;
  #trailers: HeaderFields | null = null;
  #connection: ServerConnection | null;

  constructor(connection: ServerConnection, head: RequestHead) {
    this.#connection = connection;
    this.head = head;
    this.content = new IncomingContent(() => connection.continue(this));
  }

  /** Whether the response was given, or can no longer be. */
  get done(): boolean {
    return this.#connection === null;
  }

  /** Gives the response. Throws where it cannot be written as it is; then another may be given. */
  respond(message: OutgoingMessage): void {
    if (this.#connection === null) throw new Error("this exchange already has its response");
    this.#connection.answer(this, message);
  }

  /** Fields after the content, once it has ended; null where there are none (RFC 9110 §6.5). */
  get trailers(): HeaderFields | null {
    if (this.#connection === null) throw new ReleasedError();
    return this.#trailers;
  }

  /** Notes the fields that came after the content. */
  addTrailers(trailers: HeaderFields | null): void {
    this.#trailers = trailers;
  }

  /** Ends the exchange; from here on nothing of the request can be read. */
  settle(): void {
    this.#connection = null;
    this.head.release();
    this.content.discard();
  }
}

// Where a connection stands. The only transitions:
//   READING -> WAITING    a request is complete, its response is not there
//   READING -> BLOCKED    answers wait for the peer to read them
//   WAITING -> READING    the response was given
//   BLOCKED -> READING    the peer has caught up
//   any -> CLOSED
const READING = 0;
const WAITING = 1;
const BLOCKED = 2;
const CLOSED = 3;

export class ServerConnection {
  readonly #reader: RequestReader;
  readonly #transport: Transport;
  readonly #options: ConnectionOptions;
  readonly #dispatch: (exchange: Exchange) => void;
  #state = READING;
  #exchange: Exchange | null = null;
  #dispatched = false;
  /** Whether the exchange at hand, or the next one, is the last. */
  #last = false;
  /** Whether 100 (Continue) is owed to the client. */
  #continueOwed = false;
  #running = false;
  #inputEnded = false;
  #paused = false;
  #text = "";
  #pieces: (string | Uint8Array)[] = [];

  /** `dispatch` gets each exchange when its head has come, with the content that came beside it. */
  constructor(
    parser: Parser,
    transport: Transport,
    options: ConnectionOptions,
    dispatch: (exchange: Exchange) => void,
  ) {
    this.#reader = new RequestReader(parser);
    this.#transport = transport;
    this.#options = options;
    this.#dispatch = dispatch;
  }

  /** Whether nothing is under way: no request begun, no response owed. */
  get idle(): boolean {
    return this.#exchange === null && !this.#reader.inMessage;
  }

  /** Takes the bytes that lie at [0, length) of the parser's window. */
  receive(length: number): void {
    if (this.#state === CLOSED) return;
    if (this.#state !== READING) {
      this.#reader.postpone(length);
      this.#pause();
      return;
    }
    this.#reader.feed(length);
    this.#run();
  }

  /** The peer will send no more; what it sent before is still answered. */
  finish(): void {
    this.#inputEnded = true;
    if (this.#state !== READING) return;
    try {
      this.#reader.finish();
      this.#close();
    } catch (error) {
      this.#fail(error as ParseError);
    }
    this.#flush();
  }

  /** The peer has read what was written. */
  drained(): void {
    if (this.#state !== BLOCKED) return;
    this.#state = READING;
    this.#resume();
  }

  /** The connection is gone; nothing can be written any more. */
  abort(): void {
    if (this.#state === CLOSED && this.#exchange === null) return;
    this.#state = CLOSED;
    const exchange = this.#exchange;
    this.#exchange = null;
    exchange?.content.fail(new ParseError(abi.INCOMPLETE_MESSAGE));
    exchange?.settle();
  }

  /** Closes once the exchange at hand is over, at once where there is none. */
  stop(): void {
    this.#last = true;
    if (this.#state === READING && this.idle) {
      this.#close();
      this.#flush();
    }
  }

  /** Tells the client to send the content it holds back (RFC 9110 §10.1.1). */
  continue(exchange: Exchange): void {
    if (!this.#continueOwed || exchange !== this.#exchange) return;
    this.#continueOwed = false;
    this.#text += "HTTP/1.1 100 Continue\r\n\r\n";
    if (!this.#running) this.#flush();
  }

  /** Writes the response of an exchange. */
  answer(exchange: Exchange, message: OutgoingMessage): void {
    const { head } = exchange;
    // A client that holds its content back might send it after this answer, or not: only closing is safe.
    const last = this.#last || this.#continueOwed;
    const connection = last ? "close" : head.minorVersion ? "" : "keep-alive";
    this.#queue(serialize(message, { headOnly: head.methodId === abi.METHOD_HEAD, connection }));
    this.#last = last;
    exchange.settle();
    if (exchange.content.ended || last) this.#conclude();
    if (this.#running) return;
    this.#flush();
    this.#resume();
  }

  /** The exchange at hand is over. */
  #conclude(): void {
    this.#exchange = null;
    if (this.#last) this.#close();
    else if (this.#state === WAITING) this.#state = READING;
  }

  #close(): void {
    this.#state = CLOSED;
    this.#exchange = null;
  }

  #pause(): void {
    if (this.#paused) return;
    this.#paused = true;
    this.#transport.pause();
  }

  /** Goes on with what came while an answer was awaited. */
  #resume(): void {
    if (this.#state !== READING) return;
    // Not from here: the caller may be in the middle of another connection's bytes, and the window is shared.
    if (this.#reader.waiting > 0) queueMicrotask(() => this.#catchUp());
    else if (this.#inputEnded) this.finish();
    else if (this.#paused) {
      this.#paused = false;
      this.#transport.resume();
    }
    // Asked to stop meanwhile.
    if (this.#last && this.#state === READING && this.idle) {
      this.#close();
      this.#flush();
    }
  }

  #catchUp(): void {
    if (this.#state !== READING || this.#reader.waiting === 0) return;
    this.#reader.resume();
    this.#run();
    this.#resume();
  }

  #run(): void {
    this.#running = true;
    try {
      this.#read();
    } catch (error) {
      if (!(error instanceof ParseError)) throw error;
      this.#fail(error);
    } finally {
      this.#running = false;
      this.#flush();
    }
  }

  #read(): void {
    const reader = this.#reader;
    for (;;) {
      if (this.#text.length > BATCH_SIZE || this.#pieces.length > 0) this.#write();
      if (this.#state !== READING) return;
      const event = reader.next();
      if (event === NEED_MORE) {
        if (this.#exchange !== null) this.#begin(this.#exchange);
        return;
      }
      if (event === HEAD) {
        this.#open(reader.head as RequestHead);
        continue;
      }
      const exchange = this.#exchange;
      // The response was given before the content had come: the rest is read and dropped.
      if (event === DATA) {
        if (exchange !== null) this.#addContent(exchange, reader.dataStart, reader.dataEnd);
      } else if (event === END) {
        if (exchange !== null) this.#endContent(exchange);
      } else exchange?.addTrailers(reader.trailers);
    }
  }

  #open(head: RequestHead): void {
    this.#dispatched = false;
    this.#exchange = new Exchange(this, head);
    if (head.contentLength > this.#options.maxBodySize) throw new ParseError(abi.CONTENT_TOO_LARGE);
    // A 2xx would turn the connection into a tunnel, so no handler may answer.
    if (head.methodId === abi.METHOD_CONNECT) throw new ParseError(abi.CONNECT_NOT_IMPLEMENTED);
    if (!head.keepAlive) this.#last = true;
    this.#continueOwed = head.expectContinue && head.framing !== abi.FRAMING_NONE;
  }

  #addContent(exchange: Exchange, start: number, end: number): void {
    this.#continueOwed = false;
    const { content } = exchange;
    if (content.size + end - start > this.#options.maxBodySize) throw new ParseError(abi.CONTENT_TOO_LARGE);
    content.add(this.#reader.parser.window, start, end);
  }

  #endContent(exchange: Exchange): void {
    this.#continueOwed = false;
    exchange.content.end();
    if (exchange.done) {
      this.#conclude();
      return;
    }
    this.#begin(exchange);
    if (this.#exchange !== exchange) return;
    this.#state = WAITING;
    this.#putBy();
    exchange.content.own();
  }

  /** Lets the window go; more is not read before what was put by. */
  #putBy(): void {
    this.#reader.suspend();
    if (this.#reader.waiting > 0) this.#pause();
  }

  /** Hands an exchange to the application, if that was not done yet. */
  #begin(exchange: Exchange): void {
    if (!this.#dispatched) {
      this.#dispatched = true;
      this.#dispatch(exchange);
    }
    if (!exchange.done) exchange.content.own();
  }

  /** What came was wrong: this is the end of the connection, once every answer owed before it was given. */
  #fail(error: ParseError): void {
    const exchange = this.#exchange;
    this.#last = true;
    if (exchange !== null && this.#dispatched && !exchange.done) {
      // The application is at work on it; it is told when it asks for the content, and answers.
      this.#state = WAITING;
      exchange.content.fail(error);
      return;
    }
    if (exchange === null) this.#answerError(error, false);
    else if (!exchange.done) {
      this.#answerError(error, exchange.head.methodId === abi.METHOD_HEAD);
      exchange.settle();
    }
    this.#close();
  }

  #answerError(error: ParseError, headOnly: boolean): void {
    const body = `${error.message}\n`;
    const message = { status: error.status, contentType: "text/plain; charset=utf-8", fields: null, body };
    this.#queue(serialize(message, { headOnly, connection: "close" }));
  }

  #queue({ text, bytes }: SerializedMessage): void {
    this.#text += text;
    if (bytes === null) return;
    this.#pieces.push(this.#text, bytes);
    this.#text = "";
  }

  /** Writes what was gathered; a peer that is slow to read gets no more before it has caught up. */
  #write(): void {
    if (this.#text !== "") {
      this.#pieces.push(this.#text);
      this.#text = "";
    }
    if (this.#pieces.length === 0) return;
    const pieces = this.#pieces;
    this.#pieces = [];
    if (this.#transport.write(pieces) || this.#state !== READING) return;
    this.#state = BLOCKED;
    if (this.#running) this.#reader.suspend();
    this.#exchange?.content.own();
    this.#pause();
  }

  #flush(): void {
    this.#write();
    if (this.#state === CLOSED && this.#exchange === null) this.#transport.end();
  }
}
