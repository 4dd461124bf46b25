import { BadRequestError } from "./status-errors.ts";

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The text of bytes that must be UTF-8; throws an HttpError 400 that says what they are of where they are not. */
export function decodeUtf8(bytes: Uint8Array, what: string): string {
  try {
    return strict.decode(bytes);
  } catch (cause) {
    throw new BadRequestError(`${what} is not valid UTF-8`, { cause });
  }
}
