/** One request and its response as node:http has them, on an exchange of the engine. */
import { AsyncResource } from "node:async_hooks";
import type { Exchange, ResponseWriter } from "../../h1/index.ts";
import { FRAMING_NONE } from "../../parser/abi.ts";
import type { HeaderFields } from "../../parser/index.ts";
import {
  closeResponse,
  completeRequest,
  dropContent,
  type Incoming,
  type Outgoing,
  type ServingSocket,
} from "./messages.ts";
import { rethrow } from "./rethrow.ts";

/** Where request and response keep their turn: what is called on them is shared by all, and no closure of each. */
const TURN = Symbol("turn");
type OfTurn = { [TURN]: Turn };

/** As `_read` of node:http: whoever reads has begun to want content. */
function read(this: Incoming & OfTurn): void {
  if (!this._consuming) {
    this._readableState.readingMore = false;
    this._consuming = true;
  }
  this[TURN].pull();
}

/** As `_storeHeader` of node:http: the head says whether the connection closes. */
function storeHeader(this: Outgoing & OfTurn, firstLine: string, headers: unknown): void {
  const { exchange, req } = this[TURN];
  if (exchange.closes(req._consuming)) this.shouldKeepAlive = false;
  (Object.getPrototypeOf(this) as Outgoing)._storeHeader.call(this, firstLine, headers);
}

function onFinish(this: Outgoing & OfTurn): void {
  this[TURN].finish();
}

/** What node:http tells of a request whose client has gone. */
function goneError(): Error {
  return Object.assign(new Error("aborted"), { code: "ECONNRESET" });
}

/**
 * The request is fed from the exchange, and the response is written to the socket when its turn has come. It is an
 * asynchronous context of its own, in which listeners are to be called: what one of them enters, no other is in.
 */
export abstract class Turn extends AsyncResource implements ResponseWriter {
  readonly exchange: Exchange;
  readonly socket: ServingSocket;
  readonly req: Incoming;
  readonly res: Outgoing;
  /** Whether all content was there from the beginning, or none of it is wanted any more. */
  #whole: boolean;
  /** Whether the request has yet to be told that there is no content; whoever reads is told. */
  #empty = false;
  #pulling = false;
  /** Goes on pushing, where the request had told to wait. */
  #wake: (() => void) | null = null;
  /** Whether the response was sent before the content had come that somebody reads. */
  #sentEarly = false;

  constructor(exchange: Exchange, req: Incoming, res: Outgoing) {
    super("HTTPINCOMINGMESSAGE");
    this.exchange = exchange;
    this.socket = req.socket;
    this.req = req;
    this.res = res;
    this.#whole = exchange.complete;
    (req as Incoming & OfTurn)[TURN] = this;
    (res as Outgoing & OfTurn)[TURN] = this;
    req._read = read;
    res._storeHeader = storeHeader;
    res.on("finish", onFinish);
  }

  /** The context in which the connection goes on, which belongs to no request. */
  protected abstract readonly between: AsyncResource;

  /** Bytes of content that were sent. */
  protected abstract readonly sent: number;

  /** Somebody reads content that has not come yet. */
  protected abstract contentWanted(): void;

  /** The rest of the content will never come, for what came was wrong; the client is still there. */
  protected abstract contentFailed(error: unknown): void;

  begin(): void {
    const { res, socket } = this;
    if (res.destroyed) {
      socket.destroy();
      return;
    }
    try {
      res.assignSocket(socket);
    } catch (error) {
      rethrow(error);
    }
  }

  abandoned(): void {
    const { req, res } = this;
    try {
      req.destroy(goneError());
      // One that has the socket hears of it from that.
      if (res.socket) return;
      res.destroy(goneError());
      // Not every Node tells of it by itself.
      process.nextTick(closeResponse, res);
    } catch (error) {
      rethrow(error);
    }
  }

