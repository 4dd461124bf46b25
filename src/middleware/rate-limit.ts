/** Bounds how many requests one client may send in a time. */
import { described, isPromise, type Middleware, perRequest } from "../app/index.ts";
import {
  type HttpHeaders,
  type HttpRequest,
  type HttpResponse,
  type Logger,
  ServiceUnavailableError,
  TooManyRequestsError,
} from "../http/index.ts";
import { memoryRateLimits } from "../services/rate-limits/memory.ts";
import type { Algorithm, Policy, Taken } from "../services/rate-limits/policy.ts";
import type { RateLimitStore } from "../services/rate-limits/store.ts";
import { toldOfResponses } from "./fields.ts";
import { atLeast, oneOf } from "./options.ts";

/** How many requests of a client may come in which time. */
export interface RateLimitOptions {
  /** Requests that a window may have. */
  readonly limit: number;
  /** Milliseconds of a window. */
  readonly window: number;
  readonly algorithm?: Algorithm;
  /**
   * Whose request it is; null for one that is not counted. By default the address of the client: what `trustedProxies`
   * found, else that of the connection; of IPv6 the network (/64), for a client may have all addresses of one.
   */
  readonly key?: (request: HttpRequest) => string | null;
  /** Where is counted; in the memory of this process by default. */
  readonly store?: RateLimitStore;
  /** What the limit is called, in fields and in the store: each limit needs its own. */
  readonly name?: string;
  /** Whether `RateLimit` and `RateLimit-Policy` are sent. */
  readonly headers?: boolean;
  /** What becomes of requests while the store fails: they are served ("allow"), or get 503 ("refuse"). */
  readonly onFailure?: "allow" | "refuse";
  /** Milliseconds for which a store that has failed is not asked again. */
  readonly pause?: number;
}

/** Every option that has a default, but the key and the store. */
export const DEFAULT_RATE_LIMIT_OPTIONS: Required<Omit<RateLimitOptions, "limit" | "window" | "key" | "store">> = {
  algorithm: "sliding",
  name: "default",
  headers: true,
  onFailure: "allow",
  pause: 1000,
};

/** sf-string = DQUOTE *( unescaped / "%" / bs-escaped ) DQUOTE (RFC 9651 §4.1.6), without what needs escapes */
const NAME = /^[ !#-[\]-~]+$/;

/** The first four groups of an IPv6 address, and what is no IPv6 address as it is. */
function networkOf(address: string): string {
  if (!address.includes(":")) return address;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address);
  if (mapped) return mapped[1];
  const [head, tail] = address.split("::");
  const groups = head === "" ? [] : head.split(":");
  const behind = tail === undefined || tail === "" ? 0 : tail.split(":").length;
  // What "::" stands for is zeros, and so may be groups that are counted here.
  while (tail !== undefined && groups.length < 8 - behind) groups.push("0");
  if (tail) groups.push(...tail.split(":"));
  return groups.slice(0, 4).join(":");
}

function addressOf(request: HttpRequest): string {
  return networkOf(request.state.client?.address ?? request.remoteAddress ?? "");
}

/** Seconds, no fewer than it takes. */
function seconds(milliseconds: number): number {
  return Math.ceil(milliseconds / 1000);
}

