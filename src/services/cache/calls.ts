/** What functions give, from the cache or into it. */
import { quiet } from "../../h1/quiet.ts";
import type { Logger } from "../../http/index.ts";
import type { Entries, Entry, Flight, Times } from "./entries.ts";
import { callKeys } from "./keys.ts";
import { checkFunctions, checkTexts, milliseconds, type WrapOptions } from "./options.ts";

/** A function whose values are cached. */
export interface CachedFunction<A extends unknown[], R> {
  (...values: A): Promise<R>;
  /** The function as it was. */
  readonly uncached: (...values: A) => R | Promise<R>;
  /** Seconds for which a value is fresh; may be set. */
  cacheTimeout: number;
  /** What the value of these arguments is kept by. */
  makeCacheKey(...values: A): string;
}

/** What a function is given by its cache. */
export interface CallContext {
  readonly entries: Entries;
  readonly timeout: number;
  readonly staleWhileRevalidate: number;
  readonly logger: Logger;
}

class CachedCalls<A extends unknown[], R> {
  readonly #context: CallContext;
  readonly #make: (...values: A) => R | Promise<R>;
  readonly #options: WrapOptions<A, R>;
  readonly keyOf: (...values: A) => string;
  times: Times;

  constructor(
    context: CallContext,
    make: (...values: A) => R | Promise<R>,
    options: WrapOptions<A, R>,
    name: string,
    times: Times,
  ) {
    this.#context = context;
    this.#make = make;
    this.#options = options;
    this.keyOf = callKeys(name, options.key);
    this.times = times;
  }

  async call(...values: A): Promise<R> {
    const { entries, logger } = this.#context;
    const { unless, forcedUpdate } = this.#options;
    if (unless?.(...values)) return this.#make(...values);
    const key = this.keyOf(...values);
    if (forcedUpdate?.(...values)) return this.#value(this.#begin(key, values));
    const entry = await entries.find(key);
    if (entry === undefined) return this.#value(entries.flights.get(key) ?? this.#begin(key, values));
    if (!entries.isFresh(entry) && !entries.flights.has(key)) {
      this.#begin(key, values).done.catch((error) => logger.warn("a value of the cache could not be made anew", error));
    }
    return entry.content as R;
  }

  async #value({ done }: Flight): Promise<R> {
    return (await done)?.content as R;
  }

  /** Has a value made; all who want it meanwhile get it, or its error. */
  #begin(key: string, values: A): Flight {
    const { flights } = this.#context.entries;
    const end = () => {
      if (flights.get(key) === flight) flights.delete(key);
    };
    const flight: Flight = { leader: this, done: quiet(this.#run(key, values, () => end())) };
    flights.set(key, flight);
    flight.done.catch(end);
    return flight;
  }

  async #run(key: string, values: A, end: () => void): Promise<Entry> {
    const { entries } = this.#context;
    const { tags = [], responseFilter } = this.#options;
    const { epoch } = entries;
    const names = typeof tags === "function" ? tags(...values) : tags;
    const versions = names.length === 0 ? null : await entries.versions(names);
    const content = await this.#make(...values);
    const entry = entries.entry(content, this.times, versions);
    const keeps = responseFilter === undefined || responseFilter(content);
    // Nobody waits for the store, and until it has the value, those who come are given it here.
    Promise.resolve(keeps ? entries.keep(key, entry, this.times, epoch) : undefined).then(end);
    return entry;
  }
}

/** A function whose values are cached. Throws a TypeError or RangeError that names the option which makes no sense. */
export function cachedFunction<A extends unknown[], R>(
  context: CallContext,
  make: (...values: A) => R | Promise<R>,
  options: WrapOptions<A, R>,
  name: string,
): CachedFunction<A, R> {
  checkFunctions(options, ["key", "unless", "forcedUpdate", "responseFilter"]);
  if (typeof options.tags !== "function") checkTexts(options, "tags");
  const { timeout = context.timeout, staleWhileRevalidate = context.staleWhileRevalidate } = options;
  const stale = milliseconds("staleWhileRevalidate", staleWhileRevalidate, 0);
  const calls = new CachedCalls(context, make, options, name, { timeout: milliseconds("timeout", timeout), stale });
  const cached = (...values: A) => calls.call(...values);
  return Object.defineProperties(cached, {
    uncached: { value: make },
    makeCacheKey: { value: calls.keyOf },
    cacheTimeout: {
      get: () => calls.times.timeout / 1000,
      set(seconds: number) {
        calls.times = { timeout: milliseconds("cacheTimeout", seconds), stale };
      },
    },
  }) as CachedFunction<A, R>;
}
