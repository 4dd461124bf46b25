/** WebSocket on the port of the application (RFC 6455). Frames are the work of the `ws` library, loaded when used. */
import type { Socket as NetSocket } from "node:net";
import type { WebSocket as Frames, RawData, WebSocketServer } from "ws";
import { type Application, described, type Handler } from "../app/index.ts";
import {
  BadRequestError,
  ForbiddenError,
  type HandOver,
  HttpHeaders,
  type HttpRequest,
  MethodNotAllowedError,
  type Params,
  UpgradeRequiredError,
} from "../http/index.ts";
import { TIMER_MAX } from "../services/timer.ts";
import { unsentOf } from "./socket.ts";
import { handOverSilently } from "./upgrade.ts";

/** What a path with WebSocket grants its clients, and asks of them. Times in milliseconds, sizes in bytes. */
export interface WebSocketOptions {
  /** Bytes of a message, unpacked; beyond it the connection is closed with 1009. 1 MiB by default. */
  readonly maxMessageSize?: number;
  /** Bytes that may wait for a client that is slow to read; beyond it the connection is cut. 16 MiB by default. */
  readonly maxUnsentSize?: number;
  /**
   * From one ping to the next; a client that has not answered until then is cut. While one of its messages is at work
   * its answer is not read: then it is cut if it has read nothing of what waits for it. 30 000 by default.
   */
  readonly pingInterval?: number;
  /** Packs messages where the client can unpack them (RFC 7692). False by default: it takes memory and time. */
  readonly compression?: boolean;
  /** Subprotocols that are spoken; of those that a client names, the first that is among them is chosen. */
  readonly protocols?: readonly string[];
  /** Values of Origin that are let in, others get 403; all are by default. Browsers always send it. */
  readonly origins?: readonly string[];
}

/** One WebSocket. What is known of its request stays readable. */
export interface Socket<P extends Params = Params, Data = unknown> {
  /** Parameters of the route. */
  readonly params: P;
  /** Target and fields of the request. */
  readonly target: string;
  readonly headers: HttpHeaders;
  readonly remoteAddress: string | undefined;
  /** What `upgrade` of the handlers has returned. */
  readonly data: Data;
  /** The subprotocol, "" where there is none. */
  readonly protocol: string;
  /** Whether messages can be sent. */
  readonly open: boolean;
  /** Aborted when it is closed, whoever has closed it. */
  readonly signal: AbortSignal;
  /** Bytes that wait for the client to read. */
  readonly unsentSize: number;
  /** Sends text or bytes. Resolves with true once the system has them, which a slow client delays; else with false. */
  send(message: string | Uint8Array): Promise<boolean>;
  /**
   * Closes with 1000 (RFC 6455 §7.4.1) or what is given; the reason has at most 123 bytes of UTF-8. Throws where code or
   * reason is not valid.
   */
  close(code?: number, reason?: string): void;
  /** Ends it without a word. */
  cut(): void;
}

/**
 * What becomes of a WebSocket. What the last three return is waited for where it is a promise, and means nothing else.
 * Where one of these throws or rejects, it is reported, and the socket closed with 1011.
 */
export interface WebSocketHandlers<P extends Params = Params, Data = unknown> {
  /**
   * Called before the handshake is granted: the place to check who it is. An `HttpError` thrown here is the answer; what
   * is returned is `data` of the socket.
   */
  upgrade?(request: HttpRequest<P>): Data | Promise<Data>;
  open?(socket: Socket<P, Data>): unknown;
  /** Called with one message after the other: while its promise is pending, no more is read from the client. */
  message?(socket: Socket<P, Data>, message: string | Uint8Array): unknown;
  /** `code` is 1005 where the client gave none, and 1006 where it has just gone. */
  close?(socket: Socket<P, Data>, code: number, reason: string): unknown;
}

const DEFAULTS = {
  maxMessageSize: 1048576,
  maxUnsentSize: 16777216,
  pingInterval: 30_000,
};

/** Bytes of a message from which on it is packed. */
const PACKED_FROM = 1024;
/** Fields that the library looks at. */
const FIELDS = ["key", "version", "protocol", "extensions"].map((name) => `sec-websocket-${name}`);
/** Bytes of messages that may wait for their turn: only those that came packed can be so many, and only by design. */
const WAITING_MAX = 16777216;
/** Messages of one client that are handled before everything else has its turn. */
const MESSAGES_IN_A_ROW = 64;
/** Sixteen bytes in base64 (RFC 6455 §4.1). */
const KEY = /^[A-Za-z0-9+/]{21}[AQgw]==$/;
const GOING_AWAY = 1001;
const INTERNAL_ERROR = 1011;

