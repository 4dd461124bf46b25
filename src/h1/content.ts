import { type MessageHead, type MessageReader, ReleasedError } from "../parser/index.ts";
import { quiet } from "./quiet.ts";

/** Somebody who waits for the whole content. */
interface Waiter {
  resolve(bytes: Uint8Array): void;
  reject(error: Error): void;
}

/** Where content comes from. */
export interface ContentSource {
  /** Somebody wants content that is not there: the moment for 100 (Continue), and to read on. */
  wanted(): void;
}

/** Whoever looks at content as it comes, and takes nothing of it. Must not throw. */
export interface ContentWatcher {
  /** A piece has come; it must be neither kept nor changed. */
  piece(bytes: Uint8Array): void;
  /** All of it has come. */
  end(): void;
}

/** Bytes that may lie here unread while nobody collects them, before no more are read from the socket. */
const UNREAD_MAX = 65536;

const EMPTY: Uint8Array = new Uint8Array(0);

/** Small contents share slabs: to make a buffer takes longer than to copy them. Whoever gets bytes gets a copy. */
const SLAB_SIZE = 65536;
const SMALL = 4096;
let slab = EMPTY;
let slabAt = 0;

function partOfSlab(size: number): Uint8Array {
  if (slabAt + size > slab.length) {
    slab = new Uint8Array(SLAB_SIZE);
    slabAt = 0;
  }
  slabAt += size;
  return slab.subarray(slabAt - size, slabAt);
}

/**
 * The content of a message while it comes in. Pieces of the current read are borrowed from the window until `own`
 * copies them, which the connection does before the next read.
 */
export class IncomingContent {
  /** What was copied, at the beginning of a buffer that grows, or in a slab. */
  #owned = EMPTY;
  #ownedSize = 0;
  #inSlab = false;
  /** Pieces in the window: the first, and starts and ends of further ones in turn. */
  #start = 0;
  #end = 0;
  #further: number[] | null = null;
  #window = EMPTY;
  #size = 0;
  #ended = false;
  #discarding = false;
  #error: Error | null = null;
  #waiters: Waiter[] | null = null;
  /** Whether it is read piece by piece, and who waits for the next one. */
  #iterating = false;
  #next: (() => void) | null = null;
  /** Whether whoever waited was told of a piece, and is about to take it. */
  #taking = false;
  readonly #source: ContentSource | null;
  /** Bytes that there may be, where fewer are wanted than the connection grants. */
  maxSize: number = Number.POSITIVE_INFINITY;

  /** `source` is null where there is no content to come. */
  constructor(source: ContentSource | null) {
    this.#source = source;
  }

  /** Bytes that have come so far. */
  get size(): number {
    return this.#size;
  }

  /** Whether all of it has come. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Whether so much lies here unread that no more should be read from the socket before somebody wants it. */
  get crowded(): boolean {
    return !this.#discarding && !this.#taking && this.#waiters === null && this.#ownedSize >= UNREAD_MAX;
  }

  /** Adds a piece that lies at [start, end) of the window. */
  add(window: Uint8Array, start: number, end: number): void {
    this.#size += end - start;
    if (this.#discarding) return;
    if (this.#window === EMPTY) {
      this.#window = window;
      this.#start = start;
      this.#end = end;
    } else {
      this.#further ??= [];
      this.#further.push(start, end);
    }
    this.#tellNext();
  }

  /** Copies what is borrowed, so that it outlasts the next read. */
  own(): void {
    const window = this.#window;
    if (window === EMPTY) return;
    const further = this.#further;
    let size = this.#end - this.#start;
    for (let index = 0; further && index < further.length; index += 2) size += further[index + 1] - further[index];
    this.#reserve(this.#ownedSize + size);
    this.#copy(window.subarray(this.#start, this.#end));
    for (let index = 0; further && index < further.length; index += 2) {
      this.#copy(window.subarray(further[index], further[index + 1]));
    }
    this.#further = null;
    this.#window = EMPTY;
  }

  #copy(piece: Uint8Array): void {
    this.#owned.set(piece, this.#ownedSize);
    this.#ownedSize += piece.length;
  }

