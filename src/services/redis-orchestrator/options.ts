/** The options of orchestrators on Redis. */
import {
  atLeast,
  DEFAULT_ORCHESTRATOR_OPTIONS,
  type OrchestratorOptions,
  type TaskOptions,
  taskOptions,
  wholeAtLeast,
} from "../orchestrator/options.ts";

/** Which Redis is shared, and what bounds tasks. */
export interface RedisOrchestratorOptions extends Omit<OrchestratorOptions, "backoff"> {
  /** Where Redis is: `"redis://user:password@host:6379/0"`, or with `rediss:` over TLS. */
  readonly url: string;
  /** Processes that share tasks have the same name; it has no colon. */
  readonly name?: string;
  /** What the keys in Redis begin with. */
  readonly prefix?: string;
  /**
   * The folder that the modules of tasks are in, as a path or a URL: what travels is the path of a module from there. The
   * working directory by default.
   */
  readonly root?: string | URL;
  /** Threads of this process; with 0 it only submits. */
  readonly maxWorkers?: number;
  /** Tasks of this process that may be not over; further ones are refused. */
  readonly maxQueue?: number;
  /** Milliseconds to wait after the first attempt that failed, doubled each time. */
  readonly backoff?: number;
  /** Milliseconds that Redis may take to answer. */
  readonly replyTimeout?: number;
  /** Milliseconds for which Redis may be away while results are waited for. */
  readonly maxOutage?: number;
  /** Milliseconds after which another process takes what one that is dead had at work, or twice that. */
  readonly lockDuration?: number;
  /** How often that may happen to one task, before it is given up: it may be what they die of. */
  readonly maxTakeovers?: number;
}

type Defaults = Required<Omit<RedisOrchestratorOptions, "url">>;

/** Every option that has a default. */
export const DEFAULT_REDIS_ORCHESTRATOR_OPTIONS: Omit<Defaults, "root"> = {
  ...DEFAULT_ORCHESTRATOR_OPTIONS,
  backoff: 100,
  name: "tasks",
  prefix: "pyrois",
  replyTimeout: 5000,
  maxOutage: 30_000,
  lockDuration: 30_000,
  maxTakeovers: 3,
};

/** The options with their defaults. Throws a TypeError or RangeError for one that makes no sense. */
export function checkRedisOptions(options: RedisOrchestratorOptions): Required<RedisOrchestratorOptions> {
  const all = { root: process.cwd(), ...DEFAULT_REDIS_ORCHESTRATOR_OPTIONS, ...options };
  if (!/^rediss?:\/\//.test(String(all.url))) throw new TypeError(`url is that of a Redis, redis://…, not ${all.url}`);
  if (all.name === "" || all.name.includes(":"))
    throw new TypeError(`name has no colon, and is not empty: ${all.name}`);
  if (!(Number.isInteger(all.maxWorkers) && all.maxWorkers >= 0)) {
    throw new RangeError(`maxWorkers must be a whole number of at least 0, not ${all.maxWorkers}`);
  }
  wholeAtLeast("maxQueue", all.maxQueue, 1);
  wholeAtLeast("maxTakeovers", all.maxTakeovers, 0);
  for (const name of ["idleTimeout", "deadline", "maxOutage"] as const) atLeast(name, all[name], 0);
  for (const name of ["maxHeapSize", "replyTimeout", "lockDuration"] as const) atLeast(name, all[name], 1);
  checkTaskOptions(all, all);
  return all;
}

/** As `taskOptions`; throws a TypeError for what cannot travel. */
export function checkTaskOptions(
  options: TaskOptions,
  defaults: Required<RedisOrchestratorOptions>,
): Required<TaskOptions> & { readonly backoff: number } {
  const { backoff, ...rest } = taskOptions(options, defaults);
  if (typeof backoff === "function") throw new TypeError("backoff on Redis is a number: a function cannot travel");
  return { ...rest, backoff };
}
