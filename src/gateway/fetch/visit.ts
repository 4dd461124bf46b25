import type { Servable } from "../../app/index.ts";
import { Exchange, type ExchangeOwner } from "../../h1/exchange.ts";
import { discardContent, type OutgoingMessage, type Peer } from "../../h1/index.ts";
import { quiet } from "../../h1/quiet.ts";
import {
  type Environment,
  HttpRequest,
  type HttpResponse,
  NotImplementedError,
  OwnResponse,
} from "../../http/index.ts";
import { CONTENT_TOO_LARGE, FRAMING_NONE, METHOD_HEAD } from "../../parser/abi.ts";
import { ParseError } from "../../parser/index.ts";
import { type AnswerStream, toFetchResponse, type Watcher } from "./answer.ts";
import { FetchHead } from "./head.ts";

/** What all visits of a gateway have in common. */
export interface Reception {
  readonly served: Servable;
  readonly environment: Environment;
  readonly maxBodySize: number;
}

/** Status of the answer that nobody waits for. */
const CLIENT_GONE = 499;

const BAD_HAND_OVER =
  "toFetch cannot hand a connection over: WebSocket, upgrades, tunnels and fromNode need a server that has its socket, as listen";

function noStream(): never {
  throw new Error(BAD_HAND_OVER);
}

/** One Request of fetch on its way through an application: what a connection is to an exchange. */
export class Visit implements ExchangeOwner, Watcher {
  readonly request: HttpRequest;
  readonly #reception: Reception;
  readonly #source: Request;
  readonly #exchange: Exchange;
  readonly #addressOf: () => string | undefined;
  #peer: Peer | null = null;
  /** Bytes of content that it may have, as far as that was asked. */
  #maxBodySize: number;
  #reader: ReadableStreamDefaultReader<Uint8Array> | null = null;
  #reading = false;
  #response: Response | null = null;
  #content: AnswerStream | null = null;
  #watching = false;

  constructor(reception: Reception, source: Request, addressOf: () => string | undefined) {
    this.#reception = reception;
    this.#source = source;
    this.#addressOf = addressOf;
    this.#maxBodySize = reception.maxBodySize;
    this.#exchange = new Exchange(this, new FetchHead(source));
    this.request = new HttpRequest(this.#exchange, reception.environment);
  }

  /** Has the application answer. Never rejects. */
  serve(): Response | Promise<Response> {
    const { served } = this.#reception;
    const { head } = this.#exchange;
    if (head.framing !== FRAMING_NONE && !this.#mayHave(head.contentLength)) {
      return this.#respond(served.recover(new ParseError(CONTENT_TOO_LARGE), this.request));
    }
    const answer = served.handle(this.request);
    if (!(answer instanceof Promise)) return this.#respond(answer);
    this.#watch();
    return answer.then((response) => this.#respond(response));
  }

  /** The answer to an error that came before the application was asked. */
  fail(error: unknown): Response {
    return this.#respond(this.#reception.served.recover(error, this.request));
  }

  #respond(response: HttpResponse): Response {
    if (this.#exchange.done) {
      discardContent(response);
      return new Response(null, { status: CLIENT_GONE });
    }
    try {
      if (response instanceof OwnResponse) throw new Error(BAD_HAND_OVER);
      this.#exchange.respond(response);
    } catch (error) {
      discardContent(response);
      // An error can itself be what cannot be sent; what that means then always can.
      return this.#respond(this.#recover(error, response));
    }
    if (this.#content === null) this.#settle();
    else this.#watch();
    // `answer` has made it.
    return this.#response as Response;
  }

  #recover(error: unknown, response: HttpResponse): HttpResponse {
    const { served } = this.#reception;
    if (!(response instanceof OwnResponse)) return served.recover(error, this.request);
    served.report(error, this.request);
    return served.recover(new NotImplementedError(), this.request);
  }

  // What the exchange asks.

  get peer(): Peer {
    this.#peer ??= { remoteAddress: this.#addressOf(), encrypted: this.#source.url.startsWith("https:") };
    return this.#peer;
  }

  answer(exchange: Exchange, message: OutgoingMessage): undefined {
    const { response, content } = toFetchResponse(message, exchange.head.methodId === METHOD_HEAD, this);
    exchange.status = message.status;
    this.#response = response;
    this.#content = content;
  }

  /** There is nothing between a host and its client that this could be said by. */
  inform(): void {}

  /** There is no stream below. */
  readonly stream = undefined;
  readonly letWrite: () => never = noStream;
  readonly written: () => never = noStream;
  readonly closesAfter: () => never = noStream;
  readonly handOver: () => never = noStream;

  /** Reads on, as far as somebody takes what is read. */
  continue(): void {
    if (this.#reading) return;
    this.#reading = true;
    quiet(this.#read());
  }

  async #read(): Promise<void> {
    const { content } = this.#exchange;
    try {
      this.#reader ??= (this.#source.body as ReadableStream<Uint8Array>).getReader();
      while (!content.crowded && !content.ended) {
        const { done, value } = await this.#reader.read();
        if (this.#exchange.done) {
          quiet(this.#reader.cancel());
          return;
        }
        if (done) {
          this.#exchange.end();
          return;
        }
        if (!this.#mayHave(content.size + value.length)) throw new ParseError(CONTENT_TOO_LARGE);
        content.add(value, 0, value.length);
        content.own();
      }
    } catch (error) {
      content.fail(error as Error);
      quiet(Promise.resolve(this.#reader?.cancel()));
    } finally {
      this.#reading = false;
    }
  }

  /** Whether there may be so much content; what only some may have is asked for when it comes to that. */
  #mayHave(size: number): boolean {
    if (size > this.#exchange.content.maxSize) return false;
    if (size > this.#maxBodySize && !this.#exchange.done) {
      const { served, maxBodySize } = this.#reception;
      this.#maxBodySize = served.maxBodySize(this.request) ?? maxBodySize;
    }
    return size <= this.#maxBodySize;
  }

  // What becomes of the answer, and of the client.

  ended(): void {
    this.#settle();
  }

  failed(error: unknown): void {
    // Content that is made of what the client did not send whole.
    if (!(error instanceof ParseError)) this.#reception.served.report(error, this.request);
  }

  /** Learns of the client's going, where an answer takes time: others are there before it can go. */
  #watch(): void {
    if (this.#watching) return;
    this.#watching = true;
    const { signal } = this.#source;
    signal.addEventListener("abort", this.#leave);
    if (signal.aborted) this.#leave();
  }

  readonly #leave = (): void => {
    this.#exchange.abandon();
    this.#content?.stop();
  };

  #settle(): void {
    if (this.#watching) this.#source.signal.removeEventListener("abort", this.#leave);
    this.#watching = false;
    if (!this.#exchange.done) this.#exchange.settle();
  }
}
