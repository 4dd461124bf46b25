/** Reads multipart/form-data with what every host of fetch has for it: as a whole, in memory. */
import { BadRequestError, ContentTooLargeError, type MultipartReader, type Part } from "../../http/index.ts";

const encoder = new TextEncoder();

async function* inOnePiece(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  yield bytes;
}

async function noFiles(): Promise<never> {
  throw new Error("a part cannot be saved here: hosts of fetch have no files");
}

/** A part as the host tells of it, which leaves out other fields than these. */
async function partOf(name: string, value: string | File): Promise<Part> {
  const isText = typeof value === "string";
  const bytes = isText ? encoder.encode(value) : new Uint8Array(await value.arrayBuffer());
  const type = (isText ? "" : value.type.split(";")[0].trim().toLowerCase()) || "text/plain";
  return {
    name,
    filename: isText ? undefined : value.name,
    type,
    headers: new Map([["content-type", type]]),
    body: inOnePiece(bytes),
    bytes: async () => bytes,
    text: async () => new TextDecoder().decode(bytes),
    save: noFiles,
  };
}

function tooLarge(what: string, limit: string, max: number): ContentTooLargeError {
  return new ContentTooLargeError(`${what} than ${limit}, ${max}`);
}

/**
 * The parts of content. Rejects with what the content rejects with, with an HttpError 400 for what is no such content,
 * and 413 beyond maxParts, maxPartNameSize or maxPartSize; the header fields of parts the host bounds.
 */
export const readMultipart: MultipartReader = async function* (content, boundary, limits) {
  const pieces: Uint8Array[] = [];
  for await (const piece of content) pieces.push(piece);
  const headers = { "Content-Type": `multipart/form-data; boundary="${boundary}"` };
  let form: FormData;
  try {
    form = await new Response(new Blob(pieces as BlobPart[]), { headers }).formData();
  } catch (cause) {
    throw new BadRequestError("the content is not valid multipart/form-data", { cause });
  }
  let count = 0;
  for (const [name, value] of form) {
    const part = await partOf(name, value);
    const { maxParts, maxPartNameSize, maxPartSize } = limits;
    if (++count > maxParts) throw tooLarge("there are more parts", "maxParts", maxParts);
    if (encoder.encode(name).length > maxPartNameSize) {
      throw tooLarge("the name of a part is longer", "maxPartNameSize", maxPartNameSize);
    }
    if ((await part.bytes()).length > maxPartSize) throw tooLarge("a part is larger", "maxPartSize", maxPartSize);
    yield part;
  }
};
