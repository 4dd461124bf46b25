/** `pyrois/middleware`: what can be put around handlers. */
export type { Coding } from "./codings.ts";
export { type CompressionOptions, compression, DEFAULT_COMPRESSION_OPTIONS } from "./compression.ts";
export { DEFAULT_DECOMPRESSION_OPTIONS, type DecompressionOptions, decompression } from "./decompression.ts";
