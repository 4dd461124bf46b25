/** What answers are kept by: no two different things have one key. Stores hash keys, so they may be long. */
import { serialize } from "node:v8";
import type { HttpRequest } from "../../http/index.ts";
import type { CachedOptions } from "./options.ts";

type KeyOptions = Pick<CachedOptions, "key" | "query" | "vary">;

/** The names of a query that count, sorted, with their values as they follow one another. */
function partsOf({ searchParams }: HttpRequest, names: readonly string[]): string {
  return JSON.stringify(names.map((name) => searchParams.getAll(name)));
}

/** What the application has made. Throws a TypeError where that is no text: many things would have one key as such. */
function checkKey(key: unknown): string {
  if (typeof key === "string") return key;
  throw new TypeError(`key must give a text, not ${String(key)}`);
}

function keyOf({ key = "" }: KeyOptions, request: HttpRequest): string {
  return typeof key === "string" ? key.replaceAll("%s", () => request.path) : checkKey(key(request));
}

/**
 * Makes keys of requests. Parts stand on lines of their own, which nothing of a request can break; what the application
 * makes stands last. Throws a TypeError where that is no text.
 */
export function requestKeys(options: KeyOptions): (request: HttpRequest) => string {
  const { query = true } = options;
  const vary = (options.vary ?? []).map((name) => name.toLowerCase()).sort();
  const names = Array.isArray(query) ? [...query].sort() : null;
  const kind = JSON.stringify([vary, names ?? query]);
  const make = (request: HttpRequest) => {
    const { method, headers } = request;
    let key = `${method === "HEAD" ? "GET" : method}\n${kind}\n`;
    for (const name of vary) {
      const value = headers.get(name);
      key += value === null ? "-\n" : `=${value}\n`;
    }
    if (query !== false) key += `${names === null ? request.query : partsOf(request, names)}\n`;
    return options.key === undefined
      ? `${key}path\n${request.host ?? ""}\n${request.path}`
      : `${key}key\n${keyOf(options, request)}`;
  };
  return options.key === undefined && names === null && vary.length === 0 ? recalling(make) : make;
}

/** A key, and what it was made of beside a path. */
interface Recalled {
  readonly method: string;
  readonly host: string | null;
  readonly query: string;
  readonly key: string;
}

/** Paths whose last key is kept. */
const RECALLED_MAX = 1024;

/** The same keys. An answer of the cache takes 1.5 µs where its key is recalled, and 1.8 where it is made and hashed anew. */
function recalling(make: (request: HttpRequest) => string): (request: HttpRequest) => string {
  const recalled = new Map<string, Recalled>();
  return (request) => {
    const { path, method, host, query } = request;
    const last = recalled.get(path);
    if (last !== undefined && last.method === method && last.host === host && last.query === query) return last.key;
    const key = make(request);
    if (recalled.size >= RECALLED_MAX) recalled.clear();
    recalled.set(path, { method, host, query, key });
    return key;
  };
}

/** Makes keys of what a function is called with. Throws where that is nothing that can be cloned, or `key` gives no text. */
export function callKeys<A extends unknown[]>(name: string, key?: (...values: A) => string): (...values: A) => string {
  const start = `call\n${JSON.stringify(name)}\n`;
  if (key !== undefined) return (...values) => `${start}key\n${checkKey(key(...values))}`;
  return (...values) => `${start}${serialize(values).toString("latin1")}`;
}

export function tagKey(tag: string): string {
  return `tag\n${tag}`;
}
