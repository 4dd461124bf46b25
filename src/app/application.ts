import {
  type Answer,
  BadRequestError,
  checkPart,
  contentLimits,
  type Environment,
  type HttpRequest,
  HttpResponse,
  MethodNotAllowedError,
  NotFoundError,
  NotImplementedError,
  type Params,
} from "../http/index.ts";
import { methodId } from "../parser/index.ts";
import { type Converters, type Found, PathRouter, type Query, type Route, type RouteInit } from "../router/index.ts";
import { described, type Handler, type NoConverters, type RouteInfo } from "./handler.ts";
import { answering, compose, copyOf, type Layer, layersAround } from "./layers.ts";
import { ApplicationLifetime } from "./lifetime.ts";
import type { ApplicationEvents, ApplicationOptions, Lifecycle, Registrations } from "./options.ts";
import { type Report, Reports } from "./reports.ts";
import { methodsOf, type NewRoute, type Place, type RouteChoice, type RouteEvents, Routes } from "./routes.ts";
import type { Servable } from "./servable.ts";

/**
 * Routes and what serves them, on any host: it takes requests and gives responses, and does no I/O. On Node use
 * `App`, which can listen too.
 */
export class Application<C extends Converters = NoConverters> extends Routes<C, ""> implements Servable {
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
  readonly #reports: Reports;
  readonly #lifetime = new ApplicationLifetime();
  readonly #hooks: { readonly [E in Lifecycle]: ApplicationEvents[E][] } = { start: [], stopping: [], stop: [] };
  readonly #recover = (error: unknown, request: HttpRequest) => this.#reports.recover(error, request);
  #serve: Servable["handle"] = answering((request) => this.#answer(request), this.#recover);

  /** What is around everything, alone. */
  readonly #layers: readonly Layer[] = [this.layer];
  protected override readonly place: Place = {
    layers: () => this.#layers,
    register: (routes) => this.#register(routes),
    unregister: (routes) => this.#unregister(routes),
    refold: () => this.#refold(),
    changed: (undo) => void this.loading?.undo.push(undo),
  };

  /**
   * Throws a TypeError where a converter or an option of the router makes no sense, and a RangeError where a limit of
   * content is out of its range.
   */
  constructor(options: ApplicationOptions<C> = {}) {
    super("");
    const { logger = console, engine = null, orchestrator = null } = options;
    for (const name of ["fallback", "tunnel"] as const) {
      const handler = options[name];
      if (handler !== undefined && typeof handler !== "function") throw new TypeError(`${name} must be a function`);
    }
    if (options.logger !== undefined) checkPart("Logger", options.logger, ["debug", "info", "warn", "error"]);
    if (options.engine !== undefined) checkPart("Engine", options.engine, ["render"]);
    if (options.orchestrator !== undefined) checkPart("Orchestrator", options.orchestrator, ["submit"]);
    this.environment = {
      logger,
      engine,
      orchestrator,
      lifetime: this.#lifetime,
      limits: contentLimits(options),
      multipart: null,
    };
    this.#router = new PathRouter(options);
    this.#fallback = options.fallback ?? notFound;
    this.#tunnel = options.tunnel ?? noTunnel;
    this.#options = options.options ?? true;
    this.#methodNotAllowed = options.methodNotAllowed ?? true;
    const { problemDetails = false, development = false } = options;
    this.#reports = new Reports(logger, { problemDetails, development });
    const { fallback, tunnel } = options;
    described(this, "application", { ...this.environment.limits, problemDetails, development, fallback, tunnel });
  }

  /** Where what is registered now belongs to a module that is being loaded, its registrations. */
  protected get loading(): Registrations | null {
    return null;
  }

  override on<E extends keyof ApplicationEvents>(event: E, hook: ApplicationEvents[E]): this {
    const hooks = this.#hooksOf(event);
    if (hooks === undefined) return super.on(event as keyof RouteEvents, hook as RouteEvents[keyof RouteEvents]);
    if (typeof hook !== "function") throw new TypeError("a hook is a function");
    hooks.push(hook);
    this.place.changed(() => hooks.splice(hooks.lastIndexOf(hook), 1));
    return this;
  }

  /** The hooks of the application's own events; undefined for those that groups and routers have too. */
  #hooksOf(event: string): unknown[] | undefined {
    if (event === "error") return this.#reports.hooks;
    return Object.hasOwn(this.#hooks, event) ? this.#hooks[event as Lifecycle] : undefined;
  }

