/** `pyrois/redis-orchestrator`: tasks and schedules that processes share, kept in Redis. */
import { randomUUID } from "node:crypto";
import type { Environment, Logger, Orchestrator as OrchestratorPart } from "../http/index.ts";
import { stoppedError, TaskRefusedError } from "./orchestrator/errors.ts";
import { guarded } from "./orchestrator/listener.ts";
import type { SubmitOptions } from "./orchestrator/options.ts";
import { type Task, type TaskFunction, type TaskResult, type TaskValues, workOf } from "./orchestrator/task.ts";
import { pause, settlesWithin } from "./orchestrator/wait.ts";
import { clockOf, planOf, type When } from "./orchestrator/when.ts";
import { type Submitter, WORKER } from "./orchestrator.ts";
import { checkRedisOptions, checkTaskOptions, type RedisOrchestratorOptions } from "./redis-orchestrator/options.ts";
import { Performer } from "./redis-orchestrator/performer.ts";
import { type Attempts, Store, type StoredSchedule } from "./redis-orchestrator/store.ts";
import { folderOf, type Parcel, parcelOf } from "./redis-orchestrator/travel.ts";
import { Waiting } from "./redis-orchestrator/waiting.ts";

export { DEFAULT_REDIS_ORCHESTRATOR_OPTIONS, type RedisOrchestratorOptions } from "./redis-orchestrator/options.ts";

/** Milliseconds from one attempt to begin, while Redis is away, to the next. */
const BEGIN_AGAIN = 1000;

/** A schedule, and a clock that only tells when it is due. */
interface Scheduled extends StoredSchedule {
  readonly clock: Awaited<ReturnType<typeof clockOf>>;
}

/**
 * As `Orchestrator`, and all processes whose orchestrators have the same name in the same Redis share the work: a task is
 * done by whichever has a free thread, a schedule is due once for all of them, and what a process had at work when it
 * died is done again by another. Tasks are functions of modules below `root`; those that stand in a source by themselves
 * do not travel. It does tasks from `start` on, and can submit them without.
 */
export class RedisOrchestrator implements OrchestratorPart, Submitter {
  readonly #options: Required<RedisOrchestratorOptions>;
  readonly #root: string;
  readonly #waiting: Waiting;
  readonly #promises = new Set<Promise<unknown>>();
  readonly #schedules = new Map<string, Scheduled>();
  #store: Promise<Store> | null = null;
  #performer: Performer | null = null;
  #checking: NodeJS.Timeout | undefined;
  #logger: Logger = console;
  /** Aborted when it is to stop; null before it was started. */
  #started: AbortController | null = null;
  #begun: Promise<void> = Promise.resolve();
  #stopping: Promise<void> | null = null;

  /** Throws a TypeError or RangeError for an option that makes no sense. */
  constructor(options: RedisOrchestratorOptions) {
    this.#options = checkRedisOptions(options);
    this.#root = folderOf(this.#options.root);
    this.#waiting = new Waiting(this.#options.maxOutage);
  }

  /**
   * As `submit` of an Orchestrator. It rejects with a TaskRefusedError where Redis does not answer within `replyTimeout`
   * (the task may then be done all the same), and with a TaskError where Redis stays away, or loses the task.
   */
  submit<F extends TaskFunction>(task: F | Task<F>, ...values: TaskValues<F>): Promise<TaskResult<F>> {
    return this.#submit(task, values, {}) as Promise<TaskResult<F>>;
  }

