import { randomUUID } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, stat, unlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import type { LRUCache } from "lru-cache";
import { decode, encode } from "./codec.ts";
import { checkWhole, DEFAULT_TIMEOUT, hashKey, type Store, within } from "./store.ts";

/** What bounds a store of files. */
export interface FileStoreOptions {
  /**
   * Files that this process keeps at once; beyond it those go that were not asked for the longest. 10 000 by default.
   * Where processes share a folder, each counts what it found there when it began, and what it has written.
   */
  readonly maxEntries?: number;
  /** Milliseconds after which an operation has failed; 1000 by default. */
  readonly timeout?: number;
  /** The time in milliseconds; that of the system by default. */
  readonly now?: () => number;
}

/** What a file has, encoded. */
type Content = readonly [expires: number, value: unknown];

/** Names of the folders that files are in: the first two digits of their own. */
const SHARD = /^[0-9a-f]{2}$/;
const NAME = /^[0-9a-f]{64}$/;
/** Milliseconds after which a file that is being written belongs to a process that has died. */
const ABANDONED = 60_000;

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === "ENOENT";
}

/** What a file is read or taken away by; undefined where there is no such file. */
async function ifThere<T>(operation: Promise<T>): Promise<T | undefined> {
  try {
    return await operation;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/**
 * Keeps values in the files of a folder, one each, which outlast the process and which others may share. The name of a
 * file is the hash of its key. It is written under another name first: who reads sees all of it, or what was before. It
 * does not count: `increment` is not there.
 */
export class FileStore implements Store {
  readonly #directory: string;
  readonly #maxEntries: number;
  readonly #timeout: number;
  readonly #now: () => number;
  /** Names of the files, for who is to go next; made when the first is written. */
  #names: Promise<LRUCache<string, true>> | null = null;
  /** Writes that have begun, and those of them that are over. */
  #begun = 0;
  #over = 0;

  /** The folder is made where it is not there. Throws a RangeError for an option out of its range. */
  constructor(directory: string | URL, options: FileStoreOptions = {}) {
    const { maxEntries = 10_000, timeout = DEFAULT_TIMEOUT, now = Date.now } = options;
    this.#directory = path.resolve(typeof directory === "string" ? directory : fileURLToPath(directory));
    this.#maxEntries = checkWhole("maxEntries", maxEntries);
    this.#timeout = checkWhole("timeout", timeout);
    this.#now = now;
  }

  get(key: string): Promise<unknown> {
    return within(this.#timeout, "file store", this.#read(hashKey(key)));
  }

  async set(key: string, value: unknown, ttlMs: number): Promise<void> {
    const content: Content = [this.#now() + checkWhole("ttlMs", ttlMs), value];
    if (value === undefined) throw new TypeError("a store cannot keep undefined");
    const text = encode(content);
    ++this.#begun;
    const writing = this.#write(hashKey(key), text).finally(() => ++this.#over);
    await within(this.#timeout, "file store", writing);
  }

  async delete(key: string): Promise<void> {
    await within(this.#timeout, "file store", this.#remove(hashKey(key)));
  }

  async clear(): Promise<void> {
    await within(this.#timeout, "file store", this.#removeAll());
  }

  #pathOf(name: string): string {
    return path.join(this.#directory, name.slice(0, 2), name);
  }

  async #read(name: string): Promise<unknown> {
    const [begun, isQuiet] = [this.#begun, this.#begun === this.#over];
    const text = await ifThere(readFile(this.#pathOf(name), "utf8"));
    if (text === undefined) return undefined;
    const content = parse(text);
    if (content === null || this.#now() >= content[0]) {
      // Where it may be written anew meanwhile, the new one would go: the next who asks takes it away.
      if (isQuiet && begun === this.#begun) await this.#remove(name);
      return undefined;
    }
    (await this.#names)?.get(name);
    return content[1];
  }

  async #write(name: string, text: string): Promise<void> {
    this.#names ??= this.#index();
    const names = await this.#names.catch((error) => {
      // The next one tries again.
      this.#names = null;
      throw error;
    });
    const file = this.#pathOf(name);
    const draft = `${file}.${randomUUID()}`;
    try {
      await writeSecret(draft, text);
      await rename(draft, file);
    } catch (error) {
      await rm(draft, { force: true });
      throw error;
    }
    names.set(name, true);
  }

  async #remove(name: string): Promise<void> {
    (await this.#names)?.delete(name);
    await ifThere(unlink(this.#pathOf(name)));
  }

  /** The folders are this store's by their names; what else is in the directory stays. */
  async #removeAll(): Promise<void> {
    (await this.#names)?.clear();
    const shards = await this.#shards();
    await Promise.all(shards.map((shard) => rm(shard, { recursive: true, force: true })));
  }

  async #shards(): Promise<string[]> {
    const names = (await ifThere(readdir(this.#directory))) ?? [];
    return names.filter((name) => SHARD.test(name)).map((name) => path.join(this.#directory, name));
  }

  /** Finds the files that are there already, and takes those away that are too many. */
  async #index(): Promise<LRUCache<string, true>> {
    const { LRUCache } = await import("lru-cache");
    const names = new LRUCache<string, true>({
      max: this.#maxEntries,
      dispose: (_, name, reason) => {
        // Where it cannot be taken away now it is found again by the next process.
        if (reason === "evict") ifThere(unlink(this.#pathOf(name))).catch(() => {});
      },
    });
    for (const shard of await this.#shards()) {
      for (const name of (await ifThere(readdir(shard))) ?? []) {
        if (NAME.test(name)) names.set(name, true);
        else await removeAbandoned(path.join(shard, name), this.#now());
      }
    }
    return names;
  }
}

/** What a file says; null where it was damaged. */
function parse(text: string): Content | null {
  try {
    const content = decode(text);
    return Array.isArray(content) && typeof content[0] === "number" ? (content as unknown as Content) : null;
  } catch {
    return null;
  }
}

/** Writes a file that nobody else on this machine may read, and its folder where that is not there. */
async function writeSecret(file: string, text: string): Promise<void> {
  const write = () => writeFile(file, text, { mode: 0o600, flag: "wx" });
  try {
    await write();
  } catch (error) {
    if (!isMissing(error)) throw error;
    await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
    await write();
  }
}

async function removeAbandoned(file: string, now: number): Promise<void> {
  const found = await ifThere(stat(file));
  if (found !== undefined && now - found.mtimeMs > ABANDONED) await rm(file, { force: true });
}
