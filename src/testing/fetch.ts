import type { Servable } from "../app/index.ts";
import { CookieJar } from "./cookies.ts";
import type { Hop, Send } from "./hop.ts";
import { follow } from "./redirects.ts";
import { byFetch, toApplication } from "./send.ts";

/** What is asked: an application, in memory, or the URL of a server. */
export type Target = Servable | URL | string;

/** How a `fetch` of tests carries requests. */
export interface FetchOptions {
  /** Keeps cookies and sends them back, in a jar of its own or in this one; none are kept by default. */
  readonly cookies?: boolean | CookieJar;
  /**
   * Where URLs that are none but a path belong; of an application "http://localhost" by default. Of "https:" it takes
   * its connections for those of TLS.
   */
  readonly origin?: URL | string;
  /** Carries requests to the URL of a server, as what `record` gives; the global `fetch` by default. */
  readonly fetch?: typeof fetch;
}

const LOCALHOST = "http://localhost";

export function jarOf(cookies: boolean | CookieJar): CookieJar | null {
  if (cookies instanceof CookieJar) return cookies;
  return cookies ? new CookieJar() : null;
}

function isUrl(target: Target): target is URL | string {
  return typeof target === "string" || target instanceof URL;
}

/** The URL that paths are relative to. Throws a TypeError where it is none of HTTP. */
export function baseOf(target: Target, origin: URL | string = LOCALHOST): URL {
  const text = String(isUrl(target) ? target : origin);
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return new URL(text);
  throw new TypeError(`${JSON.stringify(text)} is no URL of a server, as http://localhost:8080/`);
}

function sendTo(target: Target, options: FetchOptions): Send {
  if (options.fetch !== undefined || isUrl(target)) return byFetch(options.fetch ?? globalThis.fetch);
  if (typeof target?.handle === "function") return toApplication(target);
  throw new TypeError("what is asked must be an application, or the URL of a server");
}

function isStream(body: unknown): boolean {
  return typeof body === "object" && body !== null && Symbol.asyncIterator in body;
}

/** A Request that is collected passes no abort on: its signal keeps it. */
const requests = new WeakMap<AbortSignal, Request>();

/** What aborts a request: the signal that was given itself, for a Request made of it holds it weakly only. */
function signalOf(input: RequestInfo | URL, init: RequestInit, request: Request): AbortSignal {
  const owner = input instanceof Request && init.signal === undefined ? input : request;
  requests.set(owner.signal, owner);
  return init.signal ?? owner.signal;
}

async function hopOf(input: RequestInfo | URL, init: RequestInit, base: URL): Promise<[Hop, Request]> {
  const asked = input instanceof Request ? input : new URL(input, base);
  // What is a stream is sent while it comes; fetch wants to be told so.
  const request = new Request(asked, { duplex: "half", ...init } as RequestInit);
  const { url, method, headers } = request;
  const signal = signalOf(input, init, request);
  const streamed = init.body == null ? input instanceof Request : isStream(init.body);
  const whole = streamed || request.body === null ? null : new Uint8Array(await request.arrayBuffer());
  return [{ url: new URL(url), method, headers, body: whole ?? request.body, signal }, request];
}

/**
 * A `fetch` that asks one application, whatever the host of the URL, or one server. It takes paths in place of URLs, and
 * follows redirects as `fetch` does; in memory streams pass both ways no faster than they are read, and what is aborted
 * is as a client that goes. Throws a TypeError where there is nothing to ask.
 */
export function fetchOf(target: Target, options: FetchOptions = {}): typeof fetch {
  const send = sendTo(target, options);
  const base = baseOf(target, options.origin);
  const cookies = jarOf(options.cookies ?? false);
  return async (input: RequestInfo | URL, init: RequestInit = {}) => {
    const [hop, { redirect }] = await hopOf(input, init, base);
    return follow(send, hop, { redirect, cookies });
  };
}