  /** The same with options. Throws a TypeError or RangeError for one that makes no sense. */
  with(options: SubmitOptions): Submitter {
    checkTaskOptions(options, this.#options);
    return {
      submit: <F extends TaskFunction>(task: F | Task<F>, ...values: TaskValues<F>) =>
        this.#submit(task, values, options) as Promise<TaskResult<F>>,
    };
  }

  /**
   * Has a task done again and again by the processes that are started. What is kept in Redis of a schedule of that name is
   * replaced where it is another, from when this process is started. Rejects as `schedule` of an Orchestrator.
   */
  async schedule<F extends TaskFunction>(
    name: string,
    when: When,
    task: F | Task<F>,
    ...values: TaskValues<F>
  ): Promise<void> {
    const plan = planOf(when);
    const options = checkTaskOptions(plan.task, this.#options);
    const parcel = { ...parcelOf(workOf(task, values), this.#root, options.timeout), overlap: plan.overlap };
    const { pattern, timezone, runs } = plan;
    const repeat = {
      pattern,
      ...(timezone !== undefined && { tz: timezone }),
      ...(runs !== Number.POSITIVE_INFINITY && { limit: runs }),
    };
    const clock = await clockOf(plan);
    if (this.#schedules.has(name)) throw new TypeError(`there is a schedule ${JSON.stringify(name)} already`);
    this.#schedules.set(name, { clock, repeat, parcel, how: options });
    await this.#putSchedules();
  }

  /**
   * Takes a schedule away, in Redis too, whoever has put it there. Resolves with whether this process had it; rejects with
   * a TaskRefusedError where Redis does not answer.
   */
  async unschedule(name: string): Promise<boolean> {
    const had = this.#schedules.delete(name);
    await (await this.#open()).removeSchedule(name);
    return had;
  }

  /** The next times that a schedule is due, after a time. Rejects with a TypeError where this process has none. */
  async nextRuns(name: string, count = 1, from: Date = new Date()): Promise<Date[]> {
    const schedule = this.#schedules.get(name);
    if (!schedule) throw new TypeError(`there is no schedule ${JSON.stringify(name)}`);
    return schedule.clock.nextRuns(count, from);
  }

  /**
   * Begins to do tasks. Resolves when it does, or after `replyTimeout` where Redis is away: then it begins once that is
   * there. Rejects with an Error where the packages are not there.
   */
  async start({ logger }: Pick<Environment, "logger"> = { logger: console }): Promise<void> {
    this.#logger = logger;
    this.#stopping = null;
    this.#started = new AbortController();
    this.#begun = this.#begin(this.#started.signal);
    await Promise.race([this.#begun, settlesWithin(this.#begun, this.#options.replyTimeout)]);
  }

  /** Resolves when nothing that this process has submitted is at work, or waits. */
  async drain(): Promise<void> {
    while (this.#promises.size > 0) await Promise.allSettled(this.#promises);
  }

  /**
   * Takes no more tasks and refuses what is submitted from now on, and waits for what is at work in this process. What is
   * not over after `deadline` milliseconds is put back, for another process to do. Then promises that are pending reject
   * with a TaskRefusedError: what they wait for goes on where it is.
   */
  stop({ deadline = this.#options.deadline }: { readonly deadline?: number } = {}): Promise<void> {
    this.#stopping ??= this.#stop(deadline);
    return this.#stopping;
  }

  async #stop(deadline: number): Promise<void> {
    this.#started?.abort(stoppedError());
    await settlesWithin(this.#begun, deadline);
    await this.#performer?.stop(deadline);
    this.#performer = null;
    this.#waiting.rejectAll(stoppedError());
    await this.drain();
    clearInterval(this.#checking);
    const store = await this.#store?.catch(() => null);
    this.#store = null;
    await store?.close();
  }

  /** The store, opened where it is not. Where that fails, the next who asks tries again. */
  #open(): Promise<Store> {
    this.#store ??= this.#openStore();
    return this.#store;
  }

  async #openStore(): Promise<Store> {
    try {
      const store = await Store.open(this.#options, () => this.#logger);
      this.#waiting.listen(store);
      this.#checking = setInterval(() => this.#waiting.check(store), this.#options.replyTimeout).unref();
      // It may have come back with nothing of what it knew.
      store.client.on("ready", () => this.#putSchedules());
      return store;
    } catch (error) {
      this.#store = null;
      throw error;
    }
  }

  /** Begins to do tasks, once Redis is there. */
  async #begin(signal: AbortSignal): Promise<void> {
    for (let failed = false; !signal.aborted; failed = true) {
      try {
        const store = await this.#open();
        if (signal.aborted) return;
        await this.#putSchedules();
        if (this.#options.maxWorkers > 0) {
          this.#performer = new Performer(store, this.#options, WORKER, () => this.#logger);
        }
        return;
      } catch (error) {
        if (!(error instanceof TaskRefusedError)) throw error;
        if (!failed) this.#logger.warn(`no tasks are done yet: ${error.message}`);
        await pause(BEGIN_AGAIN, signal).catch(() => {});
      }
    }
  }

  /** Keeps the schedules in Redis, where this process is started; where that is away, it is done when it is back. */
  async #putSchedules(): Promise<void> {
    if (this.#started === null || this.#started.signal.aborted) return;
    try {
      const store = await this.#open();
      for (const [name, schedule] of this.#schedules) await store.putSchedule(name, schedule);
    } catch (error) {
      this.#logger.warn(`schedules are not kept yet: ${(error as Error).message}`);
    }
  }

  #submit(task: unknown, values: readonly unknown[], options: SubmitOptions): Promise<unknown> {
    const done = this.#perform(task, values, options).finally(() => this.#promises.delete(done));
    this.#promises.add(done);
    return done;
  }

  async #perform(task: unknown, values: readonly unknown[], options: SubmitOptions): Promise<unknown> {
    const how = checkTaskOptions(options, this.#options);
    const parcel = parcelOf(workOf(task, values), this.#root, how.timeout);
    const { signal, onProgress } = options;
    signal?.throwIfAborted();
    if (this.#stopping) throw stoppedError();
    const { maxQueue } = this.#options;
    if (this.#waiting.size >= maxQueue) {
      throw new TaskRefusedError("QUEUE_FULL", `too many tasks are not over: maxQueue is ${maxQueue}`);
    }
    const id = randomUUID();
    const result = this.#waiting.add(
      id,
      guarded(onProgress, () => this.#logger),
    );
    const abort = () => this.#cancel(id, signal?.reason);
    signal?.addEventListener("abort", abort, { once: true });
    this.#send(id, parcel, how);
    try {
      return await result;
    } finally {
      signal?.removeEventListener("abort", abort);
    }
  }

  /** Puts a task into the queue. Never rejects: who waits for it is told where it fails. */
  async #send(id: string, parcel: Parcel, how: Attempts): Promise<void> {
    try {
      const store = await this.#open();
      if (!this.#waiting.has(id)) return;
      await store.add(id, parcel, how);
      // Given up meanwhile: nobody could take it out of the queue then.
      if (!this.#waiting.has(id)) await store.cancel(id);
    } catch (error) {
      this.#waiting.reject(id, error);
    }
  }

  /** Gives a task up. Never rejects: where Redis is away it is done, and nobody waits for it. */
  async #cancel(id: string, reason: unknown): Promise<void> {
    this.#waiting.reject(id, reason);
    try {
      await (await this.#store)?.cancel(id);
    } catch (error) {
      this.#logger.debug(error);
    }
  }
}
