/** What a store is, and what all of them check. */
import { createHash } from "node:crypto";

/**
 * Keeps values by key, each for some time. Values are those of JSON, and bytes; what else there is in them may come back
 * changed, or not at all. A value is not copied where it need not be: do not change what was given to a store or came
 * from it.
 *
 * Every operation throws, or rejects, where the store fails or has not answered in time. Whoever calls decides what that
 * means; what was begun may still happen.
 */
export interface Store {
  /** The value of a key, or the promise of it; undefined where there is none, or its time is over. */
  get(key: string): unknown;
  /** Keeps a value, in place of what the key had, for so many milliseconds. */
  set(key: string, value: unknown, ttlMs: number): void | Promise<void>;
  /** Forgets the value of a key, where there is one. */
  delete(key: string): void | Promise<void>;
  /** Forgets all values of this store. */
  clear(): void | Promise<void>;
  /**
   * Adds 1 to the number of a key, and gives the sum; the time begins with the first. In one step: of many that count at
   * once each gets another number. Stores that cannot do that have no such method.
   */
  increment?(key: string, ttlMs: number): number | Promise<number>;
  /** Lets go of what the store holds open, a connection for example. Values stay. */
  close?(): void | Promise<void>;
}

/** Milliseconds after which an operation has failed. */
export const DEFAULT_TIMEOUT = 1000;

/** Throws a RangeError where a limit is no whole number of at least 1. */
export function checkWhole(name: string, value: number): number {
  if (Number.isSafeInteger(value) && value >= 1) return value;
  throw new RangeError(`${name} must be a whole number of at least 1, not ${value}`);
}

/** The same name for a key wherever names are short and plain; no two keys share one (SHA-256 of UTF-16). */
export function hashKey(key: string): string {
  return createHash("sha256").update(Buffer.from(key, "utf16le")).digest("hex");
}

/** What an operation gives, if it does so in time; rejects otherwise. */
export async function within<T>(timeout: number, store: string, operation: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`the ${store} has not answered within ${timeout} ms`)), timeout);
  });
  try {
    return await Promise.race([operation, late]);
  } finally {
    clearTimeout(timer);
  }
}
