import { type HeadersInit, HttpHeaders } from "../http/index.ts";
import { contentOf } from "../server/inject.ts";
import { CookieJar } from "./cookies.ts";
import { type FetchOptions, fetchOf, jarOf, type Target } from "./fetch.ts";

/** What a client of tests has with every request. */
export interface ClientOptions extends FetchOptions {
  /** As of `fetchOf`; true by default. */
  readonly cookies?: boolean | CookieJar;
  /** Fields of every request. */
  readonly headers?: HeadersInit;
  /** What is done about redirects where a request does not say: they are followed by default. */
  readonly redirect?: "follow" | "manual" | "error";
}

/** What is asked, beside method and path. */
export interface ClientInit {
  /** Fields, beside those of every request or in their place. */
  readonly headers?: HeadersInit;
  /** Text, bytes, what is iterated, or a form or Blob as fetch sends them; anything else leaves as JSON. */
  readonly body?: unknown;
  readonly redirect?: "follow" | "manual" | "error";
  readonly signal?: AbortSignal;
}

type Ask = (path: string, init?: ClientInit) => Promise<Response>;

/** Somebody who asks one application or server, and keeps its cookies. */
export interface Client {
  /** What it keeps; empty, and not filled, with `cookies: false`. */
  readonly cookies: CookieJar;
  /** Asks by any method; resolves with the answer, whatever its status. Rejects as `fetch`. */
  request(method: string, path: string, init?: ClientInit): Promise<Response>;
  readonly get: Ask;
  readonly head: Ask;
  readonly options: Ask;
  readonly post: Ask;
  readonly put: Ask;
  readonly patch: Ask;
  readonly delete: Ask;
}

/** The fields of all requests with those of one. */
function merged(all: HttpHeaders, own: HttpHeaders): Headers {
  const headers = new Headers([...all].filter(([name]) => !own.has(name)));
  for (const [name, value] of own) headers.append(name, value);
  return headers;
}

/** A client of an application, in memory, or of a server. Throws a TypeError as `fetchOf`, and for a wrong field. */
export function client(target: Target, options: ClientOptions = {}): Client {
  const jar = jarOf(options.cookies ?? true);
  const fetch = fetchOf(target, { ...options, cookies: jar ?? false });
  const all = new HttpHeaders(options.headers);
  const request = async (method: string, path: string, init: ClientInit = {}): Promise<Response> => {
    const [body, type] = await contentOf(init.body);
    const headers = merged(all, new HttpHeaders(init.headers));
    if (type !== null && !headers.has("content-type")) headers.set("content-type", type);
    const { redirect = options.redirect ?? "follow", signal = null } = init;
    return fetch(path, { method, headers, body: body as BodyInit | null, redirect, signal });
  };
  const by =
    (method: string): Ask =>
    (path, init) =>
      request(method, path, init);
  return {
    cookies: jar ?? new CookieJar(),
    request,
    get: by("GET"),
    head: by("HEAD"),
    options: by("OPTIONS"),
    post: by("POST"),
    put: by("PUT"),
    patch: by("PATCH"),
    delete: by("DELETE"),
  };
}
