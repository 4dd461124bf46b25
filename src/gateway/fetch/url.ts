/** The URL of a request, as fetch has it. */
import { BadRequestError, type HttpRequest } from "../../http/index.ts";

/**
 * Paths and queries that a URL has as they are: no character that it encodes, no segment that begins with a dot, for
 * `.` and `..` it would take out.
 */
const PLAIN = /^(?:\/(?!\.|%2e)[!$%&(-.0-;=@-Z[\]_a-z~]*)+(?:\?[!$%&(-;=?-Z[\]_a-z~]*)?$/i;

/** Whom requests without a host are for: HTTP/1.0 need not say it. */
const NOBODY = "localhost";

/** The origin that was made last: most requests are for the same host. */
let known = { host: "", secure: false, origin: "" };

function badUrl(request: HttpRequest): BadRequestError {
  return new BadRequestError(`the target ${JSON.stringify(request.target)} makes no URL at this host`);
}

function originOf(request: HttpRequest): string {
  const host = request.host || NOBODY;
  const { secure } = request;
  if (host === known.host && secure === known.secure) return known.origin;
  const text = `${secure ? "https" : "http"}://${host}`;
  if (!URL.canParse(text)) throw badUrl(request);
  const { href, origin } = new URL(text);
  if (href !== `${origin}/`) throw badUrl(request);
  known = { host, secure, origin };
  return origin;
}

/** What stands after the origin. */
function placeOf(request: HttpRequest): string {
  const { target } = request;
  if (target.startsWith("/")) return target;
  const { path, query } = request;
  return query === "" ? path : `${path}?${query}`;
}

/** The URL of a request. Throws an HttpError 400 where its host or target make none, as that of `OPTIONS *`. */
export function urlOf(request: HttpRequest): string {
  const place = placeOf(request);
  const url = originOf(request) + place;
  if (PLAIN.test(place)) return url;
  if (!place.startsWith("/") || !URL.canParse(url)) throw badUrl(request);
  return new URL(url).href;
}
