/** Lets pages of other origins read what is answered: CORS, as the Fetch standard has it (§3.3). */
import { described, isPromise, type Middleware } from "../app/index.ts";
import { type HttpRequest, HttpResponse, isToken } from "../http/index.ts";
import { toldOfResponses, vary } from "./fields.ts";
import { atLeast } from "./options.ts";

/** Whether an origin may; asked with each request that names one. */
export type OriginRule = (origin: string, request: HttpRequest) => boolean | Promise<boolean>;

/** Which pages of other origins may read answers, and what they may send. */
export interface CorsOptions {
  /**
   * Whose pages may read answers: "*" for those of everybody, one origin (`https://example.org`), an expression that an
   * origin matches as a whole, several of these, or a function that is asked.
   */
  readonly origins: string | RegExp | readonly (string | RegExp)[] | OriginRule;
  /** Methods that pages may use. */
  readonly methods?: readonly string[];
  /** Fields that pages may send beside those that all may; "*" for those that they ask for. */
  readonly headers?: readonly string[] | "*";
  /** Fields that pages may read beside those that all may. */
  readonly exposed?: readonly string[];
  /** Whether pages may send cookies and the like. */
  readonly credentials?: boolean;
  /** Seconds for which a browser need not ask again. */
  readonly maxAge?: number;
  /** Whether public pages may come where this server is in a private network. */
  readonly privateNetwork?: boolean;
}

/** Every option that has a default. Whose pages may come has none. */
export const DEFAULT_CORS_OPTIONS: Required<Omit<CorsOptions, "origins">> = {
  methods: ["GET", "HEAD", "PUT", "PATCH", "POST", "DELETE"],
  headers: "*",
  exposed: [],
  credentials: false,
  maxAge: 600,
  privateNetwork: false,
};

/** Throws a TypeError where an origin is not as browsers send it: scheme, host and port where it is not the scheme's. */
function checkOrigin(origin: string): string {
  if (origin === "null" || (URL.canParse(origin) && new URL(origin).origin === origin)) return origin;
  throw new TypeError(`origins has ${JSON.stringify(origin)}, which is no origin like "https://example.org"`);
}

/** As a whole: what only ends like a known origin may be somebody else's. */
function matching({ source, flags }: RegExp): (origin: string) => boolean {
  const whole = new RegExp(`^(?:${source})$`, flags.replace(/[gy]/g, ""));
  return (origin) => whole.test(origin);
}

function ruleOf(origins: CorsOptions["origins"]): OriginRule {
  if (typeof origins === "function") return origins;
  const list = typeof origins === "string" || origins instanceof RegExp ? [origins] : [...origins];
  if (list.length === 0) throw new TypeError("origins must name one at least");
  const known = new Set(list.filter((each) => typeof each === "string").map(checkOrigin));
  const expressions = list.filter((each) => each instanceof RegExp).map(matching);
  return (origin) => known.has(origin) || expressions.some((matches) => matches(origin));
}

/** Names as one value; throws a TypeError where one is none. */
function namesOf(option: string, names: readonly string[]): string {
  for (const name of names) {
    if (!isToken(name)) throw new TypeError(`${option} has ${JSON.stringify(name)}, which is no name`);
  }
  return names.join(", ");
}

/** What a browser asks before it sends what not every page may send (Fetch §3.3.2). */
function isPreflight({ method, headers }: HttpRequest): boolean {
  return method === "OPTIONS" && headers.has("origin") && headers.has("access-control-request-method");
}

/**
 * Tells browsers which pages of other origins may read what is answered, and send what; errors tell it too. It is asked
 * before requests that not every page may send, by OPTIONS, which it answers: around the application for every path, in
 * a group and on a route for theirs. Throws a TypeError or RangeError for an option that makes no sense: that everybody
 * may come with credentials is one.
 *
 * It keeps no request from being served: that is for whoever checks who sends it.
 */
export function cors(options: CorsOptions): Middleware {
  const { methods, headers, exposed, credentials, maxAge, privateNetwork } = { ...DEFAULT_CORS_OPTIONS, ...options };
  const anybody = options.origins === "*";
  if (anybody && credentials) throw new TypeError('credentials cannot be granted to all: origins is "*"');
  const allows = anybody ? () => true : ruleOf(options.origins);
  const allowMethods = namesOf("methods", methods);
  const allowHeaders = headers === "*" ? null : namesOf("headers", headers);
  const exposeHeaders = namesOf("exposed", exposed);
  const age = String(atLeast("maxAge", maxAge, 0));

  const grant = (response: HttpResponse, origin: string): void => {
    const fields = response.headers;
    fields.set("Access-Control-Allow-Origin", anybody ? "*" : origin);
    if (credentials) fields.set("Access-Control-Allow-Credentials", "true");
    if (exposeHeaders !== "") fields.set("Access-Control-Expose-Headers", exposeHeaders);
  };

  const preflight = (request: HttpRequest): HttpResponse => {
    const response = new HttpResponse(null, { status: 204 });
    const fields = response.headers;
    const asked = request.headers.get("access-control-request-headers");
    if (allowMethods !== "") fields.set("Access-Control-Allow-Methods", allowMethods);
    if (allowHeaders === null) vary(fields, "Access-Control-Request-Headers");
    const granted = allowHeaders ?? asked ?? "";
    if (granted !== "") fields.set("Access-Control-Allow-Headers", granted);
    fields.set("Access-Control-Max-Age", age);
    if (privateNetwork && request.headers.get("access-control-request-private-network") === "true") {
      fields.set("Access-Control-Allow-Private-Network", "true");
    }
    return response;
  };

  // What it grants without naming an origin grants nothing: who may come is said here alone.
  const middleware = toldOfResponses(
    (response, request) => {
      if (!anybody) vary(response.headers, "Origin");
      const origin = request.done ? null : request.headers.get("origin");
      const allowed = origin !== null && allows(origin, request);
      const answer = (yes: boolean) => (yes && origin !== null ? grant(response, origin) : undefined);
      return isPromise(allowed) ? allowed.then(answer) : answer(allowed);
    },
    (next) => (request) => (isPreflight(request) ? preflight(request) : next(request)),
  );
  return described(middleware, "cors", { ...DEFAULT_CORS_OPTIONS, ...options });
}
