import type { CookieOptions } from "../../http/index.ts";
import type { Store } from "../stores/store.ts";

/** What sessions are made with. Times in seconds. */
export interface SessionOptions
  extends Pick<CookieOptions, "path" | "domain" | "secure" | "sameSite" | "partitioned" | "priority"> {
  /**
   * Secrets of at least 32 characters or bytes. The first protects what is written, all open what is read: to change keys
   * put a new one first, and take the old one away after `idle`.
   */
  readonly keys: readonly (string | Uint8Array)[];
  /** Where sessions are kept; without it all of a session is in its cookie, sealed. */
  readonly store?: Store;
  /** Name of the cookie, before the prefix that `secure` gives it; "session" by default. */
  readonly name?: string;
  /** How long a session lasts that nobody uses; a day by default. */
  readonly idle?: number;
  /** How long a session lasts at the most, since it began or was given another identity; 7 days by default. */
  readonly absolute?: number;
  /** Whether being used is enough to last on; otherwise `idle` begins with the last change. True by default. */
  readonly rolling?: boolean;
  /**
   * What happens while the store is down. "empty", the default, gives every client an empty session that is not kept;
   * "refuse" answers with 503 whoever has a session, or would get one.
   */
  readonly whenDown?: "empty" | "refuse";
  /** The time in milliseconds since 1970; that of the system by default. */
  readonly now?: () => number;
}

/** Every option that has a default. */
export const DEFAULT_SESSION_OPTIONS = {
  name: "session",
  idle: 86_400,
  absolute: 604_800,
  rolling: true,
  whenDown: "empty",
  path: "/",
  secure: false,
  sameSite: "lax",
} as const;

/** The options with their defaults. */
export type CheckedOptions = SessionOptions &
  Required<Pick<SessionOptions, "name" | "idle" | "absolute" | "rolling" | "whenDown" | "now">>;

/** The name with the prefix that has browsers hold what it promises (RFC 6265bis §4.1.3). */
function prefixed({ name = "", secure, path, domain }: SessionOptions): string {
  if (!secure || /^__(?:host|secure)-/i.test(name)) return name;
  return path === "/" && domain === undefined ? `__Host-${name}` : `__Secure-${name}`;
}

/** Throws a RangeError where a time is no whole number of seconds of at least 1, and a TypeError for another option. */
export function checkOptions(options: SessionOptions): CheckedOptions {
  const all = { ...DEFAULT_SESSION_OPTIONS, now: Date.now, ...options };
  for (const name of ["idle", "absolute"] as const) {
    if (Number.isSafeInteger(all[name]) && all[name] >= 1) continue;
    throw new RangeError(`${name} must be a whole number of seconds of at least 1, not ${all[name]}`);
  }
  if (all.whenDown !== "empty" && all.whenDown !== "refuse") {
    throw new TypeError(`whenDown is "empty" or "refuse", not ${JSON.stringify(all.whenDown)}`);
  }
  return { ...all, name: prefixed(all) };
}
