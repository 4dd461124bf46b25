import { type MessageHead, type MessageReader, ReleasedError } from "../parser/index.ts";

/** Somebody who waits for the whole content. */
interface Waiter {
  resolve(bytes: Uint8Array): void;
  reject(error: Error): void;
}

/** Bytes that may lie here unread while nobody collects them, before no more are read from the socket. */
const UNREAD_MAX = 65536;

const EMPTY: Uint8Array = new Uint8Array(0);

function ignore(): void {}

/** What a promise gives that nobody may be waiting for: its rejection then concerns nobody. */
function quiet<T>(promise: Promise<T>): Promise<T> {
  promise.catch(ignore);
  return promise;
}

/**
 * The content of a message while it comes in. Pieces of the current read are borrowed from the window until `own`
 * copies them, which the connection does before the next read.
 */
export class IncomingContent {
  /** What was copied, at the beginning of a buffer that grows. */
  #owned = EMPTY;
  #ownedSize = 0;
  /** Pieces in the window, as starts and ends in turn. */
  #borrowed: number[] = [];
  #window = EMPTY;
  #size = 0;
  #ended = false;
  #discarding = false;
  #error: Error | null = null;
  #waiters: Waiter[] = [];
  /** Whether it is read piece by piece, and who waits for the next one. */
  #iterating = false;
  #next: (() => void) | null = null;
  /** Called when somebody wants content that is not there: the moment for 100 (Continue), and to read on. */
  readonly #wanted: () => void;

  constructor(wanted: () => void) {
    this.#wanted = wanted;
  }

  /** Bytes that have come so far. */
  get size(): number {
    return this.#size;
  }

  /** Whether all of it has come, and can be read. */
  get readable(): boolean {
    return this.#ended && !this.#discarding;
  }

  /** Whether all of it has come. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Whether so much lies here unread that no more should be read from the socket before somebody wants it. */
  get crowded(): boolean {
    return !this.#discarding && this.#waiters.length === 0 && this.#ownedSize >= UNREAD_MAX;
  }

  /** Adds a piece that lies at [start, end) of the window. */
  add(window: Uint8Array, start: number, end: number): void {
    this.#size += end - start;
    if (this.#discarding) return;
    this.#window = window;
    this.#borrowed.push(start, end);
    this.#tellNext();
  }

  /** Copies what is borrowed, so that it outlasts the next read. */
  own(): void {
    if (this.#borrowed.length === 0) return;
    let needed = this.#ownedSize;
    for (let index = 0; index < this.#borrowed.length; index += 2) {
      needed += this.#borrowed[index + 1] - this.#borrowed[index];
    }
    if (this.#owned.length < needed) {
      const larger = new Uint8Array(Math.max(needed, this.#ended ? 0 : 2 * this.#ownedSize));
      larger.set(this.#owned.subarray(0, this.#ownedSize));
      this.#owned = larger;
    }
    for (let index = 0; index < this.#borrowed.length; index += 2) {
      const piece = this.#window.subarray(this.#borrowed[index], this.#borrowed[index + 1]);
      this.#owned.set(piece, this.#ownedSize);
      this.#ownedSize += piece.length;
    }
    this.#borrowed = [];
    this.#window = EMPTY;
  }

  /** All of it has come. */
  end(): void {
    this.#ended = true;
    this.#tellNext();
    const waiters = this.#takeWaiters();
    if (waiters.length === 0) return;
    this.own();
    for (const waiter of waiters) waiter.resolve(this.peek());
  }

  /** The rest will never come. */
  fail(error: Error): void {
    if (this.#ended || this.#discarding) return;
    this.#error = error;
    this.discard();
  }

  /** Nobody may read it any more: what still comes is counted and dropped. */
  discard(): void {
    this.#discarding = true;
    this.#owned = this.#window = EMPTY;
    this.#ownedSize = 0;
    if (this.#borrowed.length > 0) this.#borrowed = [];
    for (const waiter of this.#takeWaiters()) waiter.reject(this.#reason());
    this.#tellNext();
  }

  /** The content that has come, in one piece: valid until the next read where it was not owned. */
  peek(): Uint8Array {
    if (this.#ownedSize === 0 && this.#borrowed.length === 2) {
      return this.#window.subarray(this.#borrowed[0], this.#borrowed[1]);
    }
    this.own();
    return this.#owned.subarray(0, this.#ownedSize);
  }

  /** The whole content once it has come; the bytes last. Rejects where it never comes. */
  bytes(): Promise<Uint8Array> {
    if (this.#discarding) return quiet(Promise.reject(this.#reason()));
    if (this.#iterating) return quiet(Promise.reject(new TypeError("this content is read piece by piece")));
    if (this.#ended) {
      this.own();
      return Promise.resolve(this.peek());
    }
    const whole = new Promise<Uint8Array>((resolve, reject) => {
      this.#waiters.push({ resolve, reject });
    });
    this.#wanted();
    return quiet(whole);
  }

  /**
   * The content piece by piece, as it comes; each piece is the caller's. While nobody asks for the next one, no more
   * is read from the socket. May be called once, and not after `bytes`. Throws where the content never comes whole.
   */
  async *pieces(): AsyncGenerator<Uint8Array, void, undefined> {
    if (this.#iterating || this.#waiters.length > 0) throw new TypeError("this content is being read already");
    this.#iterating = true;
    for (;;) {
      if (this.#discarding) throw this.#reason();
      this.own();
      if (this.#ownedSize > 0) {
        const piece = this.#owned.subarray(0, this.#ownedSize);
        this.#owned = EMPTY;
        this.#ownedSize = 0;
        yield piece;
      } else if (this.#ended) return;
      else {
        const more = new Promise<void>((resolve) => {
          this.#next = resolve;
        });
        this.#wanted();
        await more;
      }
    }
  }

  /** What `read` makes of the whole content once it has come, at once where it is there. As `bytes` otherwise. */
  read<T>(read: (bytes: Uint8Array) => T): Promise<T> {
    if (!this.readable || this.#iterating) return quiet(this.bytes().then(read));
    try {
      return Promise.resolve(read(this.peek()));
    } catch (error) {
      return quiet(Promise.reject(error));
    }
  }

  #tellNext(): void {
    const next = this.#next;
    this.#next = null;
    next?.();
  }

  /** Why there is nothing to read. Made when it is asked for: to make an error takes longer than to serve a request. */
  #reason(): Error {
    return this.#error ?? new ReleasedError();
  }

  #takeWaiters(): Waiter[] {
    const waiters = this.#waiters;
    if (waiters.length > 0) this.#waiters = [];
    return waiters;
  }
}

/** Has a reader put all of a chunk by that is larger than the window, to be read from `resume` on. */
export function putBy(reader: MessageReader<MessageHead>, chunk: Uint8Array): void {
  const { window } = reader.parser;
  for (let at = 0; at < chunk.length; at += window.length) {
    const part = chunk.subarray(at, at + window.length);
    window.set(part);
    reader.postpone(part.length);
  }
}
