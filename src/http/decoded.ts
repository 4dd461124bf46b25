/** Content of a request that was encoded, as all who read it get it. */
import type { Exchange, IncomingContent } from "../h1/index.ts";
import { quiet } from "../h1/quiet.ts";
import { ReleasedError } from "../parser/index.ts";

/** Content as requests read it. */
export type RequestContent = Pick<IncomingContent, "bytes" | "read" | "pieces">;

/** Makes of content what is read in its place. */
export type ContentDecoder = (pieces: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array>;

async function collect(pieces: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const all: Uint8Array[] = [];
  let size = 0;
  for await (const piece of pieces) {
    all.push(piece);
    size += piece.length;
  }
  const whole = new Uint8Array(size);
  let at = 0;
  for (const piece of all) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

/** Content that is decoded when it is first asked for; else as `IncomingContent`. */
export class DecodedContent implements RequestContent {
  readonly #exchange: Exchange;
  readonly #source: RequestContent;
  readonly #decode: ContentDecoder;
  #whole: Promise<Uint8Array> | null = null;
  #iterating = false;

  constructor(exchange: Exchange, source: RequestContent, decode: ContentDecoder) {
    this.#exchange = exchange;
    this.#source = source;
    this.#decode = decode;
  }

  bytes(): Promise<Uint8Array> {
    if (this.#exchange.done) return quiet(Promise.reject(new ReleasedError()));
    if (this.#iterating) return quiet(Promise.reject(new TypeError("this content is read piece by piece")));
    this.#whole ??= quiet(collect(this.#decode(this.#source.pieces())));
    return this.#whole;
  }

  read<T>(read: (bytes: Uint8Array) => T): Promise<T> {
    return quiet(this.bytes().then(read));
  }

  async *pieces(): AsyncGenerator<Uint8Array, void, undefined> {
    if (this.#iterating || this.#whole !== null) throw new TypeError("this content is being read already");
    this.#iterating = true;
    yield* this.#decode(this.#source.pieces());
  }
}
