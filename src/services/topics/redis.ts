/** Messages over Redis, to whoever is connected to it. The connections are the work of ioredis, loaded when used. */
import { randomUUID } from "node:crypto";
import type { Redis } from "ioredis";
import { loadPeer } from "../peer.ts";
import { pack, unpack } from "./message.ts";
import { Backlog, checkBound, type TopicsTransport, type TransportEvents } from "./transport.ts";

/** What names and bounds messages over Redis. */
export interface RedisTransportOptions {
  /** Before the names of topics: what channels of Redis are called. */
  readonly prefix?: string;
  /** Messages that may wait for Redis to take them; beyond it they do not get there. */
  readonly maxUnsent?: number;
}

/** Milliseconds before a connection is tried again: more each time, and this at the most. */
const RETRY_MAX = 2000;
const RETRY_STEP = 50;

/** What is given to ioredis. Nothing waits for a connection: what could not be said is said anew when there is one. */
const CONNECTION = {
  lazyConnect: false,
  enableOfflineQueue: false,
  autoResubscribe: false,
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: null,
  retryStrategy: (times: number) => Math.min(times * RETRY_STEP, RETRY_MAX),
};

function ignore(): void {}

/**
 * Carries messages over Redis: topic `news` is channel `pyrois:news`. Other programs may publish text there. It connects
 * again whenever the connection is lost; meanwhile messages stay here.
 */
export class RedisTransport implements TopicsTransport {
  readonly #server: string | object;
  readonly #prefix: string;
  readonly #backlog: Backlog;
  readonly #maxUnsent: number;
  /** Who it is, to leave out what comes back of its own. */
  readonly #id = randomUUID();
  readonly #wanted = new Set<string>();
  /** Channels that are subscribed on the connection that there is now. */
  readonly #subscribed = new Set<string>();
  #events: TransportEvents | null = null;
  #publisher: Redis | null = null;
  #subscriber: Redis | null = null;
  #opening: Promise<void> = Promise.resolve();
  #waiters: (() => void)[] = [];
  #lastError: unknown = new Error("Redis is not connected yet");

  /**
   * `server` is a URL (`redis://…`), or the options of ioredis. Throws a RangeError where `maxUnsent` is out of its range.
   */
  constructor(server: string | object, { prefix = "pyrois:", maxUnsent = 10_000 }: RedisTransportOptions = {}) {
    this.#server = server;
    this.#prefix = prefix;
    this.#maxUnsent = checkBound("maxUnsent", maxUnsent);
    this.#backlog = new Backlog(maxUnsent);
  }

  open(events: TransportEvents): void {
    this.#events = events;
    this.#opening = this.#connect().catch((error) => this.#events?.down(error));
  }

  async #connect(): Promise<void> {
    const { Redis } = await loadPeer("ioredis", "RedisTransport", () => import("ioredis"));
    if (this.#events === null) return;
    const server = this.#server;
    this.#publisher = this.#watch(
      typeof server === "string" ? new Redis(server, CONNECTION) : new Redis({ ...server, ...CONNECTION }),
    );
    this.#subscriber = this.#watch(this.#publisher.duplicate());
    this.#subscriber.on("message", (channel: string, text: string) => {
      const { from, message } = unpack(text);
      if (from !== this.#id) this.#events?.receive(channel.slice(this.#prefix.length), message);
    });
  }

  /** Tells what becomes of a connection. */
  #watch(redis: Redis): Redis {
    redis.on("error", (error) => {
      this.#lastError = error;
    });
    redis.on("close", () => {
      if (redis === this.#subscriber) this.#subscribed.clear();
      this.#events?.down(this.#lastError);
    });
    redis.on("ready", () => {
      this.#lastError = new Error("Redis has closed the connection");
      if (redis === this.#subscriber) for (const channel of this.#wanted) this.#subscribeTo(channel);
      this.#tellUp();
    });
    return redis;
  }

  get #connected(): boolean {
    return this.#publisher?.status === "ready" && this.#subscriber?.status === "ready";
  }

  #tellUp(): void {
    if (this.#connected && !this.#backlog.full) this.#events?.up();
    this.#settle();
  }

  publish(topic: string, message: unknown): void {
    if (this.#publisher?.status !== "ready") {
      this.#events?.down(this.#lastError);
      return;
    }
    if (this.#backlog.full) {
      this.#events?.down(new Error(`${this.#maxUnsent} messages wait for Redis to take them`));
      return;
    }
    this.#backlog.add();
    const sent = this.#publisher.publish(this.#prefix + topic, pack(message, this.#id));
    sent.then(
      () => {
        this.#backlog.remove();
        this.#tellUp();
      },
      (error) => {
        this.#backlog.remove();
        this.#events?.down(error);
      },
    );
  }

  subscribe(topic: string): void {
    const channel = this.#prefix + topic;
    this.#wanted.add(channel);
    if (this.#subscriber?.status === "ready") this.#subscribeTo(channel);
  }

  unsubscribe(topic: string): void {
    const channel = this.#prefix + topic;
    this.#wanted.delete(channel);
    this.#subscribed.delete(channel);
    if (this.#subscriber?.status === "ready") this.#subscriber.unsubscribe(channel).catch(ignore);
  }

  #subscribeTo(channel: string): void {
    const done = () => {
      if (this.#wanted.has(channel)) this.#subscribed.add(channel);
      this.#settle();
    };
    // Where the connection is lost, all are subscribed anew with the next.
    this.#subscriber?.subscribe(channel).then(done, (error) => this.#events?.down(error));
  }

  get #isSettled(): boolean {
    return this.#connected && [...this.#wanted].every((channel) => this.#subscribed.has(channel));
  }

  #settle(): void {
    if (this.#waiters.length === 0 || (this.#events !== null && !this.#isSettled)) return;
    for (const tell of this.#waiters.splice(0)) tell();
  }

  settled(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiters.push(resolve);
      this.#settle();
    });
  }

  async close(): Promise<void> {
    this.#events = null;
    await this.#opening;
    this.#publisher?.disconnect();
    this.#subscriber?.disconnect();
    this.#settle();
  }
}
