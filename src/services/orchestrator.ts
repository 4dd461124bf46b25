/** `pyrois/orchestrator`: tasks that are done in threads, and schedules. */
import { fileURLToPath } from "node:url";
import type { Environment, Logger, Orchestrator as OrchestratorPart } from "../http/index.ts";
import { attempt, mayRetry } from "./orchestrator/attempt.ts";
import { stoppedError } from "./orchestrator/errors.ts";
import { guarded } from "./orchestrator/listener.ts";
import {
  backoffAfter,
  checkOptions,
  type OrchestratorOptions,
  type SubmitOptions,
  taskOptions,
} from "./orchestrator/options.ts";
import { Schedules } from "./orchestrator/schedules.ts";
import { Slots } from "./orchestrator/slots.ts";
import {
  type Task,
  type TaskFunction,
  type TaskResult,
  type TaskValues,
  type Work,
  workOf,
} from "./orchestrator/task.ts";
import { Threads } from "./orchestrator/threads.ts";
import { follow, pause, settlesWithin } from "./orchestrator/wait.ts";
import { planOf, type When } from "./orchestrator/when.ts";
import { workerNumber } from "./workers/number.ts";

export { TaskError, type TaskErrorCode, type TaskRefusedCode, TaskRefusedError } from "./orchestrator/errors.ts";
export {
  type Backoff,
  DEFAULT_ORCHESTRATOR_OPTIONS,
  type OrchestratorOptions,
  type SubmitOptions,
  type TaskOptions,
} from "./orchestrator/options.ts";
export {
  defineTask,
  type Task,
  type TaskContext,
  type TaskFunction,
  type TaskResult,
  type TaskValues,
} from "./orchestrator/task.ts";
export type { CronFields, Overlap, ScheduleOptions, When } from "./orchestrator/when.ts";

/**
 * Where worker.js is. The build puts what several entries share in a folder beside this one: the path leads there from
 * both.
 */
export const WORKER: string = fileURLToPath(new URL("../services/orchestrator/worker.js", import.meta.url));

/** What an orchestrator is told when it starts. */
type Starting = Pick<Environment, "logger"> & Partial<Pick<Environment, "lifetime">>;

/** Submits tasks in one way. */
export interface Submitter {
  submit<F extends TaskFunction>(task: F | Task<F>, ...values: TaskValues<F>): Promise<TaskResult<F>>;
}

/** A function that has its work done elsewhere: of the same arguments, and with a promise of the same result. */
export type Offloaded<F extends TaskFunction> = (...values: TaskValues<F>) => Promise<TaskResult<F>>;

/** What was submitted and is not over. */
interface Job {
  readonly controller: AbortController;
  /** Whether it has a thread. */
  working: boolean;
}

/**
 * Does tasks in threads of this process, and on schedules. It can be used as the `orchestrator` of an application, whose
 * server starts and stops it, or alone. Threads are started as they are needed, and nothing is loaded before.
 */
export class Orchestrator implements OrchestratorPart, Submitter {
  readonly #options: Required<OrchestratorOptions>;
  readonly #threads: Threads;
  readonly #slots: Slots;
  readonly #schedules: Schedules;
  readonly #jobs = new Map<Job, Promise<unknown>>();
  #logger: Logger = console;
  #stopping: Promise<void> | null = null;

  /** Throws a RangeError for an option that makes no sense. */
  constructor(options: OrchestratorOptions = {}) {
    this.#options = checkOptions(options);
    const { maxWorkers, maxQueue } = this.#options;
    this.#threads = new Threads(this.#options, WORKER);
    this.#slots = new Slots(maxWorkers, maxQueue);
    this.#schedules = new Schedules(maxQueue);
  }

  /**
   * Has a task done in a thread: a function of a module (`defineTask`), or one that uses nothing of what is around it. The
   * promise is that of its result; it rejects with what the task throws, as an Error of the same name and message, with
   * a TaskError that says what else went wrong, or with a TaskRefusedError where too many wait, or after `stop`.
   */
  submit<F extends TaskFunction>(task: F | Task<F>, ...values: TaskValues<F>): Promise<TaskResult<F>> {
    return this.#submit(task, values, {}) as Promise<TaskResult<F>>;
  }

