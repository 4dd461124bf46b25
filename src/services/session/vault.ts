/** Where sessions are between requests: in a sealed cookie, or in a store under the identity that a signed cookie has. */
import { type HttpRequest, HttpResponse } from "../../http/index.ts";
import { type ProtectedCookie, sealedCookie, signedCookie } from "../cookies.ts";
import type { Store } from "../stores/store.ts";
import type { CheckedOptions } from "./options.ts";
import type { Kept } from "./session.ts";

/** Keeps sessions. What it cannot do it rejects with. */
export interface Vault {
  /** The session of a request; null where it has none, or one that was forged or is over. */
  read(request: HttpRequest): Promise<Kept | null>;
  /** What is kept of a session by now, which another request may have changed; null where it is gone. */
  again(kept: Kept): Promise<Kept | null>;
  /** Keeps a session for so many milliseconds; resolves with the Set-Cookie line for its client. */
  write(kept: Kept, ttlMs: number): Promise<string>;
  /** Forgets a session. */
  remove(id: string): Promise<void>;
  /** The Set-Cookie line that has a client forget its session. */
  clear(): string;
}

/** What is set on a response, as its line. */
function lineOf(response: HttpResponse): string {
  return response.headers.get("Set-Cookie") ?? "";
}

async function written<T>(cookie: ProtectedCookie<T>, value: T): Promise<string> {
  const response = new HttpResponse();
  await cookie.write(response, value);
  return lineOf(response);
}

function cleared(cookie: Pick<ProtectedCookie<unknown>, "clear">): string {
  const response = new HttpResponse();
  cookie.clear(response);
  return lineOf(response);
}

export function openVault(options: CheckedOptions): Vault {
  const { name, keys, store, now, idle, path, domain, secure, sameSite, partitioned, priority } = options;
  const attributes = { path, domain, secure, sameSite, partitioned, priority };
  const given = Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== undefined));
  const how = { keys, now, maxAge: idle, ...given };
  return store ? inStore(signedCookie(name, how), store) : inCookie(sealedCookie(name, how));
}

/** All of it is at the client, so there is nothing to forget, and nobody else to change it. */
function inCookie(cookie: ProtectedCookie<Kept>): Vault {
  return {
    read: (request) => cookie.read(request),
    again: async (kept) => kept,
    write: (kept) => written(cookie, kept),
    remove: async () => {},
    clear: () => cleared(cookie),
  };
}

function inStore(cookie: ProtectedCookie<string>, store: Store): Vault {
  const keyOf = (id: string) => `session ${cookie.name} ${id}`;
  const find = async (id: string) => {
    const text = await store.get(keyOf(id));
    // As text, so that no request has a part of what another has.
    return typeof text === "string" ? (JSON.parse(text) as Kept) : null;
  };
  return {
    async read(request) {
      const id = await cookie.read(request);
      return id === null ? null : find(id);
    },
    again: (kept) => find(kept.id),
    async write(kept, ttlMs) {
      // At once after it was read again: what another request keeps in between is lost.
      await store.set(keyOf(kept.id), JSON.stringify(kept), ttlMs);
      return written(cookie, kept.id);
    },
    async remove(id) {
      await store.delete(keyOf(id));
    },
    clear: () => cleared(cookie),
  };
}
