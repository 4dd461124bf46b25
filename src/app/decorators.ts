/** Decorators (TC39) of the methods and classes of blueprints. */
import type { HttpRequest, Params } from "../http/index.ts";
import { type Blueprint, useOnClass } from "./blueprint.ts";
import { madeOf } from "./doc.ts";
import { described, type Handler, type Middleware, type PathParams } from "./handler.ts";
import { fold, tellAll } from "./layers.ts";
import type { MethodOptions, NoSchemas, RouteOptions } from "./routes.ts";
import type { Result, Schemas, Valid } from "./schema.ts";

/** A method that serves requests. */
type Serving<This, P extends Params, V, S extends Schemas> = (
  this: This,
  request: HttpRequest<P, V>,
) => Result<S> | Promise<Result<S>>;

/** Names of the parameters that a method takes for something else than its path gives; others come from the prefix. */
type Mistaken<Pattern extends string, P> = {
  [K in keyof PathParams<Pattern> & keyof P]: unknown extends PathParams<Pattern>[K]
    ? never
    : PathParams<Pattern>[K] extends P[K]
      ? never
      : K;
}[keyof PathParams<Pattern> & keyof P];

/** What keeps a decorator from a method: parameters of methods are compared both ways, so that alone would let it pass. */
type Agreement<Pattern extends string, P, S extends Schemas, V> = [Mistaken<Pattern, P>] extends [never]
  ? Valid<S> extends V
    ? unknown
    : { readonly error: "the method takes what no schema gives" }
  : { readonly error: "the method takes a parameter of its path for another type" };

/** Makes a method a route. */
export type RouteDecorator<Pattern extends string, S extends Schemas> = <This extends Blueprint, P extends Params, V>(
  method: Serving<This, P, V, S>,
  context: ClassMethodDecoratorContext<This, Serving<This, P, V, S>> & Agreement<Pattern, P, S, V>,
) => void;

/** The request that a method with this path and these schemas gets: `RequestOf<"/{id:int}", typeof schema>`. */
export type RequestOf<Pattern extends string, S extends Schemas = NoSchemas> = HttpRequest<
  PathParams<Pattern>,
  Valid<S>
>;

/** Middleware of single methods, which `@use` and the routes of a method share, whichever comes first. */
const aroundMethods = new WeakMap<Blueprint, Map<PropertyKey, Middleware[]>>();

function aroundOf(blueprint: Blueprint, name: PropertyKey): Middleware[] {
  const methods = aroundMethods.get(blueprint) ?? new Map<PropertyKey, Middleware[]>();
  aroundMethods.set(blueprint, methods);
  const middleware = methods.get(name) ?? [];
  methods.set(name, middleware);
  return middleware;
}

/** A list of middleware that may still grow, as one. */
function asOne(list: readonly Middleware[]): Middleware {
  const one: Middleware = (next, route) => fold(list, next, route);
  described(one, "use", {}, list);
  return Object.defineProperties(one, {
    onResponse: { get: () => tellAll(list) },
    security: { get: () => list.flatMap(({ security = [] }) => security) },
  });
}

function checkMethod(context: ClassMethodDecoratorContext, what: string): void {
  if (context.kind === "method" && !context.static) return;
  throw new TypeError(`${what} is for methods of instances, not for ${String(context.name)}`);
}

/**
 * Has a method serve a path, as `route` of an application: `@route("/{id:int}", { methods: ["GET", "HEAD"] })`. A method
 * may have several. Where a class overrides the method, the overriding one serves.
 */
export function route<const Pattern extends string, const S extends Schemas = NoSchemas>(
  path: Pattern,
  options: RouteOptions<S> = {},
): RouteDecorator<Pattern, S> {
  return (_method, context) => {
    checkMethod(context as ClassMethodDecoratorContext, `@route(${JSON.stringify(path)})`);
    const { name, access, private: hidden } = context as ClassMethodDecoratorContext<Blueprint, Handler>;
    (context as ClassMethodDecoratorContext<Blueprint>).addInitializer(function () {
      // By its name where it has one: what Deno makes of `access.get` finds no overriding method.
      const method = hidden ? access.get(this) : (this as unknown as Record<PropertyKey, Handler>)[name];
      const middleware = [...(options.middleware ?? []), asOne(aroundOf(this, name))];
      const serve = madeOf(method.bind(this), method);
      this.routes.route(path as string, serve, { ...(options as RouteOptions), middleware });
    });
  };
}

/** Puts middleware around a method, or around all of a class; the first is the outermost. */
export function use(...middleware: readonly Middleware[]) {
  for (const each of middleware) if (typeof each !== "function") throw new TypeError("a middleware is a function");
  return (target: object, context: ClassMethodDecoratorContext | ClassDecoratorContext): void => {
    if (context.kind === "class") {
      useOnClass(target, middleware);
      return;
    }
    checkMethod(context, "@use");
    const { name } = context;
    (context as ClassMethodDecoratorContext<Blueprint>).addInitializer(function () {
      aroundOf(this, name).unshift(...middleware);
    });
  };
}

/** `@route` for one method. */
export type RouteOfMethod = <const Pattern extends string, const S extends Schemas = NoSchemas>(
  path: Pattern,
  options?: MethodOptions<S>,
) => RouteDecorator<Pattern, S>;

function routeFor(method: string): RouteOfMethod {
  return (path, options) => route(path, { ...options, methods: [method] });
}

/** `@route` for GET, and HEAD with it. */
export const get: RouteOfMethod = routeFor("GET");
/** `@route` for POST. */
export const post: RouteOfMethod = routeFor("POST");
/** `@route` for PUT. */
export const put: RouteOfMethod = routeFor("PUT");
/** `@route` for PATCH. */
export const patch: RouteOfMethod = routeFor("PATCH");
/** `@route` for DELETE; `delete` is a word of the language. */
export const del: RouteOfMethod = routeFor("DELETE");