  /** Makes room for so many bytes that are owned. */
  #reserve(needed: number): void {
    if (this.#owned.length >= needed) return;
    if (this.#ended && this.#ownedSize === 0 && needed <= SMALL) {
      this.#owned = partOfSlab(needed);
      this.#inSlab = true;
      return;
    }
    const larger = new Uint8Array(Math.max(needed, this.#ended ? 0 : 2 * this.#ownedSize));
    larger.set(this.#owned.subarray(0, this.#ownedSize));
    this.#owned = larger;
    this.#inSlab = false;
  }

  /** Bytes that are owned, in a buffer that is nobody else's. */
  #takeOwned(): Uint8Array {
    if (this.#inSlab) this.#owned = this.#owned.slice(0, this.#ownedSize);
    this.#inSlab = false;
    return this.#owned.subarray(0, this.#ownedSize);
  }

  /** All of it has come. */
  end(): void {
    this.#ended = true;
    this.#tellNext();
    const waiters = this.#takeWaiters();
    if (waiters === null) return;
    this.own();
    const bytes = this.#takeOwned();
    for (const waiter of waiters) waiter.resolve(bytes);
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
    this.#inSlab = false;
    this.#further = null;
    for (const waiter of this.#takeWaiters() ?? []) waiter.reject(this.#reason());
    this.#tellNext();
  }

  /** The content that has come, in one piece, to be looked at at once: it must be neither kept nor changed. */
  peek(): Uint8Array {
    if (this.#ownedSize === 0 && this.#further === null) return this.#window.subarray(this.#start, this.#end);
    this.own();
    return this.#owned.subarray(0, this.#ownedSize);
  }

  /** Has a watcher told of all of it, whoever reads it, beginning with what has come already. */
  watch(watcher: ContentWatcher): void {
    const come = this.peek();
    if (come.length > 0) watcher.piece(come);
    if (this.#ended) {
      watcher.end();
      return;
    }
    // Methods of this one's own: content that nobody watches is not even asked whether somebody does.
    const { add, end } = this;
    this.add = (window, from, to) => {
      watcher.piece(window.subarray(from, to));
      add.call(this, window, from, to);
    };
    this.end = () => {
      watcher.end();
      end.call(this);
    };
  }

  /**
   * The whole content once it has come; the bytes last. Rejects with a ParseError where it never comes, with a
   * ReleasedError where its message is over, and with a TypeError where it is read piece by piece.
   */
  bytes(): Promise<Uint8Array> {
    if (this.#discarding) return quiet(Promise.reject(this.#reason()));
    if (this.#iterating) return quiet(Promise.reject(new TypeError("this content is read piece by piece")));
    if (this.#ended) {
      this.own();
      return Promise.resolve(this.#takeOwned());
    }
    const whole = new Promise<Uint8Array>((resolve, reject) => {
      this.#waiters ??= [];
      this.#waiters.push({ resolve, reject });
    });
    this.#source?.wanted();
    return quiet(whole);
  }

  /**
   * The content piece by piece, as it comes; each piece is the caller's. While nobody asks for the next one, no more
   * is read from the socket. May be called once, and not after `bytes`; where it is left early, the rest is dropped.
   * Throws where the content never comes whole.
   */
  async *pieces(): AsyncGenerator<Uint8Array, void, undefined> {
    if (this.#iterating || this.#waiters !== null) throw new TypeError("this content is being read already");
    this.#iterating = true;
    try {
      for (;;) {
        this.#taking = false;
        if (this.#discarding) throw this.#reason();
        this.own();
        if (this.#ownedSize > 0) {
          const piece = this.#takeOwned();
          this.#owned = EMPTY;
          this.#ownedSize = 0;
          yield piece;
        } else if (this.#ended) return;
        else await this.#more();
      }
    } finally {
      // Whoever stops in the middle wants no more, and nobody else can have it: what comes behind it must not wait.
      if (!this.#ended && !this.#discarding) {
        this.#error = new TypeError("this content was read piece by piece, and left before its end");
        this.discard();
        this.#source?.wanted();
      }
    }
  }

  #more(): Promise<void> {
    const more = new Promise<void>((resolve) => {
      this.#next = resolve;
    });
    this.#source?.wanted();
    return more;
  }

  /** What `read` makes of the whole content once it has come, at once where it is there. As `bytes` otherwise. */
  read<T>(read: (bytes: Uint8Array) => T): Promise<T> {
    if (!this.#ended || this.#discarding || this.#iterating) return quiet(this.bytes().then(read));
    try {
      return Promise.resolve(read(this.peek()));
    } catch (error) {
      return quiet(Promise.reject(error));
    }
  }

  #tellNext(): void {
    const next = this.#next;
    if (next === null) return;
    this.#next = null;
    this.#taking = true;
    next();
  }

  /** Why there is nothing to read. Made when it is asked for: to make an error takes longer than to serve a request. */
  #reason(): Error {
    return this.#error ?? new ReleasedError();
  }

  #takeWaiters(): Waiter[] | null {
    const waiters = this.#waiters;
    this.#waiters = null;
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
