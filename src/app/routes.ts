/** What an application and its groups have in common: routes can be registered on them, and middleware put around those. */
import { type Answer, type HttpRequest, isToken, type Params } from "../http/index.ts";
import type { Converters, ConverterTypes, RouteDetails, PathParams as TypedParams } from "../router/index.ts";

/** None of one's own. */
export type NoConverters = Record<never, never>;

/**
 * The parameters of a path pattern, as an object type; of a pattern that is not known before it runs, any. `C` are
 * converters of one's own.
 */
export type PathParams<Pattern extends string, C extends Converters = NoConverters> = Pattern extends unknown
  ? string extends Pattern
    ? Params
    : TypedParams<Pattern, ConverterTypes<C>>
  : never;

/** Serves a request: what it returns, now or later, becomes the response. */
export type Handler<P extends Params = Params> = (request: HttpRequest<P>) => Answer | Promise<Answer>;

/**
 * Puts something around a handler: called when a route is registered, and again where `use` puts more around that
 * later, with what comes next; gives what is called in its place. What it does not change costs nothing, and where all is synchronous it stays so.
 */
export type Middleware = (next: Handler) => Handler;

/** Middleware of a function that is called with each request, and with what comes next. */
export function around(
  serve: (request: HttpRequest, next: () => Answer | Promise<Answer>) => Answer | Promise<Answer>,
): Middleware {
  return (next) => (request) => serve(request, () => next(request));
}

/** Where and for which methods a handler serves. */
export interface RouteOptions extends Pick<RouteDetails, "name" | "host"> {
  /** Methods, or "*" for all; ["GET"] by default. */
  readonly methods?: readonly string[] | "*";
  /** Around this route alone, within all that is around its groups and its application; the first is the outermost. */
  readonly middleware?: readonly Middleware[];
}

/** What a route may have whose method is told by the function that registers it. */
export type MethodOptions = Omit<RouteOptions, "methods">;

/** What a group is made with. */
export interface GroupOptions {
  /** Around all routes of the group, as `use`. */
  readonly middleware?: readonly Middleware[];
}

/** A route on its way to the router. */
export interface NewRoute {
  readonly method: string;
  readonly pattern: string;
  readonly handler: Handler;
  readonly name: string | undefined;
  readonly host: string | undefined;
  /** All that is around it, the outermost first; asked for again when there is more. */
  readonly around: () => readonly Middleware[];
}

/** Puts middleware around a handler, the first outermost. Throws a TypeError where one of them gives no handler. */
export function fold(middleware: readonly Middleware[], handler: Handler): Handler {
  return middleware.reduceRight((next, wrap) => {
    const wrapped = wrap(next);
    if (typeof wrapped !== "function") throw new TypeError(`the middleware ${wrap.name} gives no handler`);
    return wrapped;
  }, handler);
}

function checkPrefix(prefix: string): void {
  if (prefix.startsWith("/") && !prefix.endsWith("/")) return;
  throw new TypeError(`a prefix begins with "/" and does not end with it, not like ${JSON.stringify(prefix)}`);
}

/** How a router is included. */
export interface IncludeOptions {
  /** Path below which its routes are served. */
  readonly prefix?: string;
}

export abstract class Routes<C extends Converters, Prefix extends string> {
  readonly #prefix: string;
  readonly #middleware: Middleware[] = [];

  protected constructor(prefix: string) {
    this.#prefix = prefix;
  }

  /** Registers routes in one step. */
  protected abstract register(routes: readonly NewRoute[]): void;

  /** Puts all that is around routes around them anew. */
  protected abstract refold(): void;

  /** What is around everything here, the outermost first. */
  protected get middleware(): readonly Middleware[] {
    return this.#middleware;
  }

  /**
   * Puts middleware around all routes here, those that are there already and those that come; the first is the
   * outermost. Throws a TypeError at once where one of them is none.
   */
  use(...middleware: readonly Middleware[]): this {
    if (middleware.length === 0) return this;
    for (const each of middleware) if (typeof each !== "function") throw new TypeError("a middleware is a function");
    this.#middleware.push(...middleware);
    try {
      this.refold();
    } catch (error) {
      this.#middleware.splice(-middleware.length, middleware.length);
      throw error;
    }
    return this;
  }

  /** Routes below a path: what is registered there is served at once. */
  group<const P extends string>(prefix: P, options: GroupOptions = {}): Group<C, `${Prefix}${P}`> {
    checkPrefix(prefix);
    const group = new Group<C, `${Prefix}${P}`>(`${this.#prefix}${prefix}`, {
      register: (routes) => this.register(routes),
      refold: () => this.refold(),
      middleware: () => this.middleware,
    });
    return group.use(...(options.middleware ?? []));
  }

