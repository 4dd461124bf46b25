/** Where the files of a folder are that names lead to. */
import { realpathSync, statSync } from "node:fs";
import { realpath } from "node:fs/promises";
import path from "node:path";
import { ForbiddenError, HttpError, NotFoundError } from "../../http/index.ts";
import { contentTypeOf } from "../content-type.ts";
import { CODING_EXTENSIONS, type Coding } from "./codings.ts";
import { type Answered, describe } from "./library.ts";
import type { StaticOptions } from "./options.ts";

/** A file that was found. */
interface Found extends Answered {
  /** Null for a file as it is. */
  readonly coding: Coding | null;
  /** Without any link. */
  readonly path: string;
}

/** What a file can be served as: as it is, or encoded. */
export interface Representation extends Found {
  readonly contentType: string;
  /** Whether there are others. */
  readonly varies: boolean;
  /** Its content, once it is kept. */
  bytes: Uint8Array | null;
  /** Whether a change after the content was read would show. */
  settled: boolean;
  /** Whether it was found that it may be read. */
  readable: boolean;
}

/** A path that does not lead to a file. */
const NOWHERE: ReadonlySet<string> = new Set(["ENOENT", "ENOTDIR", "ENAMETOOLONG", "ELOOP", "EINVAL"]);
const FORBIDDEN: ReadonlySet<string> = new Set(["EACCES", "EPERM"]);

/** Throws the HttpError that an error of the system means, or itself where that is none of the client's concern. */
export function throwHttpError(error: unknown): never {
  const { code = "" } = error as NodeJS.ErrnoException;
  if (NOWHERE.has(code)) throw new NotFoundError(undefined, { cause: error });
  if (FORBIDDEN.has(code)) throw new ForbiddenError(undefined, { cause: error });
  throw error;
}

/**
 * The segments of a name, without the slash that one of a folder ends with; null where a file is not to be found by it.
 * Empty segments and those of dots are not resolved: what stands before a folder to guard it must see the same name.
 */
function segmentsOf(name: string, dotfiles: boolean): string[] | null {
  const inner = name.endsWith("/") ? name.slice(0, -1) : name;
  if (inner === "") return [];
  const segments = inner.split("/");
  const isServed = (segment: string) =>
    segment !== "" && segment !== "." && segment !== ".." && (dotfiles || !segment.startsWith("."));
  return segments.every(isServed) ? segments : null;
}

export class Folder {
  readonly #root: string;
  readonly #options: Required<StaticOptions>;

  /** Throws an Error that names the root where that is no folder. */
  constructor(root: string, options: Required<StaticOptions>) {
    const stat = statSync(root, { throwIfNoEntry: false });
    if (!stat?.isDirectory()) throw new Error(`${root} is no folder that could be served`);
    this.#root = realpathSync(root);
    this.#options = options;
  }

  /**
   * The file that a name leads to, as all that it can be served as: in the order in which they are preferred, the file
   * as it is last. Null for a folder that is not named as one, with a slash at its end. Rejects with an HttpError 404
   * where there is none, 403 where it may not be looked at, and with any other error of the system.
   */
  async locate(name: string): Promise<readonly Representation[] | null> {
    const segments = segmentsOf(name, this.#options.dotfiles);
    if (segments === null) throw new NotFoundError();
    const named = path.join(this.#root, ...segments);
    if (!name.endsWith("/")) return this.#locateFile(named);
    const { index } = this.#options;
    if (index === false) throw new NotFoundError();
    const file = path.join(named, index);
    const found = await this.#find(file, null);
    if (found === null) throw new NotFoundError();
    return this.#withEncoded(file, found);
  }

  async #locateFile(named: string): Promise<readonly Representation[] | null> {
    for (const ending of ["", ...this.#options.extensions.map((extension) => `.${extension}`)]) {
      try {
        const found = await this.#find(named + ending, null);
        if (found !== null) return await this.#withEncoded(named + ending, found);
        if (ending === "") return null;
      } catch (error) {
        if (!isMissing(error)) throw error;
      }
    }
    throw new NotFoundError();
  }

  /** A file with those beside it that are the same, encoded. */
  async #withEncoded(named: string, plain: Found): Promise<readonly Representation[]> {
    const encoded = await Promise.all(this.#options.precompressed.map((coding) => this.#findEncoded(named, coding)));
    const contentType = await contentTypeOf(named);
    const all = [...encoded.filter((each) => each !== null), plain];
    const varies = all.length > 1;
    return all.map((each) => ({ ...each, contentType, varies, bytes: null, settled: false, readable: false }));
  }

  /** An encoded file, null where it cannot be served: it need not be. */
  async #findEncoded(named: string, coding: Coding): Promise<Found | null> {
    try {
      return await this.#find(named + CODING_EXTENSIONS[coding], coding);
    } catch (error) {
      if (error instanceof HttpError) return null;
      throw error;
    }
  }

  /** A file that is there and may be served, null for a folder. Rejects as `locate`. */
  async #find(named: string, coding: Coding | null): Promise<Found | null> {
    try {
      const real = await realpath(named);
      if (this.#options.symlinks === "inside" && !this.#isInside(real)) throw new NotFoundError();
      const answered = await describe(real);
      if (answered === null) return null;
      // To read from a pipe or a device may never end.
      if (!answered.stat.isFile()) throw new NotFoundError();
      return { ...answered, coding, path: real };
    } catch (error) {
      throwHttpError(error);
    }
  }

  #isInside(real: string): boolean {
    const root = this.#root;
    return real === root || real.startsWith(root.endsWith(path.sep) ? root : root + path.sep);
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof HttpError && error.status === 404;
}
