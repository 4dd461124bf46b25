/** What an application and its groups have in common: routes can be registered on them, and layers put around those. */
import { isToken } from "../http/index.ts";
import { methodId } from "../parser/index.ts";
import type { Converters } from "../router/index.ts";
import type { Blueprint } from "./blueprint.ts";
import { bodyLimit } from "./body-limit.ts";
import { madeOf, type RouteDoc } from "./doc.ts";
import {
  described,
  type ErrorClass,
  type ErrorHandler,
  type Handler,
  type Middleware,
  type PathParams,
  type RequestHook,
  type ResponseHook,
  type RouteInfo,
} from "./handler.ts";
import { type Layer, newLayer } from "./layers.ts";
import { checked, type Result, type Schemas, type Valid } from "./schema.ts";

/** No schemas. */
export type NoSchemas = Record<never, never>;

/** Where and for which methods a handler serves, and what stands around it. */
export interface RouteOptions<S extends Schemas = Schemas> {
  /** Methods, or "*" for all; ["GET"] by default. */
  readonly methods?: readonly string[] | "*";
  /** What `url` calls it. */
  readonly name?: string;
  /** The host it serves alone: `example.org`, or `*.example.org` for every host below it. */
  readonly host?: string;
  /** Around this route alone, within all that is around its groups and its application; the first is the outermost. */
  readonly middleware?: readonly Middleware[];
  /** Makes an answer of an error of this route; where it gives undefined, the error goes on. */
  readonly catch?: ErrorHandler;
  /** Bytes of content that its requests may have, fewer or more than `maxBodySize` of the server; beyond it 413. */
  readonly maxBodySize?: number;
  /** Check the request before the handler gets it, and what it returns. */
  readonly schema?: S;
  /** What is told of the route to those who read about it. */
  readonly doc?: RouteDoc;
}

/** What a route may have whose method is told by the function that registers it. */
export type MethodOptions<S extends Schemas = Schemas> = Omit<RouteOptions<S>, "methods">;

/** The handler of a route. */
export type RouteHandler<Pattern extends string, C extends Converters, S extends Schemas> = Handler<
  PathParams<Pattern, C>,
  Valid<S>,
  Result<S>
>;

/** Which of the routes of a path is meant. */
export type RouteChoice = Pick<RouteOptions, "methods" | "host">;

/** What a group is made with. */
export interface GroupOptions {
  /** Around all routes of the group, as `use`. */
  readonly middleware?: readonly Middleware[];
}

/** How a router is included. */
export interface IncludeOptions {
  /** Path below which its routes are served. */
  readonly prefix?: string;
}

/** What routes and those around them can be told of. */
export interface RouteEvents {
  readonly request: RequestHook;
  readonly response: ResponseHook;
}

/** A route on its way to the application, and as that serves it. */
export interface NewRoute extends RouteInfo {
  /** What is around it alone; null where nothing is. */
  readonly own: Layer | null;
  /** Has what is around all that was registered where it was. */
  readonly at: Place;
  /** The handler with all that is around it; the application makes it anew where that changes. */
  serve: Handler;
  /** What answers OPTIONS of browsers that ask whether they may come here, once one did; null where it changes. */
  preflight: Handler | null;
}

/** Whatever has routes and layers around them, as seen from below. */
export interface Place {
  /** The layers around what is here, the outermost first. */
  layers(): readonly Layer[];
  /** Registers routes in one step: all or none. */
  register(routes: readonly NewRoute[]): void;
  /** Takes routes away in one step. */
  unregister(routes: readonly NewRoute[]): void;
  /** Puts the layers around routes anew. */
  refold(): void;
  /** Told of what was changed beside routes, with what takes it back: for whoever takes all that was done away at once. */
  changed(undo: () => void): void;
}

/** Routes that can be included: a `Router`, whatever its prefix. */
export interface Includable {
  attach(prefix: string, above: Place): void;
  detach(above: Place): void;
}

export function checkPrefix(prefix: string): void {
  if (prefix === "" || (prefix.startsWith("/") && !prefix.endsWith("/"))) return;
  throw new TypeError(`a prefix begins with "/" and does not end with it, not like ${JSON.stringify(prefix)}`);
}

/** Throws a TypeError where a path would run together with the prefix before it; `pattern` is both. */
function checkPath(path: string, pattern: string): void {
  // Without a prefix there is also the server as a whole.
  if (path === "" || String(path).startsWith("/") || pattern === "*") return;
  throw new TypeError(`a path begins with "/", not like ${JSON.stringify(path)}, in ${pattern}`);
}

/** Throws a TypeError where a hook is a field: the constructor of `Blueprint`, which looks for it, comes before fields. */
function checkHooks(blueprint: Blueprint): void {
  const methods = Object.getPrototypeOf(blueprint) as Blueprint;
  for (const name of ["onRequest", "onResponse", "catch"] as const) {
    if (blueprint[name] === undefined || methods[name] !== undefined) continue;
    throw new TypeError(`${name} of ${blueprint.constructor.name} must be a method, not a field`);
  }
}

