/** A store that may fail: then it is left alone for a while, and the cache is as if it were empty. */
import { isPromise } from "../../app/handler.ts";
import type { Logger } from "../../http/index.ts";
import { type Store, within } from "../stores/store.ts";

export interface GuardOptions {
  /** Milliseconds that an operation may take. */
  readonly storeTimeout: number;
  /** Milliseconds for which a store that has failed is left alone. */
  readonly storeRetry: number;
  readonly logger: Logger;
  readonly now: () => number;
}

export class Guard {
  readonly #store: Store;
  readonly #options: GuardOptions;
  /** When it is tried again; 0 while it works. */
  #downUntil = 0;

  constructor(store: Store, options: GuardOptions) {
    this.#store = store;
    this.#options = options;
  }

  /** The value of a key, at once where the store has it at once; undefined where it fails. Never throws or rejects. */
  get(key: string): unknown {
    if (!this.#mayTry()) return undefined;
    try {
      const found = this.#store.get(key);
      if (!isPromise(found)) return this.#worked(found);
      return within(this.#options.storeTimeout, "store of the cache", found).then(
        (value) => this.#worked(value),
        (error) => this.#failed(error),
      );
    } catch (error) {
      return this.#failed(error);
    }
  }

  /** Keeps a value; a promise where it takes time. Never throws or rejects. */
  set(key: string, value: unknown, ttlMs: number): void | Promise<void> {
    if (!this.#mayTry()) return;
    try {
      const set = this.#store.set(key, value, ttlMs);
      if (!isPromise(set)) return this.#worked(undefined);
      return within(this.#options.storeTimeout, "store of the cache", set).then(
        () => this.#worked(undefined),
        (error) => this.#notKept(error),
      );
    } catch (error) {
      return this.#notKept(error);
    }
  }

  /** Whether the store is to be asked. Once its time is over one asks, and the others wait for how that ends. */
  #mayTry(): boolean {
    if (this.#downUntil === 0) return true;
    const now = this.#options.now();
    if (now < this.#downUntil) return false;
    this.#downUntil = now + this.#options.storeRetry;
    return true;
  }

  #worked<T>(value: T): T {
    this.#downUntil = 0;
    return value;
  }

  #notKept(error: unknown): undefined {
    // What it cannot keep says nothing about the store.
    if (error instanceof TypeError) this.#options.logger.warn("the cache cannot keep a value", error);
    else this.#failed(error);
  }

  #failed(error: unknown): undefined {
    const { logger, now, storeRetry } = this.#options;
    if (this.#downUntil === 0)
      logger.warn(`the store of the cache has failed; it is left alone for ${storeRetry} ms`, error);
    this.#downUntil = now() + storeRetry;
  }
}
