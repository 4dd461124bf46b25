import { createHash } from "node:crypto";
import { isPromise } from "../app/handler.ts";
import { described, type Middleware } from "../app/index.ts";
import { type Answer, type CookieOptions, ForbiddenError, type HttpRequest, HttpResponse } from "../http/index.ts";
import { withCookie } from "../services/answers.ts";
import { type ProtectedCookie, signedCookie } from "../services/cookies.ts";
import { isSameSecret, strengthOf } from "../services/secrets.ts";
import { sessionOf } from "../services/session.ts";

declare module "../http/state.ts" {
  interface RequestState {
    /** What a form or a script sends back to prove that it came from here, where `csrf()` is around the handler. */
    readonly csrf?: string;
  }
}

/** With what forged requests are told from others. */
export interface CsrfOptions extends Pick<CookieOptions, "secure" | "sameSite"> {
  /**
   * Secrets of at least 32 characters or bytes, as of a session: the token then belongs to a signed cookie. Without them
   * it belongs to the session, and `session()` must be around this.
   */
  readonly keys?: readonly (string | Uint8Array)[];
  /** Name of the cookie, before the prefix `__Host-` that `secure` gives it; "csrf" by default. */
  readonly name?: string;
  /** Field of the request that has the token; "X-CSRF-Token" by default. */
  readonly header?: string;
  /** Field of a form that has it, where the header is not there; "_csrf" by default. */
  readonly field?: string;
  /** Other origins whose pages may send requests, as `https://shop.example`; none by default. */
  readonly origins?: readonly string[];
}

/** What the tokens of a client prove that they know. */
interface Client {
  /** The secret; null where none was made yet. */
  find(): string | null;
  make(): string;
  /** The answer, with what has the client keep a secret that was made. */
  finish(answer: Answer): Answer | Promise<Answer>;
}

type Open = (request: HttpRequest) => Client | Promise<Client>;

/** What changes nothing needs no proof (RFC 9110 §9.2.1). */
const SAFE: readonly string[] = ["GET", "HEAD", "OPTIONS", "TRACE"];
const FORM = /^(?:application\/x-www-form-urlencoded|multipart\/form-data)\s*(?:;|$)/i;
const SECRET_SIZE = 32;
/** What a session has once a token was made: one that has nothing is not kept. */
const MARK = "pyrois csrf";

function random(): Buffer {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(SECRET_SIZE)));
}

function xor(a: Buffer, b: Buffer): Buffer {
  return Buffer.from(a.map((byte, index) => byte ^ b[index]));
}

/** A token for a secret: another each time, so that compression tells nothing of it (BREACH). */
function tokenOf(secret: string): string {
  const mask = random();
  return Buffer.concat([mask, xor(Buffer.from(secret, "base64url"), mask)]).toString("base64url");
}

/** The secret that a token was made for; "" where it is none. */
function secretOf(token: string): string {
  const bytes = Buffer.from(token, "base64url");
  if (bytes.length !== 2 * SECRET_SIZE) return "";
  return xor(bytes.subarray(0, SECRET_SIZE), bytes.subarray(SECRET_SIZE)).toString("base64url");
}

/** Made of the identity of the session, so that it is another one when a user has logged in. */
const inSession: Open = (request) => {
  const session = sessionOf(request);
  const secret = () => createHash("sha256").update(`${MARK} ${session.id}`).digest("base64url");
  return {
    find: () => (session.get(MARK) === undefined ? null : secret()),
    make() {
      session.set(MARK, 1);
      return secret();
    },
    finish: (answer) => answer,
  };
};

function inCookie(cookie: ProtectedCookie<string>): Open {
  const written = async (answer: Answer, secret: string): Promise<Answer> => {
    const carrier = new HttpResponse();
    await cookie.write(carrier, secret);
    return withCookie(answer, carrier.headers.get("Set-Cookie") ?? "");
  };
  const client = (kept: string | null): Client => {
    let secret = kept;
    return {
      find: () => secret,
      make() {
        secret = random().toString("base64url");
        return secret;
      },
      finish: (answer) => (secret === null || secret === kept ? answer : written(answer, secret)),
    };
  };
  return (request) => (request.cookies[cookie.name] === undefined ? client(null) : cookie.read(request).then(client));
}

