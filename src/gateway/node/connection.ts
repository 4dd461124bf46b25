/** A connection of the drop-in server: what becomes of its requests, by the rules of node:http. */
import { AsyncResource } from "node:async_hooks";
import { channel } from "node:diagnostics_channel";
import type { Server } from "node:http";
import type { Exchange, ServerConnection } from "../../h1/index.ts";
import { TIMER_MAX } from "../../services/timer.ts";
import { type ClientError, refusalOf, timeoutError } from "./client-error.ts";
import {
  completeRequest,
  contentOf,
  fillRequest,
  type Incoming,
  type Outgoing,
  type ServingSocket,
} from "./messages.ts";
import { rethrow } from "./rethrow.ts";
import { keepAliveTime, type ServerMessages } from "./server-options.ts";
import { ServerTurn, type TurnOwner } from "./server-turn.ts";
import { prepareSocket, releaseSocket } from "./socket.ts";

const requestStart = channel("http.server.request.start");
const responseFinish = channel("http.server.response.finish");

/** As node:http finds it in Expect. */
const CONTINUE = /(?:^|\W)100-continue(?:$|\W)/i;

function ignore(): void {}

/** What is told beside the types that Node has of its server. */
export type AnyServer = Server & {
  httpAllowHalfOpen: boolean;
  shouldUpgradeCallback?: (request: Incoming) => unknown;
  requireHostHeader?: boolean;
  joinDuplicateHeaders?: boolean;
  rejectNonStandardBodyWrites?: boolean;
};

export class NodeConnection implements TurnOwner {
  readonly context: AsyncResource = new AsyncResource("HTTPSERVERCONNECTION");
  readonly server: AnyServer;
  readonly socket: ServingSocket;
  readonly #messages: ServerMessages;
  /** The engine's end, once it is there. */
  engine: ServerConnection | null = null;
  /** The request whose content is on its way. */
  #receiving: ServerTurn | null = null;
  #requests = 0;
  /** Requests that have not been answered. */
  #working = 0;
  /** Whether the timeout of the socket has made way for keepAliveTimeout, until the next request comes. */
  #kept = false;
  /** Whether what came was wrong. */
  #failed = false;

  /** When it was made, by the clock of its server. */
  readonly opened: number;

  constructor(server: AnyServer, socket: ServingSocket, messages: ServerMessages, now: number) {
    this.opened = now;
    this.server = server;
    this.socket = socket;
    this.#messages = messages;
    if (server.timeout > 0) this.#setTimeout(server.timeout);
  }

  // Listeners of the socket: after those of the engine, which are there already.
  readonly #onTimeout = () => this.#timeOut();
  readonly #onEnd = () => this.#end();
  readonly #onError = (error: Error) => this.fail(error as ClientError);

