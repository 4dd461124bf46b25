/** What a primary process and its workers tell each other. */
import type { AddressInfo } from "node:net";
import type { ServerCounters } from "../running.ts";

const TAG = "pyrois:workers";

/** What a worker tells. */
export type FromWorker =
  /** It is alive, and this is what it has counted. */
  | { readonly type: "beat"; readonly counters: ServerCounters }
  /** It accepts connections; there is no address where it listens on a path. */
  | { readonly type: "listening"; readonly address: AddressInfo | null }
  /** It does not get to that. */
  | { readonly type: "failed"; readonly message: string; readonly code: string | undefined }
  /** It has answered its last request. */
  | { readonly type: "stopped"; readonly counters: ServerCounters };

/** What it is told: to stop, after a delay and within a deadline; connections may bring one more request within `grace` milliseconds. */
export interface ToWorker {
  readonly type: "stop";
  /** Null for none: JSON has no Infinity. */
  readonly deadline: number | null;
  readonly drainDelay: number;
  readonly grace: number;
}

/** A message with what tells it from those of others. */
export function packed<M extends FromWorker | ToWorker>(message: M): M & { readonly pyrois: string } {
  return { ...message, pyrois: TAG };
}

/** Whether a message is one of these. */
export function isOurs<M extends FromWorker | ToWorker>(message: unknown): message is M {
  return typeof message === "object" && message !== null && (message as { pyrois?: unknown }).pyrois === TAG;
}

/** Milliseconds from one sign of life to the next. */
export function beatInterval(workerTimeout: number): number {
  return Math.min(1000, workerTimeout / 4);
}
