/** What is kept in Redis: a queue of bullmq, and what happens in it. */
import type { EventEmitter } from "node:events";
import { isDeepStrictEqual } from "node:util";
import type { Job, JobsOptions, Queue, QueueEvents, QueueEventsProducer, RepeatOptions, Worker } from "bullmq";
import type { Redis } from "ioredis";
import type { Logger } from "../../http/index.ts";
import { settlesWithin } from "../orchestrator/wait.ts";
import { clockOf } from "../orchestrator/when.ts";
import { Connections, unreachable } from "./connections.ts";
import type { RedisOrchestratorOptions } from "./options.ts";
import type { Parcel } from "./travel.ts";

type Options = Required<RedisOrchestratorOptions>;

/** Milliseconds that the library may take to close its part in an orderly way. */
const GRACE = 1000;
/** What is over is kept for a while, for those who have missed to hear of it: seconds, and how many. */
const KEEP_DONE = { age: 300, count: 1000 };
const KEEP_FAILED = { age: 86_400, count: 1000 };

async function load() {
  try {
    const [bullmq, { Redis }] = await Promise.all([import("bullmq"), import("ioredis")]);
    return { bullmq, Redis };
  } catch (cause) {
    throw new Error("RedisOrchestrator needs packages that are not there: npm install bullmq ioredis", { cause });
  }
}

/** When a schedule is due next, after a time: reckoned as in one process, in place of the library's own way. */
async function nextMillis(after: number, { pattern = "", tz }: RepeatOptions): Promise<number | undefined> {
  const plan = { pattern, timezone: tz, overlap: "skip", runs: Number.POSITIVE_INFINITY, task: {} } as const;
  return (await clockOf(plan)).nextRun(new Date(after))?.getTime();
}

/** How often a task is attempted. */
export interface Attempts {
  readonly retries: number;
  readonly backoff: number;
}

/** What a schedule is in Redis. */
export interface StoredSchedule {
  readonly repeat: Pick<RepeatOptions, "pattern" | "tz" | "limit">;
  readonly parcel: Parcel;
  readonly how: Attempts;
}

function jobOptions({ retries, backoff }: Attempts): JobsOptions {
  return {
    // JSON has no Infinity.
    attempts: Math.min(retries + 1, Number.MAX_SAFE_INTEGER),
    backoff: { type: "exponential", delay: backoff },
    removeOnComplete: KEEP_DONE,
    removeOnFail: KEEP_FAILED,
  };
}

export class Store {
  readonly bullmq: typeof import("bullmq");
  /** For commands of our own. */
  readonly client: Redis;
  readonly events: QueueEvents;
  readonly connections: Connections;
  readonly #options: Options;
  readonly #queue: Queue<Parcel, string>;
  readonly #producer: QueueEventsProducer;

  /**
   * Connects to Redis. Rejects with a TaskRefusedError where that does not answer in time, and with an Error that names
   * the packages where they are not there.
   */
  static async open(options: Options, logger: () => Logger): Promise<Store> {
    const { bullmq, Redis } = await load();
    const connections = new Connections(Redis, options.url);
    try {
      const client = await connections.openForCommands(options.replyTimeout);
      // Where to begin to read: an event between now and then would else be missed.
      const [last] = await client.xrevrange(`${options.prefix}:${options.name}:events`, "+", "-", "COUNT", 1);
      connections.tellOutages(client, logger);
      return new Store(options, bullmq, connections, client, last?.[0] ?? "0-0", logger);
    } catch (error) {
      connections.close();
      throw error;
    }
  }

  private constructor(
    options: Options,
    bullmq: typeof import("bullmq"),
    connections: Connections,
    client: Redis,
    lastEventId: string,
    logger: () => Logger,
  ) {
    this.#options = options;
    this.bullmq = bullmq;
    this.connections = connections;
    this.client = client;
    const { name, prefix } = options;
    const shared = { connection: client, prefix };
    this.#queue = new bullmq.Queue(name, { ...shared, settings: { repeatStrategy: nextMillis } });
    this.#producer = new bullmq.QueueEventsProducer(name, shared);
    const connection = connections.open({ maxRetriesPerRequest: null });
    this.events = new bullmq.QueueEvents(name, { connection, prefix, lastEventId });
    const told: EventEmitter[] = [this.#queue, this.#producer, this.events];
    for (const each of told) each.on("error", this.quiet(logger));
  }

  /** A listener for errors of the library: those of connections were told of. */
  quiet(logger: () => Logger): (error: Error) => void {
    return (error) => {
      if (this.client.status === "ready" && !/connection|ECONN/i.test(error.message)) logger().warn(error);
    };
  }

  /** The answer of Redis. Rejects with a TaskRefusedError where there is none, for whatever reason. */
  async #ask<T>(answer: Promise<T>): Promise<T> {
    try {
      return await answer;
    } catch (cause) {
      throw unreachable(cause);
    }
  }

  async add(id: string, parcel: Parcel, how: Attempts): Promise<void> {
    await this.#ask(this.#queue.add(parcel.name, parcel, { ...jobOptions(how), jobId: id }));
  }

  /** A task that is kept; undefined where it is not any more. */
  find(id: string): Promise<Job<Parcel, string> | undefined> {
    return this.#ask(this.#queue.getJob(id));
  }

  /** Takes a task out of the queue, or has whoever is at work on it end that. */
  async cancel(id: string): Promise<void> {
    const removed = await this.#ask(this.#queue.remove(id));
    if (removed === 0) await this.#ask(this.#producer.publishEvent({ eventName: "cancel", jobId: id }));
  }

  /** Keeps a schedule. One that is there as it is stays, and so do the number of its runs and the time of the next. */
  async putSchedule(name: string, { repeat, parcel, how }: StoredSchedule): Promise<void> {
    const opts = jobOptions(how);
    const there = await this.#ask(this.#queue.getJobScheduler(name));
    const same =
      there?.pattern === repeat.pattern &&
      there?.tz === repeat.tz &&
      there?.limit === repeat.limit &&
      JSON.stringify(there?.template?.data) === JSON.stringify(parcel) &&
      isDeepStrictEqual(there?.template?.opts, opts);
    if (same) return;
    const template = { name, data: parcel, opts };
    await this.#ask(this.#queue.upsertJobScheduler(name, repeat, template));
  }

  async removeSchedule(name: string): Promise<void> {
    await this.#ask(this.#queue.removeJobScheduler(name));
  }

  /** A worker of the library that does tasks with a function. */
  worker(
    process: (job: Job<Parcel, string>, token: string, signal: AbortSignal) => Promise<string>,
  ): Worker<Parcel, string> {
    const { name, prefix, maxWorkers, lockDuration, maxTakeovers } = this.#options;
    const connection = this.connections.open({ maxRetriesPerRequest: null });
    // The library tells a function that wants the signal by its third parameter.
    return new this.bullmq.Worker<Parcel, string>(
      name,
      (job, token, signal) => process(job, token ?? "", signal as AbortSignal),
      {
        connection,
        prefix,
        concurrency: maxWorkers,
        lockDuration,
        stalledInterval: lockDuration,
        maxStalledCount: maxTakeovers,
        settings: { repeatStrategy: nextMillis },
      },
    );
  }

  async close(): Promise<void> {
    await settlesWithin(Promise.allSettled([this.events.close(), this.#queue.close(), this.#producer.close()]), GRACE);
    this.connections.close();
  }
}
