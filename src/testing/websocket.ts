/** WebSocket with an application, in memory, or with a server. Frames are the work of the `ws` library. */
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { WebSocket as Frames, RawData } from "ws";
import type { Servable } from "../app/index.ts";
import { type HeadersInit, HttpHeaders } from "../http/index.ts";
import { baseOf, type Target } from "./fetch.ts";
import { Inbox } from "./inbox.ts";
import { connect } from "./memory.ts";
import { UnexpectedResponseError } from "./unexpected.ts";

/** What a WebSocket of tests is opened with. */
export interface TestSocketOptions {
  readonly headers?: HeadersInit;
  /** Subprotocols that are offered. */
  readonly protocols?: readonly string[];
}

/** Why a WebSocket was closed: 1005 where no code was given, 1006 where the other end has just gone. */
export interface Closed {
  readonly code: number;
  readonly reason: string;
}

/** The client's end of a WebSocket. Iterated, it gives messages until it is closed; who leaves then, closes it. */
export interface TestSocket extends AsyncIterable<string | Uint8Array> {
  /** The subprotocol that was chosen, "" where none was. */
  readonly protocol: string;
  /** Resolves when it is closed, whoever has closed it. */
  readonly closed: Promise<Closed>;
  /**
   * The next message, of those that have come the first. Rejects where none came within so many milliseconds, 2000 by
   * default, and where it is closed.
   */
  next(timeout?: number): Promise<string | Uint8Array>;
  /** Sends text or bytes; resolves when they have left. Rejects where it is closed. */
  send(message: string | Uint8Array): Promise<void>;
  /** Closes it; resolves when it is closed. Rejects for a code, or a reason, that cannot be sent. */
  close(code?: number, reason?: string): Promise<Closed>;
}

class OpenSocket implements TestSocket {
  readonly #frames: Frames;
  readonly #messages = new Inbox<string | Uint8Array>("message");
  readonly closed: Promise<Closed>;

  constructor(frames: Frames) {
    this.#frames = frames;
    frames.on("message", (data: RawData, isBinary: boolean) => {
      const bytes = data as Buffer;
      this.#messages.add(isBinary ? new Uint8Array(bytes) : bytes.toString());
    });
    this.closed = new Promise((resolve) => {
      frames.on("close", (code: number, bytes: Buffer) => {
        const reason = bytes.toString();
        this.#messages.end(`the socket was closed with ${code}${reason && ` (${reason})`}`);
        resolve({ code, reason });
      });
    });
  }

  get protocol(): string {
    return this.#frames.protocol;
  }

  next(timeout?: number): Promise<string | Uint8Array> {
    return this.#messages.next(timeout);
  }

  send(message: string | Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#frames.send(message, (error) => (error ? reject(error) : resolve()));
    });
  }

  async close(code = 1000, reason = ""): Promise<Closed> {
    this.#frames.close(code, reason);
    return this.closed;
  }

  [Symbol.asyncIterator](): AsyncIterator<string | Uint8Array> {
    return this.#messages.all(() => this.#frames.close());
  }
}

async function refusalOf(response: IncomingMessage): Promise<UnexpectedResponseError> {
  const pieces: Buffer[] = [];
  for await (const piece of response) pieces.push(piece);
  const { statusCode: status = 0, headersDistinct } = response;
  const headers = new Headers(
    Object.entries(headersDistinct).flatMap(([name, values = []]) =>
      values.map((value): [string, string] => [name, value]),
    ),
  );
  const body = Buffer.concat(pieces).toString();
  return new UnexpectedResponseError(`the WebSocket was refused with ${status}`, status, headers, body);
}

/** What carries it to an application in memory. */
function inMemory(served: Servable, secure: boolean): { createConnection: () => Duplex } {
  return { createConnection: () => connect(served, secure) };
}

/**
 * Opens a WebSocket. Rejects with an `UnexpectedResponseError` where the handshake is answered otherwise, and with an
 * Error where there is no answer.
 */
export async function openWebSocket(
  target: Target,
  path = "/",
  { headers, protocols = [] }: TestSocketOptions = {},
): Promise<TestSocket> {
  const url = new URL(path, baseOf(target));
  const secure = url.protocol === "https:";
  const carrier = typeof target === "string" || target instanceof URL ? {} : inMemory(target, secure);
  const { WebSocket } = await import("ws");
  const options = { headers: Object.fromEntries(new HttpHeaders(headers)), ...carrier };
  url.protocol = secure ? "wss:" : "ws:";
  const frames = new WebSocket(url, [...protocols], options as object);
  // Before it is open: messages may come together with the answer.
  const socket = new OpenSocket(frames);
  return new Promise((resolve, reject) => {
    frames.on("open", () => resolve(socket));
    frames.on("error", reject);
    frames.on("unexpected-response", (_request, response) => {
      refusalOf(response).then(reject, reject);
    });
  });
}
