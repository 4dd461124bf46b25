/** Reads multipart/form-data piece by piece; boundaries are found by Dicer, the parser below @fastify/busboy. */
import type { Dicer } from "@fastify/busboy";
import {
  BadRequestError,
  ContentTooLargeError,
  type HttpError,
  type MultipartLimits,
  type Part,
} from "../http/index.ts";
import { IncomingPart, type PieceSource } from "./part.ts";
import { type PartFields, readPartHead } from "./part-head.ts";

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
class PartSource implements PieceSource {
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
