/** Content that leaves piece by piece, framed, and no faster than the peer reads. */
import { type ContentStream, isStream, type OutgoingBody, type StreamFraming, type Trailers } from "./body.ts";
import { trailerLines } from "./fields.ts";

const encoder = new TextEncoder();
const CRLF = "\r\n";
const LAST_CHUNK = "0\r\n";

/**
 * Pieces that leave before everything else has its turn: a source that never waits, for a peer that reads as fast as
 * it gives, would have the process to itself.
 */
const PIECES_IN_A_ROW = 512;
/** Calls when all that waits now was served; where the host has no such thing, when a timer can. */
const { setImmediate: afterAll = (then: () => void) => setTimeout(then, 0) } = globalThis as {
  setImmediate?: (then: () => void) => unknown;
};

/**
 * Where framed pieces go, `size` bytes of content; resolves when there is room for more, with false where the peer has
 * gone.
 */
type Send = (pieces: readonly (string | Uint8Array)[], size: number) => boolean | Promise<boolean>;

/** What is known of a stream of Node, which opens what it reads, and may fail, even before it is iterated. */
interface NodeStream {
  on(event: "error", listener: () => void): unknown;
  destroy(): unknown;
}

function isNodeStream(source: object): source is NodeStream {
  const { on, destroy } = source as Partial<NodeStream>;
  return typeof on === "function" && typeof destroy === "function";
}

function ignore(): void {}

/** Has an error wait until the source is iterated, which then tells of it: nobody else listens. */
export function holdErrors(source: ContentStream): void {
  if (isNodeStream(source)) source.on("error", ignore);
}

/** Tells a source that nobody will ask it again. What it does about it concerns nobody. */
export function letGo(source: ContentStream, iterator: AsyncIterator<unknown>): void {
  try {
    // To end an iteration that has not begun does nothing to it.
    if (isNodeStream(source)) source.destroy();
    // It may still be busy with the last piece.
    Promise.resolve(iterator.return?.()).catch(ignore);
  } catch {}
}

/** Lets go of the content of a message that will not be sent. Never throws, whatever the message does. */
export function discardContent(message: { readonly body: OutgoingBody }): void {
  try {
    const { body } = message;
    if (!isStream(body)) return;
    holdErrors(body);
    letGo(body, body[Symbol.asyncIterator]());
  } catch {}
}

export class OutgoingContent {
  readonly #source: ContentStream;
  readonly #iterator: AsyncIterator<string | Uint8Array>;
  readonly framing: StreamFraming;
  readonly #trailers: Trailers | null;
  #size = 0;
  #stopped = false;
  #sent: boolean;

  /** `trailers` follow the content where it is chunked. Throws where the content cannot be iterated. */
  constructor(body: ContentStream, framing: StreamFraming, trailers: Trailers | null = null) {
    this.#source = body;
    this.#iterator = body[Symbol.asyncIterator]();
    if (typeof this.#iterator?.next !== "function") throw new TypeError("the content has no iterator");
    holdErrors(body);
    this.framing = framing;
    this.#trailers = trailers;
    this.#sent = framing === 0;
  }

  /** Whether all of it was written that its framing announces, though its source may not have ended yet. */
  get sent(): boolean {
    return this.#sent;
  }

  /** Nobody will read it any more: its source is told, and may let go of what it holds. */
  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    letGo(this.#source, this.#iterator);
  }

  /**
   * Sends all of it. Resolves when the last piece is sent, or when it was stopped. Rejects where the source or its
   * trailers fail, where a piece is none, or where there is more or less of it than Content-Length says.
   */
  async send(send: Send): Promise<void> {
    for (let row = 1; ; ++row) {
      if (row === PIECES_IN_A_ROW) {
        row = 0;
        await new Promise<void>((resolve) => afterAll(resolve));
        if (this.#stopped) return;
      }
      const { done, value } = await this.#iterator.next();
      if (this.#stopped) return;
      if (done) break;
      const bytes = typeof value === "string" ? encoder.encode(value) : value;
      if (!(bytes instanceof Uint8Array)) throw new TypeError("a piece of content is text or a Uint8Array");
      // A chunk of no bytes would end the content.
      if (bytes.length === 0) continue;
      this.#size += bytes.length;
      if (typeof this.framing === "number" && this.#size > this.framing) throw this.#mismatch();
      const room = send(this.#frame(bytes), bytes.length);
      this.#sent = this.#size === this.framing;
      if (!(await room)) return;
      // Whoever had to wait for the peer has left the others their turn.
      if (room !== true) row = 0;
    }
    if (typeof this.framing === "number" && this.#size < this.framing) throw this.#mismatch();
    if (this.framing !== "chunked") return;
    const trailers = this.#trailers === null ? "" : trailerLines(await this.#trailers());
    if (this.#stopped) return;
    this.#sent = true;
    await send([`${LAST_CHUNK}${trailers}${CRLF}`], 0);
  }

  #frame(bytes: Uint8Array): (string | Uint8Array)[] {
    return this.framing === "chunked" ? [`${bytes.length.toString(16)}${CRLF}`, bytes, CRLF] : [bytes];
  }

  #mismatch(): Error {
    return new TypeError(`Content-Length says ${this.framing}, yet there are ${this.#size} bytes of content`);
  }
}
