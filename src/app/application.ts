import {
  type Answer,
  BadRequestError,
  type ContentLimits,
  contentLimits,
  type Engine,
  type Environment,
  type HttpRequest,
  HttpResponse,
  type Logger,
  MethodNotAllowedError,
  NotFoundError,
  NotImplementedError,
  type Orchestrator,
  type Params,
  toResponse,
} from "../http/index.ts";
import { methodId, ReleasedError } from "../parser/index.ts";
import {
  type Converters,
  type Found,
  PathRouter,
  type PathRouterOptions,
  type Query,
  type Route,
  type RouteInit,
} from "../router/index.ts";
import { type Handler, isPromise, type NoConverters } from "./handler.ts";
import { compose } from "./layers.ts";
import { ApplicationLifetime } from "./lifetime.ts";
import { type ErrorStyle, errorResponse, isTold } from "./problem.ts";
import { methodsOf, type NewRoute, type Place, type RouteChoice, type RouteEvents, Routes } from "./routes.ts";
import type { Schemas } from "./schema.ts";

/** What an application is made with. */
export interface ApplicationOptions<C extends Converters = NoConverters>
  extends Omit<PathRouterOptions, "converters">,
    Partial<ErrorStyle>,
    Partial<ContentLimits> {
  /** Converters of one's own, which paths may name beside those there are. */
  readonly converters?: C;
  /** Serves what no route serves, in place of 404. */
  readonly fallback?: Handler;
  /** Serves CONNECT, in place of 501: refuses it, or makes a tunnel. */
  readonly tunnel?: Handler;
  /** Whether OPTIONS is answered by 204 with Allow where it has no route of its own; true by default. */
  readonly options?: boolean;
  /** Whether a path without the method gets 405 with Allow, not what no route serves; true by default. */
  readonly methodNotAllowed?: boolean;
  /** Writes down what happens; the console by default. */
  readonly logger?: Logger;
  /** Makes text of templates, for `request.render`; none by default. */
  readonly engine?: Engine;
  /** Has tasks done, for `request.submitTask`; none by default. */
  readonly orchestrator?: Orchestrator;
}

/** Told of an error that a client only sees as 500, and of the request that it happened at. */
export type ErrorHook = (error: unknown, request: HttpRequest) => unknown;

/** What an application tells. */
export interface ApplicationEvents extends RouteEvents {
  /** Before a server accepts connections, and awaited. */
  readonly start: () => unknown;
  /** When a server stops to accept connections: the moment to end what else would go on for ever. */
  readonly stopping: () => unknown;
  /** When a server has answered its last request, and awaited. */
  readonly stop: () => unknown;
  /** An error that a client only sees as 500. Where nobody listens, it goes to the logger. */
  readonly error: ErrorHook;
}

/** Where a server is in its life. */
export type Lifecycle = "start" | "stopping" | "stop";

/** A route that is served. */
export interface RouteInfo {
  readonly method: string;
  readonly pattern: string;
  readonly name: string | undefined;
  readonly host: string | undefined;
  readonly schema: Schemas | undefined;
  /** As it was registered. */
  readonly handler: Handler;
}

/** What was registered together, and is taken away together. */
export interface Registrations {
  readonly routes: NewRoute[];
  /** Take back what else was done, the last first. */
  readonly undo: (() => void)[];
}

/**
 * Routes and what serves them, on any host: it takes requests and gives responses, and does no I/O. On Node use
 * `App`, which can listen too.
 */
