/** Listeners of node:http as handlers: what is written for Node's own server runs in an application. */
import { AsyncResource } from "node:async_hooks";
import { IncomingMessage, type RequestListener, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { Handler } from "../../app/index.ts";
import type { Exchange } from "../../h1/index.ts";
import {
  HttpError,
  type HttpRequest,
  type HttpResponse,
  NotFoundError,
  OwnResponse,
  type ResponseHost,
} from "../../http/index.ts";
import {
  completeRequest,
  contentOf,
  fillRequest,
  type Incoming,
  type Outgoing,
  type ServingSocket,
} from "./messages.ts";
import { prepareSocket, releaseSocket } from "./socket.ts";
import { Turn } from "./turn.ts";

/**
 * What is served: a listener of node:http, or middleware, which hands a request on by `next`: there it gets 404, or what
 * the error means. It may give a promise.
 */
export type NodeListener = (req: IncomingMessage, res: ServerResponse, next: (error?: unknown) => void) => unknown;

/** What `fromNode` may be told. */
export interface FromNodeOptions {
  /**
   * Takes requests that ask for another protocol, as listeners of "upgrade" do; where there is none, `listener` answers
   * them as others.
   */
  readonly upgrade?: (req: IncomingMessage, socket: Duplex, head: Buffer) => void;
}

/** What belongs to no request: connections go on in it. */
const BETWEEN = new AsyncResource("PYROIS");

/** Whoever told of a request's error need not cut its connection, on which the answer is still to leave. */
function destroyAlone(this: IncomingMessage, error: Error | null, done: (error?: Error | null) => void): void {
  process.nextTick(done, this.listenerCount("error") > 0 ? error : null);
}

/** As node:http: a socket that was silent for as long as was asked for tells request and response, or is destroyed. */
function onTimeout(this: ServingSocket): void {
  const res = this._httpMessage;
  const told = res && [!res.req.complete && res.req.emit("timeout", this), res.emit("timeout", this)].includes(true);
  if (!told) this.destroy();
}

/**
 * As node:http: a client that has ended its side while a listener is at work has gone. Else whoever writes to it only
 * now and then would hear of it late.
 */
function onEnd(this: ServingSocket): void {
  if (this._httpMessage) this.end();
}

/** Listeners of a socket on which listeners of node:http answer. */
const LISTENERS = [
  ["timeout", onTimeout],
  ["end", onEnd],
] as const;

/** Has a response say what one of ours says. */
function writeResponse(res: Outgoing, response: HttpResponse): void {
  const { status, body, contentType, fields } = response;
  res.statusCode = status;
  if (contentType !== null) res.setHeader("Content-Type", contentType);
  for (const [name, value] of fields ?? []) res.appendHeader(name, value);
  res.end(typeof body === "string" || body instanceof Uint8Array ? body : undefined);
}

/** Takes back what was set of a response that is not sent. */
function clearResponse(res: Outgoing): void {
  for (const name of res.getHeaderNames()) res.removeHeader(name);
  res._removedConnection = res._removedContLen = res._removedTE = false;
  res.sendDate = true;
  res.statusMessage = undefined as unknown as string;
}

/**
 * Whether a listener is an application of its own, of Express or Connect, which could listen: it is called as by
 * node:http, and answers what it has no route for, and its errors, itself.
 */
function answersAll(listener: NodeListener | RequestListener): listener is RequestListener {
  return typeof (listener as { listen?: unknown }).listen === "function";
}

/** A request that a listener answers. */
class ListenerTurn extends Turn {
  protected readonly between: AsyncResource = BETWEEN;
  readonly #request: HttpRequest;
  readonly #host: ResponseHost;
  /** What all around the listener has set. */
  readonly #fields: Iterable<[name: string, value: string]>;
  #owesContinue = false;
  /** Bytes that the socket had sent before. */
  #before = 0;

  constructor(exchange: Exchange, request: HttpRequest, host: ResponseHost, response: HttpResponse) {
    const req = new IncomingMessage(exchange.stream as ServingSocket) as Incoming;
    fillRequest(req, exchange.head);
    const res = new ServerResponse(req) as Outgoing;
    res.shouldKeepAlive = exchange.head.keepAlive;
    super(exchange, req, res);
    this.#request = request;
    this.#host = host;
    this.#fields = response.fields ?? [];
    for (const [name, value] of this.#fields) res.appendHeader(name, value);
  }

  /** Without what frames them, where their number was announced. */
  protected get sent(): number {
    const { res, socket } = this;
    if (!res._hasBody) return 0;
    if (!res.chunkedEncoding && res._contentLength !== null) return res._contentLength;
    return socket.bytesWritten - this.#before - (res._header?.length ?? 0);
  }

  serve(listener: NodeListener): void {
    this.#owesContinue = this.res._expect_continue = this.exchange.respondBelow(this);
    this.runInAsyncScope(this.#call, this, listener);
    this.feed();
  }

  #call(listener: NodeListener): void {
    try {
      const done = answersAll(listener) ? listener(this.req, this.res) : listener(this.req, this.res, this.#next());
      if (done instanceof Promise) this.#watch(done);
    } catch (error) {
      this.#fail(error);
    }
  }

  #next(): (error?: unknown) => void {
    return (error) => this.#fail(error ?? new NotFoundError());
  }

  #watch(done: Promise<unknown>): void {
    done.then(undefined, (error) => this.#fail(error));
  }

  override begin(): void {
    const { socket } = this;
    this.#before = socket.bytesWritten;
    if (prepareSocket(socket)) for (const [event, listener] of LISTENERS) socket.on(event, listener);
    super.begin();
  }

  override finish(): void {
    // What was asked for one request is not for the next.
    if (this.socket.timeout) this.socket.setTimeout(0);
    super.finish();
  }

  protected contentWanted(): void {
    if (this.#owesContinue && !this.res.headersSent) this.res.writeContinue();
    this.#owesContinue = false;
  }

  protected contentFailed(error: unknown): void {
    const { req, res } = this;
    const heard = req.listenerCount("error") > 0;
    // Nothing more of it is to come: frameworks that would first read the rest answer at once.
    req.complete = true;
    req._destroy = destroyAlone;
    req.destroy(error as Error);
    if (heard) return;
    // Nobody else can tell the client what was wrong.
    if (res.headersSent) res.destroy();
    else this.#fail(error);
  }

  /** Answers an error; where the head of the response has left already, the connection is cut. */
  #fail(error: unknown): void {
    const { exchange, res } = this;
    if (exchange.done || res.headersSent) {
      this.#host.report(error, this.#request);
      if (!res.writableEnded) res.destroy();
      return;
    }
    const response = this.#host.recover(errorOf(error), this.#request);
    try {
      clearResponse(res);
      for (const [name, value] of this.#fields) res.appendHeader(name, value);
      writeResponse(res, response);
    } catch (second) {
      this.#host.report(second, this.#request);
      res.destroy();
    }
  }
}

/** What an error means that says its status as those of Connect and Express do: nothing of its own where it is not for clients. */
function errorOf(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof HttpError) return error;
  const { status, statusCode = status, expose } = error as { status?: unknown; statusCode?: unknown; expose?: unknown };
  if (typeof statusCode !== "number" || !Number.isInteger(statusCode) || statusCode < 400 || statusCode > 499)
    return error;
  return new HttpError(statusCode, expose === true ? error.message : undefined);
}

/** A response that a listener of node:http writes. */
class ListenerResponse extends OwnResponse {
  readonly #listener: NodeListener;
  readonly #upgrade: FromNodeOptions["upgrade"];
  /** What the handler was called in, which has what middleware has entered. */
  readonly #context = new AsyncResource("PYROIS");

  constructor(listener: NodeListener, upgrade: FromNodeOptions["upgrade"]) {
    super();
    this.#listener = listener;
    this.#upgrade = upgrade;
  }

  override answer(exchange: Exchange, request: HttpRequest, host: ResponseHost): void {
    if (this.#upgrade !== undefined && exchange.head.upgrade && exchange.complete) {
      this.#handOver(exchange, request, host, this.#upgrade);
      return;
    }
    this.#context.runInAsyncScope(this.#listen, this, exchange, request, host);
  }

  #listen(exchange: Exchange, request: HttpRequest, host: ResponseHost): void {
    new ListenerTurn(exchange, request, host, this).serve(this.#listener);
  }

  #handOver(
    exchange: Exchange,
    request: HttpRequest,
    host: ResponseHost,
    take: NonNullable<FromNodeOptions["upgrade"]>,
  ): void {
    const req = new IncomingMessage(exchange.stream as ServingSocket) as Incoming;
    fillRequest(req, exchange.head);
    req.upgrade = true;
    const content = contentOf(exchange);
    host.handOver(exchange, request, (stream, unread) => {
      const socket = stream as ServingSocket;
      releaseSocket(socket);
      for (const [event, listener] of LISTENERS) socket.off(event, listener);
      if (content !== null) req.push(content);
      completeRequest(req, null);
      const head = Buffer.from(unread.buffer, unread.byteOffset, unread.length);
      this.#context.runInAsyncScope(take, undefined, req, socket, head);
    });
  }
}

/**
 * A handler that has a listener of node:http answer: Express, Koa and Fastify (`fastify.routing`), or
 * `(req, res, next) => …`, such as middleware of Connect. `req.url` is the whole target wherever the handler is registered. What middleware and
 * hooks have set on the response is set on `res` before the listener is called. What that throws or rejects with, or
 * hands to `next`, is an error like those of handlers. Throws a TypeError for what is no function.
 */
export function fromNode(listener: NodeListener, { upgrade }: FromNodeOptions = {}): Handler {
  if (typeof listener !== "function") throw new TypeError("fromNode needs a listener: (req, res) => …");
  return () => new ListenerResponse(listener, upgrade);
}
