import {
  type Answer,
  type ContentLimits,
  contentLimits,
  type Engine,
  type Environment,
  HttpError,
  type HttpRequest,
  HttpResponse,
  type Logger,
  type Orchestrator,
  type Params,
  TEXT,
  toResponse,
} from "../http/index.ts";
import { methodId, ParseError, ReleasedError } from "../parser/index.ts";
import { type Converters, type Found, PathRouter, type PathRouterOptions, type Query } from "../router/index.ts";
import { fold, type Handler, type Middleware, type NewRoute, type NoConverters, Routes } from "./routes.ts";

/** What a route leads to: its handler, with all that is around it. */
interface Endpoint {
  readonly handler: Handler;
  readonly around: () => readonly Middleware[];
  serve: Handler;
}

/** What an application is made with. */
export interface ApplicationOptions<C extends Converters = NoConverters>
  extends Omit<PathRouterOptions, "converters">,
    Partial<ContentLimits> {
  /** Converters of one's own, which paths may name beside those there are. */
  readonly converters?: C;
  /** Serves what no route serves, in place of 404. */
  readonly fallback?: Handler;
  /** Serves CONNECT, in place of 501: refuses it, or makes a tunnel. */
  readonly tunnel?: Handler;
  /** Writes down what happens; the console by default. */
  readonly logger?: Logger;
  /** Makes text of templates, for `request.render`; none by default. */
  readonly engine?: Engine;
  /** Has tasks done, for `request.submitTask`; none by default. */
  readonly orchestrator?: Orchestrator;
  /** Told of every error that a client only sees as 500; prints it by default. */
  readonly onError?: (error: unknown) => void;
}

/**
 * Routes and what serves them, on any host: it takes requests and gives responses, and does no I/O. On Node use
 * `App`, which can listen too.
 */
export class Application<C extends Converters = NoConverters> extends Routes<C, ""> {
  /** What requests reach. */
  readonly environment: Environment;
  readonly #router: PathRouter<Endpoint>;
  readonly #fallback: Handler;
  /** Serves what no route serves, and CONNECT, with what is around the application. */
  #unrouted: Handler = (request) => this.#answerWithout(request);
  readonly #tunnel: Handler;
  readonly #onError: (error: unknown) => void;
  readonly #reports = new Set<(error: unknown, request: HttpRequest) => void>();

  /**
   * Throws a TypeError where a converter or an option of the router makes no sense, and a RangeError where a limit of
   * content is out of its range.
   */
  constructor(options: ApplicationOptions<C> = {}) {
    super("");
    const { logger = console, engine = null, orchestrator = null } = options;
    this.environment = { logger, engine, orchestrator, limits: contentLimits(options), multipart: null };
    this.#router = new PathRouter(options);
    this.#fallback = options.fallback ?? notFound;
    this.#tunnel = options.tunnel ?? noTunnel;
    this.#onError = options.onError ?? console.error;
  }

