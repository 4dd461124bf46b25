/** Those who wait for tasks that others do. */
import { TaskError } from "../orchestrator/errors.ts";
import type { SubmitOptions } from "../orchestrator/options.ts";
import type { Store } from "./store.ts";
import { unpack, unpackError } from "./travel.ts";

interface Waiter {
  readonly resolve: (value: unknown) => void;
  readonly reject: (reason: unknown) => void;
  readonly onProgress: SubmitOptions["onProgress"];
}

/** What is told of a task: the reason of its failure, or its value as it was packed. */
interface Over {
  readonly failedReason?: string;
  readonly returnvalue?: string | null;
}

export class Waiting {
  readonly #waiters = new Map<string, Waiter>();
  readonly #maxOutage: number;
  /** Since when Redis did not answer, by the clock of `performance`; null while it does. */
  #away: number | null = null;
  #checking = false;

  constructor(maxOutage: number) {
    this.#maxOutage = maxOutage;
  }

  get size(): number {
    return this.#waiters.size;
  }

  /** Whether somebody waits for a task. */
  has(id: string): boolean {
    return this.#waiters.has(id);
  }

  /** Waits for a task, whose id nobody knows yet. */
  add(id: string, onProgress: SubmitOptions["onProgress"]): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#waiters.set(id, { resolve, reject, onProgress });
    });
  }

  /** Hears of what happens in the queue. */
  listen({ events }: Store): void {
    events.on("progress", ({ jobId, data }) => this.#waiters.get(jobId)?.onProgress?.(unpack(data as string)));
    events.on("completed", ({ jobId, returnvalue }) => this.#settle(jobId, { returnvalue }));
    events.on("failed", ({ jobId, failedReason }) => this.#settle(jobId, { failedReason }));
  }

  #settle(id: string, { failedReason, returnvalue }: Over): void {
    const waiter = this.#take(id);
    try {
      if (failedReason !== undefined) waiter?.reject(unpackError(failedReason));
      else waiter?.resolve(returnvalue ? unpack(returnvalue) : undefined);
    } catch (cause) {
      // Of a Node that is newer than this one, say.
      const { message } = cause as Error;
      waiter?.reject(new TaskError("NOT_SENDABLE", `what the task gave cannot be read here: ${message}`, { cause }));
    }
  }

  reject(id: string, reason: unknown): void {
    this.#take(id)?.reject(reason);
  }

  rejectAll(reason: unknown): void {
    for (const id of this.#waiters.keys()) this.reject(id, reason);
  }

  #take(id: string): Waiter | undefined {
    const waiter = this.#waiters.get(id);
    this.#waiters.delete(id);
    return waiter;
  }

  /** Asks for what was not heard of: Redis may have been away, or have lost what it knew. Never rejects. */
  async check(store: Store): Promise<void> {
    if (this.#checking) return;
    this.#checking = true;
    try {
      for (const id of [...this.#waiters.keys()]) await this.#checkOne(id, store);
      this.#away = null;
    } catch (cause) {
      this.#away ??= performance.now();
      if (performance.now() - this.#away < this.#maxOutage) return;
      this.rejectAll(new TaskError("LOST", `Redis was away for longer than ${this.#maxOutage} ms`, { cause }));
    } finally {
      this.#checking = false;
    }
  }

  async #checkOne(id: string, store: Store): Promise<void> {
    const job = await store.find(id);
    if (job === undefined) this.reject(id, new TaskError("LOST", "Redis has lost the task"));
    else if (job.finishedOn !== undefined) this.#settle(id, job);
  }
}
