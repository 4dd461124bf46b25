import { pipeline, Readable } from "node:stream";
import { described, type Middleware } from "../app/index.ts";
import { DEFAULT_CONNECTION_OPTIONS } from "../h1/index.ts";
import { BadRequestError, ContentTooLargeError, type HttpRequest, UnsupportedMediaTypeError } from "../http/index.ts";
import { CODECS, type Codec, type Coding } from "./codings.ts";

/** How much the content of a request may unpack to. */
export interface DecompressionOptions {
  /** Bytes of content, unpacked; beyond it 413. How many come packed `maxBodySize` of the server bounds. */
  readonly maxSize?: number;
  /** Bytes unpacked for each that has come, once they are more than 65 536; beyond it 413. */
  readonly maxRatio?: number;
  /** Codings that content may have, one around the other; beyond it 415. */
  readonly maxCodings?: number;
}

/** As much as may come as it is; and more than a hundred for one nothing reaches that people send. */
export const DEFAULT_DECOMPRESSION_OPTIONS: Required<DecompressionOptions> = {
  maxSize: DEFAULT_CONNECTION_OPTIONS.maxBodySize,
  maxRatio: 100,
  maxCodings: 2,
};

type Pieces = AsyncIterable<Uint8Array>;

/** Bytes that may come of fewer without a look at the ratio: what is small is often very regular. */
const RATIO_FROM = 65_536;

/** Requests whose content is decoded already. */
const decoded = new WeakSet<HttpRequest>();

/** The options with their defaults. Throws a RangeError that names the one that makes no sense. */
function checkOptions(options: DecompressionOptions): Required<DecompressionOptions> {
  const all = { ...DEFAULT_DECOMPRESSION_OPTIONS, ...options };
  for (const name of Object.keys(DEFAULT_DECOMPRESSION_OPTIONS) as (keyof DecompressionOptions)[]) {
    if (!(all[name] >= 1)) throw new RangeError(`${name} must be a number of at least 1, not ${all[name]}`);
  }
  return all;
}

/**
 * What unpacks content of such a Content-Encoding, in the order it is to be done. Throws an HttpError 415 for a coding
 * that is not known, and for too many (RFC 9110 §15.5.16).
 */
function codecsOf(contentEncoding: string, max: number): Codec[] {
  const refuse = (why: string) => {
    return new UnsupportedMediaTypeError(why, { headers: { "Accept-Encoding": [...CODECS.keys()].join(", ") } });
  };
  const codecs: Codec[] = [];
  for (const name of contentEncoding.toLowerCase().split(",")) {
    const coding = name.trim();
    if (coding === "" || coding === "identity") continue;
    // An older name of the same (RFC 9110 §8.4.1.3).
    const codec = CODECS.get(coding === "x-gzip" ? "gzip" : (coding as Coding));
    if (codec === undefined) throw refuse(`the content coding ${JSON.stringify(coding)} is not known`);
    codecs.unshift(codec);
    if (codecs.length > max) throw refuse(`the content has more codings than maxCodings, ${max}`);
  }
  return codecs;
}

/** What has come of one content, and what may be made of it. */
class Bounds {
  readonly #options: Required<DecompressionOptions>;
  /** Bytes that have come. */
  #received = 0;

  constructor(options: Required<DecompressionOptions>) {
    this.#options = options;
  }

  async *received(pieces: Pieces): AsyncGenerator<Uint8Array> {
    for await (const piece of pieces) {
      this.#received += piece.length;
      yield piece;
    }
  }

  /** Throws an HttpError 413 where so many bytes are too many. */
  check(size: number): void {
    const { maxSize, maxRatio } = this.#options;
    if (size > maxSize) throw new ContentTooLargeError(`the content unpacks to more than maxSize, ${maxSize} bytes`);
    if (size > RATIO_FROM && size > maxRatio * this.#received) {
      throw new ContentTooLargeError(`the content unpacks to more than maxRatio, ${maxRatio} times what has come`);
    }
  }
}

/** What one coding was made of. Throws an HttpError 400 where it is broken, and what the pieces throw. */
async function* unpack(pieces: Pieces, codec: Codec, bounds: Bounds): AsyncGenerator<Uint8Array> {
  let read = 0;
  let failure: { readonly cause: unknown } | null = null;
  async function* counted() {
    try {
      for await (const piece of pieces) {
        read += piece.length;
        yield piece;
      }
    } catch (cause) {
      failure = { cause };
      throw cause;
    }
  }
  const unpacker = codec.unpacker();
  // Whoever iterates is told how it ends.
  pipeline(Readable.from(counted()), unpacker, () => {});
  let size = 0;
  try {
    for await (const piece of unpacker) {
      size += piece.length;
      bounds.check(size);
      yield piece;
    }
  } catch (error) {
    if (failure !== null) throw (failure as { readonly cause: unknown }).cause;
    // No content is no content of this coding either, and nothing is wrong with that.
    if (read === 0) return;
    if (error instanceof ContentTooLargeError) throw error;
    throw new BadRequestError("the content is not of the coding that Content-Encoding says", { cause: error });
  }
  // What follows the end would be read by nobody.
  if (unpacker.bytesWritten < read) throw new BadRequestError("the content goes on behind the end of its coding");
}

/**
 * Unpacks the content of requests, as their Content-Encoding says, for all who read it: `json`, `form`, `body` and the
 * others. It is unpacked while it is read, no faster. Throws a RangeError for an option that makes no sense.
 */
export function decompression(options: DecompressionOptions = {}): Middleware {
  const settings = checkOptions(options);
  const middleware: Middleware = (next) => (request) => {
    const contentEncoding = request.headers.get("content-encoding");
    if (contentEncoding === null || decoded.has(request)) return next(request);
    const codecs = codecsOf(contentEncoding, settings.maxCodings);
    decoded.add(request);
    request.decodeContent((pieces) => {
      const bounds = new Bounds(settings);
      return codecs.reduce((all: Pieces, codec) => unpack(all, codec, bounds), bounds.received(pieces));
    });
    return next(request);
  };
  return described(middleware, "decompression", settings);
}
