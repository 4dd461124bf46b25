/** Places for tasks that are at work, and a bounded queue of those that wait for one. */
import { TaskRefusedError } from "./errors.ts";

interface Waiting {
  readonly begin: () => void;
}

export class Slots {
  #free: number;
  readonly #maxQueue: number;
  /** In the order they came. */
  readonly #queue = new Set<Waiting>();

  constructor(size: number, maxQueue: number) {
    this.#free = size;
    this.#maxQueue = maxQueue;
  }

  /**
   * Resolves when there is a place; rejects with a TaskRefusedError where too many wait for one, unless it is `again`
   * for a task that was taken before, and with the reason of the signal.
   */
  take(signal: AbortSignal, again: boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      signal.throwIfAborted();
      if (this.#free > 0) {
        --this.#free;
        resolve();
        return;
      }
      if (this.#queue.size >= this.#maxQueue && !again) {
        throw new TaskRefusedError("QUEUE_FULL", `too many tasks wait: maxQueue is ${this.#maxQueue}`);
      }
      const leave = () => {
        this.#queue.delete(waiting);
        reject(signal.reason);
      };
      const waiting: Waiting = {
        begin() {
          signal.removeEventListener("abort", leave);
          resolve();
        },
      };
      signal.addEventListener("abort", leave, { once: true });
      this.#queue.add(waiting);
    });
  }

  /** Gives a place back, to who has waited longest. */
  release(): void {
    const [next] = this.#queue;
    if (next === undefined) {
      ++this.#free;
      return;
    }
    this.#queue.delete(next);
    next.begin();
  }
}
