import { brotliDecompressSync, constants, gunzipSync, inflateSync } from "node:zlib";

/** Bytes that content may become when it is decoded to be shown: beyond them it is shown as it came. */
const DECODED_MAX = 4_194_304;

const DECODERS: Readonly<Record<string, (bytes: Uint8Array) => Buffer>> = {
  gzip: (bytes) => gunzipSync(bytes, { maxOutputLength: DECODED_MAX, finishFlush: constants.Z_SYNC_FLUSH }),
  deflate: (bytes) => inflateSync(bytes, { maxOutputLength: DECODED_MAX, finishFlush: constants.Z_SYNC_FLUSH }),
  br: (bytes) =>
    brotliDecompressSync(bytes, { maxOutputLength: DECODED_MAX, finishFlush: constants.BROTLI_OPERATION_FLUSH }),
};

/** Content without the coding that its Content-Encoding names, as far as it is there; null where it cannot be undone. */
export function decoded(bytes: Uint8Array, coding: string): Buffer | null {
  const name = coding.trim().toLowerCase();
  if (!Object.hasOwn(DECODERS, name)) return null;
  try {
    return DECODERS[name](bytes);
  } catch {
    return null;
  }
}
