/** Content of many parts (RFC 7578): what is known of it on any host. What reads it, a host must have. */
import type { Environment } from "./environment.ts";
import { contentLimits, type MultipartLimits } from "./limits.ts";
import { type MediaType, parseMediaType } from "./media-type.ts";
import { BadRequestError, UnsupportedMediaTypeError } from "./status-errors.ts";

/** One part. It is read while it is the last that was asked for: what is left of it then is dropped. */
export interface Part {
  /** The name of the field. */
  readonly name: string;
  /**
   * The name of the file, without folders; "" where none was chosen, undefined where the part is no file. The client can
   * say what it likes: never make a path of it unseen.
   */
  readonly filename: string | undefined;
  /** The media type without parameters, in small letters; "text/plain" where none is said (RFC 7578 §4.4). */
  readonly type: string;
  /** All header fields of the part, by name in small letters. */
  readonly headers: ReadonlyMap<string, string>;
  /**
   * The content piece by piece, as it comes; while nobody asks for the next one, the client is not read from. May be
   * taken once, and not beside the others.
   */
  readonly body: AsyncIterableIterator<Uint8Array>;
  /** All of the content. */
  bytes(): Promise<Uint8Array>;
  /** The content as text. Rejects with an HttpError 400 where it is no UTF-8, 415 where another charset is named. */
  text(): Promise<string>;
  /**
   * Writes the content to a new file as it comes; resolves with its size in bytes. Where something goes wrong no file is
   * left. Rejects where there is a file already.
   */
  save(path: string): Promise<number>;
}

/** Limits of one content, in place of those of the application. */
export type MultipartOptions = Partial<MultipartLimits>;

/** Reads parts, one after the other. */
export type MultipartReader = (
  content: AsyncIterable<Uint8Array>,
  boundary: string,
  limits: MultipartLimits,
) => AsyncIterableIterator<Part>;

export const MULTIPART = "multipart/form-data";

/** The characters of a boundary (RFC 2046 §5.1.1). */
const BOUNDARY = /^[\w'()+,\-./:=? ]{0,69}[\w'()+,\-./:=?]$/;

/** The parts of content that has a Content-Type. Throws an HttpError 415 or 400 where that is not of the right kind. */
export function openMultipart(
  content: () => AsyncIterable<Uint8Array>,
  contentType: string | null,
  environment: Environment,
  options?: MultipartOptions,
): AsyncIterableIterator<Part> {
  const type = parseMediaType(contentType ?? "");
  if (type?.essence !== MULTIPART) {
    throw new UnsupportedMediaTypeError(`the content must be ${MULTIPART}`, { headers: { Accept: MULTIPART } });
  }
  const limits = options === undefined ? environment.limits : contentLimits(options, environment.limits);
  return readParts(content, type, environment, limits);
}

/** The parts of content of a type; throws an HttpError 400 where that has no boundary, an Error where nothing reads it. */
export function readParts(
  content: () => AsyncIterable<Uint8Array>,
  { parameters }: MediaType,
  { multipart }: Environment,
  limits: MultipartLimits,
): AsyncIterableIterator<Part> {
  if (multipart === null) throw new Error("this host has no reader of multipart content");
  const boundary = parameters.get("boundary");
  if (boundary === undefined) throw new BadRequestError("the Content-Type names no boundary");
  if (!BOUNDARY.test(boundary)) {
    throw new BadRequestError("the boundary in Content-Type must be 1 to 70 characters of RFC 2046 §5.1.1");
  }
  return multipart(content(), boundary, limits);
}
