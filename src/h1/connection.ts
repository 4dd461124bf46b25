/**
 * One server connection as a machine without I/O: bytes come in through the parser's window, exchanges are handed to
 * the application, and what is to be written is handed to the transport.
 */
import * as abi from "../parser/abi.ts";
import {
  DATA,
  END,
  HEAD,
  NEED_MORE,
  ParseError,
  type Parser,
  type RequestHead,
  RequestReader,
} from "../parser/index.ts";
import { Exchange, type ExchangeOwner } from "./exchange.ts";
import type { Clock, ConnectionOptions, Peer, Transport } from "./options.ts";
import { OutgoingContent } from "./outgoing.ts";
import { APPLICATION, CONTENT, FIRST_REQUEST, NEXT_REQUEST, Patience, REST_OF_HEAD } from "./patience.ts";
import { isStream, type OutgoingMessage, type SerializedMessage, serialize } from "./serialize.ts";

/** Characters of answers that are gathered for one write, before they are written while more are on their way. */
const BATCH_SIZE = 65536;
/** Bytes of content that are read and dropped after an answer, so that the connection may be kept. */
const DRAIN_MAX = 1048576;

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

export class ServerConnection implements ExchangeOwner {
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
  /** Content that is on its way, and whoever waits for room for more of it. */
  #outgoing: OutgoingContent | null = null;
  #whenDrained: ((going: boolean) => void) | null = null;
  #text = "";
  #pieces: (string | Uint8Array)[] = [];
  /** Bytes of content that were dropped since the last answer. */
  #dropped = 0;
  /** Requests that have begun. */
  #requests = 0;
  readonly #patience: Patience;

  /** `dispatch` gets each exchange when its head has come, with the content that came beside it. */
  constructor(
    parser: Parser,
    transport: Transport,
    options: ConnectionOptions,
    clock: Clock,
    dispatch: (exchange: Exchange) => void,
  ) {
    this.#reader = new RequestReader(parser);
    this.#transport = transport;
    this.#options = options;
    this.#dispatch = dispatch;
    this.#patience = new Patience(options, clock);
  }

  get peer(): Peer {
    return this.#transport.peer;
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
    this.#whenDrained?.(true);
    this.#whenDrained = null;
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
    this.#outgoing?.stop();
    this.#outgoing = null;
    this.#whenDrained?.(false);
    this.#whenDrained = null;
    exchange?.content.fail(new ParseError(abi.INCOMPLETE_MESSAGE));
    exchange?.abandon();
  }

  /** Closes once the exchange at hand is over, at once where there is none. */
  stop(): void {
    this.#last = true;
    if (this.#state === READING && this.idle) {
      this.#close();
      this.#flush();
    }
  }

  /** Ends it at once, whatever is under way. */
  cut(): void {
    this.abort();
    this.#transport.destroy();
  }

  /** To be called at each tick of the clock: ends what has lasted too long. */
  tick(): void {
    if (this.#patience.isStalled(this.#transport.unsent())) {
      this.cut();
      return;
    }
    if (this.#state === CLOSED || !this.#patience.over) return;
    const { waitsFor } = this.#patience;
    if (waitsFor === REST_OF_HEAD) this.#fail(new ParseError(abi.HEAD_TIMEOUT));
    else if (waitsFor === CONTENT) this.#fail(new ParseError(abi.BODY_TIMEOUT));
    else this.#close();
    this.#flush();
  }

  /** What it waits for now. */
  #waitsFor(): number {
    if (this.#state !== READING) return APPLICATION;
    // Where reading has stopped for the application's sake, the client is not to blame.
    if (this.#exchange !== null) return this.#paused ? APPLICATION : CONTENT;
    if (this.#reader.inMessage) return REST_OF_HEAD;
    return this.#requests === 0 ? FIRST_REQUEST : NEXT_REQUEST;
  }

  /** Somebody wants content: reads on, and tells a client that holds it back to send it (RFC 9110 §10.1.1). */
  continue(exchange: Exchange): void {
    if (exchange !== this.#exchange) return;
    if (this.#continueOwed) {
      this.#continueOwed = false;
      this.#text += "HTTP/1.1 100 Continue\r\n\r\n";
    }
    if (this.#running) return;
    this.#flush();
    if (this.#paused) this.#resume();
  }

  /** Writes the response of an exchange. */
  answer(exchange: Exchange, message: OutgoingMessage): Promise<void> | undefined {
    const { head } = exchange;
    const { minorVersion } = head;
    const { body } = message;
    // A client that holds its content back might send it after this answer, or not: only closing is safe. Nor does
    // HTTP/1.0 know another end of content whose size is not known.
    const last =
      this.#last ||
      this.#continueOwed ||
      (minorVersion === 0 && isStream(body)) ||
      head.contentLength - exchange.content.size > DRAIN_MAX;
    const connection = last ? "close" : minorVersion ? "" : "keep-alive";
    const headOnly = head.methodId === abi.METHOD_HEAD;
    const serialized = serialize(message, { headOnly, connection, minorVersion });
    this.#queue(serialized);
    this.#last = last;
    if (serialized.stream !== null && isStream(body)) {
      const outgoing = new OutgoingContent(body, serialized.stream);
      if (!headOnly) return this.#stream(exchange, outgoing);
      outgoing.stop();
    }
    this.#complete(exchange);
    return undefined;
  }

  /** Sends content piece by piece; the exchange is over after the last. */
  async #stream(exchange: Exchange, outgoing: OutgoingContent): Promise<void> {
    this.#outgoing = outgoing;
    if (!this.#running) this.#flush();
    try {
      await outgoing.send((pieces) => this.#send(pieces));
    } catch (error) {
      if (exchange.done) return;
      this.cut();
      throw error;
    }
    this.#outgoing = null;
    if (!exchange.done) this.#complete(exchange);
  }

  /** Writes pieces of content; resolves when the peer has room for more, with false where it has gone. */
  #send(pieces: readonly (string | Uint8Array)[]): boolean | Promise<boolean> {
    if (this.#outgoing === null) return false;
    this.#write();
    if (this.#transport.write(pieces)) return true;
    return new Promise((resolve) => {
      this.#whenDrained = resolve;
    });
  }

  /** All of the response was handed over. */
  #complete(exchange: Exchange): void {
    exchange.settle();
    this.#dropped = 0;
    if (exchange.content.ended || this.#last) this.#conclude();
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
        if (this.#exchange?.content.crowded) this.#pause();
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
    ++this.#requests;
    if (!head.keepAlive || this.#requests >= this.#options.maxRequestsPerConnection) this.#last = true;
    this.#continueOwed = head.expectContinue && head.framing !== abi.FRAMING_NONE;
  }

  #addContent(exchange: Exchange, start: number, end: number): void {
    this.#continueOwed = false;
    const { content } = exchange;
    if (exchange.done) {
      this.#dropped += end - start;
      if (this.#dropped > DRAIN_MAX) {
        this.#close();
        return;
      }
    }
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
      // The application is at work on it; it is told when it asks for the content, and answers, or goes on to.
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
    this.#queue(serialize(message, { headOnly, connection: "close", minorVersion: 1 }));
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
    this.#patience.wait(this.#waitsFor(), this.#requests);
    if (this.#state === CLOSED && this.#exchange === null) this.#transport.end();
  }
}
