/** `pyrois/middleware`: what can be put around handlers. */
export { type CacheControlOptions, cacheControl, cacheControlValue } from "./cache-control.ts";
export type { Coding } from "./codings.ts";
export { type CompressionOptions, compression, DEFAULT_COMPRESSION_OPTIONS } from "./compression.ts";
export { DEFAULT_DECOMPRESSION_OPTIONS, type DecompressionOptions, decompression } from "./decompression.ts";
export { etag } from "./etag.ts";
