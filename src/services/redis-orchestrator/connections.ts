/** The connections of one orchestrator to Redis. */
import type { Redis, RedisOptions } from "ioredis";
import type { Logger } from "../../http/index.ts";
import { TaskRefusedError } from "../orchestrator/errors.ts";
import { settlesWithin } from "../orchestrator/wait.ts";

/** The longest time between attempts to connect. */
const MAX_RECONNECT = 2000;

/** All of them are kept: those that the library makes copies of for itself too, which it does not always close. */
export class Connections {
  readonly #Redis: typeof Redis;
  readonly #url: string;
  readonly #all: Redis[] = [];
  #closed = false;

  constructor(redis: typeof Redis, url: string) {
    this.#Redis = redis;
    this.#url = url;
  }

  /** A connection, which is made anew whenever it is lost. */
  open(options: RedisOptions): Redis {
    const all: RedisOptions = { ...options, retryStrategy: (times) => Math.min(times * 100, MAX_RECONNECT) };
    const client = new this.#Redis(this.#url, all);
    client.duplicate = (override) => this.open({ ...options, ...override });
    // Told by who waits for it, and once by `tellOutages`; an event without a listener would be written to the console.
    client.on("error", () => {});
    this.#all.push(client);
    return client;
  }

  /**
   * The connection for commands. What cannot be sent at once fails at once, and what was sent fails with the connection:
   * nothing waits for Redis unseen. Rejects with a TaskRefusedError where there is no answer in time.
   */
  async openForCommands(replyTimeout: number): Promise<Redis> {
    const client = this.open({
      lazyConnect: true,
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      connectTimeout: replyTimeout,
      commandTimeout: replyTimeout,
    });
    const connecting = client.connect();
    if (!(await settlesWithin(connecting, replyTimeout))) throw unreachable(new Error("it does not answer"));
    await connecting.catch((cause) => {
      throw unreachable(cause);
    });
    return client;
  }

  /** Has it told when Redis goes away, and when it is back, once each. */
  tellOutages(client: Redis, logger: () => Logger): void {
    let away = false;
    client.on("close", () => {
      if (!away && !this.#closed) logger().warn("the tasks' Redis is away");
      away = true;
    });
    client.on("ready", () => {
      if (away) logger().info("the tasks' Redis is back");
      away = false;
    });
  }

  /** Has nothing go on. */
  close(): void {
    this.#closed = true;
    for (const client of this.#all) client.disconnect();
  }
}

/** What those get who ask for what Redis must do, and it does not answer. */
export function unreachable(cause: unknown): TaskRefusedError {
  const { message } = cause as Error;
  return new TaskRefusedError("UNREACHABLE", `Redis cannot be reached: ${message}`, { cause });
}
