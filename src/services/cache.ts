/** `pyrois/cache`: answers and values that are made once, and given again. */
import { type CachedFunction, cachedFunction } from "./cache/calls.ts";
import { Entries } from "./cache/entries.ts";
import {
  type CachedOptions,
  type CacheOptions,
  checkStore,
  DEFAULT_CACHE_OPTIONS,
  milliseconds,
  type WrapOptions,
} from "./cache/options.ts";
import { type CachedMiddleware, cachedMiddleware, type RouteContext } from "./cache/route.ts";
import { checkWhole } from "./stores/store.ts";
import { MemoryStore } from "./stores.ts";

export type { CachedFunction } from "./cache/calls.ts";
export { type CachedOptions, type CacheOptions, DEFAULT_CACHE_OPTIONS, type WrapOptions } from "./cache/options.ts";
export type { CachedHandler, CachedMiddleware } from "./cache/route.ts";

/**
 * Keeps answers of routes, and what functions give, for some time. A store that fails, or takes too long, is left alone
 * for a while: then everything is made as if there were no cache.
 *
 * Answers are kept of GET, with status 200, to requests without Authorization. Never kept is what sets a cookie, what says
 * `Cache-Control: private`, `no-store` or `no-cache`, what varies by a field that does not count, and what has trailers.
 * Who asks while an answer is being made waits for it; content that is iterated leaves as it comes, is kept when all of it
 * has left, and nobody waits for that.
 */
export class Cache {
  readonly #context: RouteContext & Parameters<typeof cachedFunction>[0];
  /** Names of functions, which no two may share. */
  readonly #names = new Set<string>();

  /** Throws a TypeError or RangeError that names the option which makes no sense. */
  constructor(options: CacheOptions = {}) {
    const all = { ...DEFAULT_CACHE_OPTIONS, logger: console, now: Date.now, ...options };
    const { logger, now, timeout, staleWhileRevalidate } = all;
    milliseconds("timeout", timeout);
    milliseconds("staleWhileRevalidate", staleWhileRevalidate, 0);
    const maxEntries = checkWhole("threshold", all.threshold);
    const entries = new Entries(all.store ? checkStore(all.store) : new MemoryStore({ maxEntries, now }), {
      storeTimeout: checkWhole("storeTimeout", all.storeTimeout),
      storeRetry: milliseconds("storeRetry", all.storeRetry),
      logger,
      now,
    });
    const maxEntrySize = checkWhole("maxEntrySize", all.maxEntrySize);
    this.#context = { entries, now, timeout, staleWhileRevalidate, maxEntrySize, logger };
  }

  /** Has answers cached. Throws a TypeError or RangeError that names the option which makes no sense. */
  middleware(options: CachedOptions = {}): CachedMiddleware {
    return cachedMiddleware(this.#context, options);
  }

  /**
   * A function that gives what another has given for the same arguments. Values are those that the store can keep, and
   * what was thrown is not kept. Throws a TypeError where the function has no name, or one that another has already, and
   * a TypeError or RangeError that names the option which makes no sense.
   */
  wrap<F extends (...values: never[]) => unknown>(
    make: F,
    options: WrapOptions<Parameters<F>, Awaited<ReturnType<F>>> = {},
  ): CachedFunction<Parameters<F>, Awaited<ReturnType<F>>> {
    const { name = make.name } = options;
    if (name === "") throw new TypeError("name: a function without a name of its own must be given one");
    if (this.#names.has(name)) throw new TypeError(`name: another function of this cache has the name ${name}`);
    type Make = (...values: Parameters<F>) => Awaited<ReturnType<F>> | Promise<Awaited<ReturnType<F>>>;
    const cached = cachedFunction(this.#context, make as unknown as Make, options, name);
    this.#names.add(name);
    return cached;
  }

  /** Forgets what is kept by a key that `makeCacheKey` gives. Rejects where the store fails, as the others do. */
  delete(key: string): Promise<void> {
    return this.#context.entries.delete(key);
  }

  /** Forgets all that has one of these tags, in all processes that share the store. */
  invalidate(...tags: readonly string[]): Promise<void> {
    return this.#context.entries.invalidate(tags);
  }

  /** Forgets all that is in the store. */
  clear(): Promise<void> {
    return this.#context.entries.clear();
  }
}

let common: Cache | null = null;

/** As `middleware` of a cache in memory that all who call this share. */
export function cached(options: CachedOptions = {}): CachedMiddleware {
  common ??= new Cache();
  return common.middleware(options);
}
