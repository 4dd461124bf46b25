import { CODINGS, type Coding } from "./codings.ts";

/** What a folder is served with. Times in milliseconds where nothing else is said, sizes in bytes. */
export interface StaticOptions {
  /** Name of the file that a folder is served as; false for none, and then a folder is 404. */
  readonly index?: string | false;
  /** Tried in turn behind a name that leads nowhere: with ["html"], `/about` is `about.html`. */
  readonly extensions?: readonly string[];
  /** Serves files and folders too whose names begin with a dot. */
  readonly dotfiles?: boolean;
  /** Whether links are followed that lead out of the folder ("follow"), or only those that stay in it ("inside"). */
  readonly symlinks?: "inside" | "follow";
  /** Cache-Control of all files, as it is or made of `maxAge` (seconds) and `immutable`. */
  readonly cacheControl?: string | CacheControl;
  /**
   * Codings that are looked for beside a file, the one that is wanted most first: `app.js.br`, `app.js.zst`,
   * `app.js.gz`. They are taken to be the same content, however old they are.
   */
  readonly precompressed?: readonly Coding[];
  /** Sends `X-Content-Type-Options: nosniff`, so that a browser takes a file for nothing but what it is said to be. */
  readonly nosniff?: boolean;
  /** Memory that small files may take together, with what is known of where files are; 0 has nothing kept. */
  readonly maxCacheSize?: number;
  /** Larger files are read from the disk each time. */
  readonly maxCachedFileSize?: number;
  /** How long the disk is not asked again; a file may be served so long after it was changed. 0 asks each time. */
  readonly maxStale?: number;
}

/** What Cache-Control says of a file: how long it is fresh, and that it does not change until then (RFC 8246). */
export interface CacheControl {
  /** Seconds. */
  readonly maxAge: number;
  readonly immutable?: boolean;
}

/**
 * Every option that has a default. To be stored but asked for each time ("no-cache") is right for every file; `public`
 * is not said by itself, for shared caches would then give to all what was behind a login.
 */
export const DEFAULT_STATIC_OPTIONS: Required<StaticOptions> = {
  index: "index.html",
  extensions: [],
  dotfiles: false,
  symlinks: "inside",
  cacheControl: "no-cache",
  precompressed: CODINGS,
  nosniff: true,
  maxCacheSize: 4_194_304,
  maxCachedFileSize: 65_536,
  maxStale: 1000,
};

/** The value of Cache-Control. Throws a RangeError where `maxAge` is no number of seconds. */
export function cacheControlOf(control: string | CacheControl): string {
  if (typeof control === "string") return control;
  const { maxAge, immutable = false } = control;
  if (!Number.isSafeInteger(maxAge) || maxAge < 0) {
    throw new RangeError(`maxAge must be a whole number of seconds, not ${maxAge}`);
  }
  return `max-age=${maxAge}${immutable ? ", immutable" : ""}`;
}

/** The options with their defaults. Throws a TypeError or RangeError for one that makes no sense. */
export function checkOptions(options: StaticOptions): Required<StaticOptions> {
  const all = { ...DEFAULT_STATIC_OPTIONS, ...options };
  for (const name of ["maxCacheSize", "maxCachedFileSize", "maxStale"] as const) {
    if (!(all[name] >= 0)) throw new RangeError(`${name} must be a number of at least 0, not ${all[name]}`);
  }
  for (const coding of all.precompressed) {
    if (!CODINGS.includes(coding)) throw new TypeError(`precompressed knows ${CODINGS.join(", ")}, not ${coding}`);
  }
  for (const name of [...all.extensions, ...(all.index === false ? [] : [all.index])]) {
    if (!/^[^/\\\0]+$/.test(name)) throw new TypeError(`${JSON.stringify(name)} is no part of a file's name`);
  }
  if (all.symlinks !== "inside" && all.symlinks !== "follow") {
    throw new TypeError(`symlinks is "inside" or "follow", not ${JSON.stringify(all.symlinks)}`);
  }
  return all;
}
