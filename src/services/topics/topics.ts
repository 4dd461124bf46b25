import type { Logger } from "../../http/index.ts";
import { Delivery, toContent } from "./message.ts";
import { calling, type Listener, type Receiver, type Sender, type Subscription, sending } from "./receivers.ts";
import { checkBound, type TopicsTransport } from "./transport.ts";

/** How messages reach others, and what bounds those that wait. */
export interface TopicsOptions {
  /** Carries messages to others; none by default, and then they stay in this thread. */
  readonly transport?: TopicsTransport;
  /** Messages that may wait for a function that is still busy with one; one more, and it is unsubscribed. */
  readonly maxWaiting?: number;
  /** Is told of receivers that fail, and of a transport that is down; the console by default. */
  readonly logger?: Pick<Logger, "info" | "warn" | "error">;
}

/** Every option that has a default but for the logger. */
export const DEFAULT_TOPICS_OPTIONS: Required<Pick<TopicsOptions, "maxWaiting">> = { maxWaiting: 1000 };

function isSender(receiver: unknown): receiver is Sender {
  return typeof receiver === "object" && receiver !== null && typeof (receiver as Sender).send === "function";
}

/** Messages for whoever listens to their topic: WebSockets, streams of events, functions; here, and elsewhere by a transport. */
export class Topics<Messages extends object = Record<string, unknown>> {
  readonly #subscriptions = new Map<string, Set<Subscription>>();
  readonly #transport: TopicsTransport | null;
  readonly #maxWaiting: number;
  readonly #logger: Pick<Logger, "info" | "warn" | "error">;
  /** What takes each subscription back. */
  readonly #undo = new Map<Subscription, () => void>();
  /** Null where nothing was told of it yet. */
  #connected: boolean | null = null;
  #closed = false;

  /** Throws a RangeError that names an option that is out of its range, and as the transport does where it cannot be used. */
  constructor({ transport, maxWaiting, logger = console }: TopicsOptions = {}) {
    this.#maxWaiting = checkBound("maxWaiting", maxWaiting ?? DEFAULT_TOPICS_OPTIONS.maxWaiting);
    this.#logger = logger;
    this.#transport = transport ?? null;
    this.#transport?.open({
      receive: (topic, message) => this.#deliver(new Delivery(topic, message)),
      up: () => this.#tell(true),
      down: (reason) => this.#tell(false, reason),
    });
  }

  /** Whether messages reach others; always where there is no transport. */
  get connected(): boolean {
    return this.#transport === null || this.#connected === true;
  }

  /**
   * Gives a message to all receivers of a topic: here before this returns, elsewhere soon, as JSON makes it again, and at
   * most once. The message must not be changed from here on. Throws a TypeError for what JSON cannot say (bytes can be
   * published all the same), and an Error when the topics are closed.
   */
  publish<Topic extends keyof Messages & string>(topic: Topic, message: Messages[Topic]): void {
    this.#check(topic);
    this.#deliver(new Delivery(topic, message, toContent(message)));
    this.#transport?.publish(topic, message);
  }

  /**
   * Gives messages of a topic to a receiver from now on, until the function is called that this returns. What has `send`,
   * a WebSocket or a stream of events, gets text and bytes as they are and anything else as JSON, and is unsubscribed
   * when it is closed; a function is called with one message after the other, as they were published. Throws a TypeError
   * for what is no receiver, and an Error when the topics are closed.
   */
  subscribe<Topic extends keyof Messages & string>(topic: Topic, receiver: Receiver<Messages[Topic]>): () => void {
    this.#check(topic);
    const over = () => unsubscribe();
    const reports = { failed: (error: unknown) => this.#logger.error(error), over };
    const signal = isSender(receiver) ? receiver.signal : undefined;
    const subscription = this.#subscriptionOf(receiver, reports);
    const unsubscribe = () => {
      signal?.removeEventListener("abort", over);
      this.#remove(topic, subscription);
    };
    if (signal?.aborted) return () => {};
    signal?.addEventListener("abort", over);
    this.#add(topic, subscription, unsubscribe);
    return unsubscribe;
  }

  #subscriptionOf(receiver: unknown, reports: Parameters<typeof sending>[1]): Subscription {
    if (typeof receiver === "function") return calling(receiver as Listener<never>, this.#maxWaiting, reports);
    if (isSender(receiver)) return sending(receiver, reports);
    throw new TypeError("a receiver is a function, or has a function send");
  }

  #check(topic: string): void {
    if (typeof topic !== "string" || topic === "")
      throw new TypeError(`a topic is a text that is not empty, not ${topic}`);
    if (this.#closed) throw new Error("these topics are closed");
  }

  #add(topic: string, subscription: Subscription, unsubscribe: () => void): void {
    this.#undo.set(subscription, unsubscribe);
    const all = this.#subscriptions.get(topic);
    if (all) {
      all.add(subscription);
      return;
    }
    this.#subscriptions.set(topic, new Set([subscription]));
    this.#transport?.subscribe?.(topic);
  }

  #remove(topic: string, subscription: Subscription): void {
    this.#undo.delete(subscription);
    subscription.end();
    const all = this.#subscriptions.get(topic);
    if (!all?.delete(subscription) || all.size > 0) return;
    this.#subscriptions.delete(topic);
    this.#transport?.unsubscribe?.(topic);
  }

  #deliver(delivery: Delivery): void {
    const all = this.#subscriptions.get(delivery.topic);
    if (all === undefined) return;
    // Those that subscribe meanwhile get the next one; those that unsubscribe get none.
    for (const subscription of [...all]) {
      if (all.has(subscription)) subscription.take(delivery);
    }
  }

  #tell(connected: boolean, reason?: unknown): void {
    const before = this.#connected;
    if (connected === before || this.#closed) return;
    this.#connected = connected;
    if (!connected) this.#logger.warn("topics do not reach others for now:", reason);
    else if (before !== null) this.#logger.info("topics reach others again");
  }

  /** How many receivers a topic has here. */
  receivers(topic: keyof Messages & string): number {
    return this.#subscriptions.get(topic)?.size ?? 0;
  }

  /** Resolves once messages of others come for all that was subscribed so far. */
  async settled(): Promise<void> {
    await this.#transport?.settled?.();
  }

  /** Unsubscribes all receivers, and ends the transport. */
  async close(): Promise<void> {
    if (this.#closed) return;
    for (const unsubscribe of [...this.#undo.values()]) unsubscribe();
    this.#closed = true;
    await this.#transport?.close();
  }
}
