/** Streams of the web as content that is iterated. */
import { quiet } from "../h1/quiet.ts";

/** As a reader is, whose types have it tell the end otherwise than iterators do. */
interface Reader {
  read(): Promise<IteratorResult<Uint8Array, undefined>>;
  cancel(reason?: unknown): Promise<void>;
}

/** Milliseconds that a piece may take still when nobody is left, as far as can be seen, who waits for it. */
const GRACE = 100;

/** Pieces until a signal is aborted, and from then on those that come at once. */
class PiecesUntil implements AsyncIterator<Uint8Array, undefined> {
  readonly #reader: Reader;
  readonly #signal: AbortSignal;
  #reads = 0;
  #read = 0;
  #cancelled = false;

  constructor(reader: Reader, signal: AbortSignal) {
    this.#reader = reader;
    this.#signal = signal;
    if (!signal.aborted) signal.addEventListener("abort", () => this.#watch(), { once: true });
  }

  /** Rejects with the reason of the signal where the piece took too long; the stream was cancelled then. */
  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    ++this.#reads;
    if (this.#signal.aborted) this.#watch();
    const step = await this.#reader.read();
    ++this.#read;
    // What was cancelled looks as if it had ended well.
    if (this.#cancelled) throw this.#signal.reason;
    return step;
  }

  async return(): Promise<IteratorResult<Uint8Array, undefined>> {
    await this.#reader.cancel();
    return { done: true, value: undefined };
  }

  /** Cancels the stream where it keeps whoever reads waiting. */
  #watch(): void {
    const reads = this.#reads;
    setTimeout(() => {
      if (this.#read >= reads || this.#cancelled) return;
      this.#cancelled = true;
      quiet(this.#reader.cancel(this.#signal.reason));
    }, GRACE);
  }
}

/**
 * The pieces of a stream. In place of the stream's own iterator, whose `return` waits for the piece that was asked for
 * last: of a client that has gone, a source that waits for something to happen would never learn.
 */
export class StreamPieces implements AsyncIterable<Uint8Array> {
  readonly #stream: ReadableStream<Uint8Array>;
  #signal: AbortSignal | null = null;

  constructor(stream: ReadableStream<Uint8Array>) {
    this.#stream = stream;
  }

  /**
   * Has the stream be cancelled, and iteration fail with the reason, where a piece does not come soon once the signal is
   * aborted. To be called before that begins.
   */
  stopBy(signal: AbortSignal): void {
    this.#signal = signal;
  }

  /** Throws a TypeError where somebody else reads the stream. */
  [Symbol.asyncIterator](): AsyncIterator<Uint8Array, undefined> {
    const reader = this.#stream.getReader() as Reader;
    if (this.#signal !== null) return new PiecesUntil(reader, this.#signal);
    return {
      next: () => reader.read(),
      async return() {
        await reader.cancel();
        return { done: true, value: undefined };
      },
    };
  }
}
