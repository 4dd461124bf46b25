import { TIMER_MAX } from "../services/timer.ts";

/** Milliseconds that `next` waits, where nobody says how long. */
export const DEFAULT_WAIT = 2000;

interface Waiter<T> {
  resolve(item: T | undefined): void;
  reject(error: Error): void;
}

/** What has come and was not taken yet, in order. `what` is what errors call one. */
export class Inbox<T> {
  readonly #what: string;
  readonly #items: T[] = [];
  readonly #waiters: Waiter<T>[] = [];
  /** Why nothing will come any more. */
  #ended: string | null = null;
  #error: Error | null = null;

  constructor(what: string) {
    this.#what = what;
  }

  add(item: T): void {
    const waiter = this.#waiters.shift();
    if (waiter) waiter.resolve(item);
    else this.#items.push(item);
  }

  /** Nothing will come any more, because of what `why` says; with an error, that is told to whoever iterates as well. */
  end(why: string, error: Error | null = null): void {
    if (this.#ended !== null) return;
    this.#ended = why;
    this.#error = error;
    for (const waiter of this.#waiters.splice(0)) {
      if (error === null) waiter.resolve(undefined);
      else waiter.reject(error);
    }
  }

  /** The next one; undefined where none will come. Rejects after so many milliseconds. */
  async #take(wait: number): Promise<T | undefined> {
    if (this.#items.length > 0) return this.#items.shift();
    if (this.#error !== null) throw this.#error;
    if (this.#ended !== null) return undefined;
    const { promise, ...waiter } = withResolvers<T>();
    this.#waiters.push(waiter);
    if (wait > TIMER_MAX) return promise;
    const timer = setTimeout(() => {
      this.#waiters.splice(this.#waiters.indexOf(waiter), 1);
      waiter.reject(new Error(`no ${this.#what} came within ${wait} ms`));
    }, wait);
    return promise.finally(() => clearTimeout(timer));
  }

  /** The next one. Rejects where none came within so many milliseconds, and where none will come. */
  async next(timeout: number = DEFAULT_WAIT): Promise<T> {
    if (!(timeout >= 0)) throw new RangeError(`timeout must be a number of milliseconds, not ${timeout}`);
    const item = await this.#take(timeout);
    if (item === undefined) throw new Error(`no ${this.#what} will come: ${this.#ended}`);
    return item;
  }

  /** All that come, until none will; `leave` is called where whoever iterates wants no more. */
  async *all(leave: () => void): AsyncGenerator<T, void, undefined> {
    try {
      for (;;) {
        const item = await this.#take(Number.POSITIVE_INFINITY);
        if (item === undefined) return;
        yield item;
      }
    } finally {
      leave();
    }
  }
}

function withResolvers<T>(): Waiter<T> & { readonly promise: Promise<T | undefined> } {
  let waiter: Waiter<T> | undefined;
  const promise = new Promise<T | undefined>((resolve, reject) => {
    waiter = { resolve, reject };
  });
  return { promise, ...(waiter as unknown as Waiter<T>) };
}
