import { pipeline, Readable, type Transform } from "node:stream";
import zlib from "node:zlib";

/** What runtimes later than the oldest one have. */
const { createZstdDecompress } = zlib as { createZstdDecompress?: () => Transform };

const DECODERS = new Map<string, () => Transform>([
  ["gzip", zlib.createUnzip],
  ["x-gzip", zlib.createUnzip],
  ["deflate", zlib.createInflate],
  ["br", zlib.createBrotliDecompress],
  ...(createZstdDecompress ? [["zstd", createZstdDecompress] as const] : []),
]);

/**
 * Content without its codings, the last one undone first, as `fetch` gives it (RFC 9110 §8.4.1); as it is where one of
 * them is not known.
 */
export function decoded(
  pieces: AsyncIterableIterator<Uint8Array>,
  codings: string | null,
): AsyncIterableIterator<Uint8Array> {
  const names = codings?.toLowerCase().split(/\s*,\s*/) ?? [];
  const made = names.map((name) => DECODERS.get(name)).reverse();
  if (made.length === 0 || !made.every((make) => make !== undefined)) return pieces;
  const streams = made.map((make) => make());
  // What goes wrong is told to whoever reads the last of them.
  pipeline([Readable.from(pieces), ...streams], () => {});
  return streams[streams.length - 1].iterator() as AsyncIterableIterator<Uint8Array>;
}