const GET = ["GET"];
const POST = ["POST"];
const PUT = ["PUT"];
const PATCH = ["PATCH"];
const DELETE = ["DELETE"];

/** The methods that are chosen, "*" for all. */
export function methodsOf({ methods = GET }: RouteChoice): readonly string[] {
  return methods === "*" ? ["*"] : methods;
}

/** Throws a TypeError that names the route where there is no method, or one of them is none. */
function checkMethods(methods: readonly string[], pattern: string): void {
  if (!Array.isArray(methods)) {
    throw new TypeError(`the methods of ${pattern} are a list or "*", not ${JSON.stringify(methods)}`);
  }
  if (methods.length === 0) throw new TypeError(`${pattern} has no method`);
  for (const method of methods) {
    const wrong = `${JSON.stringify(method)} of ${pattern} is no method`;
    if (!isToken(method)) throw new TypeError(wrong);
    // It would never be asked for (RFC 9110 §9.1).
    const upper = method.toUpperCase();
    if (upper !== method && methodId(upper) !== 0) {
      throw new TypeError(`${wrong}; methods are told apart by case, so it would have to be "${upper}"`);
    }
  }
}

function ownLayer(options: RouteOptions, pattern: string): Layer | null {
  const { middleware = [], catch: catcher, maxBodySize } = options;
  if (middleware.length === 0 && catcher === undefined && maxBodySize === undefined) return null;
  for (const each of [...middleware, ...(catcher ? [catcher] : [])]) {
    if (typeof each !== "function") throw new TypeError(`what stands around ${pattern} must be functions`);
  }
  const limit = maxBodySize === undefined ? [] : [bodyLimit(maxBodySize)];
  return { ...newLayer(), middleware: [...limit, ...middleware], catchers: catcher ? [catcher] : [] };
}

/** Whatever routes are registered with: applications, routers and groups. */
export abstract class Routes<C extends Converters, Prefix extends string> {
  readonly #prefix: string;
  readonly #layer: Layer = newLayer();
  /** This, for what is registered here and for what is below. */
  protected abstract readonly place: Place;

  protected constructor(prefix: string) {
    checkPrefix(prefix);
    this.#prefix = prefix;
  }

  /** What was put around everything here. */
  protected get layer(): Layer {
    return this.#layer;
  }

  /** Who registers routes here, for errors. */
  protected get origin(): string | undefined {
    return undefined;
  }

