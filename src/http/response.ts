import type { Exchange, OutgoingMessage, TakeOver, Trailers } from "../h1/index.ts";
import { type ClearCookieOptions, type CookieOptions, clearCookieLine, setCookieLine } from "./cookies.ts";
import { type HeadersInit, HttpHeaders } from "./headers.ts";
import type { HttpRequest } from "./request.ts";
import { StreamPieces } from "./web-stream.ts";

/** Content that comes piece by piece: async iterables, generators, and the web's streams where they are iterable. */
export type BodyStream = AsyncIterable<string | Uint8Array>;

/** What the content of a response can be. Text leaves as UTF-8; bytes are not copied, so they must stay as they are. */
export type BodyInit = string | Uint8Array | BodyStream | null;

/** What a response is made with beside its body. */
export interface ResponseInit {
  /** 200 to 599; 200 by default. */
  readonly status?: number;
  readonly headers?: HeadersInit;
  /**
   * Gives the fields that follow the content, once all of it was sent. A client that does not say `TE: trailers` gets
   * none (RFC 9110 §6.5.1), nor does HTTP/1.0, nor content whose Content-Length was given.
   */
  readonly trailers?: () => HeadersInit | Promise<HeadersInit>;
}

const NO_INIT: ResponseInit = {};

export const TEXT = "text/plain; charset=utf-8";
export const HTML = "text/html; charset=utf-8";
const JSON_TYPE = "application/json";
export const BINARY = "application/octet-stream";

function typeOf(body: BodyInit): string | null {
  if (body === null) return null;
  if (typeof body !== "string") return BINARY;
  return body.startsWith("<") ? HTML : TEXT;
}

/**
 * A response. Where `headers` name no Content-Type it follows from the body: text is plain, or HTML where it begins
 * with `<`, and bytes are octets.
 */
export class HttpResponse implements OutgoingMessage {
  /** May be changed until the response is sent. */
  status: number;
  /** The content; may be changed until the response is sent, as middleware does. */
  body: BodyInit;
  /** Gives the fields that follow the content; null where there are none. */
  readonly trailers: Trailers | null;
  readonly #inferredType: string | null;
  #headers: HttpHeaders | null;

  constructor(body: BodyInit = null, init: ResponseInit = NO_INIT, type: string | null = typeOf(body)) {
    this.status = init.status ?? 200;
    this.body = body;
    const { trailers } = init;
    this.trailers = trailers === undefined ? null : async () => new HttpHeaders(await trailers());
    this.#inferredType = type;
    this.#headers = init.headers === undefined ? null : new HttpHeaders(init.headers);
  }

  /** The fields; may be changed until the response is sent. */
  get headers(): HttpHeaders {
    this.#headers ??= new HttpHeaders();
    return this.#headers;
  }

  /**
   * Has the client keep a cookie, by one more Set-Cookie line. Throws a TypeError where it could not be sent, or browsers
   * would drop it, and a RangeError where it is larger than `MAX_COOKIE_SIZE`.
   */
  setCookie(name: string, value: string, options?: CookieOptions): this {
    this.headers.append("Set-Cookie", setCookieLine(name, value, options));
    return this;
  }

  /** Has the client forget a cookie that was set with these options. Throws as `setCookie`. */
  clearCookie(name: string, options?: ClearCookieOptions): this {
    this.headers.append("Set-Cookie", clearCookieLine(name, options));
    return this;
  }

  /** Content-Type where `headers` do not say it. */
  get contentType(): string | null {
    return this.#headers?.has("Content-Type") ? null : this.#inferredType;
  }

  /** The fields for the wire; null where none was set. */
  get fields(): HttpHeaders | null {
    return this.#headers;
  }
}

/** What a server does for those who write a response themselves. */
export interface ResponseHost {
  /** Hands the stream below over, as `Exchange.handOver`; `take` may throw, which is reported. */
  handOver(exchange: Exchange, request: HttpRequest, take: TakeOver): void;
  /** The response that an error means; what is no error of HTTP is reported. Never throws. */
  recover(error: unknown, request: HttpRequest): HttpResponse;
  /** Tells of an error that no client sees. Never throws. */
  report(error: unknown, request: HttpRequest): void;
}

/**
 * A response that its maker writes to the exchange, when the handler and all around it are done: what those have set in
 * its `headers` is for the maker to send.
 */
export abstract class OwnResponse extends HttpResponse {
  /** Answers the exchange. What it throws before is answered in its place. */
  abstract answer(exchange: Exchange, request: HttpRequest, host: ResponseHost): void;
}

/** A response after which the connection speaks another protocol; `take` writes it, and goes on. */
export class HandOver extends OwnResponse {
  readonly take: TakeOver;

