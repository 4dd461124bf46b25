/** `pyrois/cookies`: cookies whose values clients cannot change (signed), or not even read (sealed). */
import { createHmac, hkdfSync, timingSafeEqual } from "node:crypto";
import type { CookieOptions, HttpRequest, HttpResponse } from "../http/index.ts";

/** Characters of a key that is text, or bytes of one that is bytes: fewer could be guessed. */
const MIN_KEY_SIZE = 32;

/** What a cookie is protected by, beside what any cookie may have. */
export interface ProtectedCookieOptions extends CookieOptions {
  /**
   * Secrets of at least 32 characters or bytes. The first protects what is written, all open what is read: to change
   * keys put a new one first, and take the old one away when what it protected has expired.
   */
  readonly keys: readonly (string | Uint8Array)[];
  /** The time in milliseconds since 1970; that of the system by default. */
  readonly now?: () => number;
}

/** A cookie whose value is any JSON value, protected. */
export interface ProtectedCookie<T> {
  readonly name: string;
  /**
   * The value that came with a request; null where there is none, it is not whole, was not written with one of the keys
   * under this name, or has expired, whatever the client thinks of that.
   */
  read(request: HttpRequest): Promise<T | null>;
  /** Sets the cookie. Rejects as `response.setCookie` throws, and with a TypeError for what JSON cannot say. */
  write(response: HttpResponse, value: T): Promise<void>;
  /** Has the client forget it. */
  clear(response: HttpResponse): void;
}

/** How texts are protected. */
interface Protection {
  protect(text: string): Promise<string>;
  /** The text that was protected; null where it was not, or not by this. */
  open(text: string): Promise<string | null>;
}

/** A value, and from when on it counts no more in milliseconds since 1970. */
type Content<T> = readonly [value: T, expires?: number];

const encoder = new TextEncoder();

/** Keys as bytes. Throws a TypeError where one is none, and a RangeError where there is none, or one is too short. */
function bytesOf(keys: ProtectedCookieOptions["keys"]): Uint8Array<ArrayBuffer>[] {
  if (!Array.isArray(keys)) throw new TypeError("the keys of a cookie are a list");
  if (keys.length === 0) throw new RangeError("a protected cookie needs a key");
  return keys.map((key: unknown) => {
    // Where a variable of the environment is not set, say.
    if (typeof key !== "string" && !(key instanceof Uint8Array)) {
      throw new TypeError(`a key of a cookie is a string or a Uint8Array, not ${key === null ? "null" : typeof key}`);
    }
    if (key.length >= MIN_KEY_SIZE) return typeof key === "string" ? encoder.encode(key) : new Uint8Array(key);
    const unit = typeof key === "string" ? "characters" : "bytes";
    throw new RangeError(`a key of a cookie has at least ${MIN_KEY_SIZE} ${unit}, not ${key.length}`);
  });
}

/**
 * Bytes made of each key for one purpose (HKDF, RFC 5869). The name is part of that, so that the value of one cookie is
 * none of another's, and so is the kind, so that one key can serve both.
 */
function derive(keys: ProtectedCookieOptions["keys"], purpose: string, size: number): Uint8Array[] {
  return bytesOf(keys).map((secret) => new Uint8Array(hkdfSync("sha256", secret, "", purpose, size)));
}

function protectedCookie<T>(name: string, options: ProtectedCookieOptions, protection: Protection): ProtectedCookie<T> {
  const { keys: _, now = Date.now, ...attributes } = options;
  const { maxAge, expires } = attributes;
  return {
    name,
    async read(request) {
      const { [name]: text } = request.cookies;
      const opened = text === undefined ? null : await protection.open(text);
      if (opened === null) return null;
      const [value, end = Number.POSITIVE_INFINITY] = JSON.parse(opened) as Content<T>;
      return now() < end ? value : null;
    },
    async write(response, value) {
      if (JSON.stringify(value) === undefined) throw new TypeError(`${typeof value} has no JSON`);
      const end = maxAge === undefined ? expires?.getTime() : now() + maxAge * 1000;
      const content: Content<T> = end === undefined ? [value] : [value, end];
      response.setCookie(name, await protection.protect(JSON.stringify(content)), attributes);
    },
    clear(response) {
      const { maxAge: _age, expires: _expires, ...others } = attributes;
      response.clearCookie(name, others);
    },
  };
}

/** A payload and its HMAC-SHA-256, both in base64url. */
const SIGNED = /^([\w-]+)\.([\w-]{43})$/;

function signing(keys: readonly Uint8Array[]): Protection {
  const macOf = (key: Uint8Array, payload: string) => createHmac("sha256", key).update(payload).digest();
  return {
    async protect(text) {
      const payload = Buffer.from(text).toString("base64url");
      return `${payload}.${macOf(keys[0], payload).toString("base64url")}`;
    },
    async open(text) {
      const [, payload, mac] = SIGNED.exec(text) ?? [];
      if (payload === undefined) return null;
      const bytes = Buffer.from(mac, "base64url");
      // Of the last character some bits do not count.
      if (bytes.toString("base64url") !== mac) return null;
      // Takes as long wherever the difference is.
      const genuine = keys.some((key) => timingSafeEqual(macOf(key, payload), bytes));
      return genuine ? Buffer.from(payload, "base64url").toString() : null;
    },
  };
}

/**
 * A cookie that clients can read and not change. Throws a RangeError where there is no key, or one is too short, and a
 * TypeError where one is no key. With `maxAge` or `expires` it is not read after that.
 */
export function signedCookie<T = string>(name: string, options: ProtectedCookieOptions): ProtectedCookie<T> {
  return protectedCookie(name, options, signing(derive(options.keys, `pyrois signed cookie ${name}`, 32)));
}

/** Half of the bytes encrypt, half prove that nothing was changed. */
function halves(key: Uint8Array): { encryption: Uint8Array; integrity: Uint8Array } {
  return { encryption: key.subarray(0, 32), integrity: key.subarray(32) };
}

function sealing(keys: readonly Uint8Array[]): Protection {
  const load = async () => {
    const { defaults, seal, unseal } = await import("iron-webcrypto");
    return { seal, unseal, how: { ...defaults, encode: String, decode: String } };
  };
  return {
    async protect(text) {
      const { seal, how } = await load();
      return seal(text, halves(keys[0]), how);
    },
    async open(text) {
      const { unseal, how } = await load();
      for (const key of keys) {
        // What was not sealed with this key rejects, for whatever reason.
        const opened = await unseal(text, { default: halves(key) }, how).catch(() => null);
        if (opened !== null) return String(opened);
      }
      return null;
    },
  };
}

/** A cookie that clients can neither read nor change; else as `signedCookie`. */
export function sealedCookie<T = unknown>(name: string, options: ProtectedCookieOptions): ProtectedCookie<T> {
  return protectedCookie(name, options, sealing(derive(options.keys, `pyrois sealed cookie ${name}`, 64)));
}
