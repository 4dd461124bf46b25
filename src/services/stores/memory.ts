import type { LRUCache } from "lru-cache";
import { checkWhole, type Store } from "./store.ts";

/** What bounds a store in memory. */
export interface MemoryStoreOptions {
  /** Values that are kept at once; beyond it those go that were not asked for the longest. 10 000 by default. */
  readonly maxEntries?: number;
  /** The time in milliseconds; that of the system by default. */
  readonly now?: () => number;
}

interface Entry {
  readonly value: unknown;
  readonly expires: number;
}

type Entries = LRUCache<string, Entry>;

/**
 * Keeps values in the memory of this process: they end with it, and no other process sees them. What it gives it gives at
 * once, and as it was put in.
 */
export class MemoryStore implements Store {
  readonly #now: () => number;
  readonly #loading: Promise<Entries>;
  /** Null until the library is there. */
  #entries: Entries | null = null;

  /** Throws a RangeError where `maxEntries` is no whole number of at least 1. */
  constructor({ maxEntries = 10_000, now = Date.now }: MemoryStoreOptions = {}) {
    checkWhole("maxEntries", maxEntries);
    this.#now = now;
    this.#loading = this.#load(maxEntries);
    // Whoever uses the store is told where that fails.
    this.#loading.catch(() => {});
  }

  async #load(max: number): Promise<Entries> {
    const { LRUCache } = await import("lru-cache");
    this.#entries = new LRUCache<string, Entry>({ max });
    return this.#entries;
  }

  #use<T>(work: (entries: Entries) => T): T | Promise<T> {
    return this.#entries === null ? this.#loading.then(work) : work(this.#entries);
  }

  #find(entries: Entries, key: string): Entry | undefined {
    const entry = entries.get(key);
    if (entry === undefined || this.#now() < entry.expires) return entry;
    entries.delete(key);
    return undefined;
  }

  get(key: string): unknown {
    return this.#use((entries) => this.#find(entries, key)?.value);
  }

  set(key: string, value: unknown, ttlMs: number): void | Promise<void> {
    const expires = this.#now() + checkWhole("ttlMs", ttlMs);
    return this.#use((entries) => {
      entries.set(key, { value, expires });
    });
  }

  delete(key: string): void | Promise<void> {
    return this.#use((entries) => {
      entries.delete(key);
    });
  }

  clear(): void | Promise<void> {
    return this.#use((entries) => entries.clear());
  }

  increment(key: string, ttlMs: number): number | Promise<number> {
    checkWhole("ttlMs", ttlMs);
    return this.#use((entries) => {
      const found = this.#find(entries, key);
      const value = Number(found?.value ?? 0) + 1;
      entries.set(key, { value, expires: found?.expires ?? this.#now() + ttlMs });
      return value;
    });
  }
}