  constructor(take: TakeOver) {
    super(null, { status: 101 });
    this.take = take;
  }

  override answer(exchange: Exchange, request: HttpRequest, host: ResponseHost): void {
    host.handOver(exchange, request, this.take);
  }
}

/** A JSON response. Throws a TypeError for what JSON cannot say (undefined, functions, cycles, BigInt). */
export function json(value: unknown, init?: ResponseInit): HttpResponse {
  const body = JSON.stringify(value);
  if (body === undefined) throw new TypeError(`${typeof value} has no JSON`);
  return new HttpResponse(body, init, JSON_TYPE);
}

/** An object or a list, and no promise: one of nothing would be taken for an object, too. */
type JsonObject = (object & { readonly then?: never }) | Readonly<Record<string, unknown>>;

/** What a handler may return. */
export type Answer = HttpResponse | string | Uint8Array | BodyStream | Blob | JsonObject | number | boolean | null;

/** Name of the method by which a Response of fetch that is not the host's own says what response it is. */
export const TO_RESPONSE: unique symbol = Symbol("toResponse");

/**
 * The response that a handler's value means: text, bytes and what is iterated as they are, a Blob with its type and
 * size, a Response of fetch as the same response, null nothing (204), all else JSON. An Error is thrown: to return one
 * means the same.
 */
export function toResponse(value: Answer | undefined): HttpResponse {
  if (value instanceof HttpResponse) return value;
  if (typeof value === "string" || value instanceof Uint8Array) return new HttpResponse(value);
  if (value instanceof Blob) return fromBlob(value);
  if (typeof value === "object" && value !== null && Symbol.asyncIterator in value) {
    return new HttpResponse(value as BodyStream);
  }
  if (value === null) return new HttpResponse(null, { status: 204 });
  if (value === undefined) throw new TypeError("the handler returned undefined; return null for an empty response");
  // Plain data first: it is the common case.
  if (typeof value === "object" && value.constructor !== Object) {
    if (value instanceof Error) throw value;
    if (isFetchResponse(value)) return (value as Convertible)[TO_RESPONSE]?.() ?? fromFetchResponse(value);
    if (value instanceof ArrayBuffer) return new HttpResponse(new Uint8Array(value));
    if (hasNoJson(value))
      throw new TypeError(`${Object.prototype.toString.call(value)} has no JSON; return a list or an object`);
  }
  return json(value);
}

/** Whether JSON would make of an object what it is not: of a Map, a Set or a generator `{}`, of numbers an object. */
function hasNoJson(value: object): boolean {
  if (Array.isArray(value) || typeof (value as { toJSON?: unknown }).toJSON === "function") return false;
  return Symbol.iterator in value || ArrayBuffer.isView(value);
}

/** A Response of fetch that knows itself what response it is. */
interface Convertible {
  readonly [TO_RESPONSE]?: () => HttpResponse;
}

/** By what it calls itself: Node loads all of fetch where its class is named. */
export function isFetchResponse(value: unknown): value is Response {
  const tagged = value as { readonly [Symbol.toStringTag]?: unknown } | null;
  return typeof value === "object" && tagged?.[Symbol.toStringTag] === "Response";
}

/** Fields that are of the connection that a response came by. */
const HOP_BY_HOP: ReadonlySet<string> = new Set(["connection", "keep-alive", "transfer-encoding"]);
/** Fields that fetch leaves as they came, though it has decoded the content. */
const ENCODED: ReadonlySet<string> = new Set(["content-encoding", "content-length"]);

/** Whether a field, by its name in small letters, is of a connection and so nothing for the next one. */
export function isHopByHop(name: string): boolean {
  return HOP_BY_HOP.has(name);
}

/**
 * A Response as it is, but for what does not hold for it any more; `headers` are its own unless others are given in their
 * place. Throws a TypeError where its content was read, or it is the one that stands for an error.
 */
export function fromFetchResponse(response: Response, headers: Headers = response.headers): HttpResponse {
  const { status, body, url, bodyUsed, type } = response;
  if (type === "error") throw new TypeError("the handler returned Response.error(), which says nothing to a client");
  if (bodyUsed) throw new TypeError("the content of the Response that the handler returned was read already");
  // One that was made here and not fetched has no URL.
  const decoded = url !== "" && headers.has("content-encoding");
  const lines = [...headers].filter(([name]) => !HOP_BY_HOP.has(name) && !(decoded && ENCODED.has(name)));
  return new HttpResponse(body && new StreamPieces(body), { status, headers: lines }, null);
}

function fromBlob(blob: Blob): HttpResponse {
  const headers = { "Content-Length": String(blob.size) };
  return new HttpResponse(new StreamPieces(blob.stream()), { headers }, blob.type || BINARY);
}
