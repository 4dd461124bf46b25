/** What stands around handlers, layer by layer: that of the application, of its groups, of the route. */
import { type Answer, type HttpRequest, HttpResponse, toResponse } from "../http/index.ts";
import {
  type ErrorHandler,
  type Handler,
  isPromise,
  type Middleware,
  type RequestHook,
  type ResponseHook,
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
 * The handler with all layers around it, the first outermost. In a layer the error handlers stand outside of its
 * middleware, so that they get what that throws; responses are told to hooks at the very end, when errors are responses
 * too. Throws a TypeError where a middleware gives no handler.
 */
export function compose(layers: readonly Layer[], handler: Handler, recover: Recover): Handler {
  const served = layers.reduceRight((serve, layer) => surround(layer, serve), handler);
  const hooks = layers.flatMap(({ onResponse }) => onResponse).reverse();
  return hooks.length === 0 ? served : telling(hooks, served, recover);
}

function surround({ middleware, catchers, onRequest }: Layer, handler: Handler): Handler {
  let serve = handler;
  for (let index = middleware.length - 1; index >= 0; --index) serve = wrap(middleware[index], serve);
  if (onRequest.length > 0) serve = preceded([...onRequest], serve);
  return catchers.length > 0 ? catching([...catchers], serve) : serve;
}

function wrap(middleware: Middleware, serve: Handler): Handler {
  const wrapped = middleware(serve);
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
    return isPromise(told) ? told.then(() => serve(request)) : serve(request);
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
