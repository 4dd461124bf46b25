/** Between connections and application: each request is served, and whoever listens is told. */
import type { Duplex } from "node:stream";
import type { Servable } from "../app/index.ts";
import {
  discardContent,
  type Exchange,
  type Peer,
  type ServerConnection,
  type ServerEvents,
  type TakeOver,
} from "../h1/index.ts";
import {
  type Environment,
  HttpRequest,
  type HttpResponse,
  OwnResponse,
  type ResponseHost,
  ServiceUnavailableError,
} from "../http/index.ts";
import { ParseError } from "../parser/index.ts";
import {
  tellConnectionClose,
  tellParseError,
  tellRequestEnd,
  tellRequestError,
  tellRequestStart,
  timesRequests,
} from "./diagnostics.ts";
import { readMultipart } from "./multipart.ts";

/** Seconds after which a client that was sent away may come again. */
const RETRY_AFTER = "1";

export class Service implements ServerEvents, ResponseHost {
  readonly #served: Servable;
  readonly #environment: Environment;
  readonly #maxConcurrentRequests: number;
  readonly #adopt: (socket: Duplex) => void;
  /** Requests that are at work. */
  active = 0;
  /** Requests that have come, and errors that clients made. */
  requests = 0;
  parseErrors = 0;

  /** `adopt` is told of sockets that were handed over, before their takers are. */
  constructor(served: Servable, maxConcurrentRequests: number, adopt: (socket: Duplex) => void) {
    this.#served = served;
    this.#environment = { ...served.environment, multipart: readMultipart };
    this.#maxConcurrentRequests = maxConcurrentRequests;
    this.#adopt = adopt;
    served.onReport(tellRequestError);
  }

  request(exchange: Exchange): void {
    ++this.requests;
    ++this.active;
    const request = new HttpRequest(exchange, this.#environment);
    exchange.context = request;
    if (timesRequests()) exchange.began = performance.now();
    tellRequestStart(request);
    if (this.active > this.#maxConcurrentRequests) {
      const busy = new ServiceUnavailableError(undefined, { headers: { "Retry-After": RETRY_AFTER } });
      this.#respond(exchange, request, this.#served.recover(busy, request));
      return;
    }
    const response = this.#served.handle(request);
    if (response instanceof Promise) this.#respondLater(exchange, request, response);
    else this.#respond(exchange, request, response);
  }

  maxBodySize(exchange: Exchange): number | undefined {
    return this.#served.maxBodySize(new HttpRequest(exchange, this.#environment));
  }

  over(exchange: Exchange): void {
    --this.active;
    tellRequestEnd(exchange, this.#served);
  }

  failed(error: ParseError, peer: Peer): void {
    ++this.parseErrors;
    tellParseError(error, peer, this.#served);
  }

  closed(connection: ServerConnection): void {
    tellConnectionClose(connection.peer);
  }

  // A closure has each call of its function allocate what it closes over: here they are apart from what all requests do.

  #respondLater(exchange: Exchange, request: HttpRequest, response: Promise<HttpResponse>): void {
    response.then((value) => this.#respond(exchange, request, value));
  }

  #respond(exchange: Exchange, request: HttpRequest, response: HttpResponse): void {
    if (exchange.done) {
      discardContent(response);
      return;
    }
    try {
      if (response instanceof OwnResponse) response.answer(exchange, request, this);
      else {
        const sent = exchange.respond(response);
        if (sent !== undefined) this.#watch(sent, request);
      }
    } catch (error) {
      discardContent(response);
      // An error can itself be what cannot be sent; what that means then always can.
      if (!exchange.answered) this.#respond(exchange, request, this.#served.recover(error, request));
    }
  }

  /** Reports why content did not leave whole, unless it was made of content that the client did not send whole. */
  #watch(sent: Promise<void>, request: HttpRequest): void {
    sent.catch((error) => {
      if (!(error instanceof ParseError)) this.#served.report(error, request);
    });
  }

  /** As of `ResponseHost`. */
  recover(error: unknown, request: HttpRequest): HttpResponse {
    return this.#served.recover(error, request);
  }

  /** As of `ResponseHost`. */
  report(error: unknown, request: HttpRequest): void {
    this.#served.report(error, request);
  }

  /** As of `ResponseHost`. */
  handOver(exchange: Exchange, request: HttpRequest, take: TakeOver): void {
    exchange.handOver((stream, unread) => {
      const socket = stream as Duplex;
      this.#adopt(socket);
      try {
        take(socket, unread);
      } catch (error) {
        socket.destroy();
        this.#served.report(error, request);
      }
    });
  }
}
