/** Secrets, and the cookies that they protect. */
import type { SecretStrength } from "../services/secrets.ts";
import type { Found, Rule } from "./rule.ts";
import { together } from "./rule.ts";
import { has, type Subject, type Use } from "./subject.ts";

/** Characters or bytes, and bits, of a key that nobody guesses: 32 random ones have more than 100 however written. */
const KEY = { size: 32, bits: 90 };
/** The same of what proves who somebody is and is asked for over the network alone. */
const TOKEN = { size: 16, bits: 40 };
const PASSWORD = { size: 10, bits: 20 };

const RANDOM = "have it made by a machine, as `openssl rand -base64 32`, and keep it out of the source";

function weakness({ size, bits, known }: SecretStrength, least: typeof KEY): string | null {
  if (known) return "is one that others try first, or has it in it";
  if (size < least.size) return `has only ${size} characters`;
  return bits < least.bits ? "is too regular" : null;
}

/** What is weak among the secrets that an option of something has. */
function* weak(uses: readonly Use[], option: string, least: typeof KEY, what: string): Iterable<Found> {
  for (const { where, options } of uses) {
    for (const strength of (options[option] ?? []) as readonly SecretStrength[]) {
      const why = weakness(strength, least);
      if (why !== null) yield { what: `${what} ${why}`, where, how: RANDOM };
    }
  }
}

function* weakKey(subject: Subject): Iterable<Found> {
  yield* weak(subject.uses("session"), "keys", KEY, "a key of sessions");
  yield* weak(subject.uses("csrf"), "keys", KEY, "a key of CSRF tokens");
}

function* weakPassword(subject: Subject): Iterable<Found> {
  yield* weak(subject.uses("basicAuth"), "passwords", PASSWORD, "a password");
  yield* weak(subject.uses("bearerAuth"), "tokens", TOKEN, "a token");
}

/** Cookies that something sets. */
function cookies(subject: Subject): Use[] {
  const csrf = subject.uses("csrf").filter(({ options }) => options.keys !== undefined);
  return [...subject.uses("session"), ...csrf];
}

function* cookieNotSecure(subject: Subject): Iterable<Found> {
  if (!subject.production) return;
  for (const { where, options } of cookies(subject)) {
    if (options.secure) continue;
    const what = `the cookie ${options.name} is sent over plain HTTP, too, where anybody on the way reads it`;
    yield { what, where, how: "say { secure: true }, which needs HTTPS, here or at a proxy" };
  }
}

function* cookieSameSite(subject: Subject): Iterable<Found> {
  for (const { where, options } of cookies(subject)) {
    if (options.sameSite !== "none") continue;
    const what = `the cookie ${options.name} comes with requests that other sites cause (SameSite=None)`;
    yield { what, where, how: 'say { sameSite: "lax" }, unless pages of other sites embed this one' };
  }
}

function* cookieWithoutTls(subject: Subject): Iterable<Found> {
  if (!subject.plain) return;
  for (const { where, options } of cookies(subject)) {
    if (!options.secure) continue;
    const what = `the cookie ${options.name} is secure, and nothing says that clients come by HTTPS: they would drop it`;
    yield { what, where, how: "give tls to listen, or say which proxy ends it: trustedProxies([…])" };
  }
}

function csrfMissing(subject: Subject): Found[] {
  const open = subject.changing.filter((route) => has(route, "session") && !has(route, "csrf"));
  const what = "what a user may do by a session, pages of other sites can have the browser do";
  return together(open, what, "put csrf() within session()");
}

export const COOKIE_RULES: readonly Rule[] = [
  { id: "weak-key", level: "high", find: weakKey },
  { id: "weak-password", level: "medium", find: weakPassword },
  { id: "cookie-not-secure", level: "medium", find: cookieNotSecure },
  { id: "cookie-same-site", level: "low", find: cookieSameSite },
  { id: "cookie-without-tls", level: "medium", find: cookieWithoutTls },
  { id: "csrf-missing", level: "high", find: csrfMissing },
];
