/** Applications of this framework in servers and frameworks of Node: `node:http`, Connect, Express, Fastify. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { Application, endServed, type Servable, startServed } from "../../app/index.ts";
import { DEFAULT_CONNECTION_OPTIONS, type Exchange } from "../../h1/index.ts";
import { quiet } from "../../h1/quiet.ts";
import { HttpRequest, ServiceUnavailableError } from "../../http/index.ts";
import * as abi from "../../parser/abi.ts";
import { type HeaderFields, ParseError, type RequestHead } from "../../parser/index.ts";
import { type StopOptions, stopTimes } from "../../server/options.ts";
import { Service } from "../../server/service.ts";
import { TIMER_MAX } from "../../services/timer.ts";
import { type ExchangeRules, NodeExchange, refuse, refuseOn, type UpgradeStream } from "./to-node-exchange.ts";
import { HeadReader } from "./to-node-head.ts";

/** What `toNode` may be told. */
export interface ToNodeOptions {
  /** Bytes of content that a request may have where its route says nothing else; beyond it 413. 1 MiB by default. */
  readonly maxBodySize?: number;
  /** Calls `next` for what the application has no route for, in place of its own 404 and 405. False by default. */
  readonly passthrough?: boolean;
}

/** What serves a request in Node's manner: a listener of "request", or a middleware of Connect and Express. */
export interface NodeHandler {
  (req: IncomingMessage, res: ServerResponse, next?: (error?: unknown) => void): void;
  /**
   * Serves requests that ask for another protocol: a listener of "upgrade", and of "connect". Where there is none, what
   * would take a connection over gets 501.
   */
  readonly upgrade: (req: IncomingMessage, socket: Duplex, head: Uint8Array) => void;
  /**
   * Tells the application that it stops, waits for requests that are at work, and tells that it has stopped; what is
   * still open after the deadline is cut. Requests that come later get 503. Rejects where a hook does, and with a
   * RangeError where the deadline is negative.
   */
  close(options?: StopOptions): Promise<void>;
}

/** An application in a server of Node's. */
class Mount implements ExchangeRules {
  readonly #served: Servable;
  /** The application where it is to be asked for its routes first. */
  readonly #routes: Application | null;
  readonly #maxBodySize: number;
  readonly #reader = new HeadReader();
  readonly #service: Service;
  /** What is at work, and connections that were handed over. */
  readonly #exchanges = new Map<Exchange, NodeExchange>();
  readonly #sockets = new Set<Duplex>();
  #starting: Promise<void> | null = null;
  #started = false;
  #closing: Promise<void> | null = null;
  #tellEnd: () => void = () => {};

  constructor(served: Servable, options: ToNodeOptions) {
    const { maxBodySize = DEFAULT_CONNECTION_OPTIONS.maxBodySize, passthrough = false } = options;
    if (typeof maxBodySize !== "number" || !(maxBodySize >= 0)) {
      throw new RangeError(`maxBodySize must be a number of at least 0, not ${maxBodySize}`);
    }
    if (passthrough && !(served instanceof Application)) {
      throw new TypeError("passthrough needs an application with routes, as App is");
    }
    this.#served = served;
    this.#routes = passthrough ? (served as Application) : null;
    this.#maxBodySize = maxBodySize;
    this.#service = new Service(served, Number.POSITIVE_INFINITY, (socket) => this.#adopt(socket));
  }

  /** Serves a request; gives false where `next` is to. */
  serve(req: IncomingMessage, res: ServerResponse, mayPass: boolean): boolean {
    if (res.headersSent) throw new Error("the response was begun before the application was called");
    const head = this.#headOf(req, (error) => refuse(res, error));
    if (head === null) return true;
    if (mayPass && this.#hasNoRoute(head)) return false;
    this.#begin(new NodeExchange(head, req, res, null, this));
    return true;
  }

  /** Serves a request on a connection that Node has let go of. */
  upgrade(req: IncomingMessage, stream: UpgradeStream): void {
    const { socket } = stream;
    // No client may end the process by a reset; "close" follows, and says all that matters here.
    socket.on("error", () => {});
    const head = this.#headOf(req, (error) => refuseOn(socket, req, error));
    if (head !== null) this.#begin(new NodeExchange(head, req, null, stream, this));
  }

  #headOf(req: IncomingMessage, answer: (error: ParseError) => void): RequestHead | null {
    try {
      return this.#reader.head(req);
    } catch (error) {
      if (!(error instanceof ParseError)) throw error;
      this.#service.failed(error, req.socket);
      answer(error);
      return null;
    }
  }