  /**
   * Serves the routes of a router, those that it has and those that come, below a path ("" by default). Throws a TypeError
   * where one of them cannot be served, and then none is, and where it is included somewhere already.
   */
  include(set: Router, { prefix = "" }: IncludeOptions = {}): this {
    if (prefix !== "") checkPrefix(prefix);
    set.attach(`${this.#prefix}${prefix}`, {
      register: (routes) => this.register(routes),
      refold: () => this.refold(),
      middleware: () => this.middleware,
    });
    return this;
  }

  /** Registers a handler. Throws a TypeError at once where path, method, handler, name or host make no sense. */
  route<const P extends string>(
    path: P,
    handler: Handler<PathParams<`${Prefix}${P}`, C>>,
    options: RouteOptions = {},
  ): this {
    const pattern = `${this.#prefix}${path}`;
    if (typeof handler !== "function") throw new TypeError(`the handler of ${pattern} is no function`);
    const { methods = ["GET"], name, host, middleware: own = [] } = options;
    const routes = (methods === "*" ? ["*"] : methods).map((method, index) => {
      if (!isToken(method)) throw new TypeError(`${JSON.stringify(method)} of ${pattern} is no method`);
      return {
        method,
        pattern,
        handler: handler as Handler,
        // One path has one name, however many methods.
        name: index === 0 ? name : undefined,
        host,
        around: () => [...this.middleware, ...own],
      };
    });
    this.register(routes);
    return this;
  }

  get<const P extends string>(
    path: P,
    handler: Handler<PathParams<`${Prefix}${P}`, C>>,
    options: MethodOptions = {},
  ): this {
    return this.route(path, handler, { ...options, methods: ["GET"] });
  }

  post<const P extends string>(
    path: P,
    handler: Handler<PathParams<`${Prefix}${P}`, C>>,
    options: MethodOptions = {},
  ): this {
    return this.route(path, handler, { ...options, methods: ["POST"] });
  }

  put<const P extends string>(
    path: P,
    handler: Handler<PathParams<`${Prefix}${P}`, C>>,
    options: MethodOptions = {},
  ): this {
    return this.route(path, handler, { ...options, methods: ["PUT"] });
  }

  patch<const P extends string>(
    path: P,
    handler: Handler<PathParams<`${Prefix}${P}`, C>>,
    options: MethodOptions = {},
  ): this {
    return this.route(path, handler, { ...options, methods: ["PATCH"] });
  }

  delete<const P extends string>(
    path: P,
    handler: Handler<PathParams<`${Prefix}${P}`, C>>,
    options: MethodOptions = {},
  ): this {
    return this.route(path, handler, { ...options, methods: ["DELETE"] });
  }
}

/** What a group has of whatever it is a group of. */
interface Above {
  register(routes: readonly NewRoute[]): void;
  refold(): void;
  middleware(): readonly Middleware[];
}

/** Routes below a path, with middleware of their own. */
export class Group<C extends Converters, Prefix extends string> extends Routes<C, Prefix> {
  readonly #above: Above;

  constructor(prefix: string, above: Above) {
    super(prefix);
    this.#above = above;
  }

  protected override register(routes: readonly NewRoute[]): void {
    this.#above.register(routes);
  }

  protected override refold(): void {
    this.#above.refold();
  }

  protected override get middleware(): readonly Middleware[] {
    return [...this.#above.middleware(), ...super.middleware];
  }
}

/**
 * Routes for an application to `include`, as those of another file: with middleware of their own, and no application
 * before they are included.
 */
export class Router extends Routes<NoConverters, ""> {
  /** Those that were registered before it was included. */
  readonly #waiting: NewRoute[] = [];
  #prefix = "";
  #above: Above | null = null;

  constructor() {
    super("");
  }

  protected override register(routes: readonly NewRoute[]): void {
    const above = this.#above;
    if (above === null) this.#waiting.push(...routes);
    else above.register(routes.map((route) => ({ ...route, pattern: `${this.#prefix}${route.pattern}` })));
  }

  protected override refold(): void {
    this.#above?.refold();
  }

  protected override get middleware(): readonly Middleware[] {
    return [...(this.#above?.middleware() ?? []), ...super.middleware];
  }

  /** Has its routes served below a path; called by `include`. */
  attach(prefix: string, above: Above): void {
    if (this.#above !== null) throw new TypeError("this router is included already");
    this.#above = above;
    this.#prefix = prefix;
    try {
      this.register(this.#waiting);
      this.#waiting.length = 0;
    } catch (error) {
      this.#above = null;
      throw error;
    }
  }
}
