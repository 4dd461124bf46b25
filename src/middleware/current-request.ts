import { AsyncLocalStorage } from "node:async_hooks";
import { described, type Middleware } from "../app/index.ts";
import type { HttpRequest } from "../http/index.ts";

const current = new AsyncLocalStorage<HttpRequest>();

/** Lets `currentRequest` find the request from everywhere below, over awaits too. */
export function keepRequest(): Middleware {
  const middleware: Middleware = (next) => (request) => current.run(request, next, request);
  return described(middleware, "keepRequest");
}

/** The request that is at work where this is called. Throws an Error where `keepRequest` does not stand around it. */
export function currentRequest(): HttpRequest {
  const request = current.getStore();
  if (request === undefined) throw new Error("no request is at work here; have keepRequest() stand around its route");
  return request;
}
