/**
 * Requests and responses of node:http, as its own server makes them: the same classes, filled in the same way. What of
 * that is private to Node is named here and nowhere else; each piece is the same from Node 20 on.
 */
import { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Exchange } from "../../h1/index.ts";
import { FRAMING_NONE } from "../../parser/abi.ts";
import type { HeaderFields, RequestHead } from "../../parser/index.ts";

/** A request, with what node:http keeps in it. */
export interface Incoming extends IncomingMessage {
  upgrade: boolean;
  joinDuplicateHeaders: boolean | undefined;
  /** Whether somebody has begun to read its content. */
  _consuming: boolean;
  /** Whether nobody will. */
  _dumped: boolean;
  readonly _readableState: ReadableState;
  /** Takes names and values in turn: fields of the head, or where the request is `complete`, of the trailer section. */
  _addHeaderLines(lines: readonly string[], count: number): void;
  /** Drops the content. */
  _dump(): void;
}

interface ReadableState {
  readingMore: boolean;
  readonly resumeScheduled: boolean;
  ended: boolean;
  endEmitted: boolean;
  destroyed: boolean;
  closed: boolean;
  closeEmitted: boolean;
}

/** A response, with what node:http keeps in it. */
export interface Outgoing extends ServerResponse<Incoming> {
  /** Whether the connection closes after it; known once its head was made. */
  readonly _last: boolean;
  readonly _header: string | null;
  readonly _headerSent: boolean;
  readonly _hasBody: boolean;
  readonly _contentLength: number | null;
  /** Whether 100 (Continue) was asked for, and was sent. */
  _expect_continue: boolean;
  readonly _sent100: boolean;
  _keepAliveTimeout: number;
  _maxRequestsPerSocket: number;
  maxRequestsOnConnectionReached: boolean;
  _closed: boolean;
  destroyed: boolean;
  /** Whether fields were taken away that Node adds by itself. */
  _removedConnection: boolean;
  _removedContLen: boolean;
  _removedTE: boolean;
  /** Makes the head. */
  _storeHeader(firstLine: string, headers: unknown): void;
}

/** A socket, with the response that is being written to it. */
export type ServingSocket = Socket & { _httpMessage?: Outgoing | null };

export type IncomingClass = new (socket: Socket) => IncomingMessage;
export type OutgoingClass = new (request: IncomingMessage, options?: ResponseOptions) => ServerResponse;

/** What the constructor of responses is told. */
export interface ResponseOptions {
  readonly highWaterMark?: number;
  readonly rejectNonStandardBodyWrites?: boolean;
}

/** The fields that say how content is framed. */
const FRAMING_FIELD = /^(?:content-length|transfer-encoding)$/i;

/**
 * Has a request say what the head of one says, with so many fields at the most. Gives whether what is left out has
 * nothing to do with its content: whoever hands on a request must see where it ends.
 */
export function fillRequest(
  request: Incoming,
  head: RequestHead,
  maxFields: number = Number.POSITIVE_INFINITY,
): boolean {
  const { minorVersion } = head;
  request.httpVersionMajor = 1;
  request.httpVersionMinor = minorVersion;
  request.httpVersion = minorVersion === 1 ? "1.1" : head.version;
  request.method = head.method;
  request.url = head.target;
  request.upgrade = false;
  const lines = head.headers.flat();
  const most = Math.min(lines.length, 2 * maxFields);
  request._addHeaderLines(lines, most);
  for (let name = most; name < lines.length; name += 2) if (FRAMING_FIELD.test(lines[name])) return false;
  return true;
}

/** Content that has come with the head, for a request whose connection is handed over; null where it has none. */
export function contentOf(exchange: Exchange): Buffer | null {
  return exchange.head.framing === FRAMING_NONE ? null : Buffer.from(exchange.content.peek());
}

/** Has a request say that it is complete, with these fields after its content. */
export function completeRequest(request: Incoming, trailers: HeaderFields | null): void {
  request.complete = true;
  if (trailers !== null) {
    const lines = trailers.flat();
    request._addHeaderLines(lines, lines.length);
  }
  request.push(null);
}

/**
 * Ends a request that has no content as if it had been read and closed, where nobody listens to it; gives whether that
 * is so. To be told of it takes longer than all else that there is to such a request.
 */
export function dropContent(request: Incoming): boolean {
  if (request.eventNames().length > 0) return false;
  request._dumped = true;
  const state = request._readableState;
  state.ended = state.endEmitted = state.destroyed = state.closed = state.closeEmitted = true;
  return true;
}

/** Has a response tell that it is over, once: it was sent, or never will be. To be called by `process.nextTick`. */
export function closeResponse(response: Outgoing): void {
  if (response._closed) return;
  response.destroyed = true;
  response._closed = true;
  response.emit("close");
}

/** A symbol of Node's own under which an object keeps something; undefined where this Node has none of that name. */
export function symbolOf(owner: object, description: string): symbol | undefined {
  return Object.getOwnPropertySymbols(owner).find((symbol) => symbol.description === description);
}

const NEED_DRAIN = symbolOf(new ServerResponse(new IncomingMessage(null as unknown as Socket)), "kNeedDrain");

/** Tells a response that there is room for more, where it has told its writer to wait. */
export function drainResponse(response: Outgoing): void {
  if (!response.writableNeedDrain || response.writableLength > 0) return;
  // Where Node keeps it elsewhere, whoever waits is told once too often: that harms nobody.
  if (NEED_DRAIN !== undefined) (response as unknown as Record<symbol, boolean>)[NEED_DRAIN] = false;
  response.emit("drain");
}
