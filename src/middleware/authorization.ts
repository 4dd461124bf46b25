/** What clients say in Authorization, and what they are told to say (RFC 9110 §11). */
import { isPromise } from "../app/handler.ts";
import type { Middleware, SecurityScheme } from "../app/index.ts";
import type { Answer, HttpRequest } from "../http/index.ts";

/** Who a client is, as `verify` found; null, undefined or false where it is nobody. */
export type Verified = object | string | number | boolean | null | undefined;

/** token68 (RFC 9110 §11.2), which RFC 6750 §2.1 calls b64token. */
const CREDENTIALS = /^([!#$%&'*+\-.^_`|~\w]+)(?: +(.*))?$/;
const TOKEN68 = /^[\w\-.~+/]+=*$/;

/**
 * The credentials of a request by a scheme: "" where they are none, or there is more than one line, for others may take
 * another of them; null where there are none by that scheme.
 */
export function credentialsOf({ headers }: HttpRequest, scheme: string): string | null {
  const lines = headers.getAll("authorization");
  const [, name, credentials = ""] = CREDENTIALS.exec(lines[0] ?? "") ?? [];
  if (name?.toLowerCase() !== scheme.toLowerCase()) return null;
  return lines.length === 1 && TOKEN68.test(credentials) ? credentials : "";
}

/** A challenge: a scheme and its parameters. Throws a TypeError that names the one that could not be sent. */
export function challenge(scheme: string, parameters: Readonly<Record<string, string>>): string {
  const written = Object.entries(parameters).map(([name, value]) => {
    if (!/^[\t\x20-\x7e]*$/.test(value))
      throw new TypeError(`${name} must be printable ASCII, not ${JSON.stringify(value)}`);
    return `${name}="${value.replace(/["\\]/g, "\\$&")}"`;
  });
  return written.length === 0 ? scheme : `${scheme} ${written.join(", ")}`;
}

/**
 * Goes on as the client that was verified, who is `request.state.user` from then on; throws what `refuse` gives where it
 * is nobody. A promise only where verifying takes time.
 */
export function admit(
  request: HttpRequest,
  verified: Verified | Promise<Verified>,
  refuse: (user: Verified) => Error | null,
  next: (request: HttpRequest) => Answer | Promise<Answer>,
): Answer | Promise<Answer> {
  const go = (user: Verified) => {
    const error = refuse(user);
    if (error !== null) throw error;
    // Of what type it is the application declares.
    (request.state as { user?: Verified }).user = user;
    return next(request);
  };
  return isPromise(verified) ? Promise.resolve(verified).then(go) : go(verified);
}

/** Middleware that tells those who read about routes what it asks for. */
export function askingFor(middleware: Middleware, scheme: SecurityScheme): Middleware {
  return Object.assign(middleware, { security: [scheme] });
}

/** Whether somebody was found. */
export function isSomebody(user: Verified): boolean {
  return user !== null && user !== undefined && user !== false;
}
