/**
 * The client's side of a connection as a machine without I/O: requests are written to the transport in their order,
 * bytes come in, and each request's promise gives its response. Times are the caller's to keep.
 */
import * as abi from "../parser/abi.ts";
import {
  DATA,
  HEAD,
  type HeaderFields,
  methodId,
  NEED_MORE,
  ParseError,
  type ParserOptions,
  type ReaderEvent,
  type ResponseHead,
  ResponseReader,
  TRAILERS,
} from "../parser/index.ts";
import { sharedParser } from "../parser/messages.ts";
import { inOnePiece, isStream, sizeOf } from "./body.ts";
import { type ContentSource, IncomingContent, putBy } from "./content.ts";
import type { Peer, Transport } from "./options.ts";
import { Outbox } from "./outbox.ts";
import { OutgoingContent } from "./outgoing.ts";
import { type OutgoingRequest, serializeRequest } from "./serialize-request.ts";
import { CLOSE, DONE, type Event, FINISH, next, READING, type State, SWITCH } from "./states.ts";

/** A response that has come: its head, and the content while it comes. */
export interface IncomingResponse {
  readonly head: ResponseHead;
  readonly content: IncomingContent;
  /** Fields after the content, once it has ended; null where there are none. */
  readonly trailers: HeaderFields | null;
  /**
   * Where the connection speaks another protocol from here on (101, or a 2xx to CONNECT): the stream below
   * (`Transport.detach`), and the bytes that were read of it already. Null else.
   */
  readonly taken: { readonly stream: unknown; readonly unread: Uint8Array } | null;
}

type OpenResponse = { -readonly [Key in keyof IncomingResponse]: IncomingResponse[Key] };

/** A request whose response has not ended. */
interface Exchange {
  /** Id of the method. */
  readonly method: number;
  /** The head as it was written; content may follow it. */
  readonly text: string;
  /** Content that leaves piece by piece; null where there is none, or all has left. */
  outgoing: OutgoingContent | null;
  response: OpenResponse | null;
  /** Lets content go that is held back, or tells that it never may. */
  proceed: (wanted: boolean) => void;
  resolve(response: IncomingResponse): void;
  reject(error: unknown): void;
  inform(head: ResponseHead): void;
}

function ignore(): void {}

/** Whether a request has Upgrade among its fields. */
function asksForUpgrade(text: string): boolean {
  return /\r\nupgrade:/i.test(text.slice(0, text.indexOf("\r\n\r\n")));
}

/** The same request, with content that does not leave together with its head. */
function apart(message: OutgoingRequest): OutgoingRequest {
  const { body = null, fields = [] } = message;
  if (body === null || isStream(body)) return message;
  return { ...message, fields: [...fields, ["Content-Length", String(sizeOf(body))]], body: inOnePiece(body) };
}

/** The client's end of a connection. Whoever has the stream below tells it the same as a `ServerConnection`. */
export class ClientConnection implements ContentSource {
  readonly #transport: Transport;
  readonly #reader: ResponseReader;
  readonly #outbox: Outbox;
  /** In the order of their requests. */
  readonly #exchanges: Exchange[] = [];
  #state: State = READING;
  /** Settles when all requests so far were written; null where they are. */
  #writing: Promise<void> | null = null;
  #paused = false;

  /** Connections of the same options share one parser. Throws a RangeError where an option is out of its range. */
  constructor(transport: Transport, options: ParserOptions = {}) {
    this.#transport = transport;
    this.#reader = new ResponseReader(sharedParser(options));
    this.#outbox = new Outbox(transport);
  }

  get peer(): Peer {
    return this.#transport.peer;
  }

  /** Whether another request may be made on this connection. */
  get reusable(): boolean {
    return this.#state === READING;
  }

  /** Whether no request is under way. */
  get idle(): boolean {
    return this.#exchanges.length === 0;
  }