/** The origins as browsers write them. Throws a TypeError for what is none. */
function checkOrigins(origins: readonly string[]): ReadonlySet<string> {
  for (const origin of origins) {
    if (URL.canParse(origin) && new URL(origin).origin === origin) continue;
    throw new TypeError(`origins has ${JSON.stringify(origin)}, which is no origin`);
  }
  return new Set(origins);
}

/** Whether an origin is that of the host which the request is for. Of its scheme nothing is known here. */
function isOwn(origin: string, host: string | null): boolean {
  if (host === null || !URL.canParse(origin)) return false;
  const { protocol, host: sender } = new URL(origin);
  // As a URL writes it: without the port that is the scheme's own.
  const own = `${protocol}//${host}`;
  return sender !== "" && URL.canParse(own) && new URL(own).host === sender;
}

/** Throws an HttpError 403 where the browser says that the request comes from a page of another site. */
function checkOrigin({ headers, host }: HttpRequest, trusted: ReadonlySet<string>): void {
  const origin = headers.get("origin");
  if (origin !== null && trusted.has(origin)) return;
  const site = headers.get("sec-fetch-site");
  // It outranks Origin, which is "null" where a page keeps to itself where it is. "none": a user has asked, and no page.
  const isForeign = site === null ? origin !== null && !isOwn(origin, host) : site !== "same-origin" && site !== "none";
  if (isForeign) throw new ForbiddenError("the request comes from another site");
}

/**
 * Middleware that refuses requests which a page of another site had a browser send, with 403. GET, HEAD, OPTIONS and TRACE
 * pass. Any other must not come from another origin, where the browser tells (Sec-Fetch-Site, Origin), and must have the
 * token that `request.state.csrf` gave to a page of the same client, in a header or a form.
 *
 * Throws a RangeError for keys that are too short, and a TypeError for an origin that is none.
 */
export function csrf(options: CsrfOptions = {}): Middleware {
  const { keys, name = "csrf", secure = false, sameSite = "lax" } = options;
  const { header = "X-CSRF-Token", field = "_csrf", origins = [] } = options;
  const trusted = checkOrigins(origins);
  const cookieName = secure && !/^__(?:host|secure)-/i.test(name) ? `__Host-${name}` : name;
  const open = keys === undefined ? inSession : inCookie(signedCookie(cookieName, { keys, secure, sameSite }));
  const told = { name: cookieName, secure, sameSite, origins, header, field, keys: keys?.map(strengthOf) };

  const tokenIn = async (request: HttpRequest): Promise<string> => {
    const given = request.headers.get(header);
    if (given !== null || !FORM.test(request.headers.get("content-type") ?? "")) return given ?? "";
    const value = (await request.form()).get(field);
    return typeof value === "string" ? value : "";
  };

  const middleware: Middleware = (next) => {
    const serve = (request: HttpRequest, client: Client): Answer | Promise<Answer> => {
      // Made where it is asked for, so that others keep nothing.
      const get = () => tokenOf(client.find() ?? client.make());
      Object.defineProperty(request.state, "csrf", { get, configurable: true, enumerable: true });
      const answer = next(request);
      return isPromise(answer) ? Promise.resolve(answer).then((value) => client.finish(value)) : client.finish(answer);
    };
    const check = async (request: HttpRequest, client: Client): Promise<Answer> => {
      const secret = client.find();
      const token = await tokenIn(request);
      if (secret !== null && isSameSecret(secretOf(token), secret)) return serve(request, client);
      throw new ForbiddenError("the request has no valid CSRF token");
    };
    return (request) => {
      const isSafe = SAFE.includes(request.method);
      if (!isSafe) checkOrigin(request, trusted);
      const go = isSafe ? serve : check;
      const client = open(request);
      return isPromise(client) ? client.then((opened) => go(request, opened)) : go(request, client);
    };
  };
  return described(middleware, "csrf", told);
}
