/** One part of multipart/form-data, for whoever reads it. */
import { open, rm } from "node:fs/promises";
import { quiet } from "../h1/quiet.ts";
import { ContentTooLargeError, decodeUtf8, type Part } from "../http/index.ts";
import type { PartHead } from "./part-head.ts";

/** Where the pieces of parts come from. */
export interface PieceSource {
  /** Reads on in the content. Rejects where it is wrong or cut off. */
  more(): Promise<void>;
}

/** A part, while it comes: its pieces lie here from where they are found to where they are asked for. */
export class IncomingPart implements Part {
  readonly name: string;
  readonly filename: string | undefined;
  readonly type: string;
  readonly headers: ReadonlyMap<string, string>;
  readonly #head: PartHead;
  readonly #source: PieceSource;
  readonly #maxSize: number;
  /** Pieces that have come and were not yet asked for. */
  #pieces: Uint8Array[] = [];
  /** Bytes that have come, asked for or not. */
  #size = 0;
  #ended = false;
  #dropped = false;
  #taken = false;
  #bytes: Promise<Uint8Array> | null = null;

  constructor(source: PieceSource, head: PartHead, maxSize: number) {
    this.name = head.name;
    this.filename = head.filename;
    this.type = head.type;
    this.headers = head.headers;
    this.#head = head;
    this.#source = source;
    this.#maxSize = maxSize;
  }

  /** A piece was found. Copied, for whoever gets it may change it, and it may lie where Dicer still looks. */
  add(piece: Uint8Array): void {
    this.#size += piece.length;
    if (!this.#dropped && this.#size <= this.#maxSize) this.#pieces.push(new Uint8Array(piece));
  }

  /** All of it was found. */
  end(): void {
    this.#ended = true;
  }

  get body(): AsyncIterableIterator<Uint8Array> {
    if (this.#taken) throw new TypeError(`the part ${JSON.stringify(this.name)} is being read already`);
    this.#taken = true;
    return this.#read();
  }

  bytes(): Promise<Uint8Array> {
    this.#bytes ??= quiet(this.#join());
    return this.#bytes;
  }

  text(): Promise<string> {
    return quiet(this.#decode());
  }

  save(path: string): Promise<number> {
    return quiet(this.#save(path));
  }

  /** Nobody may read it any more: reads on to its end, and keeps nothing. */
  async drop(): Promise<void> {
    this.#dropped = true;
    this.#pieces = [];
    while (!this.#finished()) await this.#source.more();
  }

  async *#read(): AsyncGenerator<Uint8Array, void, undefined> {
    for (;;) {
      if (this.#dropped) throw new Error(`the part ${JSON.stringify(this.name)} was left for the next one`);
      const finished = this.#finished();
      const piece = this.#pieces.shift();
      if (piece !== undefined) yield piece;
      else if (finished) return;
      else await this.#source.more();
    }
  }

  /** Whether all of it has come; throws an HttpError 413 where it is too large. */
  #finished(): boolean {
    if (this.#size > this.#maxSize) {
      const name = JSON.stringify(this.name);
      throw new ContentTooLargeError(`the part ${name} is larger than maxPartSize, ${this.#maxSize} bytes`);
    }
    return this.#ended;
  }

  async #join(): Promise<Uint8Array> {
    const pieces: Uint8Array[] = [];
    for await (const piece of this.body) pieces.push(piece);
    const bytes = new Uint8Array(this.#size);
    let at = 0;
    for (const piece of pieces) {
      bytes.set(piece, at);
      at += piece.length;
    }
    return bytes;
  }

  async #decode(): Promise<string> {
    this.#head.requireText();
    return decodeUtf8(await this.bytes(), `the part ${JSON.stringify(this.name)}`);
  }

  async #save(path: string): Promise<number> {
    const { body } = this;
    const file = await open(path, "wx");
    try {
      for await (const piece of body) await file.writeFile(piece);
    } catch (error) {
      await file.close();
      await rm(path, { force: true });
      throw error;
    }
    await file.close();
    return this.#size;
  }
}
