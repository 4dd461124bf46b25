import type { ParseError } from "../parser/index.ts";

/** Somebody who waits for the whole content. */
interface Waiter {
  resolve(bytes: Uint8Array): void;
  reject(error: Error): void;
}

const EMPTY = new Uint8Array(0);

/**
 * The content of a message while it comes in. Pieces are borrowed from the window until `own` copies them, which the
 * connection does before the next read.
 */
export class IncomingContent {
  #pieces: Uint8Array[] = [];
  /** Pieces from this index on are borrowed. */
  #borrowedFrom = 0;
  #size = 0;
  #ended = false;
  #discarding = false;
  #error: Error | null = null;
  #waiters: Waiter[] = [];
  /** Called when somebody first wants content that is not there: the moment for 100 (Continue). */
  readonly #wanted: () => void;

  constructor(wanted: () => void) {
    this.#wanted = wanted;
  }

  /** Bytes that have come so far. */
  get size(): number {
    return this.#size;
  }

  /** Whether all of it has come. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Adds a piece that lies in the window. */
  add(piece: Uint8Array): void {
    if (!this.#discarding) this.#pieces.push(piece);
    this.#size += piece.length;
  }

  /** Nobody wants it any more: what still comes is counted and dropped. */
  discard(): void {
    this.#discarding = true;
    this.#pieces = [];
  }

  /** Copies what is borrowed, so that it outlasts the next read. */
  own(): void {
    for (; this.#borrowedFrom < this.#pieces.length; ++this.#borrowedFrom) {
      this.#pieces[this.#borrowedFrom] = this.#pieces[this.#borrowedFrom].slice();
    }
  }

  /** All of it has come. */
  end(): void {
    this.#ended = true;
    const waiters = this.#waiters;
    if (waiters.length === 0) return;
    this.#waiters = [];
    this.own();
    for (const waiter of waiters) waiter.resolve(this.peek());
  }

  /** The rest will never come. */
  fail(error: ParseError): void {
    if (this.#ended || this.#error) return;
    this.#error = error;
    this.#pieces = [];
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiters) waiter.reject(error);
  }

  /** The content that has come, in one piece: valid until the next read where it was not owned. */
  peek(): Uint8Array {
    if (this.#pieces.length === 0) return EMPTY;
    if (this.#pieces.length === 1) return this.#pieces[0];
    const whole = new Uint8Array(this.#size);
    let at = 0;
    for (const piece of this.#pieces) {
      whole.set(piece, at);
      at += piece.length;
    }
    this.#pieces = [whole];
    this.#borrowedFrom = 1;
    return whole;
  }

  /** The whole content once it has come; the bytes last. Rejects with a ParseError where it never comes. */
  bytes(): Promise<Uint8Array> {
    if (this.#error) return Promise.reject(this.#error);
    if (this.#ended) {
      this.own();
      return Promise.resolve(this.peek());
    }
    this.#wanted();
    return new Promise((resolve, reject) => {
      this.#waiters.push({ resolve, reject });
    });
  }
}
