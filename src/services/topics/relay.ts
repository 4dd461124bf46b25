/** Passes the messages of workers on to the others, in a primary process that has no topics itself. */
import type { Worker } from "node:cluster";
import { Backlog } from "./transport.ts";

/** What goes from process to process. */
export interface Parcel {
  /** The channel that it is for. */
  readonly pyrois: string;
  readonly topic: string;
  readonly text: string;
}

/** Messages that may wait for one worker to read them; beyond it they do not get there. */
const MAX_UNSENT = 10_000;

/** The channels whose transports in this process pass messages on themselves, and how many there are of each. */
export const relayed: Map<string, number> = new Map();

function isParcel(value: unknown): value is Parcel {
  const { pyrois, topic, text } = (value ?? {}) as Partial<Record<keyof Parcel, unknown>>;
  return typeof pyrois === "string" && typeof topic === "string" && typeof text === "string";
}

export class Relay {
  readonly #backlogs = new WeakMap<Worker, Backlog>();

  /** Passes a message of a worker on to the others; what is no message of topics does nothing. */
  pass(from: Worker, to: Iterable<Worker>, message: unknown): void {
    if (!isParcel(message) || relayed.has(message.pyrois)) return;
    for (const worker of to) if (worker !== from && worker.isConnected()) this.#send(worker, message);
  }

  #send(worker: Worker, parcel: Parcel): void {
    const backlog = this.#backlogs.get(worker) ?? new Backlog(MAX_UNSENT);
    this.#backlogs.set(worker, backlog);
    if (backlog.full) return;
    backlog.add();
    // An error is that of a worker that has ended meanwhile: it needs no messages.
    worker.process.send(parcel as object, undefined, undefined, () => backlog.remove());
  }
}