  /** Adds to a list of the layer, and takes that back where the routes do not bear it. */
  #add<T>(list: T[], items: readonly T[], what: string): void {
    if (items.length === 0) return;
    for (const item of items) if (typeof item !== "function") throw new TypeError(`${what} is a function`);
    const remove = () => {
      for (const item of items) list.splice(list.lastIndexOf(item), 1);
    };
    list.push(...items);
    try {
      this.place.refold();
    } catch (error) {
      remove();
      throw error;
    }
    this.place.changed(() => {
      remove();
      this.place.refold();
    });
  }

  /**
   * Puts middleware around all routes here, those that are there already and those that come; the first is the
   * outermost. Throws a TypeError at once where one of them is none.
   */
  use(...middleware: readonly Middleware[]): this {
    this.#add(this.#layer.middleware, middleware, "a middleware");
    return this;
  }

  /**
   * Has errors of everything here, its middleware too, answered by a handler, all or those of a class. The handlers of
   * one place are asked in the order they were given, those of the innermost place first; an error for which all give
   * undefined is answered as if there were none. What a handler answers is not reported any more.
   */
  catch<E>(kind: ErrorClass<E>, handler: ErrorHandler<E>): this;
  catch(handler: ErrorHandler): this;
  catch(kind: unknown, handler?: ErrorHandler<never>): this {
    if (handler === undefined) {
      // A class is a function, too; called as one it would only throw.
      if (typeof kind === "function" && kind.prototype instanceof Error) {
        throw new TypeError(`catch(${kind.name}) needs an error handler`);
      }
      this.#add(this.#layer.catchers, [kind as ErrorHandler], "an error handler");
    } else {
      if (typeof kind !== "function" || typeof handler !== "function") {
        throw new TypeError("catch takes a class of errors and a function");
      }
      const Kind = kind as ErrorClass<never>;
      const catcher: ErrorHandler = (error, request) => (error instanceof Kind ? handler(error, request) : undefined);
      described(catcher, "catch", { kind: Kind.name, handler });
      this.#add(this.#layer.catchers, [catcher], "an error handler");
    }
    return this;
  }

  /**
   * Has a hook told of every request here before it is served, or of every response here before it is sent. Hooks of
   * requests are called from the outermost place inwards, those of responses outwards.
   */
  on<E extends keyof RouteEvents>(event: E, hook: RouteEvents[E]): this {
    if (event === "request") this.#add(this.#layer.onRequest, [hook as RequestHook], "a hook");
    else if (event === "response") this.#add(this.#layer.onResponse, [hook as ResponseHook], "a hook");
    else throw new TypeError(`there is no event ${JSON.stringify(event)}`);
    return this;
  }

  /** Routes below a path: what is registered there is served at once. */
  group<const P extends string>(prefix: P, options: GroupOptions = {}): Group<C, `${Prefix}${P}`> {
    checkPrefix(prefix);
    const group = new Group<C, `${Prefix}${P}`>(`${this.#prefix}${prefix}`, this.place);
    return group.use(...(options.middleware ?? []));
  }

  /**
   * Serves the routes of a router, those that it has and those that come, below a path ("" by default). Throws a
   * TypeError where one of them cannot be served, and then none is, and where it is included somewhere already.
   */
  include(router: Includable, { prefix = "" }: IncludeOptions = {}): this {
    checkPrefix(prefix);
    router.attach(`${this.#prefix}${prefix}`, this.place);
    return this;
  }

  /** Takes the routes of a router away in one step; requests that are at work end as they began. */
  exclude(router: Includable): this {
    router.detach(this.place);
    return this;
  }

  /** Serves the routes of a blueprint; throws as `include`, and where one of its hooks could never be called. */
  addBlueprint(blueprint: Blueprint): this {
    checkHooks(blueprint);
    return this.include(blueprint.routes);
  }

  /** Takes the routes of a blueprint away, as `exclude`. */
  removeBlueprint(blueprint: Blueprint): this {
    return this.exclude(blueprint.routes);
  }

  /** Registers a handler. Throws a TypeError at once where path, method, handler, schema, name or host make no sense. */
  route<const P extends string, const S extends Schemas = NoSchemas>(
    path: P,
    handler: RouteHandler<`${Prefix}${P}`, C, S>,
    options: RouteOptions<S> = {},
  ): this {
    const methods = methodsOf(options);
    checkMethods(methods, `${this.#prefix}${path}`);
    return this.#register(path, handler, options, methods);
  }

  /** As `route` for GET, and HEAD with it where HEAD has no route of its own. */
  get<const P extends string, const S extends Schemas = NoSchemas>(
    path: P,
    handler: RouteHandler<`${Prefix}${P}`, C, S>,
    options: MethodOptions<S> = {},
  ): this {
    return this.#register(path, handler, options, GET);
  }

  /** As `route` for POST. */
  post<const P extends string, const S extends Schemas = NoSchemas>(
    path: P,
    handler: RouteHandler<`${Prefix}${P}`, C, S>,
    options: MethodOptions<S> = {},
  ): this {
    return this.#register(path, handler, options, POST);
  }

  /** As `route` for PUT. */
  put<const P extends string, const S extends Schemas = NoSchemas>(
    path: P,
    handler: RouteHandler<`${Prefix}${P}`, C, S>,
    options: MethodOptions<S> = {},
  ): this {
    return this.#register(path, handler, options, PUT);
  }

  /** As `route` for PATCH. */
  patch<const P extends string, const S extends Schemas = NoSchemas>(
    path: P,
    handler: RouteHandler<`${Prefix}${P}`, C, S>,
    options: MethodOptions<S> = {},
  ): this {
    return this.#register(path, handler, options, PATCH);
  }

  /** As `route` for DELETE. */
  delete<const P extends string, const S extends Schemas = NoSchemas>(
    path: P,
    handler: RouteHandler<`${Prefix}${P}`, C, S>,
    options: MethodOptions<S> = {},
  ): this {
    return this.#register(path, handler, options, DELETE);
  }

  #register(path: string, handler: unknown, options: MethodOptions, methods: readonly string[]): this {
    const pattern = `${this.#prefix}${path}`;
    checkPath(path, pattern);
    if (typeof handler !== "function") throw new TypeError(`the handler of ${pattern} is no function`);
    const { name, host, schema, maxBodySize, doc } = options;
    const own = ownLayer(options, pattern);
    const serve =
      schema === undefined ? (handler as Handler) : madeOf(checked(schema, handler as Handler, pattern), handler);
    const { origin, place } = this;
    const routes = methods.map((method, index) => ({
      method,
      pattern,
      handler: serve,
      // One path has one name, however many methods.
      name: index === 0 ? name : undefined,
      host,
      origin,
      prefix: this.#prefix,
      schema,
      maxBodySize,
      doc,
      own,
      at: place,
      serve,
      preflight: null,
    }));
    place.register(routes);
    return this;
  }
}

/** Routes below a path, with layers of their own. */
export class Group<C extends Converters, Prefix extends string> extends Routes<C, Prefix> {
  protected override readonly place: Place;
  /** Whether it never had a route, so that none has its layer around it. */
  #bare = true;

  constructor(prefix: string, above: Place) {
    super(prefix);
    this.place = {
      layers: () => [...above.layers(), this.layer],
      register: (routes) => {
        this.#bare = false;
        above.register(routes);
      },
      unregister: (routes) => above.unregister(routes),
      refold: () => {
        if (!this.#bare) above.refold();
      },
      changed: (undo) => above.changed(undo),
    };
  }
}