interface Limits {
  readonly maxMessageSize: number;
  readonly maxUnsentSize: number;
  readonly pingInterval: number;
}

class ServedSocket<P extends Params, Data> implements Socket<P, Data> {
  readonly params: P;
  readonly target: string;
  readonly headers: HttpHeaders;
  readonly remoteAddress: string | undefined;
  readonly data: Data;
  readonly #maxUnsentSize: number;
  #frames: Frames | null = null;
  #closed: AbortController | null = null;

  constructor(request: HttpRequest<P>, data: Data, maxUnsentSize: number) {
    this.params = request.params;
    this.target = request.target;
    this.headers = new HttpHeaders(request.headers);
    this.remoteAddress = request.remoteAddress;
    this.data = data;
    this.#maxUnsentSize = maxUnsentSize;
  }

  /** Gives it the connection, once that is granted. */
  attach(frames: Frames): void {
    this.#frames = frames;
    frames.on("close", () => this.#closed?.abort());
  }

  get protocol(): string {
    return this.#frames?.protocol ?? "";
  }

  get open(): boolean {
    return this.#frames !== null && this.#frames.readyState === this.#frames.OPEN;
  }

  get signal(): AbortSignal {
    if (this.#closed === null) {
      this.#closed = new AbortController();
      if (this.#frames !== null && this.#frames.readyState === this.#frames.CLOSED) this.#closed.abort();
    }
    return this.#closed.signal;
  }

  get unsentSize(): number {
    return this.#frames?.bufferedAmount ?? 0;
  }

  send(message: string | Uint8Array): Promise<boolean> {
    const frames = this.#frames;
    if (frames === null || !this.open) return Promise.resolve(false);
    const sent = new Promise<boolean>((resolve) => frames.send(message, (error) => resolve(!error)));
    if (this.unsentSize > this.#maxUnsentSize) this.cut();
    return sent;
  }

  close(code = 1000, reason = ""): void {
    this.#frames?.close(code, reason);
  }

  cut(): void {
    this.#frames?.terminate();
  }
}

/** All WebSockets of an application. */
export class WebSockets {
  readonly #application: Application;
  readonly #open = new Set<Frames>();
  #closing = false;

  constructor(application: Application) {
    this.#application = application;
  }

  /** The handler of a path with WebSocket. Throws a RangeError where an option is out of its range. */
  serve<P extends Params, Data>(handlers: WebSocketHandlers<P, Data>, options: WebSocketOptions): Handler<P> {
    const limits = checkLimits(options);
    let server: WebSocketServer | undefined;
    const serve: Handler<P> = async (request) => {
      checkHandshake(request, options.origins);
      const data = (await handlers.upgrade?.(request)) as Data;
      const { WebSocketServer } = await import("ws");
      server ??= new WebSocketServer({
        noServer: true,
        clientTracking: false,
        maxPayload: limits.maxMessageSize,
        perMessageDeflate: options.compression === true && { threshold: PACKED_FROM },
        handleProtocols: (offered) => [...offered].find((name) => options.protocols?.includes(name)) ?? false,
      });
      return this.#grant(server, handlers, request, new ServedSocket(request, data, limits.maxUnsentSize), limits);
    };
    return described(serve, "webSocket", { ...options, ...limits, checked: handlers.upgrade !== undefined });
  }

  #grant<P extends Params, Data>(
    server: WebSocketServer,
    handlers: WebSocketHandlers<P, Data>,
    request: HttpRequest<P>,
    socket: ServedSocket<P, Data>,
    limits: Limits,
  ): HandOver {
    const headers = Object.fromEntries(FIELDS.map((name) => [name, socket.headers.get(name) ?? undefined]));
    const message = { method: "GET", headers: { ...headers, upgrade: "websocket" } } as unknown as Parameters<
      WebSocketServer["handleUpgrade"]
    >[0];
    const report = (error: unknown) => {
      this.#application.report(error, request as HttpRequest);
      socket.close(INTERNAL_ERROR);
    };
    return handOverSilently((stream, head) => {
      server.handleUpgrade(message, stream, head, (frames) => {
        socket.attach(frames);
        this.#open.add(frames);
        watch(frames, stream as NetSocket, limits.pingInterval);
        frames.on("close", () => this.#open.delete(frames));
        // Whatever is wrong with what the client sends is told by the code that it is closed with.
        frames.on("error", () => {});
        relay(frames, socket, handlers, limits.maxMessageSize + WAITING_MAX, report);
        if (this.#closing) frames.close(GOING_AWAY);
      });
    });
  }

  /** Lets them stay that are opened from now on. */
  start(): void {
    this.#closing = false;
  }

  /** Closes all with 1001, and those that are still being opened: the server is going away. */
  close(): void {
    this.#closing = true;
    for (const frames of this.#open) frames.close(GOING_AWAY);
  }
}

/** Throws the HttpError that a wrong handshake gets (RFC 6455 §4.2). */
function checkHandshake(request: HttpRequest<Params>, origins: readonly string[] | undefined): void {
  const { headers } = request;
  if (request.method !== "GET") throw new MethodNotAllowedError(undefined, { headers: { Allow: "GET" } });
  const required = { headers: { Upgrade: "websocket", "Sec-WebSocket-Version": "13" } };
  const asked = request.upgrade?.toLowerCase().split(",") ?? [];
  if (!asked.some((protocol) => protocol.trim() === "websocket"))
    throw new UpgradeRequiredError("this path speaks WebSocket", required);
  if (headers.get("sec-websocket-version") !== "13") {
    throw new UpgradeRequiredError("the version of WebSocket is not 13", required);
  }
  if (!KEY.test(headers.get("sec-websocket-key") ?? "")) {
    throw new BadRequestError("Sec-WebSocket-Key is not the base64 of 16 bytes");
  }
  const origin = headers.get("origin");
  if (origins && (origin === null || !origins.includes(origin))) throw new ForbiddenError("this origin is not let in");
}

/** Pings a client as long as it answers. */
function watch(frames: Frames, socket: NetSocket, pingInterval: number): void {
  if (pingInterval > TIMER_MAX) return;
  let [alive, unsent] = [true, 0];
  const sign = () => {
    alive = true;
  };
  frames.on("pong", sign);
  // It may have been sent before the answer to a ping, and have kept that from being read.
  frames.on("message", sign);
  const timer = setInterval(() => {
    const now = unsentOf(socket);
    if (frames.isPaused && (now === 0 || now !== unsent)) sign();
    if (!alive) {
      frames.terminate();
      return;
    }
    alive = false;
    frames.ping();
    unsent = unsentOf(socket);
  }, pingInterval).unref();
  frames.on("close", () => clearInterval(timer));
}

/**
 * Calls the handlers, one after the other: each when the one before it is done. A client whose messages have more than
 * `maxWaiting` bytes while they wait is cut: what it has sent already is unpacked even while it is not read from.
 */
function relay<P extends Params, Data>(
  frames: Frames,
  socket: Socket<P, Data>,
  handlers: WebSocketHandlers<P, Data>,
  maxWaiting: number,
  report: (error: unknown) => void,
): void {
  let [waitingSize, tooMany] = [0, false];
  const waiting: (() => unknown)[] = [];
  let [busy, inARow] = [false, 0];

  async function work(): Promise<void> {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      if (++inARow > MESSAGES_IN_A_ROW) {
        inARow = 0;
        frames.pause();
        await new Promise(setImmediate);
      }
      try {
        const done = next();
        if (!isPromise(done)) continue;
        frames.pause();
        await done;
      } catch (error) {
        report(error);
      }
    }
    busy = false;
    frames.resume();
  }

  const call = (handler: () => unknown) => {
    waiting.push(handler);
    if (busy) return;
    busy = true;
    work();
  };
  frames.on("message", (data: RawData, isBinary: boolean) => {
    const bytes = data as Buffer;
    waitingSize += bytes.length;
    tooMany ||= waitingSize > maxWaiting;
    if (tooMany) {
      socket.cut();
      return;
    }
    call(() => {
      waitingSize -= bytes.length;
      return handlers.message?.(socket, isBinary ? bytes : bytes.toString());
    });
  });
  frames.on("close", (code: number, reason: Buffer) => call(() => handlers.close?.(socket, code, reason.toString())));
  call(() => handlers.open?.(socket));
}

/** Whether it is a promise, of whatever kind. */
function isPromise(done: unknown): done is PromiseLike<unknown> {
  return typeof done === "object" && done !== null && typeof (done as PromiseLike<unknown>).then === "function";
}

function checkLimits(options: WebSocketOptions): Limits {
  const limits = { ...DEFAULTS };
  for (const name of Object.keys(limits) as (keyof Limits)[]) {
    const value = options[name] ?? limits[name];
    if (!(value >= 1)) throw new RangeError(`${name} must be a number of at least 1, not ${value}`);
    limits[name] = value;
  }
  return limits;
}
