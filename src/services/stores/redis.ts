import type KeyvRedis from "@keyv/redis";
import { decode, encode } from "./codec.ts";
import { checkWhole, DEFAULT_TIMEOUT, hashKey, type Store, within } from "./store.ts";

/** What names and bounds a store in Redis. */
export interface RedisStoreOptions {
  /** What the names of all keys begin with: letters, digits, "_", "-", "." and single colons. "pyrois" by default. */
  readonly prefix?: string;
  /** Milliseconds after which an operation has failed; 1000 by default. */
  readonly timeout?: number;
}

/** A client of node-redis, as `createClient` of `redis` or `@redis/client` makes it. */
export interface RedisConnection {
  readonly isOpen: boolean;
  connect(): Promise<unknown>;
}

type Adapter = KeyvRedis<string>;

/** What is asked of a client beside what the adapter asks. */
interface Client extends RedisConnection {
  readonly isReady: boolean;
  destroy(): void;
  ping(): Promise<unknown>;
  eval(script: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>;
}

/** Counts, and has the time begin with the first, in one step. */
const INCREMENT = `
local sum = redis.call("INCR", KEYS[1])
if sum == 1 then redis.call("PEXPIRE", KEYS[1], ARGV[1]) end
return sum`;

async function loadLibrary(): Promise<typeof import("@keyv/redis")> {
  try {
    return await import("@keyv/redis");
  } catch (cause) {
    throw new Error("RedisStore needs the packages @keyv/redis and keyv, which are not installed", { cause });
  }
}

/** What a text says; undefined where others have put it there: that says nothing about the server. */
function parse(text: string): unknown {
  try {
    return decode(text);
  } catch {
    return undefined;
  }
}

/** Milliseconds before the next attempt to connect. */
function patience(attempts: number): number {
  return Math.min(2 ** attempts * 50, 2000);
}

/**
 * Keeps values in Redis, for all processes that use it. It connects when it is first used, and again where the connection
 * is lost; until then operations fail at once. Close it where the process is to end: an open connection keeps it alive.
 */
export class RedisStore implements Store {
  readonly #connection: string | RedisConnection;
  readonly #prefix: string;
  readonly #timeout: number;
  #adapter: Promise<Adapter> | null = null;
  /** That of the adapter, where it was made here. */
  #own: Client | null = null;

  /**
   * Takes the URL of a server, or a client that its owner closes. Throws a TypeError where the prefix makes no sense, and
   * a RangeError for a timeout out of its range.
   */
  constructor(connection: string | URL | RedisConnection, options: RedisStoreOptions = {}) {
    const { prefix = "pyrois", timeout = DEFAULT_TIMEOUT } = options;
    // Names below another prefix do not begin as those below this one, and none is a pattern.
    if (!/^[\w.-]+(?::[\w.-]+)*$/.test(prefix)) throw new TypeError(`${JSON.stringify(prefix)} is no prefix of keys`);
    this.#connection = connection instanceof URL ? connection.href : connection;
    this.#prefix = prefix;
    this.#timeout = checkWhole("timeout", timeout);
  }

  get(key: string): Promise<unknown> {
    return this.#use(async (adapter) => {
      const text = await adapter.get<string>(hashKey(key));
      return text === undefined ? undefined : parse(text);
    });
  }

  async set(key: string, value: unknown, ttlMs: number): Promise<void> {
    const text = encode(value);
    checkWhole("ttlMs", ttlMs);
    await this.#use((adapter) => adapter.set(hashKey(key), text, ttlMs));
  }

  async delete(key: string): Promise<void> {
    await this.#use((adapter) => adapter.delete(hashKey(key)));
  }

  async clear(): Promise<void> {
    await this.#use(async (adapter) => {
      // It does not reject where that fails, and only tells.
      const failures: unknown[] = [];
      const note = (error: unknown) => failures.push(error);
      adapter.on("error", note);
      await adapter.clear();
      adapter.off("error", note);
      if (failures.length > 0) throw failures[0];
    });
  }

  async increment(key: string, ttlMs: number): Promise<number> {
    checkWhole("ttlMs", ttlMs);
    const sum = await this.#use(async (adapter) => {
      const client = (await adapter.getClient()) as unknown as Client;
      const name = adapter.createKeyPrefix(hashKey(key), adapter.namespace);
      return client.eval(INCREMENT, { keys: [name], arguments: [String(ttlMs)] });
    });
    return Number(sum);
  }

  /** Ends the connection, where it was made here; the store connects again where it is used again. */
  async close(): Promise<void> {
    const own = this.#own;
    this.#own = null;
    this.#adapter = null;
    if (own === null) return;
    // What was asked before is answered before this; a server that hangs is not waited for longer than for anything else.
    if (own.isReady) await within(this.#timeout, "Redis store", own.ping()).catch(() => {});
    if (own.isOpen) own.destroy();
  }

  #use<T>(work: (adapter: Adapter) => Promise<T>): Promise<T> {
    this.#adapter ??= this.#begin();
    return within(this.#timeout, "Redis store", this.#adapter.then(work));
  }

  /** The adapter once it is connected; where that fails the next operation tries again. */
  #begin(): Promise<Adapter> {
    const adapter = this.#connect();
    adapter.catch(() => {
      if (this.#adapter === adapter) this.#adapter = null;
    });
    return adapter;
  }

  async #connect(): Promise<Adapter> {
    const { default: KeyvRedis, createClient } = await loadLibrary();
    if (this.#adapter === null) throw new Error("the Redis store was closed");
    let client = this.#connection;
    if (typeof client === "string") {
      // Without a connection commands fail at once: those that wait would be done when nobody wants them any more.
      client = createClient({ url: client, disableOfflineQueue: true, socket: { reconnectStrategy: patience } });
      this.#own = client as unknown as Client;
    }
    const adapter: Adapter = new KeyvRedis<string>(client as ConstructorParameters<typeof KeyvRedis>[0], {
      namespace: this.#prefix,
      throwOnErrors: true,
    });
    // Operations tell of their own errors; of those of the connection the next one tells.
    adapter.on("error", () => {});
    if (!client.isOpen) await (this.#own === null ? client.connect() : this.#open(client, adapter));
    return adapter;
  }

  /** Resolves when a client is connected, or has failed once: it tries again, and until then operations fail at once. */
  async #open(client: RedisConnection, adapter: Adapter): Promise<void> {
    const connecting = client.connect();
    // Where it has given up, the next operation begins anew.
    connecting.catch(() => {
      if (this.#own === client) this.#adapter = null;
    });
    await Promise.race([connecting, new Promise((resolve) => adapter.on("error", resolve))]);
  }
}
