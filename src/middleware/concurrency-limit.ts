/** Bounds how many requests are at work at once; some may wait for their turn. */
import { described, isPromise, type Middleware } from "../app/index.ts";
import { type Answer, type HttpRequest, ServiceUnavailableError } from "../http/index.ts";
import { atLeast, milliseconds } from "./options.ts";

/** How many requests may be at work at once, and how many more may wait. */
export interface ConcurrencyLimitOptions {
  /** Requests that may be at work at once. */
  readonly max: number;
  /** Requests that may wait for their turn, in the order they came; further ones get 503. */
  readonly queue?: number;
  /** Milliseconds for which a request may wait; then 503. */
  readonly maxWait?: number;
  /** Seconds after which a client that was sent away may come again. */
  readonly retryAfter?: number;
}

/** Every option that has a default: to wait longer than some seconds only adds to what overloads. */
export const DEFAULT_CONCURRENCY_OPTIONS: Required<Omit<ConcurrencyLimitOptions, "max">> = {
  queue: 100,
  maxWait: 5000,
  retryAfter: 1,
};

/** Places at work, and those who wait for one: a place that is given back goes to whoever has waited the longest. */
class Places {
  #free: number;
  readonly #queue: number;
  readonly #waiting = new Set<() => void>();

  constructor(max: number, queue: number) {
    this.#free = max;
    this.#queue = queue;
  }

  /** Takes a place that is free; false where there is none. */
  take(): boolean {
    if (this.#free === 0) return false;
    --this.#free;
    return true;
  }

  /** Gives a place back. */
  leave(): void {
    const [next] = this.#waiting;
    if (next === undefined) ++this.#free;
    else {
      this.#waiting.delete(next);
      next();
    }
  }

  /**
   * Waits for a place, no longer than so many milliseconds, nor than the client does: resolves with whether it was had.
   * Null where too many wait already.
   */
  wait(milliseconds: number, signal: AbortSignal): Promise<boolean> | null {
    if (this.#waiting.size >= this.#queue) return null;
    return new Promise((resolve) => {
      const end = (had: boolean) => {
        clearTimeout(timer);
        signal.removeEventListener("abort", giveUp);
        resolve(had);
      };
      const called = () => end(true);
      const giveUp = () => {
        this.#waiting.delete(called);
        end(false);
      };
      const timer = setTimeout(giveUp, milliseconds);
      signal.addEventListener("abort", giveUp);
      this.#waiting.add(called);
    });
  }
}

/**
 * Lets so many requests be at work at once, and as many wait as the queue takes; all else is answered with 503 and
 * Retry-After. A request is at work until its handler has given its answer. One limit is shared by all that it stands
 * around. Throws a RangeError for an option that is out of its range.
 */
export function concurrencyLimit(options: ConcurrencyLimitOptions): Middleware {
  const all = { ...DEFAULT_CONCURRENCY_OPTIONS, ...options };
  const places = new Places(atLeast("max", all.max, 1), atLeast("queue", all.queue, 0));
  const maxWait = milliseconds("maxWait", all.maxWait);
  const headers = { "Retry-After": String(atLeast("retryAfter", all.retryAfter, 0)) };
  const leave = () => places.leave();
  const refuse = (): never => {
    throw new ServiceUnavailableError(undefined, { headers });
  };

  const middleware: Middleware = (next) => {
    const serve = (request: HttpRequest): Answer | Promise<Answer> => {
      let answer: Answer | Promise<Answer>;
      try {
        answer = next(request);
      } catch (error) {
        leave();
        throw error;
      }
      if (isPromise(answer)) return Promise.resolve(answer).finally(leave);
      leave();
      return answer;
    };
    return (request) => {
      if (places.take()) return serve(request);
      const turn = places.wait(maxWait, request.signal);
      if (turn === null) return refuse();
      return turn.then((had) => (had ? serve(request) : refuse()));
    };
  };
  return described(middleware, "concurrencyLimit", all);
}
