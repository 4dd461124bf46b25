/** One request of Node's and its response, under one exchange. */
import { type IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { ContentStream } from "../../h1/body.ts";
import { Exchange, type ExchangeOwner, type TakeOver } from "../../h1/exchange.ts";
import { trailerLines } from "../../h1/fields.ts";
import { discardContent, type Fields, type OutgoingMessage, type Peer } from "../../h1/index.ts";
import { OutgoingContent } from "../../h1/outgoing.ts";
import { contentStream, serializeInformational } from "../../h1/serialize.ts";
import { TEXT } from "../../http/index.ts";
import * as abi from "../../parser/abi.ts";
import type { ParseError, RequestHead } from "../../parser/index.ts";
import { setHead } from "./to-node-answer.ts";
import { type ContentRules, NodeContent } from "./to-node-content.ts";

/** What is told of exchanges. */
export interface ExchangeRules extends ContentRules {
  /** An exchange is over; what was read of it can be read for the last time. */
  over(exchange: Exchange): void;
  /** A response could not be written, though it was valid. */
  failed(exchange: Exchange, error: unknown): void;
}

/** A connection that Node has given up for another protocol, and what was read of it already. */
export interface UpgradeStream {
  readonly socket: Duplex;
  readonly unread: Uint8Array;
}

/** What a request gets whose connection the application would take over, where Node keeps it. */
const NOT_IMPLEMENTED: OutgoingMessage = {
  status: 501,
  contentType: TEXT,
  fields: null,
  body: "Not Implemented\n",
  trailers: null,
};
const NO_STREAM = "under Node's own server there is no stream to write a response on";
const NOT_GIVEN_UP =
  'Node gives no connection up here: pass its upgrades on, as server.on("upgrade", handler.upgrade), and "connect" for tunnels';

function noStream(): never {
  throw new Error(NO_STREAM);
}

/** A response on a socket that Node has let go of; the socket ends with it. */
function responseOn(socket: Duplex, req: IncomingMessage): ServerResponse {
  const res = new ServerResponse(req);
  res.shouldKeepAlive = false;
  // What Node asks of a socket here every Duplex has.
  res.assignSocket(socket as Parameters<ServerResponse["assignSocket"]>[0]);
  // Node has taken away what told the response of it.
  socket.on("drain", () => res.emit("drain"));
  res.on("finish", () => socket.end(() => socket.destroy()));
  return res;
}

/** The exchange of a request that Node has read. */
export class NodeExchange implements ExchangeOwner {
  readonly exchange: Exchange;
  readonly peer: Peer;
  /** There is none below Node's own response: who would write on it (`fromNode`) is told so. */
  readonly stream = undefined;
  readonly letWrite: ExchangeOwner["letWrite"] = noStream;
  readonly written: ExchangeOwner["written"] = noStream;
  readonly closesAfter: ExchangeOwner["closesAfter"] = noStream;
  readonly #req: IncomingMessage;
  readonly #rules: ExchangeRules;
  readonly #upgrade: UpgradeStream | null;
  readonly #content: NodeContent;
  #res: ServerResponse | null;
  #outgoing: OutgoingContent | null = null;
  #whenDrained: ((going: boolean) => void) | null = null;

  /** `upgrade` is where the request asks for another protocol, and the response is still to be made; then `res` is null. */
  constructor(
    head: RequestHead,
    req: IncomingMessage,
    res: ServerResponse | null,
    upgrade: UpgradeStream | null,
    rules: ExchangeRules,
  ) {
    this.peer = req.socket as Peer;
    this.#req = req;
    this.#res = res;
    this.#upgrade = upgrade;
    this.#rules = rules;
    this.exchange = new Exchange(this, head);
    this.#content = new NodeContent(req, this.exchange, rules);
    if (head.framing === abi.FRAMING_LENGTH && head.contentLength === 0) this.exchange.end();
    // After the last byte as well, and after what others have answered.
    const below = res ?? upgrade?.socket;
    if (below?.closed) this.#gone();
    else below?.once("close", () => this.#gone());
  }

  /** Ends it at once, whatever is under way. */
  cut(): void {
    (this.#res ?? this.#upgrade?.socket ?? this.#req.socket).destroy();
  }

  continue(): void {
    this.#content.wanted();
  }

  inform(exchange: Exchange, status: number, fields: Fields): void {
    // Here for its checks.
    serializeInformational(status, fields);
    const res = this.#res;
    if (exchange.head.minorVersion === 0 || res === null || res.headersSent) return;
    const lines: Record<string, string | string[]> = {};
    for (const [name, value] of fields) {
      const key = name.toLowerCase();
      const before = lines[key];
      lines[key] = before === undefined ? value : [before, value].flat();
    }
    if (status === 103) res.writeEarlyHints(lines);
    else if (status === 102) res.writeProcessing();
  }

  answer(exchange: Exchange, message: OutgoingMessage): Promise<void> | undefined {
    const { head } = exchange;
    const headOnly = head.methodId === abi.METHOD_HEAD;
    const stream = contentStream(message, head);
    const res = this.#response();
    // Others may have answered in the application's place: then it comes too late, as where the client has gone.
    if (res.headersSent || res.writableEnded) {
      discardContent(message);
      this.#gone();
      return undefined;
    }
    setHead(res, message, headOnly, stream !== null, !res.shouldKeepAlive);
    exchange.status = message.status;
    try {
      if (stream === null) this.#end(res, message.body as string | Uint8Array | null, headOnly);
      else if (headOnly) {
        new OutgoingContent(stream, "close").stop();
        this.#end(res, null, headOnly);
      } else return this.#send(res, message, stream);
    } catch (error) {
      // Others that have their hands in the response have failed: no other answer would leave either.
      this.#rules.failed(exchange, error);
      this.cut();
    }
    return undefined;
  }

  handOver(exchange: Exchange, take: TakeOver): void {
    if (this.#upgrade === null) {
      this.#rules.failed(exchange, new Error(NOT_GIVEN_UP));
      this.answer(exchange, NOT_IMPLEMENTED);
      return;
    }
    const { socket, unread } = this.#upgrade;
    exchange.status = exchange.head.methodId === abi.METHOD_CONNECT ? 200 : 101;
    this.#finish();
    take(socket, unread);
  }

  /** Where the response goes; made only here where it may be one that leaves HTTP. */
  #response(): ServerResponse {
    this.#res ??= responseOn((this.#upgrade as UpgradeStream).socket, this.#req);
    return this.#res;
  }

  #end(res: ServerResponse, body: string | Uint8Array | null, headOnly: boolean): void {
    if (body === null || headOnly) res.end();
    else {
      this.exchange.sent = typeof body === "string" ? Buffer.byteLength(body) : body.length;
      res.end(body);
    }
    this.#finish();
  }

  /** Sends content piece by piece; where its source fails the connection is cut, for that is how a client learns of it. */
  #send(res: ServerResponse, message: OutgoingMessage, stream: ContentStream): Promise<void> {
    const length = res.getHeader("Content-Length");
    // The framing is Node's work: here it is only counted.
    const outgoing = new OutgoingContent(stream, length === undefined ? "close" : Number(length));
    this.#outgoing = outgoing;
    res.on("drain", () => this.#drained(true));
    const sent = this.#sendAll(res, message, outgoing);
    // Not at once: whoever waits for it is told first, while the request can still be read.
    sent.catch(() => queueMicrotask(() => this.#cutOff()));
    return sent;
  }

  async #sendAll(res: ServerResponse, { trailers }: OutgoingMessage, outgoing: OutgoingContent): Promise<void> {
    const { exchange } = this;
    try {
      await outgoing.send((pieces, size) => {
        exchange.sent += size;
        let room = true;
        for (const piece of pieces) room = res.write(piece);
        return room || new Promise((resolve) => (this.#whenDrained = resolve));
      });
      if (exchange.done) return;
      if (trailers !== null && exchange.head.acceptsTrailers && res.getHeader("Content-Length") === undefined) {
        const fields = [...(await trailers())];
        // Here for its checks.
        trailerLines(fields);
        if (exchange.done) return;
        res.addTrailers(fields as unknown as Parameters<ServerResponse["addTrailers"]>[0]);
      }
    } catch (error) {
      if (exchange.done) return;
      throw error;
    }
    this.#outgoing = null;
    res.end();
    this.#finish();
  }

  #drained(going: boolean): void {
    const whenDrained = this.#whenDrained;
    this.#whenDrained = null;
    whenDrained?.(going);
  }

  /** Ends the connection in the middle of content. */
  #cutOff(): void {
    const { socket } = this.#req;
    // Where the end of the connection is the end of the content, it must not look like one.
    if (this.exchange.done) return;
    if (this.exchange.head.minorVersion === 0) socket.resetAndDestroy?.();
    this.cut();
  }

  /** All of the response was handed over. */
  #finish(): void {
    this.#rules.over(this.exchange);
    this.exchange.settle();
    this.#content.drop();
  }

  /** Nothing can be answered any more. */
  #gone(): void {
    this.#outgoing?.stop();
    this.#outgoing = null;
    this.#drained(false);
    if (this.exchange.done) return;
    this.#rules.over(this.exchange);
    this.exchange.abandon();
  }
}

/** Answers what is no request by the rules, with the text that says why; the connection closes after it. */
export function refuse(res: ServerResponse, { status, message }: ParseError): void {
  res.shouldKeepAlive = false;
  res.writeHead(status, { "Content-Type": TEXT });
  res.end(`${message}\n`);
}

/** As `refuse`, on a socket that Node has let go of. */
export function refuseOn(socket: Duplex, req: IncomingMessage, error: ParseError): void {
  refuse(responseOn(socket, req), error);
}
