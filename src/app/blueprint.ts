import type { HttpRequest, HttpResponse } from "../http/index.ts";
import type { Caught, Middleware } from "./handler.ts";
import { Router, type RouterOptions } from "./router.ts";

/** Middleware of classes, by `@use`. */
const aroundClasses = new WeakMap<object, Middleware[]>();

/** Puts middleware around a class of blueprints, outside of what is around it already. */
export function useOnClass(target: object, middleware: readonly Middleware[]): void {
  aroundClasses.set(target, [...middleware, ...(aroundClasses.get(target) ?? [])]);
}

/** What is around a class and those it extends, the base outermost. */
function aroundOf(target: object | null): readonly Middleware[] {
  if (target === null) return [];
  return [...aroundOf(Object.getPrototypeOf(target)), ...(aroundClasses.get(target) ?? [])];
}

/**
 * A class of handlers: its methods with a decorator (`@get`, `@post` …) are routes, which an application serves from
 * `addBlueprint` to `removeBlueprint`. What handlers share are its fields; `this` is the blueprint in each of them.
 */
export abstract class Blueprint {
  /** Its routes, and what is around them; a constructor may register more. */
  readonly routes: Router;

  /** Throws a TypeError where the prefix or a middleware makes no sense, and, by the decorators, where a route does. */
  constructor({ origin = new.target.name, ...options }: RouterOptions = {}) {
    this.routes = new Router({ ...options, origin });
    this.routes.use(...aroundOf(new.target));
    if (this.onRequest) this.routes.on("request", (request) => this.onRequest?.(request));
    if (this.onResponse) this.routes.on("response", (response, request) => this.onResponse?.(response, request));
    if (this.catch) this.routes.catch((error, request) => this.catch?.(error, request));
  }

  /** Told of each request to one of its routes, before that is served. */
  onRequest?(request: HttpRequest): void | Promise<void>;

  /** Told of each response of its routes, before it is sent. */
  onResponse?(response: HttpResponse, request: HttpRequest): void | Promise<void>;

  /** Makes an answer of an error of its routes; where it gives undefined, the error goes on to the application. */
  catch?(error: unknown, request: HttpRequest): Caught | Promise<Caught>;
}
