/**
 * One server connection as a machine without I/O: bytes come in, exchanges are handed to the application, and what is
 * to be written is handed to the transport.
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
import type { SerializedMessage } from "./body.ts";
import { putBy } from "./content.ts";
import { Exchange, type ExchangeOwner, type ResponseWriter, type TakeOver } from "./exchange.ts";
import type { Fields } from "./fields.ts";
import type { Clock, ConnectionOptions, Peer, Transport } from "./options.ts";
import { Outbox } from "./outbox.ts";
import { OutgoingContent } from "./outgoing.ts";
import { APPLICATION, CONTENT, FIRST_REQUEST, NEXT_REQUEST, Patience, REST_OF_HEAD } from "./patience.ts";
import { Pipeline } from "./pipeline.ts";
import { contentStream, type OutgoingMessage, serialize, serializeError, serializeInformational } from "./serialize.ts";
import {
  CLOSE,
  CLOSED,
  DONE,
  type Event,
  FINISH,
  HOLD,
  HOLDING,
  next,
  READING,
  RELEASE,
  type State,
  SWITCH,
  SWITCHED,
} from "./states.ts";

// As it is when this is loaded: tests put others in its place, which connections are not to wait for.
const { queueMicrotask } = globalThis;

/** Whoever owns connections: what they share, and what they tell. */
export interface ConnectionOwner {
  readonly parser: Parser;
  readonly options: ConnectionOptions;
  readonly clock: Clock;
  /** A request has come: its head, with the content that came beside it. */
  begun(exchange: Exchange): void;
  /** Bytes of content that a request may have which has, or announces, more than most may. */
  maxBodySize(exchange: Exchange): number;
  /** An exchange is over; what was read of it can be read for the last time. */
  over(exchange: Exchange): void;
  /** What came was wrong, or did not come in time. */
  failed(error: ParseError, connection: ServerConnection): void;
  /** What is answered to that, as `ServerEvents.refusal`; `read` is what was being read. */
  refusal(error: ParseError, connection: ServerConnection, read: Uint8Array): string | null | undefined;
  /** The connection is gone, or was handed over. */
  closed(connection: ServerConnection): void;
}

/**
 * The server's end of a connection, made by `ConnectionGroup.connect`. Whoever has the stream below tells it what comes
 * in (`receive`), that no more will (`finish`), that there is room for more (`drained`), and that it is gone (`abort`,
 * which must follow at last whatever came before). None of its functions throws for anything that a peer does.
 */
export class ServerConnection implements ExchangeOwner {
  readonly #owner: ConnectionOwner;
  readonly #transport: Transport;
  readonly #reader: RequestReader;
  readonly #outbox: Outbox;
  readonly #patience: Patience;
  readonly #pipeline: Pipeline;
  #state: State = READING;
  /** The exchange whose request is being read, and whether the application has it. */
  #incoming: Exchange | null = null;
  #dispatched = false;
  /** Whether the newest request, or the next one, is the last. */
  #last = false;
  /** The answer that ends the connection once all others are given: what came after them was wrong. */
  #failure: SerializedMessage | null = null;
  /** Whether 100 (Continue) is owed to the client. */
  #continueOwed = false;
  #running = false;
  #takingTurns = false;
  #inputEnded = false;
  /** Whether that means that the peer has gone, as far as can be seen. */
  #left = false;
  #paused = false;
  #gone = false;
  /** Content that is on its way. */
  #outgoing: OutgoingContent | null = null;
  /** Bytes of content that the newest request may have, as far as that was asked. */
  #maxBodySize = 0;
  /** Bytes of content that were dropped since the last answer. */
  #dropped = 0;
  /** Requests that have begun. */
  #requests = 0;

  constructor(owner: ConnectionOwner, transport: Transport) {
    this.#owner = owner;
    this.#transport = transport;
    this.#reader = new RequestReader(owner.parser);
    this.#outbox = new Outbox(transport);
    this.#patience = new Patience(owner);
    this.#pipeline = new Pipeline(owner.options.maxPipelinedRequests);
  }

  get peer(): Peer {
    return this.#transport.peer;
  }

  get stream(): unknown {
    return this.#transport.stream;
  }

