import { type HeaderFields, ReleasedError, type RequestHead } from "../parser/index.ts";
import { IncomingContent } from "./content.ts";
import type { Peer } from "./options.ts";
import type { OutgoingMessage } from "./serialize.ts";

/** What an exchange needs of its connection. */
export interface ExchangeOwner {
  readonly peer: Peer;
  /** Tells the client to send the content it holds back. */
  continue(exchange: Exchange): void;
  /** Writes the response; gives a promise where its content takes time. */
  answer(exchange: Exchange, message: OutgoingMessage): Promise<void> | undefined;
}

const GONE = "the client has gone";

/** One request and its response. */
export class Exchange {
  readonly head: RequestHead;
  readonly content: IncomingContent;
  #answered = false;
  #abandoned = false;
  #controller: AbortController | null = null;
  #trailers: HeaderFields | null = null;
  #connection: ExchangeOwner | null;

  constructor(connection: ExchangeOwner, head: RequestHead) {
    this.#connection = connection;
    this.head = head;
    this.content = new IncomingContent(() => connection.continue(this));
  }

  /** Whether the exchange is over: all of the response was written, or nothing more can be. */
  get done(): boolean {
    return this.#connection === null;
  }

  /**
   * Gives the response. Throws where it cannot be written as it is; then another may be given. Where its content is
   * iterated, gives a promise that resolves when all is sent or the client has gone, and rejects where its source
   * fails; then the connection is cut, for that is how a client learns that it has not all.
   */
  respond(message: OutgoingMessage): Promise<void> | undefined {
    if (this.#connection === null || this.#answered) throw new Error("this exchange already has its response");
    const sent = this.#connection.answer(this, message);
    this.#answered = true;
    return sent;
  }

  /** Fields after the content, once it has ended; null where there are none (RFC 9110 §6.5). */
  get trailers(): HeaderFields | null {
    if (this.#connection === null) throw new ReleasedError();
    return this.#trailers;
  }

  /** The two ends of its connection. */
  get peer(): Peer {
    if (this.#connection === null) throw new ReleasedError();
    return this.#connection.peer;
  }

  /** Aborted when the client goes before it has its response, and never otherwise. */
  get signal(): AbortSignal {
    if (this.#controller === null) {
      this.#controller = new AbortController();
      if (this.#abandoned) this.#controller.abort(new Error(GONE));
    }
    return this.#controller.signal;
  }

  /** The client has gone: there is nobody to answer any more. */
  abandon(): void {
    this.#abandoned = true;
    this.settle();
    this.#controller?.abort(new Error(GONE));
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
