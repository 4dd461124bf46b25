/** Responses of a kind: each says with its name what it is. */
import { percentEncode } from "./percent.ts";
import { type BodyInit, HTML, HttpResponse, type ResponseInit, TEXT } from "./response.ts";

const XML = "application/xml; charset=utf-8";

/** Plain text, whatever it begins with. A Content-Type among the `headers` outranks the one meant here. */
export function text(body: BodyInit, init?: ResponseInit): HttpResponse {
  return new HttpResponse(body, init, TEXT);
}

/** HTML. What users have written must have been escaped. */
export function html(body: BodyInit, init?: ResponseInit): HttpResponse {
  return new HttpResponse(body, init, HTML);
}

/** XML. */
export function xml(body: BodyInit, init?: ResponseInit): HttpResponse {
  return new HttpResponse(body, init, XML);
}

/** A response without content: 204, or the status that is given. */
export function empty(init: ResponseInit = {}): HttpResponse {
  return new HttpResponse(null, { status: 204, ...init });
}

/** What no URI has (RFC 3986 §2), a "%" that begins no encoding among it. */
const NO_URI = /%(?![0-9A-Fa-f]{2})|[^%!#$&'()*+,\-./0-9:;=?@A-Z[\]_a-z~]+/gu;
/** Relative locations are checked as if they were found here. */
const ANYWHERE = "http://localhost/";

/** A location as it can be sent: what no URI has is percent-encoded. Throws a TypeError where it still is none. */
function locationOf(location: string | URL): string {
  // Whatever else is given, undefined at that, would be a relative location as text.
  if (typeof location !== "string" && !(location instanceof URL)) {
    throw new TypeError(
      `a location to redirect to is a string or a URL, not ${location === null ? "null" : typeof location}`,
    );
  }
  const uri = percentEncode(String(location), NO_URI);
  if (uri === "" || !URL.canParse(uri, ANYWHERE)) {
    throw new TypeError(`${JSON.stringify(String(location))} is no location to redirect to`);
  }
  return uri;
}

/**
 * Sends the client elsewhere: with 302, or another status from 300 to 399 that is not 304, else throws a RangeError.
 * Where the location comes from a user, see that it leads where you want: `//example.com` leads to another site.
 */
export function redirect(location: string | URL, init: ResponseInit = {}): HttpResponse {
  const { status = 302 } = init;
  if (!Number.isInteger(status) || status < 300 || status > 399 || status === 304) {
    throw new RangeError(`the status of a redirect is a whole number from 300 to 399 and not 304, not ${status}`);
  }
  const response = new HttpResponse(null, { ...init, status });
  response.headers.set("Location", locationOf(location));
  return response;
}
