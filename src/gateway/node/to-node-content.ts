/** Content of Node's requests on its way to the application, no faster than that reads. */
import type { IncomingMessage } from "node:http";
import type { Exchange } from "../../h1/index.ts";
import * as abi from "../../parser/abi.ts";
import { type HeaderFields, ParseError } from "../../parser/index.ts";

/** What the content of a request may come to, and how its trailers are read. */
export interface ContentRules {
  maxBodySize(exchange: Exchange): number;
  trailers(req: IncomingMessage): HeaderFields | null;
}

const READ_ALREADY =
  "the content of this request was read before the application got it: mount the application ahead of body parsers, or have them keep the bytes as req.rawBody";

/** The bytes that a body parser has left on a request, null where it has left none as they came. */
function bytesOf(req: IncomingMessage): Uint8Array | null {
  const { rawBody, body } = req as { rawBody?: unknown; body?: unknown };
  if (rawBody instanceof Uint8Array) return rawBody;
  return body instanceof Uint8Array ? body : null;
}

/** Reads the content of one request from when the application first asks for it. */
export class NodeContent {
  readonly #req: IncomingMessage;
  readonly #exchange: Exchange;
  readonly #rules: ContentRules;
  #reading = false;

  constructor(req: IncomingMessage, exchange: Exchange, rules: ContentRules) {
    this.#req = req;
    this.#exchange = exchange;
    this.#rules = rules;
  }

  /** The application wants content, or will take no more: reads on. */
  wanted(): void {
    const exchange = this.#exchange;
    if (exchange.complete) return;
    const req = this.#req;
    if (this.#reading) req.resume();
    else if (req.readableDidRead) this.#takeLeft();
    else {
      this.#reading = true;
      req.on("data", (chunk: Buffer) => this.#add(chunk));
      req.on("end", () => this.#end());
      // Whatever went wrong, the response is closed, and that says all that matters here.
      req.on("error", () => {});
    }
  }

  /** Reads the rest and drops it, so that the connection may be kept. */
  drop(): void {
    if (this.#reading) this.#req.resume();
  }

  /** Takes what others have read. */
  #takeLeft(): void {
    const bytes = bytesOf(this.#req);
    if (bytes === null) this.#exchange.content.fail(new TypeError(READ_ALREADY));
    else {
      this.#add(bytes);
      this.#exchange.end();
    }
  }

  #add(chunk: Uint8Array): void {
    const exchange = this.#exchange;
    if (exchange.done) return;
    const { content } = exchange;
    const size = content.size + chunk.length;
    if (size > content.maxSize || size > this.#rules.maxBodySize(exchange)) {
      content.fail(new ParseError(abi.CONTENT_TOO_LARGE));
    }
    content.add(chunk, 0, chunk.length);
    content.own();
    if (content.crowded) this.#req.pause();
  }

  #end(): void {
    const exchange = this.#exchange;
    if (exchange.done) return;
    exchange.addTrailers(this.#rules.trailers(this.#req));
    exchange.end();
  }
}
