import type { HttpRequest, HttpResponse, Logger } from "../../http/index.ts";
import type { Store } from "../stores.ts";

/** What a cache is made with. Times in seconds where nothing else is said, sizes in bytes. */
export interface CacheOptions {
  /**
   * Where values are kept; in memory by default. Give the cache one of its own, as `clear` forgets all that is in it, and
   * do not close it before the server has stopped.
   */
  readonly store?: Store;
  /** How long a value is fresh. */
  readonly timeout?: number;
  /** How much longer a value is given that is no longer fresh, while it is made anew in the background. */
  readonly staleWhileRevalidate?: number;
  /** Values that are kept in memory; those go that were not asked for the longest. Not for a store that is given. */
  readonly threshold?: number;
  /** Content of an answer; what has more is not kept. */
  readonly maxEntrySize?: number;
  /** Milliseconds that the store may take; then it has failed, and the value is made as if there were none. */
  readonly storeTimeout?: number;
  /** How long a store that has failed is left alone. */
  readonly storeRetry?: number;
  /** Told where the store fails, or a value could not be made anew; the console by default. */
  readonly logger?: Logger;
  /** The time in milliseconds; that of the system by default. */
  readonly now?: () => number;
}

/** Every option that has a default. */
export const DEFAULT_CACHE_OPTIONS: Required<Omit<CacheOptions, "store" | "logger" | "now">> = {
  timeout: 300,
  staleWhileRevalidate: 0,
  threshold: 1000,
  maxEntrySize: 262_144,
  storeTimeout: 100,
  storeRetry: 10,
};

/** How answers are cached. */
export interface CachedOptions {
  /** Seconds; that of the cache by default. */
  readonly timeout?: number;
  /** Seconds; that of the cache by default. */
  readonly staleWhileRevalidate?: number;
  /**
   * Stands for host and path: a text, in which `%s` is the path, or what a function makes of the request. Query and `vary`
   * count beside it.
   */
  readonly key?: string | ((request: HttpRequest) => string);
  /** Whether the query counts: as it was sent (true, the default), not at all, or only these of its names. */
  readonly query?: boolean | readonly string[];
  /** Fields of the request that count. An answer whose Vary names others is not kept. */
  readonly vary?: readonly string[];
  /** Methods whose answers are kept; ["GET"] by default. HEAD gets what GET has, and content does not count. */
  readonly methods?: readonly string[];
  /** Statuses of answers that are kept; [200] by default. */
  readonly statuses?: readonly number[];
  /**
   * Whether requests with Authorization are served from the cache too, and from the same answers as others. False by
   * default, unless `vary` names Authorization.
   */
  readonly authorized?: boolean;
  /** Where it gives true, the cache is passed by. */
  readonly unless?: (request: HttpRequest) => boolean;
  /** Where it gives true, the answer is made anew, and kept. */
  readonly forcedUpdate?: (request: HttpRequest) => boolean;
  /** Where it gives false, the answer is not kept. */
  readonly responseFilter?: (response: HttpResponse) => boolean;
  /** What `invalidate` calls the answers. */
  readonly tags?: readonly string[] | ((request: HttpRequest) => readonly string[]);
}

/** How what a function gives is cached. */
export interface WrapOptions<A extends unknown[], R> {
  /** Tells the function from others of the cache, in every process; its own name by default. */
  readonly name?: string;
  /** Seconds; that of the cache by default. */
  readonly timeout?: number;
  /** Seconds; that of the cache by default. */
  readonly staleWhileRevalidate?: number;
  /** Tells arguments apart; by default all that structured cloning keeps of them counts. */
  readonly key?: (...values: A) => string;
  /** Where it gives true, the cache is passed by. */
  readonly unless?: (...values: A) => boolean;
  /** Where it gives true, the value is made anew, and kept. */
  readonly forcedUpdate?: (...values: A) => boolean;
  /** Where it gives false, the value is not kept. */
  readonly responseFilter?: (value: R) => boolean;
  /** What `invalidate` calls the values. */
  readonly tags?: readonly string[] | ((...values: A) => readonly string[]);
}

/** Milliseconds of a number of seconds. Throws a RangeError that names it where it is none above `least`. */
export function milliseconds(name: string, seconds: unknown, least: 0 | "more than 0" = "more than 0"): number {
  const enough = least === 0 ? 0 : Number.MIN_VALUE;
  if (typeof seconds === "number" && seconds >= enough && seconds < Number.MAX_SAFE_INTEGER / 1000) {
    return Math.ceil(seconds * 1000);
  }
  throw new RangeError(`${name} must be a number of seconds${least === 0 ? "" : " above 0"}, not ${seconds}`);
}

/** Throws a TypeError that names an option which is there and no function. */
export function checkFunctions(options: object, names: readonly string[]): void {
  for (const name of names) {
    const { [name]: value } = options as Record<string, unknown>;
    if (value !== undefined && typeof value !== "function") throw new TypeError(`${name} must be a function`);
  }
}

/** Throws a TypeError that names an option which is there and no list of texts, and true where `or` allows for it. */
export function checkTexts(options: object, name: string): void {
  const { [name]: value } = options as Record<string, unknown>;
  if (value === undefined || (Array.isArray(value) && value.every((text) => typeof text === "string"))) return;
  throw new TypeError(`${name} must be a list of texts`);
}

/** Throws a TypeError that names an option of answers which makes no sense. */
export function checkCached({ key, query, statuses = [], ...options }: CachedOptions): void {
  checkFunctions(options, ["unless", "forcedUpdate", "responseFilter"]);
  for (const name of ["vary", "methods"]) checkTexts(options, name);
  if (typeof query !== "boolean") checkTexts({ query }, "query");
  if (typeof options.tags !== "function") checkTexts(options, "tags");
  if (typeof key !== "string" && typeof key !== "function" && key !== undefined) {
    throw new TypeError("key must be a text or a function");
  }
  if (!Array.isArray(statuses) || !statuses.every(Number.isInteger)) {
    throw new TypeError("statuses must be a list of numbers");
  }
}

/** Throws a TypeError that names what a store lacks. */
export function checkStore(store: Store): Store {
  const lacking = (["get", "set", "delete", "clear"] as const).filter((name) => typeof store[name] !== "function");
  if (lacking.length === 0) return store;
  throw new TypeError(`store lacks ${lacking.join(", ")}`);
}
