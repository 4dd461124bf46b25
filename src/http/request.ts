import type { ContentWatcher, Exchange } from "../h1/index.ts";
import { quiet } from "../h1/quiet.ts";
import { type HeaderFields, ReleasedError } from "../parser/index.ts";
import { readForm, readJson, readParsed, refuseEncoded } from "./content.ts";
import { type Cookies, parseCookies } from "./cookies.ts";
import { type ContentDecoder, DecodedContent, type RequestContent } from "./decoded.ts";
import { detach } from "./detached.ts";
import type { Environment, Logger } from "./environment.ts";
import { type HeadersInit, HttpHeaders } from "./headers.ts";
import { html } from "./helpers.ts";
import { INSPECT, inspectRequest, type RequestJSON, requestJSON } from "./inspect.ts";
import { type MultipartOptions, openMultipart, type Part } from "./multipart.ts";
import type { HttpResponse } from "./response.ts";
import type { RequestState } from "./state.ts";
import { ContentTooLargeError } from "./status-errors.ts";

/** Values of a route's parameters, by name; of what type they are its pattern says. */
// biome-ignore lint/suspicious/noExplicitAny: a handler that does not know its route may take them for what it likes
export type Params = Readonly<Record<string, any>>;

const NO_PARAMS: Params = Object.freeze(Object.create(null));
const text = new TextDecoder();

/** What only some requests have: apart, so that the others pay for one empty place. */
interface Kept {
  cookies: Cookies | null;
  state: RequestState | null;
  valid: unknown;
  /** In place of what came. */
  content: RequestContent | null;
  log: Logger | null;
}

/**
 * A request: a view of its head and content, decoded where it is asked for. It lasts as long as its exchange; once
 * the response is sent, reading it throws.
 */
export class HttpRequest<P extends Params = Params, V = unknown> {
  readonly #exchange: Exchange;
  readonly #environment: Environment;
  #kept: Kept | null = null;
  /** Parameters of the route, percent-decoded. */
  params: P = NO_PARAMS as P;

  constructor(exchange: Exchange, environment: Environment) {
    this.#exchange = exchange;
    this.#environment = environment;
  }

  /** The method, in the case it was sent in. */
  get method(): string {
    return this.#exchange.head.method;
  }

  /** The request-target as it was sent. */
  get target(): string {
    return this.#exchange.head.target;
  }

  /**
   * The path of the target as it was sent; "*" where it is the server as a whole, "" where the target is an authority.
   * An absolute target without a path means "/", or the server as a whole for OPTIONS (RFC 9112 §3.2.1, §3.2.4).
   */
  get path(): string {
    const { head } = this.#exchange;
    const { path } = head;
    if (path !== "" || head.targetForm !== "absolute") return path;
    return head.method === "OPTIONS" ? "*" : "/";
  }

  /** What stands after the first `?` of the target, "" where there is none. */
  get query(): string {
    return this.#exchange.head.query;
  }

  /**
   * The query as names and values, in order and with names that are repeated, by the rules of forms: "+" is a space, and
   * what is no valid percent-encoding stays or becomes U+FFFD. Made anew each time it is asked for.
   */
  get searchParams(): URLSearchParams {
    return new URLSearchParams(this.query);
  }

  /** Whom the request is for: the authority of an absolute target, else Host (RFC 9112 §3.3); null where neither is. */
  get host(): string | null {
    return this.#exchange.head.authority || this.headers.get("host");
  }

  /** "1.0" or "1.1". */
  get version(): string {
    return this.#exchange.head.version;
  }

  /** The protocol that is asked for in place of HTTP, where Connection names Upgrade as it must (RFC 9110 §7.8). */
  get upgrade(): string | null {
    return this.#exchange.head.upgrade ? this.headers.get("upgrade") : null;
  }

  /**
   * Aborted when the client goes before it has its response, and never otherwise. One that ends its side of the
   * connection has gone, as far as can be seen; what it is answered is sent all the same.
   */
  get signal(): AbortSignal {
    return this.#exchange.signal;
  }

  /** Aborted when the server begins to stop: the moment to end an answer that else would go on for ever. */
  get stopping(): AbortSignal {
    return this.#environment.lifetime.stopping;
  }

