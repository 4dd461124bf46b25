/** What stands around handlers, layer by layer: that of the application, of its groups, of the route. */
import { type Answer, type HttpRequest, HttpResponse, toResponse } from "../http/index.ts";
import {
  type ErrorHandler,
  type Handler,
  isPromise,
  type Middleware,
  type RequestHook,
  type ResponseHook,
  type RouteInfo,
} from "./handler.ts";

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
  const hooks: ResponseHook[] = own === null ? [] : hooksOf(own);
  for (let index = layers.length - 1; index >= 0; --index) {
    serve = surround(layers[index], serve, route);
    hooks.push(...hooksOf(layers[index]));
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
function hooksOf({ middleware, onResponse }: Layer): ResponseHook[] {
  return [...hooksAmong(middleware), ...[...onResponse].reverse()];
}

/** The hooks of responses that middleware has, as one; undefined where there is none. */
export function tellAll(middleware: readonly Middleware[]): ResponseHook | undefined {
  const hooks = hooksAmong(middleware);
  if (hooks.length === 0) return undefined;
  return (response, request) => callAll(hooks, (hook) => hook(response, request));
}

function surround({ middleware, catchers, onRequest }: Layer, handler: Handler, route?: RouteInfo): Handler {
  let serve = handler;
  for (let index = middleware.length - 1; index >= 0; --index) serve = wrap(middleware[index], serve, route);
  if (onRequest.length > 0) serve = preceded([...onRequest], serve);
  return catchers.length > 0 ? catching([...catchers], serve) : serve;
}

function wrap(middleware: Middleware, serve: Handler, route: RouteInfo | undefined): Handler {
  const wrapped = middleware(serve, route);
  if (typeof wrapped !== "function") throw new TypeError(`the middleware ${middleware.name} gives no handler`);
  return wrapped;
}

/** Calls hooks one after the other; a promise where one of them takes time. */
function callAll<T>(hooks: readonly T[], call: (hook: T) => unknown): void | Promise<void> {
  for (const [index, hook] of hooks.entries()) {
    const told = call(hook);
    if (isPromise(told)) return Promise.resolve(told).then(() => callAll(hooks.slice(index + 1), call));
  }
}

function preceded(hooks: readonly RequestHook[], serve: Handler): Handler {
  return (request) => {
    const told = callAll(hooks, (hook) => hook(request));
    return isPromise(told) ? Promise.resolve(told).then(() => serve(request)) : serve(request);
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

function catching(catchers: readonly ErrorHandler[], serve: Handler): Handler {
  const fail = (error: unknown, request: HttpRequest) => handle(catchers, error, request);
  return (request) => {
    try {
      const answer = serve(request);
      if (answer instanceof HttpResponse) return answer;
      // What is no answer is an error like others, so it has to be found here.
      if (!isPromise(answer)) return toResponse(answer);
      return Promise.resolve(answer)
        .then(toResponse)
        .catch((error) => fail(error, request));
    } catch (error) {
      return fail(error, request);
    }
  };
}

function telling(hooks: readonly ResponseHook[], serve: Handler, recover: Recover): Handler {
  const tell = (response: HttpResponse, request: HttpRequest) => {
    const told = callAll(hooks, (hook) => hook(response, request));
    return isPromise(told) ? told.then(() => response) : response;
  };
  return (request) => {
    const fail = (error: unknown) => recover(error, request);
    let response: HttpResponse;
    try {
      const answer = serve(request);
      if (isPromise(answer)) {
        return Promise.resolve(answer)
          .then(toResponse)
          .catch(fail)
          .then((value) => tell(value, request));
      }
      response = toResponse(answer);
    } catch (error) {
      response = fail(error);
    }
    return tell(response, request);
  };
}