export class Application<C extends Converters = NoConverters> extends Routes<C, ""> {
  /** What requests reach. */
  readonly environment: Environment;
  readonly #router: PathRouter<NewRoute>;
  readonly #registered = new Map<NewRoute, Route<NewRoute>>();
  readonly #fallback: Handler;
  /** Serves what no route serves, and CONNECT, with what is around the application. */
  #unrouted: Handler = (request) => this.#answerWithout(request);
  readonly #tunnel: Handler;
  readonly #options: boolean;
  readonly #methodNotAllowed: boolean;
  readonly #style: ErrorStyle;
  readonly #lifetime = new ApplicationLifetime();
  readonly #hooks: { readonly [E in Lifecycle | "error"]: ApplicationEvents[E][] } = {
    start: [],
    stopping: [],
    stop: [],
    error: [],
  };
  readonly #reports = new Set<(error: unknown, request: HttpRequest) => void>();
  readonly #recover = (error: unknown, request: HttpRequest) => this.recover(error, request);

  protected override readonly place: Place = {
    layers: () => [this.layer],
    register: (routes) => this.#register(routes),
    unregister: (routes) => this.#unregister(routes),
    refold: () => this.#refold(),
  };

  /**
   * Throws a TypeError where a converter or an option of the router makes no sense, and a RangeError where a limit of
   * content is out of its range.
   */
  constructor(options: ApplicationOptions<C> = {}) {
    super("");
    const { logger = console, engine = null, orchestrator = null } = options;
    const limits = contentLimits(options);
    this.environment = { logger, engine, orchestrator, lifetime: this.#lifetime, limits, multipart: null };
    this.#router = new PathRouter(options);
    this.#fallback = options.fallback ?? notFound;
    this.#tunnel = options.tunnel ?? noTunnel;
    this.#options = options.options ?? true;
    this.#methodNotAllowed = options.methodNotAllowed ?? true;
    this.#style = { problemDetails: options.problemDetails ?? false, development: options.development ?? false };
  }

  /** Where what is registered now belongs to a module that is being loaded, its registrations. */
  protected get loading(): Registrations | null {
    return null;
  }

  protected override changed(undo: () => void): void {
    this.loading?.undo.push(undo);
  }

  override on<E extends keyof ApplicationEvents>(event: E, hook: ApplicationEvents[E]): this {
    const hooks: unknown[] | undefined = Object.hasOwn(this.#hooks, event)
      ? this.#hooks[event as Lifecycle | "error"]
      : undefined;
    if (hooks === undefined) return super.on(event as keyof RouteEvents, hook as RouteEvents[keyof RouteEvents]);
    if (typeof hook !== "function") throw new TypeError("a hook is a function");
    hooks.push(hook);
    this.changed(() => hooks.splice(hooks.lastIndexOf(hook), 1));
    return this;
  }

  /** Tells hooks of where a server is, one after the other; rejects where one of them does. Called by servers. */
  async tell(event: Lifecycle): Promise<void> {
    if (event === "start") this.#lifetime.start();
    if (event === "stopping") this.#lifetime.stop();
    for (const hook of this.#hooks[event]) await hook();
  }

  /** The handler of a route with all that is around it. */
  #compose({ at, own, handler }: NewRoute): Handler {
    return compose(at.layers(), own, handler, this.#recover);
  }

  #initOf(route: NewRoute): RouteInit<NewRoute> {
    route.serve = this.#compose(route);
    const { method, pattern, name, host, origin } = route;
    return { method, pattern, name, host, origin, value: route };
  }

  #register(routes: readonly NewRoute[]): void {
    const { loading } = this;
    if (loading) loading.routes.push(...routes);
    else this.replace([], routes);
  }

  #unregister(routes: readonly NewRoute[]): void {
    const { loading } = this;
    const waiting = routes.filter((route) => loading?.routes.includes(route));
    for (const route of waiting) loading?.routes.splice(loading.routes.indexOf(route), 1);
    this.replace(
      routes.filter((route) => !waiting.includes(route)),
      [],
    );
  }

  /** Takes routes away and registers others in one step; where one is refused, all stays as it was. */
  protected replace(old: readonly NewRoute[], routes: readonly NewRoute[]): void {
    const away = old.map((route) => this.#registered.get(route)).filter((route) => route !== undefined);
    const added = this.#router.replace(
      away,
      routes.map((route) => this.#initOf(route)),
    );
    for (const route of old) this.#registered.delete(route);
    for (const [index, route] of routes.entries()) this.#registered.set(route, added[index]);
  }

  #refold(): void {
    const routes = [...this.#registered.keys()];
    const served = routes.map((route) => this.#compose(route));
    this.#unrouted = compose([this.layer], null, (request) => this.#answerWithout(request), this.#recover);
    // Nothing has failed, and nothing can any more.
    for (const [index, route] of routes.entries()) route.serve = served[index];
  }

  /**
   * Takes the route of a path away, for GET or for the methods named, in one step; requests that are at work end as they
   * began. `pattern` is the whole pattern as it was registered. Throws a TypeError where there is none.
   */
  remove(pattern: string, choice: RouteChoice = {}): this {
    const { host } = choice;
    const wanted = methodsOf(choice);
    const routes = [...this.#registered.keys()].filter(
      (route) => route.pattern === pattern && route.host === host && wanted.includes(route.method),
    );
    if (routes.length !== wanted.length)
      throw new TypeError(`there is no route ${wanted.join(", ")} ${host ?? ""}${pattern}`);
    this.#unregister(routes);
    return this;
  }

  /** The routes that are served, in the order they were registered. */
  get routes(): RouteInfo[] {
    return [...this.#registered.keys()];
  }

  /** The route that serves a method and a path, with the values of its parameters; `path` is as it is sent. */
  find(method: string, path: string, host?: string): Found<RouteInfo> {
    return this.#router.find(method, path, host);
  }

  /** The methods that a path has routes for, sorted; as `PathRouter.allowedMethods`. */
  allowedMethods(path: string, host?: string): string[] {
    return this.#router.allowedMethods(path, host);
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
      // A handler that reads on after its client has gone did nothing wrong.
      const gone = error instanceof ReleasedError && request.done;
      if (!isTold(error) && !gone) this.report(error, request);
      return errorResponse(error, request, this.#style);
    } catch (second) {
      this.report(second, request);
    }
    return new HttpResponse("Internal Server Error\n", { status: 500 });
  }

  /** Has another told of what hooks of errors are told of; it must not throw. */
  onReport(tell: (error: unknown, request: HttpRequest) => void): void {
    this.#reports.add(tell);
  }

  /** Tells of an error that no client sees. Never throws. */
  report(error: unknown, request: HttpRequest): void {
    for (const tell of this.#reports) tell(error, request);
    const { logger } = this.environment;
    const hooks = this.#hooks.error;
    const failed = (second: unknown) => console.error(error, second);
    try {
      if (hooks.length === 0) logger.error(error);
      for (const hook of hooks) {
        const told: unknown = hook(error, request);
        if (told instanceof Promise) told.catch(failed);
      }
    } catch (second) {
      failed(second);
    }
  }

  /** What a path answers whose routes are for other methods (RFC 9110 §9.1, §9.3.7, §15.5.6). */
  #otherMethod(request: HttpRequest, found: readonly string[]): Answer | Promise<Answer> {
    const { method } = request;
    const allowed = this.#options ? [...found, "OPTIONS"].sort() : found;
    const headers = { Allow: allowed.join(", ") };
    if (method === "OPTIONS" && this.#options) return new HttpResponse(null, { status: 204, headers });
    if (!this.#methodNotAllowed) return this.#fallback(request);
    if (methodId(method) === 0 && !this.#router.knows(method)) throw new NotImplementedError();
    throw new MethodNotAllowedError(undefined, { headers });
  }

  #find(request: HttpRequest): Found<NewRoute> {
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
    if (found.kind === "method") return this.#otherMethod(request, found.allowed);
    if (found.kind === "invalid") throw new BadRequestError("the path is not valid percent-encoded UTF-8");
    if (found.kind !== "redirect") return this.#fallback(request);
    const location = request.query === "" ? found.location : `${found.location}?${request.query}`;
    return new HttpResponse(null, { status: 308, headers: { Location: location } });
  }
}

/** The server as a whole can do what can be asked for of it, which is nothing but whether it is there. */
function notFound({ method, path }: HttpRequest): HttpResponse {
  if (method === "OPTIONS" && path === "*") return new HttpResponse(null, { status: 204 });
  throw new NotFoundError();
}

function noTunnel(): never {
  throw new NotImplementedError("this server makes no tunnels");
}
