import { described, type ResponseHook } from "../app/index.ts";
import type { BodyStream, HttpRequest, HttpResponse } from "../http/index.ts";
import { KeptResponse } from "../services/kept.ts";
import { Through } from "../services/through.ts";
import { CODECS, type Codec, type Coding } from "./codings.ts";
import { loadNegotiation, type Negotiation } from "./negotiation.ts";
import { packing } from "./packing.ts";

/** How responses are compressed. Sizes in bytes. */
export interface CompressionOptions {
  /** Content of less than this is left as it is. */
  readonly minSize?: number;
  /** From 1, the fastest, to 9: what gzip and deflate call the level, Brotli the quality, zstd the level. */
  readonly level?: number;
  /** Which media types are compressed, without their parameters; those that `compressible` knows by default. */
  readonly types?: readonly string[] | ((type: string) => boolean);
  /** Codings, the one that is wanted most first: it wins where the client likes another as much. */
  readonly codings?: readonly Coding[];
  /** Content that is there in one piece and larger than this is compressed by another thread. */
  readonly maxSyncSize?: number;
}

/**
 * Less than 500 bytes fit into a packet with their head anyhow. Level 2 takes half the time that zlib takes by itself, for
 * about a tenth more bytes. To hand content to another thread takes 0.1 ms, as long as to compress some 32 KiB.
 */
export const DEFAULT_COMPRESSION_OPTIONS: Required<Omit<CompressionOptions, "types">> = {
  minSize: 500,
  level: 2,
  codings: [...CODECS.keys()],
  maxSyncSize: 32_768,
};

type Settings = Required<Omit<CompressionOptions, "types">> & Pick<CompressionOptions, "types">;

const KNOWN: readonly unknown[] = ["br", "zstd", "gzip", "deflate"];
/** Bytes packed that are not fewer than they were: the content is sent as it is. */
const NO_GAIN = new Uint8Array(0);

/** The options with their defaults. Throws a TypeError or RangeError that names the one that makes no sense. */
function checkOptions(options: CompressionOptions): Settings {
  const all = { ...DEFAULT_COMPRESSION_OPTIONS, ...options };
  for (const name of ["minSize", "maxSyncSize"] as const) {
    if (!(all[name] >= 0)) throw new RangeError(`${name} must be a number of bytes, not ${all[name]}`);
  }
  if (!Number.isInteger(all.level) || all.level < 1 || all.level > 9) {
    throw new RangeError(`level must be a whole number from 1 to 9, not ${all.level}`);
  }
  for (const coding of all.codings) {
    if (!KNOWN.includes(coding)) throw new TypeError(`codings knows ${KNOWN.join(", ")}, not ${coding}`);
  }
  const { types } = all;
  if (types !== undefined && typeof types !== "function" && !Array.isArray(types)) {
    throw new TypeError("types must be a list of media types or a function");
  }
  return { ...all, codings: all.codings.filter((coding) => CODECS.has(coding)) };
}

/** What the fields of a response say that matters here. */
interface Said {
  type: string | null;
  length: number | null;
  etag: string | null;
  vary: string | null;
  /** It is encoded already, is a part, or must be sent as it is. */
  barred: boolean;
}

function readFields(response: HttpResponse): Said {
  const said: Said = { type: response.contentType, length: null, etag: null, vary: null, barred: false };
  for (const [name, value] of response.fields ?? []) {
    switch (name.toLowerCase()) {
      case "content-type":
        said.type = value;
        break;
      case "content-length":
        said.length = Number(value);
        break;
      case "etag":
        said.etag = value;
        break;
      case "vary":
        said.vary = said.vary === null ? value : `${said.vary}, ${value}`;
        break;
      case "content-encoding":
      case "content-range":
      // What these say is of the bytes as they are (RFC 9530).
      case "content-digest":
      case "repr-digest":
        said.barred = true;
        break;
      case "cache-control":
        said.barred ||= /(?:^|[,\s])no-transform(?:$|[,\s])/i.test(value);
    }
  }
  return said;
}

/** Has caches know that the answer depends on Accept-Encoding (RFC 9110 §12.5.5). */
function addVary({ headers }: HttpResponse, vary: string | null): void {
  if (vary === null) headers.set("Vary", "Accept-Encoding");
  else if (!/(?:^|,)\s*(?:\*|accept-encoding)\s*(?:,|$)/i.test(vary)) headers.set("Vary", `${vary}, Accept-Encoding`);
}

