/** From one request to the next, as `fetch` follows redirects (Fetch §4.4). */
import type { CookieJar } from "./cookies.ts";
import { fetchFailed, type Hop, type Send } from "./hop.ts";

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
/** Redirects of one request; beyond it `fetch` fails. */
const MAX_REDIRECTS = 20;
/** Fields that tell of content, which a GET in place of it has not. */
const OF_CONTENT = ["content-encoding", "content-language", "content-length", "content-location", "content-type"];
/** Fields that are for one origin alone. */
const OF_ORIGIN = ["authorization", "cookie", "host", "proxy-authorization"];

/** What is done about answers that say where to go. */
export interface FollowOptions {
  readonly redirect: NonNullable<RequestInit["redirect"]>;
  readonly cookies: CookieJar | null;
}

function targetOf(location: string, { url }: Hop): URL {
  if (!URL.canParse(location, url.href)) throw fetchFailed(new Error(`the redirect names no URL: ${location}`));
  const target = new URL(location, url);
  if (/^https?:$/.test(target.protocol)) return target;
  throw fetchFailed(new Error(`the redirect leads to ${target.href}, which is not HTTP`));
}

function nextHop(hop: Hop, status: number, location: string): Hop {
  const url = targetOf(location, hop);
  const headers = new Headers(hop.headers);
  const { method, body } = hop;
  const becomesGet = status === 303 ? method !== "GET" && method !== "HEAD" : status < 303 && method === "POST";
  if (body instanceof ReadableStream && !becomesGet) {
    throw fetchFailed(new Error("content that is a stream cannot be sent again where a redirect leads"));
  }
  for (const name of becomesGet ? OF_CONTENT : []) headers.delete(name);
  for (const name of url.origin === hop.url.origin ? [] : OF_ORIGIN) headers.delete(name);
  return { ...hop, url, headers, ...(becomesGet && { method: "GET", body: null }) };
}

/** Sends a request with the cookies for it, and keeps those of the answer. */
async function sendOne(send: Send, hop: Hop, cookies: CookieJar | null): Promise<Response> {
  if (cookies === null) return send(hop);
  const headers = new Headers(hop.headers);
  const own = [headers.get("cookie"), cookies.header(hop.url)].filter(Boolean).join("; ");
  if (own !== "") headers.set("cookie", own);
  const response = await send({ ...hop, headers });
  for (const line of response.headers.getSetCookie()) cookies.set(line, hop.url);
  return response;
}

/** Says where an answer came from, which only those of a `fetch` can be told otherwise. */
function located(response: Response, { url }: Hop, redirected: boolean): Response {
  const place = new URL(url);
  place.hash = "";
  return Object.defineProperties(response, { url: { value: place.href }, redirected: { value: redirected } });
}

/** Sends a request, and those that its answers lead to; gives the last answer. Rejects as `fetch`. */
export async function follow(send: Send, first: Hop, { redirect, cookies }: FollowOptions): Promise<Response> {
  let hop = first;
  for (let count = 0; ; ++count) {
    const response = await sendOne(send, hop, cookies);
    const location = REDIRECTS.has(response.status) ? response.headers.get("location") : null;
    if (location === null || redirect === "manual") return located(response, hop, count > 0);
    await response.body?.cancel();
    if (redirect === "error") throw fetchFailed(new Error(`${hop.url.href} redirects to ${location}`));
    if (count === MAX_REDIRECTS) throw fetchFailed(new Error(`more than ${MAX_REDIRECTS} redirects`));
    hop = nextHop(hop, response.status, location);
  }
}
