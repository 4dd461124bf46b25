/** Keeps what is for developers from everybody else: their browsers may be asked for it by any page they look at. */
import type { Middleware } from "../app/index.ts";
import { ForbiddenError, type HttpRequest, type HttpResponse } from "../http/index.ts";

/** What only this machine, or whoever types an address, calls a server: no name that another could have resolve to it. */
const OWN_HOST = /^(?:(?:[\w-]+\.)*localhost|\d+\.\d+\.\d+\.\d+|\[[\da-f:.]+\])(?::\d+)?$/i;

/** Whether a request is for such a name. */
export function hasOwnHost({ host }: HttpRequest): boolean {
  return OWN_HOST.test(host ?? "localhost");
}

/** Whether an origin is that of the host that the request is for. */
function isSameOrigin(origin: string, host: string | null): boolean {
  return host !== null && URL.canParse(origin) && new URL(origin).host === host.toLowerCase();
}

/**
 * Whether a page of another origin has a browser ask for it (Fetch Metadata §2; where browsers do not say that, for want
 * of HTTPS, it has an Origin), were it only to read: what is around the application may let all sites read its answers.
 * Whoever follows a link reads it himself.
 */
export function isForeign({ method, headers, host }: HttpRequest): boolean {
  const site = headers.get("sec-fetch-site");
  if (site === "same-origin" || site === "none") return false;
  if (site !== null) {
    const isLink = headers.get("sec-fetch-mode") === "navigate" && headers.get("sec-fetch-dest") === "document";
    return !(isLink && (method === "GET" || method === "HEAD"));
  }
  const origin = headers.get("origin");
  return origin !== null && !isSameOrigin(origin, host);
}

/** What browsers are told, so that no other page has it either: in a frame, or as a part of itself. */
const FIELDS: Readonly<Record<string, string>> = {
  "Cache-Control": "no-store",
  "Content-Security-Policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
  "X-Frame-Options": "DENY",
};

/** Sets those fields. */
export function keepFromOthers({ headers }: HttpResponse): void {
  for (const [name, value] of Object.entries(FIELDS)) headers.set(name, value);
}

/**
 * Refuses with 403 whoever comes by a name that could be another's (DNS rebinding), and what pages of other origins ask
 * for; of the rest it sets the fields that browsers guard it by.
 */
export const guarded: Middleware = Object.assign(
  ((next) => (request) => {
    if (!hasOwnHost(request)) {
      throw new ForbiddenError("the pages of development are at localhost, or at an address: no name is trusted here");
    }
    if (isForeign(request)) throw new ForbiddenError("the pages of development are not for pages of other origins");
    return next(request);
  }) satisfies Middleware,
  {
    onResponse: keepFromOthers,
  },
);
