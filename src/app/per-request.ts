import type { HttpRequest } from "../http/index.ts";

/** A value that one part of an application keeps with each request, and nobody else sees. */
export interface PerRequest<T> {
  get(request: HttpRequest): T | undefined;
  set(request: HttpRequest, value: T): void;
}

/** A place in the state of requests: a WeakMap would have the garbage collector pay three times as much. */
export function perRequest<T>(): PerRequest<T> {
  const key = Symbol();
  const stateOf = (request: HttpRequest) => request.state as { [key]?: T };
  return {
    get: (request) => stateOf(request)[key],
    set: (request, value) => {
      stateOf(request)[key] = value;
    },
  };
}