  /** Hands on what has come with the head. To be called when listeners have been. */
  feed(): void {
    const { exchange, req } = this;
    if (!this.#whole || exchange.done) return;
    if (exchange.head.framing === FRAMING_NONE) {
      req.complete = true;
      // Most that have no content are never read: what Node does to end one is not done then.
      this.#empty = true;
      if (req._consuming) this.pull();
      return;
    }
    this.#pushAll(exchange.trailers);
  }

  contentEnded(trailers: HeaderFields | null): void {
    // Whoever reads piece by piece is told when the last was taken.
    if (this.#pulling) {
      if (this.#sentEarly) this.#wake?.();
      return;
    }
    this.#whole = true;
    this.runInAsyncScope(this.#pushAll, this, trailers);
  }

  /** Pushes content that is there whole. */
  #pushAll(trailers: HeaderFields | null): void {
    const { exchange, req } = this;
    try {
      const bytes = exchange.content.peek();
      if (bytes.length > 0 && !req._dumped) req.push(Buffer.from(bytes));
      completeRequest(req, trailers);
    } catch (error) {
      rethrow(error);
    }
  }

  /** Somebody reads: pushes what comes from now on, or goes on to. */
  pull(): void {
    if (this.#empty) {
      this.#empty = false;
      this.req.push(null);
    }
    if (this.#whole) return;
    if (this.#pulling) {
      this.#wake?.();
      return;
    }
    this.#pulling = true;
    this.contentWanted();
    this.#push();
  }

  async #push(): Promise<void> {
    const pieces = this.exchange.content.pieces();
    for (;;) {
      let piece: Uint8Array | undefined;
      try {
        piece = (await pieces.next()).value as Uint8Array | undefined;
      } catch (error) {
        this.#fail(error);
        return;
      }
      if (piece === undefined) break;
      if (!this.#pushPiece(piece) && !this.#hurries) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
        this.#wake = null;
      }
    }
    this.#complete();
  }

  #pushPiece(piece: Uint8Array): boolean {
    const { req } = this;
    try {
      return req._dumped || req.push(Buffer.from(piece.buffer, piece.byteOffset, piece.length));
    } catch (error) {
      rethrow(error);
      return true;
    }
  }

  /** Whether what has come is to be pushed at once: the next request waits for it, and there is no more of it. */
  get #hurries(): boolean {
    return this.#sentEarly && this.exchange.complete;
  }

  #fail(error: unknown): void {
    this.#whole = true;
    if (this.exchange.done) return;
    this.contentFailed(error);
    if (this.#sentEarly) this.#settle();
  }

  /** All content has come, and was handed on. */
  #complete(): void {
    const { exchange, req } = this;
    this.#whole = true;
    if (exchange.done) return;
    try {
      completeRequest(req, exchange.trailers);
    } catch (error) {
      rethrow(error);
    }
    if (this.#sentEarly) this.#settle();
  }

  /** All of the response was sent. */
  finish(): void {
    const { req, res, socket } = this;
    const unread = !req._consuming && !req._readableState.resumeScheduled;
    res.detachSocket(socket);
    process.nextTick(closeResponse, res);
    if (unread) this.#dump();
    // Where the connection closes there is no next request to wait for, and as on node:http no rest of this one.
    else if (this.#whole || res._last) this.#settle();
    else {
      // Who reads on has the rest as well: the next request cannot come before it.
      this.#sentEarly = true;
      if (this.#hurries) this.#wake?.();
    }
  }

  /** Nobody wants the content: what still comes the engine drops, and tells when that was all. */
  #dump(): void {
    const { req } = this;
    this.#whole = true;
    this.#settle();
    if (this.#empty && dropContent(req)) return;
    req._dump();
  }

  #settle(): void {
    this.between.runInAsyncScope(this.#written, this);
  }

  #written(): void {
    const { exchange, res } = this;
    exchange.written(res.statusCode, this.sent, res._last);
  }
}