  /**
   * Makes a request, after those before it; resolves with its response when the head of that has come. `inform` is told
   * of informational responses. Rejects with a ParseError where what comes is wrong or ends too early, and with the
   * error of the content's source where that fails. Throws where the request could not be written as it is, and where
   * the connection takes no more requests.
   */
  request(message: OutgoingRequest, inform: (head: ResponseHead) => void = ignore): Promise<IncomingResponse> {
    if (!this.reusable) throw new Error("this connection takes no more requests");
    const request = message.expectContinue ? apart(message) : message;
    const { text, bytes, framing } = serializeRequest(request);
    const { body = null, trailers = null } = request;
    const outgoing = isStream(body) && framing !== null ? new OutgoingContent(body, framing, trailers) : null;
    if (message.close) this.#go(FINISH);
    return new Promise((resolve, reject) => {
      const exchange: Exchange = {
        method: methodId(message.method),
        text,
        outgoing,
        response: null,
        proceed: ignore,
        resolve,
        reject,
        inform,
      };
      this.#exchanges.push(exchange);
      this.#expectNext();
      const writing = this.#write(exchange, text, bytes, message.expectContinue === true);
      if (writing === null) return;
      this.#writing = writing;
      const done = () => {
        if (this.#writing === writing) this.#writing = null;
      };
      writing.catch((error) => this.#fail(error)).then(done);
    });
  }

  /** Takes bytes that have come; they are copied. */
  receive(chunk: Uint8Array): void {
    if (this.#state > DONE) return;
    const reader = this.#reader;
    const { window } = reader.parser;
    if (chunk.length <= window.length) {
      window.set(chunk);
      reader.feed(chunk.length);
      this.#read();
      return;
    }
    putBy(reader, chunk);
    while (this.#state <= DONE && reader.waiting > 0) {
      reader.resume();
      this.#read();
    }
  }

  /** The peer will send no more. */
  finish(): void {
    if (this.#state > DONE) return;
    try {
      this.#reader.finish();
    } catch (error) {
      this.#fail(error);
      return;
    }
    this.#read();
    this.abort();
  }

  /** The peer has read what was written. */
  drained(): void {
    this.#outbox.drained(true);
  }

  /** The connection is gone; whatever was under way fails. */
  abort(): void {
    this.#fail(new ParseError(abi.INCOMPLETE_MESSAGE));
  }

  /** Ends it at once, whatever is under way. */
  cut(): void {
    this.abort();
    this.#transport.destroy();
  }

  #go(event: Event): void {
    this.#state = next(this.#state, event);
  }

  /** Tells the reader whose response comes next: it decides how that is framed. */
  #expectNext(): void {
    this.#reader.requestMethod = this.#exchanges[0]?.method ?? 0;
  }

  /** Writes a request; gives a promise where it takes time, for content or for the requests before it. */
  #write(exchange: Exchange, text: string, bytes: Uint8Array | null, held: boolean): Promise<void> | null {
    if (this.#writing !== null || exchange.outgoing !== null) return this.#writeInTurn(exchange, text, bytes, held);
    this.#outbox.add(text, bytes);
    this.#outbox.flush();
    return null;
  }

  async #writeInTurn(exchange: Exchange, text: string, bytes: Uint8Array | null, held: boolean): Promise<void> {
    await this.#writing;
    if (this.#state > DONE) return;
    this.#outbox.add(text, bytes);
    this.#outbox.flush();
    const { outgoing } = exchange;
    if (outgoing === null) return;
    if (held) {
      const wanted = await new Promise<boolean>((resolve) => {
        exchange.proceed = resolve;
      });
      if (!wanted) return;
    }
    await outgoing.send((pieces) => this.#state <= DONE && this.#outbox.send(pieces));
    if (this.#state <= DONE) exchange.outgoing = null;
  }

  #read(): void {
    try {
      while (this.#state <= DONE) {
        const event = this.#reader.next();
        if (event === NEED_MORE) break;
        this.#take(event);
      }
    } catch (error) {
      this.#fail(error);
    }
    const content = this.#exchanges[0]?.response?.content;
    content?.own();
    if (!content?.crowded || this.#paused) return;
    this.#paused = true;
    this.#transport.pause();
  }

  #take(event: ReaderEvent): void {
    const reader = this.#reader;
    const exchange = this.#exchanges[0];
    if (exchange === undefined) throw new Error("a response came that nobody asked for");
    const { response } = exchange;
    if (event === HEAD) this.#open(exchange, (reader.head as ResponseHead).own());
    else if (response === null) return;
    else if (event === DATA) response.content.add(reader.parser.window, reader.dataStart, reader.dataEnd);
    else if (event === TRAILERS) response.trailers = reader.trailers;
    else this.#end(exchange, response);
  }

  #open(exchange: Exchange, head: ResponseHead): void {
    const { status } = head;
    if (status < 200 && status !== 101) {
      if (status === 100) exchange.proceed(true);
      exchange.inform(head);
      return;
    }
    if (status === 101 && !asksForUpgrade(exchange.text)) throw new Error("a protocol came that nobody asked for");
    exchange.proceed(false);
    const response = { head, content: new IncomingContent(this), trailers: null, taken: null };
    exchange.response = response;
    if (status === 101 || (exchange.method === abi.METHOD_CONNECT && status < 300)) this.#switch(response);
    exchange.resolve(response);
  }

  /** From here on the connection speaks another protocol. */
  #switch(response: OpenResponse): void {
    this.#reader.suspend();
    response.taken = { unread: this.#reader.takeWaiting(), stream: this.#transport.detach() };
    response.content.end();
    this.#go(SWITCH);
    this.#exchanges.shift();
    this.#failAll(new Error("the connection speaks another protocol now"));
  }

  #end(exchange: Exchange, response: OpenResponse): void {
    response.content.end();
    // Nobody looks after it any more once it is out of the list.
    response.content.own();
    this.#exchanges.shift();
    this.#expectNext();
    // A server that answers before it has all content may still wait for it, or not: only closing is safe.
    const open = response.head.keepAlive && (exchange.outgoing?.sent ?? true);
    if (open && (this.#state === READING || this.#exchanges.length > 0)) return;
    exchange.outgoing?.stop();
    this.#go(CLOSE);
    this.#failAll(new ParseError(abi.INCOMPLETE_MESSAGE));
    this.#transport.end();
  }

  /** Somebody wants content of a response; called by that. */
  wanted(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#transport.resume();
  }

  /** Nothing more can come of this connection. */
  #fail(error: unknown): void {
    if (this.#state > DONE) return;
    this.#go(CLOSE);
    this.#failAll(error);
    this.#transport.destroy();
  }

  #failAll(error: unknown): void {
    this.#outbox.drained(false);
    for (const exchange of this.#exchanges.splice(0)) {
      exchange.proceed(false);
      exchange.outgoing?.stop();
      exchange.reject(error);
      exchange.response?.content.fail(error as Error);
    }
  }
}