/** Bytes of content that is there, or is announced; null where they are not known. */
function sizeOf({ body }: HttpResponse, announced: number | null): number | null {
  if (body === null) return announced ?? 0;
  if (typeof body === "string") return Buffer.byteLength(body);
  return body instanceof Uint8Array ? body.length : announced;
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

/** Puts packed content in the place of what it was made of. */
function replace(response: HttpResponse, body: Uint8Array | BodyStream, coding: Coding, { etag }: Said): void {
  const { headers } = response;
  response.body = body;
  headers.set("Content-Encoding", coding);
  headers.delete("Content-Length");
  // Ranges would be those of other bytes.
  headers.delete("Accept-Ranges");
  // The tag of other bytes, though they mean the same (RFC 9110 §8.8.3.3).
  if (etag !== null && !etag.startsWith("W/")) headers.set("ETag", `W/${etag}`);
}

class Compression {
  readonly #settings: Settings;
  readonly #negotiation: Negotiation;

  constructor(settings: Settings, negotiation: Negotiation) {
    this.#settings = settings;
    this.#negotiation = negotiation;
  }

  /** Compresses a response where that may be, and is worth it; gives a promise where it takes time. */
  apply(response: HttpResponse, request: HttpRequest): void | Promise<void> {
    const { status } = response;
    // The exchange may be over; and these have no content, or a part.
    if (request.done || status === 204 || status === 205 || status === 206) return;
    const said = readFields(response);
    // What 200 would say of the choice of its content, 304 says as well (RFC 9110 §15.4.5).
    if (status === 304) return addVary(response, said.vary);
    const size = sizeOf(response, said.length);
    if (said.barred || said.type === null || (size !== null && size < this.#settings.minSize)) return;
    if (!this.#negotiation.takes(said.type)) return;
    addVary(response, said.vary);
    const coding = this.#negotiation.choose(request.headers.get("accept-encoding"));
    const codec = coding === null ? undefined : CODECS.get(coding);
    if (coding === null || codec === undefined) return;
    const { body } = response;
    if (typeof body === "string" || body instanceof Uint8Array) {
      return this.#packWhole(response, body, size as number, coding, codec, said);
    }
    // Without content it is an answer to HEAD that tells a length: what it would be then is not known.
    if (body !== null) replace(response, this.#packed(body, codec, said), coding, said);
    else if (said.length !== null) replace(response, nothing(), coding, said);
  }

  #packed(body: BodyStream, codec: Codec, { length }: Said): BodyStream {
    return new Through(body, length, packing(codec, this.#settings.level));
  }

  /** To HEAD too: what is said of the content is then what GET says. */
  #packWhole(
    response: HttpResponse,
    body: string | Uint8Array,
    size: number,
    coding: Coding,
    codec: Codec,
    said: Said,
  ): void | Promise<void> {
    const { level, maxSyncSize } = this.#settings;
    const made = response instanceof KeptResponse ? response.made : null;
    const name = `${coding} ${level}`;
    const finish = (packed: Uint8Array) => {
      const gain = packed !== NO_GAIN && packed.length < size;
      made?.set(name, gain ? packed : NO_GAIN);
      if (gain) replace(response, packed, coding, said);
    };
    const known = made?.get(name) as Uint8Array | undefined;
    if (known !== undefined) return finish(known);
    const bytes = typeof body === "string" ? Buffer.from(body) : body;
    return size > maxSyncSize ? codec.packLater(bytes, level).then(finish) : finish(codec.pack(bytes, level));
  }
}

/**
 * Compresses responses for clients that take it, as Accept-Encoding says (RFC 9110 §12.5.3):
 *
 *     app.on("response", compression());
 *
 * A hook and no middleware: so it gets errors too, what no route serves, and what caches have, and only what is sent in
 * the end is compressed. Throws a TypeError or RangeError for an option that makes no sense.
 */
export function compression(options: CompressionOptions = {}): ResponseHook {
  const settings = checkOptions(options);
  let compression: Compression | null = null;
  const loading = loadNegotiation(settings.codings, settings.types).then((negotiation) => {
    compression = new Compression(settings, negotiation);
    return compression;
  });
  // Whoever is answered is told where that fails.
  loading.catch(() => {});
  const hook: ResponseHook = (response, request) =>
    compression === null
      ? loading.then((loaded) => loaded.apply(response, request))
      : compression.apply(response, request);
  return described(hook, "compression", settings);
}