/** Adds a member to a list, in place of the one of its name (draft-ietf-httpapi-ratelimit-headers-10 §3, §4). */
function setMember(headers: HttpHeaders, field: string, name: string, parameters: string): void {
  if (!headers.has(field)) {
    headers.append(field, `${name};${parameters}`);
    return;
  }
  const others = headers.getAll(field).flatMap((value) => value.split(/, (?=")/));
  const kept = others.filter((member) => !member.startsWith(`${name};`));
  headers.set(field, [...kept, `${name};${parameters}`].join(", "));
}

/** Asks a store, and not while it is down: tells once that it is, and once that it is not any more. */
class Counting {
  readonly #store: RateLimitStore;
  readonly #policy: Policy;
  readonly #name: string;
  readonly #pause: number;
  #down = false;
  #askedAgain = 0;

  constructor(store: RateLimitStore, policy: Policy, name: string, pause: number) {
    this.#store = store;
    this.#policy = policy;
    this.#name = name;
    this.#pause = pause;
  }

  /** Counts a request; null where the store fails. Never throws. */
  take(key: string, log: Logger): Taken | null | Promise<Taken | null> {
    if (!this.#mayAsk()) return null;
    try {
      const taken = this.#store.take(`${this.#name}:${key}`, this.#policy);
      if (!isPromise(taken)) return this.#up(taken, log);
      return taken.then(
        (value) => this.#up(value, log),
        (error) => this.#fail(error, log),
      );
    } catch (error) {
      return this.#fail(error, log);
    }
  }

  /** Whether the store is to be asked. Once its pause is over one asks, and the others go on as if it were still down. */
  #mayAsk(): boolean {
    if (!this.#down) return true;
    const now = performance.now();
    if (now < this.#askedAgain) return false;
    this.#askedAgain = now + this.#pause;
    return true;
  }

  #up(taken: Taken, log: Logger): Taken {
    if (this.#down) log.info(`the store of the rate limit ${this.#name} is there again`);
    this.#down = false;
    return taken;
  }

  #fail(error: unknown, log: Logger): null {
    if (!this.#down) log.error(`the store of the rate limit ${this.#name} fails`, error);
    this.#down = true;
    this.#askedAgain = performance.now() + this.#pause;
    return null;
  }
}

/**
 * Lets so many requests of a client pass in a window, and answers others with 429, which says when to come again; fields
 * say how many are left. A request that is refused is not counted. Throws a TypeError or RangeError for an option that
 * makes no sense.
 */
export function rateLimit(options: RateLimitOptions): Middleware {
  const { algorithm, name, headers, onFailure, pause } = { ...DEFAULT_RATE_LIMIT_OPTIONS, ...options };
  const { key = addressOf, store = memoryRateLimits() } = options;
  oneOf("algorithm", algorithm, ["fixed", "sliding", "gcra"]);
  oneOf("onFailure", onFailure, ["allow", "refuse"]);
  if (!NAME.test(name)) throw new TypeError(`name must be printable ASCII without quotes, not ${JSON.stringify(name)}`);
  const limit = atLeast("limit", options.limit, 1);
  const window = atLeast("window", options.window, 1);
  const counting = new Counting(store, { algorithm, limit, window }, name, atLeast("pause", pause, 0, false));
  const quoted = `"${name}"`;
  const policy = `q=${limit};w=${seconds(window)}`;
  const counted = perRequest<Taken>();

  const tell = (response: HttpResponse, request: HttpRequest): void => {
    const taken = counted.get(request);
    if (taken === undefined) return;
    setMember(response.headers, "RateLimit-Policy", quoted, policy);
    setMember(response.headers, "RateLimit", quoted, `r=${taken.remaining};t=${seconds(taken.reset)}`);
  };

  /** Throws where the request is not to be served. */
  const check = (taken: Taken | null, request: HttpRequest): void => {
    if (taken === null) {
      if (onFailure === "allow") return;
      const wait = String(Math.max(1, seconds(pause)));
      throw new ServiceUnavailableError(undefined, { headers: { "Retry-After": wait } });
    }
    if (headers) counted.set(request, taken);
    if (taken.allowed) return;
    throw new TooManyRequestsError(undefined, { headers: { "Retry-After": String(seconds(taken.retry)) } });
  };

  const around: Middleware = (next) => (request) => {
    const whose = key(request);
    if (whose === null) return next(request);
    // Else all for whom there is none would be one.
    if (typeof whose !== "string") throw new TypeError(`key must give a text or null, not ${String(whose)}`);
    const taken = counting.take(whose, request.log);
    if (isPromise(taken)) {
      return taken.then((value) => {
        check(value, request);
        return next(request);
      });
    }
    check(taken, request);
    return next(request);
  };
  const middleware = headers ? toldOfResponses(tell, around) : around;
  return described(middleware, "rateLimit", { limit, window, algorithm, name, headers, onFailure, pause });
}
