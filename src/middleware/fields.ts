/** What middleware does to the fields of responses. */
import type { Middleware, ResponseHook } from "../app/index.ts";
import { type HeadersInit, HttpHeaders } from "../http/index.ts";

/** Middleware that is told of responses; around requests it stands as the second says, or not at all. */
export function toldOfResponses(onResponse: ResponseHook, around: Middleware = (next) => next): Middleware {
  const middleware: Middleware = (next, route) => around(next, route);
  return Object.assign(middleware, { onResponse });
}

/** A field to be set where a response has none of its name; `key` is that in lower case. */
export interface FieldLine {
  readonly name: string;
  readonly key: string;
  readonly value: string;
}

/** Fields as lines; throws a TypeError where one could not be sent. */
export function fieldLines(fields: HeadersInit): FieldLine[] {
  return [...new HttpHeaders(fields)].map(([name, value]) => ({ name, key: name.toLowerCase(), value }));
}

/** Adds the lines of those fields that are missing. */
export function addMissing(headers: HttpHeaders, lines: readonly FieldLine[]): void {
  // Looked at once: most responses have no fields of their own, and each look goes through all.
  const own = headers.size === 0 ? null : new Set([...headers].map(([name]) => name.toLowerCase()));
  for (const { name, key, value } of lines) if (!own?.has(key)) headers.append(name, value);
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
