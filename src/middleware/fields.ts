/** What middleware does to the fields of responses. */
import type { Middleware, ResponseHook } from "../app/index.ts";
import type { HttpHeaders } from "../http/index.ts";

/** Middleware that is told of responses; around requests it stands as the second says, or not at all. */
export function toldOfResponses(onResponse: ResponseHook, around: Middleware = (next) => next): Middleware {
  const middleware: Middleware = (next, route) => around(next, route);
  return Object.assign(middleware, { onResponse });
}

/** Has caches know that the response depends on a field of the request (RFC 9110 §12.5.5). */
export function vary(headers: HttpHeaders, name: string): void {
  const found = headers.get("Vary");
  if (found === null) headers.set("Vary", name);
  else {
    const names = found.toLowerCase().split(/[\t ]*,[\t ]*/);
    if (!names.includes("*") && !names.includes(name.toLowerCase())) headers.set("Vary", `${found}, ${name}`);
  }
}
