/** What stands around handlers, layer by layer: that of the application, of its groups, of the route. */
import { type Answer, type HttpRequest, HttpResponse, type Params, toResponse } from "../http/index.ts";
import {
  type ErrorHandler,
  type Handler,
  isPromise,
  later,
  type Middleware,
  type RequestHook,
  type ResponseHook,
  type RouteInfo,
} from "./handler.ts";
import type { NewRoute } from "./routes.ts";

/** One layer; in each list the first is the outermost, or comes first. */
export interface Layer {
  readonly middleware: Middleware[];
  readonly catchers: ErrorHandler[];
  readonly onRequest: RequestHook[];
  readonly onResponse: ResponseHook[];
}

export function newLayer(): Layer {
  return { middleware: [], catchers: [], onRequest: [], onResponse: [] };
}

/** The same layer, to be looked at: what becomes of the copy changes nothing. */
export function copyOf({ middleware, catchers, onRequest, onResponse }: Layer): Layer {
  return {
    middleware: [...middleware],
    catchers: [...catchers],
    onRequest: [...onRequest],
    onResponse: [...onResponse],
  };
}

/** What stands around a route that is served, the outermost first. */
export function layersAround(route: RouteInfo): readonly Layer[] {
  // Routes that are served are of this kind, whatever others see of them.
  const { at, own } = route as NewRoute;
  return own === null ? at.layers() : [...at.layers(), own];
}

const NO_HOOKS: readonly ResponseHook[] = [];

/** Makes the response that an error means. */
export type Recover = (error: unknown, request: HttpRequest) => HttpResponse;

/**
 * The handler of a route with a layer of its own around it, and all others around that, the first outermost. In a layer
 * the error handlers stand outside of its middleware, so that they get what that throws; responses are told to hooks at
 * the very end, when errors are responses too. Throws a TypeError where a middleware gives no handler.
 */
export function compose(
  layers: readonly Layer[],
  own: Layer | null,
  handler: Handler,
  recover: Recover,
  route?: RouteInfo,
): Handler {
  let serve = own === null ? handler : surround(own, handler, route);
  let hooks = own === null ? NO_HOOKS : hooksOf(own);
  for (let index = layers.length - 1; index >= 0; --index) {
    const outer = hooksOf(layers[index]);
    serve = surround(layers[index], serve, route);
    if (outer.length > 0) hooks = [...hooks, ...outer];
  }
  return hooks.length === 0 ? serve : telling(hooks, serve, recover);
}

/** The hooks of responses that middleware has, from the inside out. */
function hooksAmong(middleware: readonly Middleware[]): ResponseHook[] {
  return middleware
    .map((each) => each.onResponse)
    .filter((hook) => hook !== undefined)
    .reverse();
}

/** The hooks of responses of a layer and of its middleware, from the inside out. */
function hooksOf({ middleware, onResponse }: Layer): readonly ResponseHook[] {
  if (middleware.length === 0 && onResponse.length === 0) return NO_HOOKS;
  return [...hooksAmong(middleware), ...[...onResponse].reverse()];
}

/** The hooks of responses that middleware has, as one; undefined where there is none. */
export function tellAll(middleware: readonly Middleware[]): ResponseHook | undefined {
  const hooks = hooksAmong(middleware);
  if (hooks.length === 0) return undefined;
  return (response, request) => callAll(hooks, (hook) => hook(response, request));
}

function surround({ middleware, catchers, onRequest }: Layer, handler: Handler, route?: RouteInfo): Handler {
  let serve = fold(middleware, handler, route);
  if (onRequest.length > 0) serve = preceded([...onRequest], serve);
  return catchers.length > 0 ? catching([...catchers], serve) : serve;
}

/**
 * The handler of a route with middleware around it, the first outermost. Throws a TypeError where one of them gives no
 * handler.
 */
export function fold(middleware: readonly Middleware[], handler: Handler, route?: RouteInfo): Handler {
  return middleware.reduceRight((serve, each) => {
    const wrapped = each(serve, route);
    if (typeof wrapped === "function") return wrapped;
    throw new TypeError(`the middleware ${each.name || "without a name"} gives no handler`);
  }, handler);
}

/** Calls hooks one after the other; a promise where one of them takes time. */
function callAll<T>(hooks: readonly T[], call: (hook: T) => unknown): void | Promise<void> {
  for (const [index, hook] of hooks.entries()) {
    const told = call(hook);
    if (isPromise(told)) return later(told, () => callAll(hooks.slice(index + 1), call));
  }
}

function preceded(hooks: readonly RequestHook[], serve: Handler): Handler {
  return (request) => {
    const told = callAll(hooks, (hook) => hook(request));
    return isPromise(told) ? later(told, () => serve(request)) : serve(request);
  };
}

/** Asks error handlers one after the other; throws the error on where it is for none of them. */
async function handle(catchers: readonly ErrorHandler[], error: unknown, request: HttpRequest): Promise<Answer> {
  for (const catcher of catchers) {
    const answer = await catcher(error, request);
    if (answer !== undefined) return answer;
  }
  throw error;
}

/** A handler whose answers are responses, and whose errors are what `fail` makes of them. */
export function answering<A extends Answer>(
  serve: Handler,
  fail: (error: unknown, request: HttpRequest) => A | Promise<A>,
): Handler<Params, unknown, HttpResponse | A> {
  const convert = (value: Answer, request: HttpRequest) => {
    try {
      return toResponse(value);
    } catch (error) {
      return fail(error, request);
    }
  };
  // Apart, for its closures would have every request allocate what they close over. Of another kind of promise than the
  // language's own only `then` is known.
  const settle = (answer: Promise<Answer>, request: HttpRequest) =>
    Promise.resolve(answer).then(
      (value) => convert(value, request),
      (error) => fail(error, request),
    );
  return (request) => {
    try {
      const answer = serve(request);
      if (answer instanceof HttpResponse) return answer;
      // What is no answer is an error like others, so it has to be found here.
      return isPromise(answer) ? settle(answer, request) : toResponse(answer);
    } catch (error) {
      return fail(error, request);
    }
  };
}

function catching(catchers: readonly ErrorHandler[], serve: Handler): Handler {
  return answering(serve, (error, request) => handle(catchers, error, request));
}

function telling(hooks: readonly ResponseHook[], serve: Handler, recover: Recover): Handler {
  const answer = answering(serve, recover);
  const tell = (response: HttpResponse, request: HttpRequest) => {
    const told = callAll(hooks, (hook) => hook(response, request));
    return isPromise(told) ? later(told, () => response) : response;
  };
  return (request) => {
    const response = answer(request);
    return isPromise(response) ? later(response, (value) => tell(value, request)) : tell(response, request);
  };
}