  /** The same with options. Throws a RangeError for one that makes no sense. */
  with(options: SubmitOptions): Submitter {
    taskOptions(options, this.#options);
    return {
      submit: <F extends TaskFunction>(task: F | Task<F>, ...values: TaskValues<F>) =>
        this.#submit(task, values, options) as Promise<TaskResult<F>>,
    };
  }

  /**
   * A function that submits a task each time it is called: for handlers that call what would block their thread. Throws a
   * TypeError for what is no task, and a RangeError for an option that makes no sense.
   */
  offload<F extends TaskFunction>(task: F | Task<F>, options: SubmitOptions = {}): Offloaded<F> {
    taskOptions(options, this.#options);
    workOf(task, []);
    return (...values) => this.#submit(task, values, options) as Promise<TaskResult<F>>;
  }

  /**
   * Has a task done again and again, from when the orchestrator is started until it is stopped. What fails goes to the
   * logger. Rejects with a TypeError or RangeError where the name is taken, or what is given makes no sense.
   */
  async schedule<F extends TaskFunction>(
    name: string,
    when: When,
    task: F | Task<F>,
    ...values: TaskValues<F>
  ): Promise<void> {
    const plan = planOf(when);
    taskOptions(plan.task, this.#options);
    workOf(task, values);
    await this.#schedules.add(name, plan, (scheduledFor) => this.#submit(task, values, plan.task, scheduledFor));
  }

  /** Takes a schedule away; what it has at work goes on. Resolves with whether there was one. */
  async unschedule(name: string): Promise<boolean> {
    return this.#schedules.remove(name);
  }

  /** The next times that a schedule is due, after a time. Rejects with a TypeError where there is none of that name. */
  nextRuns(name: string, count = 1, from: Date = new Date()): Promise<Date[]> {
    return this.#schedules.nextRuns(name, count, from);
  }

  /**
   * Starts the schedules; tasks are done before that too. Of the workers of a server only the first has schedules, and no
   * more from when its server stops: another may have taken its place by then.
   */
  start({ logger, lifetime }: Starting = { logger: console }): void {
    this.#logger = logger;
    this.#stopping = null;
    if ((workerNumber() ?? 1) > 1) return;
    this.#schedules.start(logger);
    if (workerNumber() !== null) lifetime?.stopping.addEventListener("abort", () => this.#schedules.stop());
  }

  /** Resolves when no task is at work, or waits. */
  async drain(): Promise<void> {
    while (this.#jobs.size > 0) await Promise.allSettled(this.#jobs.values());
  }

  /**
   * Stops the schedules, refuses what is submitted from now on and what waits, waits for what is at work, and ends the
   * threads. What is not over after `deadline` milliseconds is ended, and rejects with a TaskRefusedError.
   */
  stop({ deadline = this.#options.deadline }: { readonly deadline?: number } = {}): Promise<void> {
    this.#stopping ??= this.#stop(deadline);
    return this.#stopping;
  }

  async #stop(deadline: number): Promise<void> {
    this.#schedules.stop();
    for (const { controller, working } of this.#jobs.keys()) if (!working) controller.abort(stoppedError());
    if (!(await settlesWithin(this.drain(), deadline))) {
      for (const { controller } of this.#jobs.keys()) controller.abort(stoppedError());
    }
    await this.drain();
    await this.#threads.end();
  }

  async #submit(
    task: unknown,
    values: readonly unknown[],
    options: SubmitOptions,
    scheduledFor: number | null = null,
  ): Promise<unknown> {
    const work = { ...workOf(task, values), scheduledFor };
    if (this.#stopping) throw stoppedError();
    const job: Job = { controller: new AbortController(), working: false };
    const unfollow = follow(job.controller, options.signal);
    const done = this.#perform(job, work, options);
    this.#jobs.set(job, done);
    try {
      return await done;
    } finally {
      unfollow();
      this.#jobs.delete(job);
    }
  }

  /** Attempts a task until it succeeds, or there are no attempts left. */
  async #perform(job: Job, work: Work, options: SubmitOptions): Promise<unknown> {
    const { timeout, retries, backoff } = taskOptions(options, this.#options);
    const { signal } = job.controller;
    const onProgress = guarded(options.onProgress, () => this.#logger);
    for (let number = 1; ; ++number) {
      await this.#slots.take(signal, number > 1);
      job.working = true;
      try {
        return await attempt(this.#threads, { ...work, attempt: number }, { timeout, signal, onProgress });
      } catch (error) {
        if (number > retries || signal.aborted || this.#stopping || !mayRetry(error)) throw error;
      } finally {
        job.working = false;
        this.#slots.release();
      }
      await pause(backoffAfter(number, backoff), signal);
    }
  }
}

let shared: Orchestrator | null = null;

/**
 * As `offload` of an orchestrator, by one that all such functions share and that is made with the first of them. Its threads
 * keep no process alive that has nothing else to do than to wait for more work.
 */
export function offload<F extends TaskFunction>(task: F | Task<F>, options: SubmitOptions = {}): Offloaded<F> {
  shared ??= new Orchestrator();
  return shared.offload(task, options);
}