  /** Whether nothing is under way: no request begun, no response owed. */
  get idle(): boolean {
    return this.#incoming === null && this.#pipeline.empty && !this.#reader.inMessage;
  }

  /** Whether nothing of a request has come yet. */
  get unused(): boolean {
    return this.#requests === 0 && !this.#reader.inMessage;
  }

  /** Takes bytes that have come; they are copied. */
  receive(chunk: Uint8Array): void {
    const { window } = this.#owner.parser;
    if (chunk.length <= window.length) {
      window.set(chunk);
      this.receiveInWindow(chunk.length);
    } else if (this.#state > DONE) this.#patience.lingerOn();
    else {
      putBy(this.#reader, chunk);
      if (this.#reading) this.#catchUp();
      else this.#pause();
    }
  }

  /** Takes the bytes that lie at [0, length) of the parser's window. */
  receiveInWindow(length: number): void {
    if (this.#state > DONE) {
      this.#patience.lingerOn();
      return;
    }
    if (!this.#reading || this.#reader.waiting > 0) {
      this.#reader.postpone(length);
      this.#pause();
      return;
    }
    this.#reader.feed(length);
    this.#run();
  }

  /**
   * The peer will send no more. What it sent before is still answered, and those who answer are told by their signals
   * that it is gone, as nearly every client is that does so; unless it is known to wait.
   */
  finish(waits = false): void {
    this.#inputEnded = true;
    if (!waits) {
      this.#left = true;
      this.#pipeline.leave();
    }
    if (!this.#reading || this.#reader.waiting > 0) return;
    try {
      this.#reader.finish();
      this.#go(FINISH);
      this.#last = true;
    } catch (error) {
      this.#fail(error as ParseError);
    }
    this.#advance();
    this.#flush();
  }

  /** The peer has read what was written. */
  drained(): void {
    this.#outbox.drained(true);
    this.#resume();
  }

  /** The connection is gone; nothing can be written any more. */
  abort(): void {
    if (this.#gone) return;
    this.#gone = true;
    this.#go(CLOSE);
    if (!this.#dispatched) this.#incoming?.settle();
    this.#incoming = null;
    this.#outgoing?.stop();
    this.#outgoing = null;
    this.#outbox.drained(false);
    this.#abandonAll();
    this.#owner.closed(this);
  }

  #abandonAll(): void {
    this.#abandonAllBut(null);
  }

  #abandonAllBut(answered: Exchange | null): void {
    for (const exchange of this.#pipeline.clear()) {
      if (exchange === answered) continue;
      this.#owner.over(exchange);
      exchange.abandon();
    }
  }

  /** Closes once what is under way is over, at once where nothing is. */
  stop(): void {
    this.#last = true;
    if (this.#incoming === null && !this.#reader.inMessage) this.#go(FINISH);
    this.#advance();
    this.#flush();
  }

  /**
   * Closes after an answer that tells the client to come again elsewhere, so that no request is lost: that to what is at
   * work, where it is not given yet, else that to the next.
   */
  retire(): void {
    const newest = this.#incoming ?? this.#pipeline.newest;
    if (newest !== null && !newest.answered) this.stop();
    // As with maxRequestsPerConnection, of which there are none left.
    else this.#requests = Number.POSITIVE_INFINITY;
  }

  /** Ends it at once, whatever is under way. */
  cut(): void {
    this.abort();
    this.#transport.destroy();
  }

  /** To be called at each tick of the clock: ends what has lasted too long. */
  tick(): void {
    const unsent = this.#transport.unsent();
    if (this.#patience.isStalled(unsent)) {
      this.cut();
      return;
    }
    if (this.#state === CLOSED) {
      // The peer may take its time to read what was written; only then it has that much more to close its side.
      if (unsent === 0) this.#patience.linger();
      if (this.#patience.over) this.cut();
      return;
    }
    // A client that goes is only heard of where its connection is read.
    if (!this.#pipeline.empty && (this.#inputEnded || this.#paused)) this.#transport.probe();
    const drips = this.#incoming !== null && this.#patience.drips(this.#incoming.content.size);
    if (!drips && !this.#patience.over) return;
    const { waitsFor } = this.#patience;
    if (waitsFor === REST_OF_HEAD) this.#fail(new ParseError(abi.HEAD_TIMEOUT));
    else if (waitsFor === CONTENT) this.#fail(new ParseError(abi.BODY_TIMEOUT));
    else this.#go(CLOSE);
    this.#advance();
    this.#flush();
  }

  /** Somebody wants content: reads on, and tells a client that holds it back to send it (RFC 9110 §10.1.1). */
  continue(exchange: Exchange): void {
    if (exchange !== this.#incoming) return;
    if (this.#continueOwed) {
      this.#continueOwed = false;
      this.#outbox.add("HTTP/1.1 100 Continue\r\n\r\n");
    }
    if (this.#running) return;
    this.#flush();
    if (this.#paused) this.#resume();
  }

  /** Writes an informational response. */
  inform(exchange: Exchange, status: number, fields: Fields): void {
    const text = serializeInformational(status, fields);
    if (exchange.head.minorVersion === 0) return;
    const write = () => {
      if (exchange.done) return;
      this.#outbox.add(text);
      if (!this.#running) this.#flush();
    };
    if (this.#isFirst(exchange)) write();
    else exchange.wait(write);
  }

  /** Writes the response of an exchange. */
  answer(exchange: Exchange, message: OutgoingMessage): Promise<void> | undefined {
    const { head } = exchange;
    const { minorVersion } = head;
    const headOnly = head.methodId === abi.METHOD_HEAD;
    if (head.methodId === abi.METHOD_CONNECT && message.status < 300) {
      throw new TypeError("CONNECT is granted by handing the connection over, or refused with a status from 300");
    }
    const stream = contentStream(message, head);
    // What is iterated may be made of the content of the request: that goes on coming.
    if (stream !== null && this.#continueOwed && !headOnly) this.continue(exchange);
    const last = this.closesAfter(exchange, false, stream !== null && minorVersion === 0);
    const connection = last ? "close" : minorVersion ? "" : "keep-alive";
    const { text, bytes, framing, size } = serialize(message, connection, headOnly, minorVersion, stream !== null);
    const trailers = stream !== null && head.acceptsTrailers ? message.trailers : null;
    const outgoing = stream && framing !== null ? new OutgoingContent(stream, framing, trailers) : null;
    if (last) {
      this.#last = true;
      if (outgoing === null || headOnly || exchange.complete) this.#go(FINISH);
    }
    exchange.status = message.status;
    if (outgoing !== null) {
      if (!headOnly) return this.#send(exchange, text, outgoing, last);
      outgoing.stop();
    }
    if (this.#isFirst(exchange)) this.#put(exchange, text, bytes, size);
    else this.#putLater(exchange, text, bytes, size);
    return undefined;
  }

  /** Hands the stream below over, once those before it are answered. */
  handOver(exchange: Exchange, take: TakeOver): void {
    if (this.#isFirst(exchange)) this.#switch(exchange, take);
    else exchange.wait(() => this.#switch(exchange, take));
  }

  /** Lets another write the response of an exchange on the stream below, once those before it are answered. */
  letWrite(exchange: Exchange, writer: ResponseWriter): boolean {
    const owed = this.#continueOwed && exchange === this.#incoming;
    if (owed) this.#continueOwed = false;
    if (this.#isFirst(exchange)) this.#beginWriting(exchange, writer);
    else exchange.wait(() => this.#beginWriting(exchange, writer));
    return owed;
  }

  #beginWriting(exchange: Exchange, writer: ResponseWriter): void {
    if (exchange.done) return;
    this.#outbox.flush();
    writer.begin();
  }

  /** Another has written the response of the exchange whose turn it was. */
  written(exchange: Exchange, closes: boolean): void {
    if (closes || this.closesAfter(exchange, false)) {
      this.#last = true;
      this.#go(FINISH);
    }
    // What stands behind an answer that says that it is the last one gets none.
    if (closes) this.#abandonAllBut(exchange);
    this.#complete(exchange);
  }

  /**
   * Whether the connection closes after the answer to this exchange, of whose content the rest is `wanted` or is not;
   * `mustClose` says that the answer needs it.
   */
  closesAfter(exchange: Exchange, wanted: boolean, mustClose = false): boolean {
    const newest = this.#incoming ?? this.#pipeline.newest;
    if (newest !== null && newest !== exchange) return false;
    // The error that follows is the last answer.
    if (this.#failure !== null) return false;
    // A client that holds its content back might send it after this answer, or not: only closing is safe.
    if (this.#last || mustClose || this.#continueOwed) return true;
    return (
      !wanted &&
      !exchange.complete &&
      exchange.head.contentLength - exchange.content.size > this.#owner.options.maxDropSize
    );
  }

  #isFirst(exchange: Exchange): boolean {
    const { first } = this.#pipeline;
    return first === null || first === exchange;
  }

  /** Writes a response that is there in full. */
  #put(exchange: Exchange, text: string, bytes: Uint8Array | null, size: number): void {
    if (exchange.done) return;
    exchange.sent = size;
    this.#outbox.add(text, bytes);
    this.#complete(exchange);
  }

  /** Apart from `answer`, where the closure would have every answer allocate what it closes over. */
  #putLater(exchange: Exchange, text: string, bytes: Uint8Array | null, size: number): void {
    exchange.wait(() => this.#put(exchange, text, bytes, size));
  }

  /** As `#stream`; where that fails the connection is cut. */
  #send(exchange: Exchange, text: string, outgoing: OutgoingContent, last: boolean): Promise<void> {
    const sent = this.#stream(exchange, text, outgoing, last);
    // Not at once: whoever waits for it is told first, while the request can still be read.
    queueMicrotask(() => sent.catch(() => this.#cutOff(outgoing)));
    return sent;
  }

  /** Ends the connection in the middle of content. */
  #cutOff(outgoing: OutgoingContent): void {
    this.abort();
    // Where the end of the connection is the end of the content, it must not look like one.
    if (outgoing.framing === "close") this.#transport.reset();
    else this.#transport.destroy();
  }

  /**
   * Sends content piece by piece, once those before it are answered; the exchange is over after the last piece, and so
   * is the connection where this answer is its `last`.
   */
  async #stream(exchange: Exchange, text: string, outgoing: OutgoingContent, last: boolean): Promise<void> {
    if (!this.#isFirst(exchange)) await new Promise<void>((resolve) => exchange.wait(resolve));
    if (exchange.done) {
      outgoing.stop();
      return;
    }
    this.#outgoing = outgoing;
    this.#outbox.add(text);
    if (!this.#running) this.#flush();
    try {
      await outgoing.send((pieces, size) => {
        if (this.#outgoing === null) return false;
        exchange.sent += size;
        return this.#outbox.send(pieces);
      });
    } catch (error) {
      if (exchange.done) return;
      throw error;
    }
    this.#outgoing = null;
    if (last) this.#go(FINISH);
    if (!exchange.done) this.#complete(exchange);
  }

  /** All of the response was handed over. */
  #complete(exchange: Exchange): void {
    this.#owner.over(exchange);
    exchange.settle();
    this.#dropped = 0;
    this.#pipeline.remove(exchange);
    if (this.#takingTurns) return;
    if (!this.#pipeline.empty) this.#takeTurns();
    if (this.#running) return;
    this.#advance();
    this.#flush();
    this.#resume();
  }

  /** Writes what waits, from the first exchange to the first that is not answered; one by one, for there may be many. */
  #takeTurns(): void {
    this.#takingTurns = true;
    for (let taken: Exchange | null = null; taken !== this.#pipeline.first; ) {
      taken = this.#pipeline.first;
      taken?.takeTurn();
    }
    this.#takingTurns = false;
  }

  #switch(exchange: Exchange, take: TakeOver): void {
    if (exchange.done) return;
    exchange.status = exchange.head.methodId === abi.METHOD_CONNECT ? 200 : 101;
    if (this.#running) this.#reader.suspend();
    const unread = this.#reader.takeWaiting();
    this.#outbox.flush();
    this.#go(SWITCH);
    this.#gone = true;
    this.#incoming = null;
    this.#pipeline.clear();
    this.#owner.over(exchange);
    exchange.settle();
    this.#owner.closed(this);
    take(this.#transport.detach(), unread);
  }

  #go(event: Event): void {
    this.#state = next(this.#state, event);
  }

  /** Whether what comes in is read now. */
  get #reading(): boolean {
    return this.#state === READING && !this.#outbox.blocked;
  }

  /** Takes the steps that are due: tells what was wrong, closes, or lets a request go on that waited. */
  #advance(): void {
    if (this.#pipeline.empty && this.#state < SWITCHED) {
      if (this.#failure !== null) this.#outbox.add(this.#failure.text, this.#failure.bytes);
      this.#failure = null;
      if (this.#state === DONE || (this.#last && this.idle)) {
        this.#go(CLOSE);
        this.#incoming = null;
      }
    }
    if (this.#state === HOLDING && this.#pipeline.hasRoom(this.#incoming)) this.#go(RELEASE);
  }

  #pause(): void {
    if (this.#paused) return;
    this.#paused = true;
    this.#transport.pause();
  }

  /** Goes on with what came while answers were awaited. */
  #resume(): void {
    if (this.#crowded) return;
    if (this.#waiting) {
      if (this.#reading) this.#catchUpSoon();
    } else if (this.#inputEnded) this.finish(true);
    // Also while nothing may be at work beside what is: that a client goes is only heard where it is read from.
    else if (this.#paused && !this.#outbox.blocked && this.#state < SWITCHED) {
      this.#paused = false;
      this.#transport.resume();
    }
  }

  /** Whether no more content is wanted before somebody takes what is there. */
  get #crowded(): boolean {
    return this.#incoming !== null && !this.#incoming.complete && this.#incoming.content.crowded;
  }

  /** Whether something came that was not looked at yet. */
  get #waiting(): boolean {
    return this.#reader.waiting > 0 || (this.#incoming !== null && !this.#dispatched);
  }

  /** Not at once: the caller may be in the middle of another connection's bytes, and the window is shared. */
  #catchUpSoon(): void {
    queueMicrotask(() => this.#catchUp());
  }

  #catchUp(): void {
    if (!this.#reading || !this.#waiting || this.#crowded) return;
    if (this.#reader.waiting > 0) this.#reader.resume();
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
      this.#advance();
      this.#flush();
    }
  }

  #read(): void {
    const reader = this.#reader;
    for (;;) {
      if (this.#outbox.full) this.#outbox.flush();
      if (!this.#reading) {
        this.#putBy();
        return;
      }
      const event = reader.next();
      const exchange = this.#incoming;
      if (event === HEAD) this.#open(reader.head as RequestHead);
      else if (event === NEED_MORE) {
        if (exchange !== null) this.#waitForContent(exchange);
        return;
      } else if (exchange === null) continue;
      else if (event === DATA) this.#addContent(exchange, reader.dataStart, reader.dataEnd);
      else if (event === END) this.#endContent(exchange);
      else exchange.addTrailers(reader.trailers);
    }
  }

  #open(head: RequestHead): void {
    this.#dispatched = false;
    const exchange = new Exchange(this, head);
    this.#incoming = exchange;
    const hasContent = head.framing !== abi.FRAMING_NONE;
    if (hasContent) {
      this.#maxBodySize = this.#owner.options.maxBodySize;
      if (!this.#mayHave(exchange, head.contentLength)) throw new ParseError(abi.CONTENT_TOO_LARGE);
    }
    ++this.#requests;
    // What follows CONNECT was meant for a tunnel, whether there will be one or not.
    const { maxRequestsPerConnection } = this.#owner.options;
    if (!head.keepAlive || head.methodId === abi.METHOD_CONNECT || this.#requests >= maxRequestsPerConnection) {
      this.#last = true;
    }
    this.#continueOwed = hasContent && head.expectContinue;
    if (!this.#pipeline.hasRoom(exchange)) this.#go(HOLD);
  }

  /** Whether a request may have so much content; what only some may have is asked for when it comes to that. */
  #mayHave(exchange: Exchange, size: number): boolean {
    if (size > exchange.content.maxSize) return false;
    // Of a request that is answered there is nothing left to ask about.
    if (size > this.#maxBodySize && !exchange.done) this.#maxBodySize = this.#owner.maxBodySize(exchange);
    return size <= this.#maxBodySize;
  }

  #addContent(exchange: Exchange, start: number, end: number): void {
    this.#continueOwed = false;
    const { content } = exchange;
    if (exchange.done) {
      // The response was given before the content had come: the rest is read and dropped.
      this.#dropped += end - start;
      if (this.#dropped > this.#owner.options.maxDropSize) {
        this.#go(FINISH);
        return;
      }
    }
    if (!this.#mayHave(exchange, content.size + end - start)) throw new ParseError(abi.CONTENT_TOO_LARGE);
    content.add(this.#owner.parser.window, start, end);
  }

  #endContent(exchange: Exchange): void {
    this.#continueOwed = false;
    exchange.end();
    this.#begin(exchange);
    this.#incoming = null;
    if (this.#last) this.#go(FINISH);
    else if (!this.#pipeline.hasRoom(null)) this.#go(HOLD);
  }

  /** Hands an exchange to the application whose content is still on its way. */
  #waitForContent(exchange: Exchange): void {
    this.#begin(exchange);
    if (this.#crowded) this.#pause();
  }

  /** Hands an exchange to the application, if that was not done yet. */
  #begin(exchange: Exchange): void {
    if (!this.#dispatched) {
      this.#dispatched = true;
      this.#owner.begun(exchange);
      if (exchange.done) return;
      this.#pipeline.add(exchange);
      if (this.#left) exchange.leave();
      if (this.#gone) this.#abandonAll();
      else if (this.#pipeline.first === exchange) exchange.takeTurn();
    }
    if (!exchange.done) exchange.own();
  }

  /** Lets the window go; more is not read before what was put by. */
  #putBy(): void {
    if (this.#state >= SWITCHED || (this.#state === DONE && this.#pipeline.empty)) return;
    this.#reader.suspend();
    if (this.#incoming !== null && !this.#incoming.done) this.#incoming.own();
    if (this.#reader.waiting > 0) this.#pause();
  }

  /** What came was wrong: this is the end of the connection, once every answer owed before it was given. */
  #fail(error: ParseError): void {
    const exchange = this.#incoming;
    this.#last = true;
    this.#go(FINISH);
    const refusal = this.#owner.refusal(error, this, this.#reader.fed);
    if (refusal === null) this.#giveUp();
    else if (exchange !== null && this.#dispatched) {
      // The application is at work on it; it is told when it asks for the content, and answers, or goes on to.
      if (!exchange.done) exchange.content.fail(error);
    } else {
      this.#failure =
        refusal === undefined
          ? serializeError(error, exchange !== null && exchange.head.methodId === abi.METHOD_HEAD)
          : { text: refusal, bytes: null, framing: null, size: 0 };
      this.#incoming = null;
      exchange?.settle();
    }
    this.#owner.failed(error, this);
  }

  /** Leaves the stream below to whoever answers what was wrong: what still comes is dropped, and nothing is written. */
  #giveUp(): void {
    this.#go(SWITCH);
    if (!this.#dispatched) {
      this.#incoming?.settle();
      this.#incoming = null;
    }
    this.#patience.wait(APPLICATION, this.#requests);
    // Only where it is read its end is seen.
    if (this.#paused) this.#transport.resume();
  }

  #flush(): void {
    if (this.#state === SWITCHED) return;
    this.#outbox.flush();
    if (this.#outbox.blocked) this.#pause();
    this.#patience.wait(this.#waitsFor(), this.#requests);
    if (this.#state === CLOSED && !this.#gone) this.#transport.end();
  }

  /** What it waits for now. */
  #waitsFor(): number {
    if (!this.#reading) return APPLICATION;
    // Where reading has stopped for the application's sake, the client is not to blame.
    if (this.#incoming !== null) return this.#paused ? APPLICATION : CONTENT;
    if (this.#reader.inMessage) return REST_OF_HEAD;
    if (!this.#pipeline.empty) return APPLICATION;
    return this.#requests === 0 ? FIRST_REQUEST : NEXT_REQUEST;
  }
}
