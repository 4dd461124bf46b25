/** Streams of the web as content that is iterated. */

/**
 * The pieces of a stream. In place of the stream's own iterator, whose `return` waits for the piece that was asked for
 * last: of a client that has gone, a source that waits for something to happen would never learn.
 */
export class StreamPieces implements AsyncIterable<Uint8Array> {
  readonly #stream: ReadableStream<Uint8Array>;

  constructor(stream: ReadableStream<Uint8Array>) {
    this.#stream = stream;
  }

  /** Throws a TypeError where somebody else reads the stream. */
  [Symbol.asyncIterator](): AsyncIterator<Uint8Array, undefined> {
    const reader = this.#stream.getReader();
    return {
      next: () => reader.read() as Promise<IteratorResult<Uint8Array, undefined>>,
      async return() {
        await reader.cancel();
        return { done: true, value: undefined };
      },
    };
  }
}