  /** Address of whoever is at the other end of the connection, which may be a proxy; undefined where none is known. */
  get remoteAddress(): string | undefined {
    return this.#exchange.peer.remoteAddress;
  }

  /** Port at the other end. */
  get remotePort(): number | undefined {
    return this.#exchange.peer.remotePort;
  }

  /** Address and port at this end, where the client has connected to. */
  get localAddress(): string | undefined {
    return this.#exchange.peer.localAddress;
  }

  get localPort(): number | undefined {
    return this.#exchange.peer.localPort;
  }

  /** Whether the connection is one of TLS, up to the client or to a proxy in front. */
  get secure(): boolean {
    return this.#exchange.peer.encrypted === true;
  }

  /** Whether the exchange is over: answered, or the client has gone. */
  get done(): boolean {
    return this.#exchange.done;
  }

  /** The fields as they were sent, decoded where they are asked for. */
  get headers(): HeaderFields {
    return this.#exchange.head.headers;
  }

  /** The cookies that came with it, decoded, by name; the first counts where a name is repeated. */
  get cookies(): Cookies {
    if (this.done) throw new ReleasedError();
    const kept = this.#keep();
    kept.cookies ??= parseCookies(this.headers.get("cookie") ?? "");
    return kept.cookies;
  }

  /** What the application keeps with the request; `RequestState` says what that is. It outlasts the exchange. */
  get state(): RequestState {
    const kept = this.#keep();
    kept.state ??= Object.create(null) as RequestState;
    return kept.state;
  }

  /** What the schemas of the route have made of the parts of the request that they check. */
  get valid(): V {
    return this.#kept?.valid as V;
  }

  set valid(valid: V) {
    this.#keep().valid = valid;
  }

