/** Reads multipart/form-data piece by piece; boundaries are found by Dicer, the parser below @fastify/busboy. */
import { open, rm } from "node:fs/promises";
import type { Dicer } from "@fastify/busboy";
import { quiet } from "../h1/quiet.ts";
import {
  BadRequestError,
  ContentTooLargeError,
  decodeUtf8,
  type HttpError,
  type MultipartLimits,
  type Part,
} from "../http/index.ts";
import { type PartFields, type PartHead, readPartHead } from "./part-head.ts";

/** Bytes that Dicer is given at once: what it makes of them lies in memory until it is asked for. */
const PIECE = 65536;

const EMPTY: Uint8Array = new Uint8Array(0);

/**
 * The parts of content, one after the other; nothing is read of it before somebody asks. What a part has left when the
 * next one is asked for is dropped, and so is all of the content when the iteration is left early. Rejects with what the
 * content rejects with, and with an HttpError 400 or 413.
 */
export async function* readMultipart(
  content: AsyncIterable<Uint8Array>,
  boundary: string,
  limits: MultipartLimits,
): AsyncGenerator<Part, void, undefined> {
  // Loaded only where it is used: few requests are of this kind.
  const busboy = await import("@fastify/busboy");
  // A limit of its own Dicer keeps by leaving out what is beyond. It is given so much of the header that what it leaves
  // in is beyond ours: of three bytes one counts at the least ("\r\n " in a folded line), but for four of each field.
  const { maxPartHeaders, maxPartHeaderSize } = limits;
  const config = {
    boundary,
    maxHeaderPairs: maxPartHeaders + 1,
    maxHeaderSize: 3 * maxPartHeaderSize + 4 * (maxPartHeaders + 2),
  };
  const source = new PartSource(new busboy.Dicer(config), content[Symbol.asyncIterator](), limits);
  try {
    for (let part = await source.next(); part !== null; part = await source.next()) {
      yield part;
      await part.drop();
    }
  } finally {
    await source.close();
  }
}

/** Where parts come from: has Dicer look at the content, a piece each time that somebody wants more. */
class PartSource {
  readonly #dicer: Dicer;
  readonly #content: AsyncIterator<Uint8Array>;
  readonly #limits: MultipartLimits;
  /** What Dicer was not given yet of the last piece that came. */
  #unread = EMPTY;
  /** Parts that were found and not yet asked for. */
  readonly #found: IncomingPart[] = [];
  #count = 0;
  /** Whether a part has begun whose header has not ended. */
  #inHeader = false;
  /** Whether the closing boundary has come, and all of the content. */
  #closed = false;
  #ended = false;
  #error: unknown = null;
  #reading: Promise<void> | null = null;

  constructor(dicer: Dicer, content: AsyncIterator<Uint8Array>, limits: MultipartLimits) {
    this.#dicer = dicer;
    this.#content = content;
    this.#limits = limits;
    dicer.on("part", (stream) => this.#begin(stream));
    dicer.on("finish", () => {
      this.#closed = true;
    });
  }

  /** The next part; null where there are no more. */
  async next(): Promise<IncomingPart | null> {
    while (this.#found.length === 0 && !this.#ended) await this.more();
    return this.#found.shift() ?? null;
  }

  /** Reads on; several who wait for more wait for the same. Rejects where the content is wrong or cut off. */
  more(): Promise<void> {
    this.#reading ??= this.#read().finally(() => {
      this.#reading = null;
    });
    return this.#reading;
  }

  /** Drops what is left of the content, and fails whoever still reads a part. */
  async close(): Promise<void> {
    this.#error ??= new Error("the iteration over the parts has been left");
    await this.#content.return?.();
  }

  /** What Dicer finds wrong is thrown the next time, once what lies before it was read: however the content comes. */
  async #read(): Promise<void> {
    try {
      if (this.#error !== null) throw this.#error;
      if (this.#unread.length === 0) await this.#take();
    } catch (error) {
      this.#error = error;
      throw error;
    }
    if (this.#unread.length > 0) this.#dicer.write(this.#unread.subarray(0, PIECE));
    this.#unread = this.#unread.subarray(PIECE);
  }

  async #take(): Promise<void> {
    const { done, value } = await this.#content.next();
    if (!done) {
      this.#unread = value;
      return;
    }
    this.#ended = true;
    if (this.#inHeader) throw unendedHeader();
    if (!this.#closed) throw new BadRequestError("the content ends before its closing boundary");
  }

  /** Dicer has come to a part. Nothing is thrown through it: what is wrong is noted. */
  #begin(stream: Dicer.PartStream): void {
    if (this.#inHeader) this.#error ??= unendedHeader();
    if (++this.#count > this.#limits.maxParts) {
      this.#error ??= new ContentTooLargeError(`the content has more parts than maxParts, ${this.#limits.maxParts}`);
    }
    this.#inHeader = true;
    let part: IncomingPart | null = null;
    stream.on("header", (fields) => {
      this.#inHeader = false;
      if (this.#error !== null) return;
      try {
        part = new IncomingPart(this, readPartHead(fields as PartFields, this.#limits), this.#limits.maxPartSize);
        this.#found.push(part);
      } catch (error) {
        this.#error = error;
      }
    });
    // A part is no stream here: its pieces are taken as Dicer finds them, and Dicer is given no more while they lie.
    stream.push = (piece: Buffer | null) => {
      if (piece === null) {
        part?.end();
        stream.emit("end");
      } else part?.add(piece);
      return true;
    };
  }
}

function unendedHeader(): HttpError {
  return new BadRequestError("the header of a part is not valid: no empty line ends it");
}

class IncomingPart implements Part {
  readonly name: string;
  readonly filename: string | undefined;
  readonly type: string;
  readonly headers: ReadonlyMap<string, string>;
  readonly #head: PartHead;
  readonly #source: PartSource;
  readonly #maxSize: number;
  /** Pieces that have come and were not yet asked for. */
  #pieces: Uint8Array[] = [];
  #size = 0;
  #ended = false;
  #dropped = false;
  #taken = false;
  #bytes: Promise<Uint8Array> | null = null;

  constructor(source: PartSource, head: PartHead, maxSize: number) {
    this.name = head.name;
    this.filename = head.filename;
    this.type = head.type;
    this.headers = head.headers;
    this.#head = head;
    this.#source = source;
    this.#maxSize = maxSize;
  }

  /** Dicer has found a piece. Copied, for whoever gets it may change it, and it may lie where Dicer still looks. */
  add(piece: Uint8Array): void {
    this.#size += piece.length;
    if (!this.#dropped && this.#size <= this.#maxSize) this.#pieces.push(new Uint8Array(piece));
  }

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
    let size = 0;
    for await (const piece of this.body) {
      pieces.push(piece);
      size += piece.length;
    }
    const bytes = new Uint8Array(size);
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
    let size = 0;
    try {
      for await (const piece of body) {
        await file.writeFile(piece);
        size += piece.length;
      }
    } catch (error) {
      await file.close();
      await rm(path, { force: true });
      throw error;
    }
    await file.close();
    return size;
  }
}
