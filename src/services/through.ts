/** Content of a response that is looked at, or made something else, piece by piece on its way. */
import type { BodyStream } from "../http/index.ts";

/** What becomes of the pieces. */
export interface Passage {
  /** What leaves in place of a piece; where it is empty, nothing does. */
  piece(bytes: Uint8Array): Uint8Array | Promise<Uint8Array>;
  /** What leaves behind the last piece. Called once, where all of the content has come. */
  end(): Uint8Array | Promise<Uint8Array>;
  /** Called once where it is left early: it failed, or nobody wants more. */
  stop(): void;
}

/** What is known of a stream of Node, which may fail before it is iterated. */
interface NodeStream {
  on(event: "error", listener: () => void): unknown;
  destroy(): unknown;
}

const encoder = new TextEncoder();
const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined };

function isNodeStream(source: object): source is NodeStream {
  const { on, destroy } = source as Partial<NodeStream>;
  return typeof on === "function" && typeof destroy === "function";
}

function ignore(): void {}

/**
 * A stream on its way through a passage. The next piece is asked for when this one is, and whoever leaves it early has the
 * source told at once, though that may still be busy: a generator would wait for it.
 */
export class Through implements AsyncIterableIterator<Uint8Array> {
  readonly #source: BodyStream;
  readonly #iterator: AsyncIterator<string | Uint8Array>;
  readonly #passage: Passage;
  /** Bytes that were announced; null where nothing was. */
  readonly #length: number | null;
  #size = 0;
  #over = false;

  /** `length` are the bytes that the source was said to have: it fails where it has more or less of them. */
  constructor(source: BodyStream, length: number | null, passage: Passage) {
    this.#source = source;
    this.#iterator = source[Symbol.asyncIterator]();
    this.#length = length;
    this.#passage = passage;
    // Whoever iterates is told of its error; nobody else listens.
    if (isNodeStream(source)) source.on("error", ignore);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    if (this.#over) return DONE;
    try {
      return await this.#pass();
    } catch (error) {
      this.#leave();
      throw error;
    }
  }

  async return(): Promise<IteratorReturnResult<undefined>> {
    this.#leave();
    return DONE;
  }

  async #pass(): Promise<IteratorResult<Uint8Array, undefined>> {
    for (;;) {
      const { done, value } = await this.#iterator.next();
      if (this.#over) return DONE;
      const bytes = done ? await this.#finish() : await this.#passage.piece(this.#count(value));
      if (bytes.length > 0) return { done: false, value: bytes };
      if (this.#over) return DONE;
    }
  }

  async #finish(): Promise<Uint8Array> {
    if (this.#length !== null && this.#size !== this.#length) throw this.#mismatch();
    this.#over = true;
    return await this.#passage.end();
  }

  #count(piece: string | Uint8Array): Uint8Array {
    const bytes = typeof piece === "string" ? encoder.encode(piece) : piece;
    if (!(bytes instanceof Uint8Array)) throw new TypeError("a piece of content is text or a Uint8Array");
    this.#size += bytes.length;
    if (this.#length !== null && this.#size > this.#length) throw this.#mismatch();
    return bytes;
  }

  #mismatch(): Error {
    return new TypeError(`Content-Length says ${this.#length}, yet there are ${this.#size} bytes of content`);
  }

  #leave(): void {
    if (this.#over) return;
    this.#over = true;
    this.#passage.stop();
    // What the source does about it concerns nobody.
    try {
      if (isNodeStream(this.#source)) this.#source.destroy();
      Promise.resolve(this.#iterator.return?.()).catch(ignore);
    } catch {}
  }
}
