/** Streams of the web as content that is iterated. */
import { quiet } from "../h1/quiet.ts";

/** As a reader is, whose types have it tell the end otherwise than iterators do. */
interface Reader {
  read(): Promise<IteratorResult<Uint8Array, undefined>>;
  cancel(reason?: unknown): Promise<void>;
}

function cancelBy(signal: AbortSignal, reader: Reader): void {
  const cancel = () => quiet(reader.cancel(signal.reason));
  if (signal.aborted) cancel();
  else signal.addEventListener("abort", cancel, { once: true });
}

/** The next piece. What was cancelled looks as if it had ended well. */
async function readUntil(signal: AbortSignal, reader: Reader): Promise<IteratorResult<Uint8Array, undefined>> {
  const step = await reader.read();
  if (signal.aborted) throw signal.reason;
  return step;
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

  /** Has the stream be cancelled, and iteration fail with the reason, when the signal is aborted. To be called before that begins. */
  stopBy(signal: AbortSignal): void {
    this.#signal = signal;
  }

  /** Throws a TypeError where somebody else reads the stream. */
  [Symbol.asyncIterator](): AsyncIterator<Uint8Array, undefined> {
    const reader = this.#stream.getReader() as Reader;
    const signal = this.#signal;
    if (signal !== null) cancelBy(signal, reader);
    return {
      next: () => (signal === null ? reader.read() : readUntil(signal, reader)),
      async return() {
        await reader.cancel();
        return { done: true, value: undefined };
      },
    };
  }
}
