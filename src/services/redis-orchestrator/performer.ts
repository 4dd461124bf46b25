/** Does tasks that are kept in Redis in threads of this process. */
import type { Job, Worker } from "bullmq";
import type { Logger } from "../../http/index.ts";
import { attempt, mayRetry } from "../orchestrator/attempt.ts";
import { TaskError } from "../orchestrator/errors.ts";
import { Threads } from "../orchestrator/threads.ts";
import { follow, settlesWithin } from "../orchestrator/wait.ts";
import type { RedisOrchestratorOptions } from "./options.ts";
import type { Store } from "./store.ts";
import { folderOf, type Parcel, pack, packError, workFrom } from "./travel.ts";
import { takeTurn } from "./turns.ts";

type Options = Required<RedisOrchestratorOptions>;
type ParcelJob = Job<Parcel, string>;

/** Milliseconds after which a run that is not at its turn asks again. */
const ASK_AGAIN = 1000;
/** Milliseconds that tasks which are put back, and the library, may take for that. */
const GRACE = 1000;

export class Performer {
  readonly #options: Options;
  readonly #store: Store;
  readonly #threads: Threads;
  readonly #worker: Worker<Parcel, string>;
  readonly #logger: () => Logger;
  readonly #root: string;
  /** Aborted when what is at work is to be put back. */
  readonly #ending = new AbortController();

  constructor(store: Store, options: Options, workerFile: string, logger: () => Logger) {
    this.#options = options;
    this.#store = store;
    this.#logger = logger;
    this.#root = folderOf(options.root);
    this.#threads = new Threads(options, workerFile);
    this.#worker = store.worker((job, token, signal) => this.#process(job, token, signal));
    this.#worker.on("error", store.quiet(logger));
    // An event of our own, which the library has no type for.
    const events = store.events as { on(event: string, listener: (message: { jobId: string }) => void): unknown };
    events.on("cancel", ({ jobId }) => this.#worker.cancelJob(jobId, "cancelled"));
  }

  /**
   * Takes no more tasks, and waits for those at work; what is not over after `deadline` milliseconds is put back, for
   * another process to do from its beginning.
   */
  async stop(deadline: number): Promise<void> {
    const closed = this.#worker.close();
    if (!(await settlesWithin(closed, deadline))) {
      this.#ending.abort(new Error("the process ends"));
      await settlesWithin(closed, GRACE);
    }
    await this.#threads.end();
  }

  async #process(job: ParcelJob, token: string, signal: AbortSignal): Promise<string> {
    const { overlap } = job.data;
    if (overlap === undefined || overlap === "allow") return this.#perform(job, token, signal);
    const { prefix, name, lockDuration } = this.#options;
    const key = `${prefix}:${name}:turn:${job.name}`;
    const endTurn = await takeTurn(this.#store.client, key, String(job.id), lockDuration);
    if (endTurn === null) return this.#passOver(job, token);
    try {
      return await this.#perform(job, token, signal);
    } finally {
      await endTurn();
    }
  }

  /** A run of a schedule while another has its turn: it is skipped, or asks again later. */
  async #passOver(job: ParcelJob, token: string): Promise<string> {
    if (job.data.overlap === "skip") {
      this.#logger().warn(`schedule ${job.name}: a run was skipped, the one before it is not over`);
      return pack(undefined);
    }
    await job.moveToDelayed(Date.now() + ASK_AGAIN, token);
    throw new this.#store.bullmq.DelayedError();
  }

  async #perform(job: ParcelJob, token: string, signal: AbortSignal): Promise<string> {
    const { WaitingError, UnrecoverableError } = this.#store.bullmq;
    const controller = new AbortController();
    const unfollow = [signal, this.#ending.signal].map((each) => follow(controller, each));
    try {
      return await this.#attempt(job, controller.signal);
    } catch (error) {
      if (this.#ending.signal.aborted) {
        await job.moveToWait(token);
        throw new WaitingError();
      }
      if (job.data.overlap !== undefined) this.#logger().error(`schedule ${job.name}:`, error);
      const reason = packError(error);
      throw signal.aborted || !mayRetry(error) ? new UnrecoverableError(reason) : new Error(reason);
    } finally {
      for (const each of unfollow) each();
    }
  }

  async #attempt(job: ParcelJob, signal: AbortSignal): Promise<string> {
    const scheduledFor = job.data.overlap === undefined ? null : (job.opts.prevMillis ?? null);
    const work = workFrom(job.data, this.#root, job.attemptsMade + job.stalledCounter + 1, scheduledFor);
    const value = await attempt(this.#threads, work, {
      timeout: job.data.timeout === 0 ? Number.POSITIVE_INFINITY : job.data.timeout,
      signal,
      // Where Redis is away it is not told: the result is what counts.
      onProgress: (progress) => job.updateProgress(pack(progress)).catch(() => {}),
    });
    try {
      return pack(value);
    } catch (cause) {
      // Memory that threads share, for one.
      throw new TaskError("NOT_SENDABLE", `what ${work.name} gives cannot be kept: ${(cause as Error).message}`);
    }
  }
}
