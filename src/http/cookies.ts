/** Cookies: the field of a request as a record, and the lines of a response that set them (RFC 6265). */
import { parseCookie, stringifySetCookie } from "cookie";
import { isToken } from "../h1/index.ts";

/** Values of cookies by name; an object without a prototype, so every name is a cookie's or nobody's. */
export type Cookies = Readonly<Record<string, string | undefined>>;

/** Bytes of a cookie with its name and attributes, beyond which browsers may drop it without a word (RFC 6265 §6.1). */
export const MAX_COOKIE_SIZE = 4096;

/** What is said of a cookie beside its name and value. */
export interface CookieOptions {
  /** Host that it is for, and all hosts below it; by default the one that sets it, and none below. */
  readonly domain?: string;
  /** Path below which it is sent; "/" by default. */
  readonly path?: string;
  /** Until when it is kept; by default as long as the browser runs. */
  readonly expires?: Date;
  /** Seconds for which it is kept, whatever `expires` says; 0 has it forgotten. */
  readonly maxAge?: number;
  /** Whether scripts do not see it; true by default. */
  readonly httpOnly?: boolean;
  /**
   * Whether it is sent by HTTPS alone. False by default, for a response does not know whether it leaves by HTTPS, and by
   * HTTP such a cookie is dropped: say true wherever the site is served by HTTPS.
   */
  readonly secure?: boolean;
  /**
   * Whether requests that other sites cause have it: "strict" none, "lax" those that lead a user here, "none" all.
   * "lax" by default.
   */
  readonly sameSite?: "strict" | "lax" | "none";
  /** Whether it is another one for each site that embeds this one; false by default. */
  readonly partitioned?: boolean;
  /** What some browsers forget last where there are too many. */
  readonly priority?: "low" | "medium" | "high";
}

/** Says which cookie is meant; a browser forgets it only where all are as it was set with. */
export type ClearCookieOptions = Omit<CookieOptions, "expires" | "maxAge">;

const SAME_SITE: readonly unknown[] = ["strict", "lax", "none"];

/**
 * The cookies of a Cookie field. The first of a name counts, for clients send the one that fits best first (RFC 6265
 * §5.4). Values are percent-decoded; one that is no valid encoding stays as it is. What has no name is left out.
 */
export function parseCookies(field: string): Cookies {
  const cookies: Record<string, string | undefined> = Object.create(null);
  for (const [name, value] of Object.entries(parseCookie(field))) if (name !== "") cookies[name] = value;
  return cookies;
}

/** Throws a TypeError where browsers would drop a cookie, for what its name or another attribute asks for. */
function checkNeeds(name: string, cookie: CookieOptions): void {
  const { secure, path, domain, sameSite, partitioned } = cookie;
  // RFC 6265bis §4.1.3; browsers compare prefixes without case.
  const prefix = /^__(?:host|secure)-/i.exec(name)?.[0];
  const why = prefix ?? (sameSite === "none" ? "SameSite=None" : partitioned ? "Partitioned" : null);
  if (why !== null && !secure) throw new TypeError(`the cookie ${name} must be secure, because of ${why}`);
  if (prefix?.toLowerCase() === "__host-" && (path !== "/" || domain !== undefined)) {
    throw new TypeError(`the cookie ${name} must have the path "/" and no domain, because of ${prefix}`);
  }
}

/** The line of a cookie; throws a TypeError that names it where an attribute could not be sent. */
function lineOf(name: string, value: string, cookie: CookieOptions): string {
  try {
    return stringifySetCookie({ ...cookie, name, value });
  } catch (cause) {
    throw new TypeError(`the cookie ${name} cannot be set: ${(cause as Error).message}`, { cause });
  }
}

/**
 * The value of a Set-Cookie field; the cookie's own value is percent-encoded. Throws a TypeError where the cookie could
 * not be sent, or browsers would drop it, and a RangeError where it is larger than `MAX_COOKIE_SIZE`.
 */
export function setCookieLine(name: string, value: string, options: CookieOptions = {}): string {
  const { path = "/", httpOnly = true, secure = false, sameSite = "lax", maxAge, ...others } = options;
  const cookie = { ...others, path, httpOnly, secure, sameSite, ...(maxAge !== undefined && { maxAge }) };
  if (!isToken(name)) throw new TypeError(`${JSON.stringify(name)} is no name of a cookie`);
  // Half a surrogate pair has no encoding.
  if (typeof value !== "string" || /\p{Surrogate}/u.test(value)) {
    throw new TypeError(`the value of the cookie ${name} is no text`);
  }
  if (!path.startsWith("/")) throw new TypeError(`the path of the cookie ${name} does not begin with "/"`);
  if (!SAME_SITE.includes(sameSite)) throw new TypeError(`sameSite of the cookie ${name} is one of ${SAME_SITE}`);
  if (maxAge !== undefined && !Number.isSafeInteger(maxAge)) {
    throw new TypeError(`maxAge of the cookie ${name} is a whole number of seconds, not ${maxAge}`);
  }
  checkNeeds(name, cookie);
  const line = lineOf(name, value, cookie);
  if (line.length > MAX_COOKIE_SIZE) {
    throw new RangeError(
      `the cookie ${name} has ${line.length} bytes, and browsers keep no more than ${MAX_COOKIE_SIZE}`,
    );
  }
  return line;
}

/** The value of a Set-Cookie field that has a cookie forgotten. Throws as `setCookieLine`. */
export function clearCookieLine(name: string, options: ClearCookieOptions = {}): string {
  return setCookieLine(name, "", { ...options, expires: new Date(0), maxAge: 0 });
}
