/** A place that is filled by one worker after the other. */
import type { Logger } from "../../http/index.ts";
import type { StopOptions } from "../options.ts";
import type { WorkerInfo } from "../running.ts";
import { delayAfter, type WorkerOptions } from "./options.ts";
import type { WorkerProcess } from "./worker-process.ts";

/** What a slot needs of the server that it is of. */
export interface SlotOwner {
  readonly options: Required<WorkerOptions>;
  readonly logger: Logger;
  /** Starts a process. */
  fork(number: number): WorkerProcess;
  /** A process is gone: what it has counted stays. */
  gone(worker: WorkerProcess): void;
}

export class Slot {
  readonly number: number;
  readonly #owner: SlotOwner;
  /** All processes that are there for it: while one is replaced there are two. */
  readonly processes: Set<WorkerProcess> = new Set();
  #current: WorkerProcess | null = null;
  #restarts = 0;
  #delay = 0;
  #endedAt = 0;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(number: number, owner: SlotOwner) {
    this.number = number;
    this.#owner = owner;
  }

  get info(): WorkerInfo {
    const { number } = this;
    const restarts = this.#restarts;
    if (this.#current === null) return { number, pid: null, state: "restarting", since: this.#endedAt, restarts };
    const { pid, state, since } = this.#current;
    return { number, pid, state, since, restarts };
  }

  get current(): WorkerProcess | null {
    return this.#current;
  }

  #fork(): WorkerProcess {
    if (this.#closed) throw new Error("this server was stopped");
    const worker = this.#owner.fork(this.number);
    this.processes.add(worker);
    worker.ended.then((why) => {
      this.processes.delete(worker);
      this.#owner.gone(worker);
      if (worker === this.#current) this.#ended(worker, why);
    });
    return worker;
  }

  /** The worker ended that nobody has asked to. */
  #ended(worker: WorkerProcess, why: string): void {
    this.#current = null;
    this.#endedAt = Date.now();
    if (this.#closed) return;
    const name = worker.pid === null ? "" : ` (${worker.pid})`;
    this.#fillLater(`worker ${this.number}${name}: ${why}`, this.#endedAt - worker.since);
  }

  /** Has the next worker take the place after a while, also where the system gives no process now. */
  #fillLater(why: string, lived: number): void {
    this.#delay = delayAfter(this.#delay, lived, this.#owner.options);
    this.#owner.logger.error(`${why}; another takes its place in ${this.#delay} ms`);
    this.#timer = setTimeout(() => {
      try {
        this.#current = this.#fork();
        ++this.#restarts;
      } catch (error) {
        this.#fillLater(`worker ${this.number}: there can be no process: ${(error as Error).message}`, 0);
      }
    }, this.#delay);
  }

  /** Fills the place for the first time; rejects where the worker does not get to listen, and leaves none behind. */
  async fill(): Promise<WorkerProcess> {
    const worker = this.#fork();
    await worker.listening;
    this.#current = worker;
    return worker;
  }

  /**
   * Has a new worker take the place, and the one before it stop once that listens. Rejects where it does not get to that:
   * the one before it goes on.
   */
  async replace(times: Required<StopOptions>, grace: number): Promise<void> {
    const worker = this.#fork();
    await worker.listening;
    if (this.#closed) return;
    const before = this.#current;
    this.#current = worker;
    clearTimeout(this.#timer);
    // One that has ended unasked is replaced by this as well.
    await before?.stop(times, grace);
  }

  /** Has all processes end, and none take their place; asked again, ends their drainDelay. */
  async close(times: Required<StopOptions>): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await Promise.all([...this.processes].map((worker) => worker.stop(times, 0)));
  }
}
