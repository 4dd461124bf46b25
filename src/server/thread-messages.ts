/** What a thread that serves and the one that has made it tell each other. */
import type { AddressInfo } from "node:net";
import type { MessagePort } from "node:worker_threads";
import type { ServerOptions } from "./options.ts";
import type { ServerCounters } from "./running.ts";

/** Milliseconds from one time that a thread tells its counters to the next. */
export const BEAT = 1000;

/** The first message to a thread: what it serves, and where all else is told. */
export interface Setup {
  readonly module: string;
  readonly options: ServerOptions;
  readonly port: MessagePort;
}

/** What a thread tells. */
export type FromThread =
  | { readonly type: "beat"; readonly counters: ServerCounters }
  | { readonly type: "listening"; readonly address: AddressInfo | null }
  /** It cannot start: with the error, as it can be copied. */
  | { readonly type: "failed"; readonly error: unknown }
  /** It has answered its last request; with what went wrong with that. */
  | { readonly type: "stopped"; readonly counters: ServerCounters; readonly error: unknown };

/** What it is told. */
export interface ToThread {
  readonly type: "stop";
  readonly deadline: number;
  readonly drainDelay: number;
}

/**
 * What a thread begins with: the module beside this one, in src/ as in dist/. The build puts what several entries share,
 * as they do this one, in a folder beside server/: the path leads there from both.
 */
export const THREAD: URL = new URL(`../server/thread-worker${import.meta.url.slice(-3)}`, import.meta.url);
