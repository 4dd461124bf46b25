/** Messages between the processes of a cluster. */
import cluster, { type Worker } from "node:cluster";
import { pack, unpack } from "./message.ts";
import { type Parcel, relayed } from "./relay.ts";
import { Backlog, checkBound, type TopicsTransport, type TransportEvents } from "./transport.ts";

/** What names and bounds messages between the processes of a cluster. */
export interface ClusterTransportOptions {
  /** Tells its messages from those of other topics of the same processes. */
  readonly channel?: string;
  /** Messages that may wait for one process to read them; beyond it they do not get there. */
  readonly maxUnsent?: number;
}

/** A process that messages are sent to. */
type Target = Pick<NodeJS.Process, "send">;

function isFor(channel: string, value: unknown): value is Parcel {
  return typeof value === "object" && value !== null && (value as Partial<Parcel>).pyrois === channel;
}

/**
 * Carries messages between the workers of a `node:cluster` and their primary, which passes those of one worker on to the
 * others: it has to have topics with this transport as well, unless the workers are those of a server with `workers`.
 */
export class ClusterTransport implements TopicsTransport {
  readonly #channel: string;
  readonly #maxUnsent: number;
  readonly #backlogs = new WeakMap<Target, Backlog>();
  /** Whether messages were lost to a process that does not read, and it has not caught up since. */
  #behind = false;
  #events: TransportEvents | null = null;

  /** Throws a RangeError where `maxUnsent` is out of its range. */
  constructor({ channel = "pyrois:topics", maxUnsent = 10_000 }: ClusterTransportOptions = {}) {
    this.#channel = channel;
    this.#maxUnsent = checkBound("maxUnsent", maxUnsent);
  }

  readonly #fromPrimary = (value: unknown): void => {
    if (isFor(this.#channel, value)) this.#receive(value);
  };

  readonly #fromWorker = (worker: Worker, value: unknown): void => {
    if (!isFor(this.#channel, value)) return;
    this.#sendToAll(value, worker.process as Target);
    this.#receive(value);
  };

  readonly #disconnected = (): void => this.#events?.down(new Error("the primary process is not reached any more"));

  open(events: TransportEvents): void {
    this.#events = events;
    if (cluster.isPrimary) {
      cluster.on("message", this.#fromWorker);
      relayed.set(this.#channel, (relayed.get(this.#channel) ?? 0) + 1);
    } else {
      process.on("message", this.#fromPrimary);
      process.on("disconnect", this.#disconnected);
    }
    events.up();
  }

  publish(topic: string, message: unknown): void {
    this.#sendToAll({ pyrois: this.#channel, topic, text: pack(message) });
  }

  #receive({ topic, text }: Parcel): void {
    this.#events?.receive(topic, unpack(text).message);
  }

  /** The processes that are sent to. */
  get #targets(): Target[] {
    if (!cluster.isPrimary) return process.connected ? [process] : [];
    const workers = Object.values(cluster.workers ?? {}).filter((worker) => worker?.isConnected());
    return workers.map((worker) => (worker as Worker).process as Target);
  }

  #sendToAll(parcel: Parcel, sender: Target | null = null): void {
    for (const target of this.#targets) if (target !== sender) this.#send(target, parcel);
  }

  #send(target: Target, parcel: Parcel): void {
    const backlog = this.#backlogs.get(target) ?? new Backlog(this.#maxUnsent);
    this.#backlogs.set(target, backlog);
    if (backlog.full) {
      this.#behind = true;
      this.#events?.down(new Error(`${this.#maxUnsent} messages wait for a process to read them`));
      return;
    }
    backlog.add();
    // An error is that of a process that has ended meanwhile: it needs no messages.
    target.send?.(parcel, undefined, undefined, () => {
      backlog.remove();
      if (this.#behind) this.#catchUp();
    });
  }

  #catchUp(): void {
    this.#behind = this.#targets.some((target) => this.#backlogs.get(target)?.full);
    if (!this.#behind) this.#events?.up();
  }

  close(): void {
    if (this.#events !== null && cluster.isPrimary) this.#leaveRelay();
    this.#events = null;
    cluster.off("message", this.#fromWorker);
    process.off("message", this.#fromPrimary);
    process.off("disconnect", this.#disconnected);
  }

  #leaveRelay(): void {
    const count = relayed.get(this.#channel) ?? 0;
    if (count > 1) relayed.set(this.#channel, count - 1);
    else relayed.delete(this.#channel);
  }
}