  /** Tells hooks of where a server is, one after the other; rejects where one of them does. Called by servers. */
  async tell(event: Lifecycle): Promise<void> {
    if (event === "start") this.#lifetime.start();
    if (event === "stopping") this.#lifetime.stop();
    for (const hook of this.#hooks[event]) await hook();
  }

  /** The handler of a route with all that is around it. */
  #compose(route: NewRoute): Handler {
    return compose(route.at.layers(), route.own, route.handler, this.#recover, route);
  }

  readonly #initOf = (route: NewRoute): RouteInit<NewRoute> => {
    route.serve = this.#compose(route);
    const { method, pattern, name, host, origin } = route;
    return { method, pattern, name, host, origin, value: route };
  };

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
    const inits = routes.map(this.#initOf);
    if (old.length === 0) this.#note(routes, this.#router.addAll(inits));
    else {
      const away = old.map((route) => this.#registered.get(route)).filter((route) => route !== undefined);
      const added = this.#router.replace(away, inits);
      for (const route of old) this.#registered.delete(route);
      this.#note(routes, added);
    }
  }

  #note(routes: readonly NewRoute[], added: readonly Route<NewRoute>[]): void {
    for (let index = 0; index < routes.length; ++index) this.#registered.set(routes[index], added[index]);
  }

  #refold(): void {
    const routes = [...this.#registered.keys()];
    const served = routes.map((route) => this.#compose(route));
    this.#unrouted = compose(this.#layers, null, (request) => this.#answerWithout(request), this.#recover);
    // Nothing has failed, and nothing can any more.
    for (const [index, route] of routes.entries()) {
      route.serve = served[index];
      route.preflight = null;
    }
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

  /**
   * What stands around a route of `routes`, or without one around what no route serves; the first is the outermost.
   */
  layersOf(route?: RouteInfo): Layer[] {
    return (route === undefined ? this.#layers : layersAround(route)).map(copyOf);
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
    return this.#serve(request);
  }

  /**
   * Puts something around all that is served, outside of middleware, hooks and errors: for tools that look on. Like what it
   * stands around it must neither throw nor reject.
   */
  surround(around: (serve: Servable["handle"]) => Servable["handle"]): void {
    this.#serve = around(this.#serve);
  }

  /** As of `Servable`. */
  recover(error: unknown, request: HttpRequest): HttpResponse {
    return this.#reports.recover(error, request);
  }

  /** As of `Servable`. */
  onReport(tell: Report): void {
    this.#reports.onReport(tell);
  }

  /** As of `Servable`. */
  report(error: unknown, request: HttpRequest): void {
    this.#reports.report(error, request);
  }

  /** Bytes of content that the route of a request grants; undefined where it grants what others do. Never throws. */
  maxBodySize(request: HttpRequest): number | undefined {
    try {
      const found = this.#find(request);
      return found.kind === "found" ? found.value.maxBodySize : undefined;
    } catch {
      // A converter has failed: there is no route then.
      return undefined;
    }
  }

  /**
   * What answers a browser that asks, by OPTIONS, whether it may send a request (Fetch §3.3.2): what is around the route
   * of that, for it may say so. Null where nothing of the kind is asked, or there is no such route.
   */
  #preflight(request: HttpRequest): Handler | null {
    const wanted = request.method === "OPTIONS" ? request.headers.get("access-control-request-method") : null;
    if (wanted === null) return null;
    const found = this.#router.find(wanted, request.path, this.#hostOf(request));
    if (found.kind !== "found") return null;
    const route = found.value;
    // What is around the application is around this already.
    const within = route.at.layers().slice(1);
    route.preflight ??= compose(within, route.own, (options) => this.#otherMethod(options), this.#recover, route);
    return route.preflight;
  }

  /** What a path answers whose routes are for other methods (RFC 9110 §9.1, §9.3.7, §15.5.6). */
  #otherMethod(request: HttpRequest): Answer | Promise<Answer> {
    const { method } = request;
    const found = this.#find(request);
    const methods = found.kind === "method" ? found.allowed : [];
    const allowed = this.#options ? [...new Set([...methods, "OPTIONS"])].sort() : methods;
    const headers = { Allow: allowed.join(", ") };
    if (method === "OPTIONS" && this.#options) return new HttpResponse(null, { status: 204, headers });
    if (!this.#methodNotAllowed) return this.#fallback(request);
    if (methodId(method) === 0 && !this.#router.knows(method)) throw new NotImplementedError();
    throw new MethodNotAllowedError(undefined, { headers });
  }

  #hostOf(request: HttpRequest): string | undefined {
    return this.#router.usesHosts ? (request.host ?? undefined) : undefined;
  }

  #find(request: HttpRequest): Found<NewRoute> {
    return this.#router.find(request.method, request.path, this.#hostOf(request));
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
    if (found.kind === "method") return this.#preflight(request)?.(request) ?? this.#otherMethod(request);
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