  #keep(): Kept {
    this.#kept ??= { cookies: null, state: null, valid: undefined, content: null, log: null };
    return this.#kept;
  }

  get #content(): RequestContent {
    return this.#kept?.content ?? this.#exchange.content;
  }

  /**
   * Has all who read the content get what `decode` makes of its pieces. It is called when the content is first asked for;
   * where this is called again, the next one gets what the last has made. The head says what it said before.
   */
  decodeContent(decode: ContentDecoder): void {
    this.#keep().content = new DecodedContent(this.#exchange, this.#content, decode);
  }

  /** Has a watcher told of the content as it comes, whoever reads it and however it is decoded: for tools that show it. */
  watchContent(watcher: ContentWatcher): void {
    this.#exchange.content.watch(watcher);
  }

  /**
   * The same request for work that goes on when the response is sent: with its head, parameters and state, without its
   * content. Throws as all else does once the exchange is over.
   */
  detach(): HttpRequest<P, V> {
    const detached = new HttpRequest<P, V>(detach(this.#exchange), this.#environment);
    detached.params = this.params;
    detached.#kept = { ...this.#keep(), content: null };
    return detached;
  }

  /** The whole head as it came, to its empty line; the bytes are the caller's. */
  rawHead(): Uint8Array {
    return this.#exchange.head.bytes();
  }

  /**
   * Sends an informational response ahead of the final one, as often as wanted: 103 with Link fields tells a browser
   * what to fetch meanwhile (RFC 8297), 102 that the work goes on. 100 is sent by itself when content is asked for.
   * Throws where it could not be sent as it is, and after the final response.
   */
  inform(status: number, headers?: HeadersInit): void {
    this.#exchange.inform(status, new HttpHeaders(headers));
  }

  /** Writes down what happens, as the server was told to; middleware may put another in its place. */
  get log(): Logger {
    return this.#kept?.log ?? this.#environment.logger;
  }

  set log(logger: Logger) {
    this.#keep().log = logger;
  }

  /** HTML of a template, by the engine of the server. Rejects where it fails, and with an Error where there is none. */
  async render(name: string, values?: object): Promise<HttpResponse> {
    const { engine } = this.#environment;
    if (engine === null) throw new Error("there is no engine to render with: give one, as new App({ engine })");
    return html(await engine.render(name, values));
  }

  /**
   * Has a task done by the orchestrator of the server; resolves with its result. Rejects where it fails, and with an
   * Error where there is no orchestrator.
   */
  async submitTask(task: unknown, ...values: unknown[]): Promise<unknown> {
    const { orchestrator } = this.#environment;
    if (orchestrator === null) {
      throw new Error("there is no orchestrator to submit tasks to: give one, as new App({ orchestrator })");
    }
    return orchestrator.submit(task, ...values);
  }

  /** Its head as plain data, without what `Authorization`, `Cookie` and `Proxy-Authorization` say, and no content. */
  toJSON(): RequestJSON {
    return requestJSON(this);
  }

  /**
   * Grants the content no more than so many bytes; of several limits the smallest counts. Throws an HttpError 413 where
   * there is more already, or Content-Length announces it; whoever reads what comes beyond it later gets a ParseError.
   */
  limitBody(maxBodySize: number): void {
    if (!this.#exchange.limitContent(maxBodySize)) throw new ContentTooLargeError();
  }

  /** Fields after the content; null before its end and where there are none. */
  get trailers(): HeaderFields | null {
    return this.#exchange.trailers;
  }

  /**
   * The content piece by piece, as it comes; while nobody asks for the next one, the client is not read from. May be
   * taken once, and not beside `bytes`, `text` or `json`.
   */
  get body(): AsyncIterableIterator<Uint8Array> {
    return this.#content.pieces();
  }

  /** As `body`, as a stream of the web. */
  stream(): ReadableStream<Uint8Array> {
    const pieces = this.body;
    return new ReadableStream<Uint8Array>(
      {
        async pull(controller) {
          const { done, value } = await pieces.next();
          if (done) controller.close();
          else controller.enqueue(value);
        },
        async cancel() {
          await pieces.return?.();
        },
      },
      { highWaterMark: 0 },
    );
  }

  /** The content as it came. Rejects with a ParseError where it is cut off, wrong or too large. */
  bytes(): Promise<Uint8Array> {
    return this.#content.bytes();
  }

  /** The content as text; what is no UTF-8 is replaced by U+FFFD. */
  text(): Promise<string> {
    return this.#content.read(decodeText);
  }

  /**
   * The content as JSON. Rejects with an HttpError 400 where it is none, is deeper than maxJsonDepth, or has a member
   * `__proto__`, or `constructor` with a `prototype`; 415 where it is encoded, as by gzip.
   */
  json(): Promise<unknown> {
    const content = this.#content;
    return content.read((bytes) => readJson(bytes, this.#exchange.head, content, this.#environment));
  }

  /**
   * The content as a form, urlencoded or multipart, in memory; files are `File`s. Rejects with an HttpError 415 for
   * content of another type or charset or that is encoded, 400 for what is no such form or no UTF-8, 413 beyond maxFormFields.
   */
  form(): Promise<FormData> {
    return quiet(readForm(this.#exchange.head, this.#content, this.#environment));
  }

  /**
   * The parts of multipart/form-data one by one, as they come; while nobody reads, the client is not read from. May be
   * taken once, and not beside the others. Throws an HttpError 415 for content of another type or that is encoded, 400 where that names no
   * boundary, a RangeError for an option out of its range; iterating rejects with an HttpError 400 for what is no such
   * content, 413 beyond a limit.
   */
  multipart(options?: MultipartOptions): AsyncIterableIterator<Part> {
    refuseEncoded(this.#exchange.head, this.#content);
    return openMultipart(() => this.body, this.headers.get("content-type"), this.#environment, options);
  }

  /**
   * The content as its Content-Type says: JSON its value, a form a FormData, text (in UTF-8, ASCII or Latin-1) a
   * string, all else bytes, and where there is none null. Rejects as `json` and `form`, and with an HttpError 415 for
   * text of another charset, and for what has a type and is encoded.
   */
  parse(): Promise<unknown> {
    return quiet(readParsed(this.#exchange.head, this.#content, this.#environment));
  }
}

// Not within the class, for declarations cannot be made of a name that is found when it runs.
Object.defineProperty(HttpRequest.prototype, INSPECT, { value: inspectRequest });

function decodeText(bytes: Uint8Array): string {
  return text.decode(bytes);
}
