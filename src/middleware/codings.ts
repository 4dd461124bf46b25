/** Content codings (RFC 9110 §8.4.1, RFC 8878) by the zlib of Node. */
import type { Transform } from "node:stream";
import zlib from "node:zlib";

/** A content coding; "zstd" only where the runtime has it (Node 22.15 or later). */
export type Coding = "br" | "zstd" | "gzip" | "deflate";

/** A stream of Node that packs, and gives what it holds back when it is told to. */
export interface Packer extends Transform {
  flush(kind: number, callback: () => void): void;
  close(): void;
}

/** A stream of Node that unpacks; `bytesWritten` are those it has read so far, and needed. */
export interface Unpacker extends Transform {
  readonly bytesWritten: number;
}

/** How one coding is written and read. */
export interface Codec {
  /** Packs at once, in the way of all else. */
  pack(bytes: Uint8Array, level: number): Uint8Array;
  /** Packs beside all else. */
  packLater(bytes: Uint8Array, level: number): Promise<Uint8Array>;
  packer(level: number): Packer;
  unpacker(): Unpacker;
  /** What a packer is flushed with so that all that went in can be read at the other end. */
  readonly flush: number;
}

type Options = Readonly<Record<string, unknown>>;
type Done = (error: Error | null, packed: Uint8Array) => void;

/** What zlib calls what it does for one coding. */
interface Functions {
  readonly sync: (bytes: Uint8Array, options: Options) => Uint8Array;
  readonly later: (bytes: Uint8Array, options: Options, done: Done) => void;
  readonly packer: (options: Options) => unknown;
  readonly unpacker: (options: Options) => unknown;
}

/** What a runtime may have that the oldest one does not. */
interface Zstd {
  readonly zstdCompressSync: Functions["sync"];
  readonly zstdCompress: Functions["later"];
  readonly createZstdCompress: Functions["packer"];
  readonly createZstdDecompress: Functions["unpacker"];
  readonly constants: Readonly<
    Record<"ZSTD_c_compressionLevel" | "ZSTD_d_windowLogMax" | "ZSTD_e_flush", number | undefined>
  >;
}

/** Bytes of a stream's window, as a power of 2: the 4 MiB that Brotli takes by itself are too much for each connection. */
const STREAM_WINDOW = 18;
/** 8 MiB: content may not ask its reader for a larger one (RFC 9659 §3). */
const ZSTD_WINDOW = 23;

function codec(
  { sync, later, packer, unpacker }: Functions,
  flush: number,
  whole: (level: number, size: number) => Options,
  streamed: (level: number) => Options,
  unpacked: Options = {},
): Codec {
  return {
    pack: (bytes, level) => sync(bytes, whole(level, bytes.length)),
    packLater: (bytes, level) =>
      new Promise((resolve, reject) => {
        later(bytes, whole(level, bytes.length), (error, packed) => (error ? reject(error) : resolve(packed)));
      }),
    packer: (level) => packer(streamed(level)) as Packer,
    unpacker: () => unpacker(unpacked) as Unpacker,
    flush,
  };
}

const {
  Z_SYNC_FLUSH,
  BROTLI_OPERATION_FLUSH,
  BROTLI_PARAM_QUALITY: QUALITY,
  BROTLI_PARAM_SIZE_HINT: SIZE_HINT,
  BROTLI_PARAM_LGWIN: WINDOW,
} = zlib.constants;

function zstdCodec(): [Coding, Codec][] {
  const { zstdCompressSync: sync, constants, ...more } = zlib as unknown as Zstd;
  const { ZSTD_c_compressionLevel: LEVEL, ZSTD_d_windowLogMax: MAX, ZSTD_e_flush: flush } = constants;
  if (sync === undefined || LEVEL === undefined || MAX === undefined || flush === undefined) return [];
  const { zstdCompress: later, createZstdCompress: packer, createZstdDecompress: unpacker } = more;
  const options = (level: number) => ({ params: { [LEVEL]: level } });
  return [
    ["zstd", codec({ sync, later, packer, unpacker }, flush, options, options, { params: { [MAX]: ZSTD_WINDOW } })],
  ];
}

/** The codings that this runtime has, those first that pack best for the time they take. */
export const CODECS: ReadonlyMap<Coding, Codec> = new Map<Coding, Codec>([
  [
    "br",
    codec(
      {
        sync: zlib.brotliCompressSync,
        later: zlib.brotliCompress,
        packer: zlib.createBrotliCompress,
        unpacker: zlib.createBrotliDecompress,
      },
      BROTLI_OPERATION_FLUSH,
      (level, size) => ({ params: { [QUALITY]: level, [SIZE_HINT]: size } }),
      (level) => ({ params: { [QUALITY]: level, [WINDOW]: STREAM_WINDOW } }),
    ),
  ],
  ...zstdCodec(),
  [
    "gzip",
    codec(
      { sync: zlib.gzipSync, later: zlib.gzip, packer: zlib.createGzip, unpacker: zlib.createGunzip },
      Z_SYNC_FLUSH,
      (level) => ({ level }),
      (level) => ({ level }),
    ),
  ],
  [
    "deflate",
    codec(
      { sync: zlib.deflateSync, later: zlib.deflate, packer: zlib.createDeflate, unpacker: zlib.createInflate },
      Z_SYNC_FLUSH,
      (level) => ({ level }),
      (level) => ({ level }),
    ),
  ],
]);