  listen(): void {
    const { socket } = this;
    socket.on("timeout", this.#onTimeout);
    socket.on("end", this.#onEnd);
    socket.on("error", this.#onError);
    prepareSocket(socket);
  }

  #letGo(): void {
    const { socket } = this;
    socket.off("timeout", this.#onTimeout);
    socket.off("end", this.#onEnd);
    socket.off("error", this.#onError);
    releaseSocket(socket);
  }

  /** Serves a request, in the context of the connection. */
  serve(exchange: Exchange, now: number): void {
    this.context.runInAsyncScope(this.#serve, this, exchange, now);
  }

  #serve(exchange: Exchange, now: number): void {
    const { server, socket } = this;
    const { head } = exchange;
    const req = new this.#messages.Incoming(socket) as Incoming;
    req.joinDuplicateHeaders = server.joinDuplicateHeaders;
    const whole = fillRequest(req, head, server.maxHeadersCount || undefined);
    if (whole && this.#takesOver(exchange, req)) return;
    const res = new this.#messages.Outgoing(req, {
      highWaterMark: socket.writableHighWaterMark,
      rejectNonStandardBodyWrites: server.rejectNonStandardBodyWrites ?? false,
    }) as Outgoing;
    res._keepAliveTimeout = server.keepAliveTimeout;
    res._maxRequestsPerSocket = server.maxRequestsPerSocket ?? 0;
    res.shouldKeepAlive = head.keepAlive;
    this.#messages.markUnique(res);
    if (requestStart.hasSubscribers) requestStart.publish({ request: req, response: res, socket, server });
    ++this.#working;
    if (this.#kept) this.#resume();
    const turn = new ServerTurn(exchange, req, res, this, now);
    if (!exchange.complete) this.#receiving = turn;
    exchange.respondBelow(turn);
    turn.runInAsyncScope(this.#tell, this, req, res, whole);
    turn.feed();
  }

  /**
   * Tells listeners of a request; what they throw is nobody's to catch. One of which they would not see how its content is
   * framed is refused.
   */
  #tell(req: Incoming, res: Outgoing, whole: boolean): void {
    try {
      if (!whole) res.writeHead(431, ["Connection", "close"]).end();
      else if (req.httpVersionMinor !== 1 || !this.#isSpecial(req, res)) this.server.emit("request", req, res);
    } catch (error) {
      rethrow(error);
    }
  }

  /** Whether a request has no Host, is one too many, or expects something, and was answered or told of as such. */
  #isSpecial(req: Incoming, res: Outgoing): boolean {
    const { server, socket } = this;
    const { host, expect } = req.headers;
    if (host === undefined && server.requireHostHeader) {
      res.writeHead(400, ["Connection", "close"]);
      res.end();
      return true;
    }
    const { maxRequestsPerSocket } = server;
    if (maxRequestsPerSocket !== null && maxRequestsPerSocket > 0) {
      ++this.#requests;
      res.maxRequestsOnConnectionReached = maxRequestsPerSocket <= this.#requests;
      if (maxRequestsPerSocket < this.#requests) {
        server.emit("dropRequest", req, socket);
        res.writeHead(503);
        res.end();
        return true;
      }
    }
    if (expect === undefined) return false;
    if (CONTINUE.test(expect)) {
      res._expect_continue = true;
      if (server.emit("checkContinue", req, res)) return true;
      res.writeContinue();
      return false;
    }
    if (!server.emit("checkExpectation", req, res)) {
      res.writeHead(417);
      res.end();
    }
    return true;
  }

  /** Hands the connection over where the request asks for that, and the server wants it. */
  #takesOver(exchange: Exchange, req: Incoming): boolean {
    const { server } = this;
    const connect = req.method === "CONNECT";
    if (!exchange.complete || !(connect || exchange.head.upgrade)) return false;
    try {
      req.upgrade = connect || Boolean(this.#upgrades(req));
    } catch (error) {
      rethrow(error);
      req.upgrade = true;
    }
    if (!req.upgrade) return false;
    const content = contentOf(exchange);
    exchange.handOver((stream, unread) => {
      this.#letGo();
      if (content !== null) req.push(content);
      completeRequest(req, null);
      const event = connect ? "connect" : "upgrade";
      const socket = stream as ServingSocket;
      if (server.listenerCount(event) === 0) socket.destroy();
      else this.context.runInAsyncScope(this.#tellUpgrade, this, event, req, socket, unread);
    });
    return true;
  }

  #upgrades(req: Incoming): unknown {
    const { server } = this;
    return server.shouldUpgradeCallback ? server.shouldUpgradeCallback(req) : server.listenerCount("upgrade") > 0;
  }

  #tellUpgrade(event: string, req: Incoming, socket: ServingSocket, unread: Uint8Array): void {
    try {
      this.server.emit(event, req, socket, Buffer.from(unread.buffer, unread.byteOffset, unread.length));
    } catch (error) {
      rethrow(error);
    }
  }

  /** As of `TurnOwner`. */
  sent({ exchange, req, res }: ServerTurn): void {
    const { server, socket } = this;
    if (responseFinish.hasSubscribers) responseFinish.publish({ request: req, response: res, socket, server });
    if (--this.#working > 0 || !(server.keepAliveTimeout > 0)) return;
    // What was asked for one request is not for the next; while none is there, keepAliveTimeout holds.
    this.#kept = true;
    // The engine knows it for what comes next, but waits for the rest of content as long as it takes.
    this.#setTimeout(exchange.complete ? 0 : Math.min(keepAliveTime(server), TIMER_MAX));
  }

  /** A request has come to a connection that was kept: the timeout of the server holds again. */
  #resume(): void {
    this.#kept = false;
    this.#setTimeout(this.server.timeout);
  }

  #setTimeout(timeout: number): void {
    const { socket } = this;
    // Those that others emit may know none.
    if ((socket.timeout ?? 0) !== timeout && typeof socket.setTimeout === "function") socket.setTimeout(timeout);
  }

  /** Tells of an error of the client; where nobody listens, answers it and ends the connection. */
  fail(error: ClientError): void {
    const { socket } = this;
    this.#failed = true;
    socket.off("error", this.#onError);
    if (socket.listenerCount("error") === 0) socket.on("error", ignore);
    try {
      if (this.server.emit("clientError", error, socket)) return;
    } catch (thrown) {
      rethrow(thrown);
      return;
    }
    // Not into the middle of a response.
    if (socket.writable && !socket._httpMessage?._headerSent) socket.write(refusalOf(error));
    socket.destroy(error);
  }

  /** Whether it is the engine's to answer an error: nobody else will, and no response is on its way. */
  get engineAnswers(): boolean {
    return this.server.listenerCount("clientError") === 0 && !this.socket._httpMessage;
  }

  /** Ends a request that has lasted longer than `requestTimeout`, by the clock of the server. */
  tick(now: number): void {
    const turn = this.#receiving;
    if (turn === null) return;
    const { exchange } = turn;
    // Of what is answered the rest is awaited all the same, unless the connection closes.
    if (exchange.complete || (exchange.done && this.engine?.idle)) {
      this.#receiving = null;
      return;
    }
    const { requestTimeout } = this.server;
    if (!(requestTimeout > 0) || now - turn.began < requestTimeout) return;
    this.#receiving = null;
    this.fail(timeoutError());
  }

  #timeOut(): void {
    const { server, socket } = this;
    const req = this.#receiving?.req;
    const res = socket._httpMessage;
    const told = [
      req !== undefined && !req.complete && req.emit("timeout", socket),
      res?.emit("timeout", socket),
      server.emit("timeout", socket),
    ];
    if (!told.includes(true)) socket.destroy();
  }

  /** The client has ended its side: as on node:http that means that it has gone, where nothing else was asked for. */
  #end(): void {
    if (!this.server.httpAllowHalfOpen && !this.#failed) this.socket.end();
  }
}