  #hasNoRoute(head: RequestHead): boolean {
    const host = head.authority || head.headers.get("host");
    const kind = this.#routes?.find(head.method, head.path, host ?? undefined).kind;
    return kind === "none" || kind === "method";
  }

  #begin(mounted: NodeExchange): void {
    const { exchange } = mounted;
    // Its client has gone already.
    if (exchange.done) return;
    this.#exchanges.set(exchange, mounted);
    if (this.#closing !== null) this.#refuse(exchange, new ServiceUnavailableError());
    else if (exchange.head.contentLength > this.maxBodySize(exchange)) this.#refuseContent(exchange);
    else if (this.#started) this.#service.request(exchange);
    else this.#startWith(exchange);
  }

  /** Serves a request once the application has started; one that comes where that fails gets 500, the next tries again. */
  async #startWith(exchange: Exchange): Promise<void> {
    this.#starting ??= startServed(this.#served);
    try {
      await this.#starting;
    } catch (error) {
      this.#starting = null;
      this.#refuse(exchange, error);
      return;
    }
    this.#started = true;
    if (!exchange.done) this.#service.request(exchange);
  }

  #refuseContent(exchange: Exchange): void {
    const error = new ParseError(abi.CONTENT_TOO_LARGE);
    this.#service.failed(error, exchange.peer);
    this.#refuse(exchange, error);
  }

  /** Answers with what an error means, without the application's handlers. */
  #refuse(exchange: Exchange, error: unknown): void {
    if (exchange.done) return;
    exchange.respond(this.#served.recover(error, new HttpRequest(exchange, this.#served.environment)));
  }

  #adopt(socket: Duplex): void {
    this.#sockets.add(socket);
    socket.once("close", () => {
      this.#sockets.delete(socket);
      this.#tellEnd();
    });
  }

  /** As `NodeHandler.close`. */
  close(options: StopOptions): Promise<void> {
    const deadline = stopTimes(options).deadline;
    this.#closing ??= this.#close(deadline);
    return this.#closing;
  }

  async #close(deadline: number): Promise<void> {
    try {
      if (this.#starting === null) return;
      await this.#starting;
    } catch {
      // It never started, so there is nothing to stop.
      return;
    }
    const began = performance.now();
    // What it rejects with is looked at below.
    const told = quiet(this.#served.tell("stopping"));
    await this.#ended(deadline);
    await endServed(this.#served, Math.max(0, deadline - (performance.now() - began)));
    await told;
  }

  /** Resolves when nothing is at work any more; what still is when the time is over is cut. */
  async #ended(deadline: number): Promise<void> {
    const cut = () => {
      for (const mounted of this.#exchanges.values()) mounted.cut();
      for (const socket of this.#sockets) socket.destroy();
    };
    const timer = deadline === Number.POSITIVE_INFINITY ? undefined : setTimeout(cut, Math.min(deadline, TIMER_MAX));
    while (this.#exchanges.size + this.#sockets.size > 0) {
      await new Promise<void>((resolve) => {
        this.#tellEnd = resolve;
      });
    }
    clearTimeout(timer);
  }

  // What exchanges ask and tell, and nobody else.

  maxBodySize(exchange: Exchange): number {
    return this.#service.maxBodySize(exchange) ?? this.#maxBodySize;
  }

  trailers(req: IncomingMessage): HeaderFields | null {
    return this.#reader.trailers(req);
  }

  over(exchange: Exchange): void {
    // What was refused never came to the service.
    if (exchange.context !== null) this.#service.over(exchange);
    this.#exchanges.delete(exchange);
    this.#tellEnd();
  }

  failed(exchange: Exchange, error: unknown): void {
    this.#served.report(error, new HttpRequest(exchange, this.#served.environment));
  }
}

/**
 * An application as a listener of `node:http`, or as middleware of Connect, Express and whatever takes those. It reads
 * `req.url` as it finds it, so that its paths begin below where Express mounts it, and content as it comes: body parsers
 * belong behind it. The application is told that it starts before its first request. Throws a RangeError where
 * `maxBodySize` is no number of bytes, and a TypeError where `passthrough` is asked of what has no routes.
 */
export function toNode(app: Servable, options: ToNodeOptions = {}): NodeHandler {
  const mount = new Mount(app, options);
  const passes = options.passthrough === true;
  const serve = (req: IncomingMessage, res: ServerResponse, next?: (error?: unknown) => void) => {
    if (!mount.serve(req, res, passes && next !== undefined)) next?.();
  };
  return Object.assign(serve, {
    upgrade: (req: IncomingMessage, socket: Duplex, head: Uint8Array) => mount.upgrade(req, { socket, unread: head }),
    close: (stop: StopOptions = {}) => mount.close(stop),
  });
}
