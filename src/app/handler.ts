/** What people write: handlers, what stands around them, and what is told of requests. */
import type { Answer, HttpRequest, HttpResponse, Params } from "../http/index.ts";
import type { Converters, ConverterTypes, PathParams as TypedParams } from "../router/index.ts";
import type { RouteDoc, SecurityScheme } from "./doc.ts";
import type { Schemas } from "./schema.ts";

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

/** Serves a request: what it returns, now or later, becomes the response. `V` is what schemas have made of the request. */
export type Handler<P extends Params = Params, V = unknown, A = Answer> = (
  request: HttpRequest<P, V>,
) => A | Promise<A>;

/** A route that is served. */
export interface RouteInfo {
  /** The method, or "*" for all. */
  readonly method: string;
  /** The whole pattern, those of groups and prefixes included. */
  readonly pattern: string;
  /** What `url` calls it. */
  readonly name: string | undefined;
  /** The host it serves alone; undefined where it serves any. */
  readonly host: string | undefined;
  /** Who has registered it, for errors: of a blueprint its class. */
  readonly origin: string | undefined;
  /** What its pattern begins with for the groups and routers that it is in; "" outside of them. */
  readonly prefix: string;
  /** What its requests and its answers are checked by. */
  readonly schema: Schemas | undefined;
  /** Bytes of content that its requests may have; undefined where it is what others may. */
  readonly maxBodySize: number | undefined;
  /** What it says of itself, for OpenAPI. */
  readonly doc: RouteDoc | undefined;
  /** As it was registered. */
  readonly handler: Handler;
}

/**
 * Puts something around a handler: called when a route is registered, and again where `use` puts more around that
 * later, with what comes next; gives what is called in its place. What it does not change costs nothing, and where all
 * is synchronous it stays so. `route` is the one that is served, undefined around what answers where there is none.
 */
export interface Middleware {
  (next: Handler, route?: RouteInfo): Handler;
  /**
   * Told of every response of what it stands around, before it is sent, those that errors are too: as a hook of
   * `response` in its place.
   */
  readonly onResponse?: ResponseHook;
  /** How clients say who they are to what it stands around, for what is told of the routes; all of these are taken. */
  readonly security?: readonly SecurityScheme[];
}

/** What something says of itself: a middleware, a hook, a handler, an application. */
export interface Description {
  /** What makes it: "cors". */
  readonly name: string;
  /** As it was made, with defaults; of secrets no more than how strong they are. */
  readonly options: Readonly<Record<string, unknown>>;
  /** What it consists of, where it is several in one. */
  readonly parts?: readonly object[];
}

/** The same in every copy of this module, for entries may be bundled apart. */
const DESCRIPTION = Symbol.for("pyrois.description");

/**
 * Has something say what it is, to whoever looks at an application and not at its requests, and gives it. `options` must
 * have no secrets.
 */
export function described<T extends object>(it: T, name: string, options: object = {}, parts?: readonly object[]): T {
  const value: Description = { name, options: { ...options }, ...(parts && { parts }) };
  return Object.defineProperty(it, DESCRIPTION, { value, configurable: true });
}

/** What something says of itself; undefined where it says nothing. */
export function descriptionOf(it: object): Description | undefined {
  return (it as { readonly [DESCRIPTION]?: Description })[DESCRIPTION];
}

/**
 * What a middleware, a hook or a handler is called where it is shown: as it says itself, or as its function is named; ""
 * where it is several in one, and there are none.
 */
export function nameOf(it: object & { readonly name?: string }): string {
  const { name = it.name, parts } = descriptionOf(it) ?? {};
  if (parts !== undefined) return parts.map(nameOf).join(", ");
  return name?.replace(/^bound /, "") || "(function)";
}

/** Middleware of a function that is called with each request, and with what comes next. */
export function around(
  serve: (request: HttpRequest, next: () => Answer | Promise<Answer>) => Answer | Promise<Answer>,
): Middleware {
  return (next) => (request) => serve(request, () => next(request));
}

/** What an error handler gives: an answer, or undefined where the error is for others. */
export type Caught = Answer | undefined;

/** Makes an answer of an error; where it gives undefined, the error goes on to the handlers further out. */
export type ErrorHandler<E = unknown> = (error: E, request: HttpRequest) => Caught | Promise<Caught>;

/** A class of errors. */
// biome-ignore lint/suspicious/noExplicitAny: what a class is constructed with does not matter for `instanceof`
export type ErrorClass<E> = abstract new (...values: any[]) => E;

/**
 * Told of a request before it is served, and awaited where it gives a promise; where it throws, the error is answered in
 * place of the handler.
 */
export type RequestHook = (request: HttpRequest) => unknown;

/** Told of a response before it is sent, errors too, and awaited where it gives a promise; may change it. */
export type ResponseHook = (response: HttpResponse, request: HttpRequest) => unknown;

export function isPromise<T>(value: T | Promise<T>): value is Promise<T> {
  return typeof value === "object" && value !== null && typeof (value as Promise<T>).then === "function";
}

/**
 * What `next` makes of what comes later. Of another kind of promise than the language's own only `then` is known, and not
 * what that gives.
 */
export function later<T, R>(promise: Promise<T>, next: (value: T) => R | Promise<R>): Promise<R> {
  return Promise.resolve(promise).then(next);
}