  protected override register(routes: readonly NewRoute[]): void {
    this.#router.addAll(
      routes.map(({ handler, around, ...route }) => ({
        ...route,
        value: { handler, around, serve: fold(around(), handler) },
      })),
    );
  }

  protected override refold(): void {
    const endpoints = this.#router.routes.map(({ value }) => value);
    const served = endpoints.map(({ around, handler }) => fold(around(), handler));
    this.#unrouted = fold(this.middleware, (request) => this.#answerWithout(request));
    // Nothing has failed, and nothing can any more.
    for (const [index, endpoint] of endpoints.entries()) endpoint.serve = served[index];
  }

  /**
   * The path of a route that was registered with a name, its values percent-encoded and with a query where one is given.
   * Throws a TypeError that says what is missing or wrong.
   */
  url(name: string, params: Params = {}, query?: Query): string {
    return this.#router.url(name, params, query === undefined ? {} : { query });
  }

  /** Serves a request. Never throws and never rejects: whatever goes wrong is a response. */
  handle(request: HttpRequest): HttpResponse | Promise<HttpResponse> {
    try {
      const answer = this.#answer(request);
      if (answer instanceof HttpResponse) return answer;
      return isPromise(answer) ? this.#await(answer, request) : toResponse(answer);
    } catch (error) {
      return this.recover(error, request);
    }
  }

  /** What comes later. Apart from `handle`, where closures would have every request allocate what they close over. */
  #await(answer: Promise<Answer>, request: HttpRequest): Promise<HttpResponse> {
    // Of another kind of promise than the language's own only `then` is known.
    return Promise.resolve(answer).then(
      (value) => this.#convert(value, request),
      (error) => this.recover(error, request),
    );
  }

  #convert(value: Answer, request: HttpRequest): HttpResponse {
    try {
      return toResponse(value);
    } catch (error) {
      return this.recover(error, request);
    }
  }

  /**
   * The response that an error means; what is no error of HTTP is reported, and shows nothing of itself. Never throws,
   * though anything can be thrown by a handler, even what throws when it is looked at.
   */
  recover(error: unknown, request: HttpRequest): HttpResponse {
    try {
      if (error instanceof HttpError || error instanceof ParseError) {
        const headers = error instanceof HttpError ? error.headers : undefined;
        return new HttpResponse(`${error.message}\n`, { status: error.status, ...(headers && { headers }) }, TEXT);
      }
      // A handler that reads on after its client has gone did nothing wrong.
      if (!(error instanceof ReleasedError && request.done)) this.report(error, request);
    } catch (second) {
      this.report(second, request);
    }
    return new HttpResponse("Internal Server Error\n", { status: 500 });
  }

  /** Has another told of what `onError` is told of, with the request that it happened at; it must not throw. */
  onReport(tell: (error: unknown, request: HttpRequest) => void): void {
    this.#reports.add(tell);
  }

  /** Tells `onError` of an error that no client sees. Never throws. */
  report(error: unknown, request: HttpRequest): void {
    for (const tell of this.#reports) tell(error, request);
    const failed = (second: unknown) => console.error(error, second);
    try {
      const told: unknown = this.#onError(error);
      if (told instanceof Promise) told.catch(failed);
    } catch (second) {
      failed(second);
    }
  }

  /** What a path answers whose routes are for other methods (RFC 9110 §9.1, §9.3.7, §15.5.6). */
  #otherMethod(method: string, allowed: readonly string[]): HttpResponse {
    const headers = { Allow: [...allowed, "OPTIONS"].sort().join(", ") };
    if (method === "OPTIONS") return new HttpResponse(null, { status: 204, headers });
    if (methodId(method) === 0 && !this.#router.knows(method)) throw new HttpError(501);
    throw new HttpError(405, undefined, { headers });
  }

  #find(request: HttpRequest): Found<Endpoint> {
    const router = this.#router;
    const host = router.usesHosts ? (request.host ?? undefined) : undefined;
    return router.find(request.method, request.path, host);
  }

  #answer(request: HttpRequest): Answer | Promise<Answer> {
    const found = request.method === "CONNECT" ? null : this.#find(request);
    if (found?.kind !== "found") return this.#unrouted(request);
    if (found.params !== null) request.params = found.params;
    return found.value.serve(request);
  }

  /** Answers a request that has no route. */
  #answerWithout(request: HttpRequest): Answer | Promise<Answer> {
    if (request.method === "CONNECT") return this.#tunnel(request);
    const found = this.#find(request);
    if (found.kind === "method") return this.#otherMethod(request.method, found.allowed);
    if (found.kind === "invalid") throw new HttpError(400, "the path is not valid percent-encoded UTF-8");
    if (found.kind !== "redirect") return this.#fallback(request);
    const location = request.query === "" ? found.location : `${found.location}?${request.query}`;
    return new HttpResponse(null, { status: 308, headers: { Location: location } });
  }
}

/** The server as a whole can do what can be asked for of it, which is nothing but whether it is there. */
function notFound({ method, path }: HttpRequest): HttpResponse {
  if (method === "OPTIONS" && path === "*") return new HttpResponse(null, { status: 204 });
  throw new HttpError(404);
}

function isPromise(answer: Answer | Promise<Answer>): answer is Promise<Answer> {
  return typeof answer === "object" && answer !== null && typeof (answer as Promise<Answer>).then === "function";
}

function noTunnel(): never {
  throw new HttpError(501, "this server makes no tunnels");
}
