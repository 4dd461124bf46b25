/** The options of orchestrators, and of what is submitted to them. */
import { availableParallelism } from "node:os";
import type { ThreadOptions } from "./threads.ts";

/** Milliseconds to wait after an attempt that failed: from a number, doubled each time, or from its number, from 1. */
export type Backoff = number | ((attempt: number) => number);

/** How a task is done. */
export interface TaskOptions {
  /**
   * Milliseconds that an attempt may take, from when it leaves the queue; then its thread is ended, though it loops. 30 000
   * by default, Infinity for as long as it wants.
   */
  readonly timeout?: number;
  /** Attempts after the first that fails; 0 by default. */
  readonly retries?: number;
  /** 100 by default: 100 ms after the first attempt, 200 after the second, and a minute at the most. */
  readonly backoff?: Backoff;
}

/** How one task is done that somebody waits for. */
export interface SubmitOptions extends TaskOptions {
  /** Gives the task up, at work or not; its promise then rejects with the reason of the signal. */
  readonly signal?: AbortSignal;
  /** Told of what the task gives to `this.progress`, before its result. */
  readonly onProgress?: (value: unknown) => void;
}

/** What bounds an orchestrator, its threads and its tasks. */
export interface OrchestratorOptions extends TaskOptions, Partial<ThreadOptions> {
  /** Tasks that may wait for a thread; further ones are refused. */
  readonly maxQueue?: number;
  /** Milliseconds that `stop` waits for tasks at work where it is not told. */
  readonly deadline?: number;
}

/** Every option that has a default. More threads than processors only take turns. */
export const DEFAULT_ORCHESTRATOR_OPTIONS: Required<OrchestratorOptions> = {
  maxWorkers: Math.min(4, availableParallelism()),
  maxQueue: 1000,
  idleTimeout: 10_000,
  maxHeapSize: 536_870_912,
  timeout: 30_000,
  retries: 0,
  backoff: 100,
  deadline: 10_000,
};

/** The longest wait between attempts where they are doubled. */
const MAX_BACKOFF = 60_000;

/** Throws a RangeError where a number is below its least value. */
export function atLeast(name: string, value: number, least: number): void {
  if (!(value >= least)) throw new RangeError(`${name} must be a number of at least ${least}, not ${value}`);
}

/** Throws a RangeError where a number is below its least value, or is not whole; Infinity is, as far as it goes. */
export function wholeAtLeast(name: string, value: number, least: number): void {
  if (value === Number.POSITIVE_INFINITY || (Number.isInteger(value) && value >= least)) return;
  throw new RangeError(`${name} must be a whole number of at least ${least}, not ${value}`);
}

/** The options of a task over those they stand in for. Throws a RangeError for one that makes no sense. */
export function taskOptions<T extends Required<TaskOptions>>(options: TaskOptions, defaults: T): Required<TaskOptions> {
  const { timeout = defaults.timeout, retries = defaults.retries, backoff = defaults.backoff } = options;
  if (!(timeout > 0)) throw new RangeError(`timeout must be a number of more than 0, not ${timeout}`);
  wholeAtLeast("retries", retries, 0);
  if (typeof backoff !== "function") atLeast("backoff", backoff, 0);
  return { timeout, retries, backoff };
}

/** The options with their defaults. Throws a RangeError for one that makes no sense. */
export function checkOptions(options: OrchestratorOptions): Required<OrchestratorOptions> {
  const all = { ...DEFAULT_ORCHESTRATOR_OPTIONS, ...options };
  if (!(Number.isInteger(all.maxWorkers) && all.maxWorkers >= 1)) {
    throw new RangeError(`maxWorkers must be a whole number of at least 1, not ${all.maxWorkers}`);
  }
  wholeAtLeast("maxQueue", all.maxQueue, 0);
  atLeast("idleTimeout", all.idleTimeout, 0);
  atLeast("maxHeapSize", all.maxHeapSize, 1);
  atLeast("deadline", all.deadline, 0);
  taskOptions(all, all);
  return all;
}

/** Milliseconds to wait after an attempt, by its number from 1. */
export function backoffAfter(attempt: number, backoff: Backoff): number {
  return typeof backoff === "function" ? backoff(attempt) : Math.min(backoff * 2 ** (attempt - 1), MAX_BACKOFF);
}
