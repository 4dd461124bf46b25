/** How many workers there are, and what becomes of them. */
import { TIMER_MAX } from "../../services/timer.ts";

/** How many processes serve, and how they come and go. */
export interface WorkerOptions {
  /** Processes that serve: so many, or "auto" for as many as there are processors. None by default: this one serves. */
  readonly workers?: number | "auto";
  /** Whether each worker has a socket of its own on the shared port (Node 22.12), and not one that all share. */
  readonly reusePort?: boolean;
  /** Milliseconds before the place of a worker that has ended unasked is taken; doubled each time. */
  readonly restartDelay?: number;
  /** The longest of these waits; a worker that has lived longer than that begins anew with the shortest. */
  readonly maxRestartDelay?: number;
  /** Milliseconds without a sign of life after which a worker is killed; Infinity for never. */
  readonly workerTimeout?: number;
  /** Requests after which a worker is replaced; it is looked at every second. */
  readonly maxRequestsPerWorker?: number;
  /** Milliseconds in which the connections of a worker that is replaced may bring one more request. */
  readonly retireTimeout?: number;
}

/** Every option that has a default. */
export const DEFAULT_WORKER_OPTIONS: Required<Omit<WorkerOptions, "workers">> = {
  reusePort: false,
  restartDelay: 100,
  maxRestartDelay: 30_000,
  workerTimeout: 30_000,
  maxRequestsPerWorker: Number.POSITIVE_INFINITY,
  retireTimeout: 2000,
};

function check(name: string, value: number, least: number, most: number = Number.POSITIVE_INFINITY): void {
  if (value >= least && value <= most) return;
  const range = most === Number.POSITIVE_INFINITY ? `of at least ${least}` : `from ${least} to ${most}`;
  throw new RangeError(`${name} must be a number ${range}, not ${value}`);
}

/** Whether this Node gives each worker a socket of its own on one port. */
function canReusePort(): boolean {
  const [major, minor] = process.versions.node.split(".").map(Number);
  return major > 22 || (major === 22 && minor >= 12);
}

/** What of it is said to Node. Throws an Error where that does not have it. */
export function checkReusePort({ reusePort = false }: WorkerOptions): { readonly reusePort?: true } {
  if (!reusePort) return {};
  if (canReusePort()) return { reusePort };
  throw new Error(`reusePort needs Node 22.12 or later, and this is ${process.version}: leave it out`);
}

/** The options with their defaults. Throws a RangeError for one that is out of its range. */
export function checkWorkerOptions(options: WorkerOptions): Required<WorkerOptions> & { readonly workers: number } {
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  const all = { ...DEFAULT_WORKER_OPTIONS, workers: 1, ...(given as WorkerOptions) };
  // Loaded only where it is used.
  const workers = all.workers === "auto" ? process.getBuiltinModule("node:os").availableParallelism() : all.workers;
  if (!(Number.isSafeInteger(workers) && workers >= 1)) {
    throw new RangeError(`workers must be a whole number of at least 1, or "auto", not ${JSON.stringify(workers)}`);
  }
  check("restartDelay", all.restartDelay, 0, TIMER_MAX);
  check("maxRestartDelay", all.maxRestartDelay, all.restartDelay, TIMER_MAX);
  check("workerTimeout", all.workerTimeout, 1);
  check("maxRequestsPerWorker", all.maxRequestsPerWorker, 1);
  check("retireTimeout", all.retireTimeout, 0, TIMER_MAX);
  return { ...all, workers };
}

/**
 * Milliseconds to wait before the place of a worker is taken that has ended unasked after it lived for `lived`
 * milliseconds; `last` is the wait before it, 0 for none.
 */
export function delayAfter(
  last: number,
  lived: number,
  { restartDelay, maxRestartDelay }: Pick<Required<WorkerOptions>, "restartDelay" | "maxRestartDelay">,
): number {
  if (last === 0 || lived > maxRestartDelay) return restartDelay;
  return Math.min(last * 2, maxRestartDelay);
}
