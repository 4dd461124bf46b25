import { pipeline, Readable, type Transform } from "node:stream";
import { createBrotliDecompress, createInflate, createUnzip } from "node:zlib";

const DECODERS: Readonly<Record<string, () => Transform>> = {
  gzip: createUnzip,
  "x-gzip": createUnzip,
  deflate: createInflate,
  br: createBrotliDecompress,
};

/**
 * Content without its codings, the last one undone first, as `fetch` gives it (RFC 9110 §8.4.1); as it is where one of
 * them is not known.
 */
export function decoded(
  pieces: AsyncIterableIterator<Uint8Array>,
  codings: string | null,
): AsyncIterableIterator<Uint8Array> {
  const names = codings?.toLowerCase().split(/\s*,\s*/) ?? [];
  const made = names.map((name) => DECODERS[name]).reverse();
  if (made.length === 0 || made.includes(undefined as never)) return pieces;
  const streams = made.map((make) => make());
  // What goes wrong is told to whoever reads the last of them.
  pipeline([Readable.from(pieces), ...streams], () => {});
  return streams[streams.length - 1].iterator() as AsyncIterableIterator<Uint8Array>;
}
