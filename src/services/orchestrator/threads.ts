/** Threads that do tasks, kept by piscina. */
import { MessageChannel, type MessagePort, receiveMessageOnPort } from "node:worker_threads";
import type { Piscina } from "piscina";
import { errorOf, type PlainError, TaskError } from "./errors.ts";
import { titleOf, unsendable, type Work } from "./task.ts";

export interface ThreadOptions {
  /** Threads that there are at most. */
  readonly maxWorkers: number;
  /** Milliseconds for which a thread waits for work before it ends. */
  readonly idleTimeout: number;
  /** Bytes of its heap that a thread may fill. */
  readonly maxHeapSize: number;
}

/** How one piece of work is done. */
export interface RunOptions {
  /** Ends the thread that does it; its reason is what the promise rejects with. */
  readonly signal: AbortSignal;
  readonly onProgress?: ((value: unknown) => void) | undefined;
}

/** What comes from a thread: how far it is, and at the end its value or its error. */
type Message = { progress: unknown } | { value: unknown } | { error: PlainError };

/** A pool, and what is to be told if its threads cannot so much as start. */
interface Pool {
  readonly piscina: Piscina;
  readonly waiting: Set<(error: unknown) => void>;
}

const MEBIBYTE = 1_048_576;

/**
 * Threads are started as they are needed. Callers see to it that no more than `maxWorkers` pieces of work are in it at
 * once: what waits in piscina is not bounded where it can be aborted, and is forgotten where the last thread crashes.
 */
export class Threads {
  readonly #options: ThreadOptions;
  readonly #worker: string;
  #pool: Promise<Pool> | null = null;

  /** `worker` is the path of worker.js. */
  constructor(options: ThreadOptions, worker: string) {
    this.#options = options;
    this.#worker = worker;
  }

  async #open(): Promise<Pool> {
    const { Piscina } = await import("piscina");
    const { maxWorkers, idleTimeout, maxHeapSize } = this.#options;
    const piscina = new Piscina({
      filename: this.#worker,
      name: "perform",
      minThreads: 0,
      maxThreads: maxWorkers,
      idleTimeout,
      recordTiming: false,
      resourceLimits: { maxOldGenerationSizeMb: Math.ceil(maxHeapSize / MEBIBYTE) },
    });
    const pool: Pool = { piscina, waiting: new Set() };
    let cause: unknown;
    piscina.on("error", (error) => {
      cause = error;
    });
    // A thread that fails before it can take work takes none down with it: what was waiting for it would wait for ever.
    piscina.on("workerDestroy", () =>
      setImmediate(() => {
        if (piscina.threads.length > 0) return;
        for (const fail of pool.waiting) fail(cause ?? new Error("the thread ended before it took the task"));
      }),
    );
    return pool;
  }

  /** Does a piece of work; rejects with what it throws, with a TaskError, or with the reason of the signal. */
  async run(work: Work, { signal, onProgress }: RunOptions): Promise<unknown> {
    this.#pool ??= this.#open();
    const { piscina, waiting } = await this.#pool;
    signal.throwIfAborted();
    const { port1, port2 } = new MessageChannel();
    const outcome = new Outcome(port1, onProgress);
    let fail: (error: unknown) => void = () => {};
    const stuck = new Promise<never>((_, reject) => {
      fail = reject;
    });
    waiting.add(fail);
    try {
      const done = piscina.run({ work, port: port2 }, { transferList: [port2], signal });
      await Promise.race([done, stuck]);
    } catch (error) {
      signal.throwIfAborted();
      throw failure(error, work, this.#options.maxHeapSize);
    } finally {
      waiting.delete(fail);
      outcome.end();
    }
    return outcome.value;
  }

  /** Ends all threads, and what is at work in them. */
  async end(): Promise<void> {
    const pool = this.#pool;
    this.#pool = null;
    await (await pool)?.piscina.destroy();
  }
}

/** Receives what a thread tells. */
class Outcome {
  readonly #port: MessagePort;
  readonly #onProgress: ((value: unknown) => void) | undefined;
  #last: { value?: unknown; error?: PlainError } = {};

  constructor(port: MessagePort, onProgress: ((value: unknown) => void) | undefined) {
    this.#port = port;
    this.#onProgress = onProgress;
    // Without a listener it is all read at the end.
    if (onProgress) port.on("message", (message: Message) => this.#take(message));
  }

  #take(message: Message): void {
    if ("progress" in message) this.#onProgress?.(message.progress);
    else this.#last = message;
  }

  /** Takes what has come and was not told yet. */
  end(): void {
    for (;;) {
      const received = receiveMessageOnPort(this.#port);
      if (received === undefined) break;
      this.#take(received.message);
    }
    this.#port.close();
  }

  /** The value of the task; throws what it has thrown. */
  get value(): unknown {
    const { value, error } = this.#last;
    if (error !== undefined) throw errorOf(error);
    return value;
  }
}

/** Why a thread did not bring a piece of work to its end. */
function failure(cause: unknown, work: Work, maxHeapSize: number): Error {
  const { name, code, message } = cause as NodeJS.ErrnoException;
  if (name === "DataCloneError") {
    const error = unsendable(work);
    if (error) return error;
  }
  const why = code === "ERR_WORKER_OUT_OF_MEMORY" ? `its heap has reached maxHeapSize (${maxHeapSize} bytes)` : message;
  return new TaskError("CRASHED", `the worker of ${titleOf(work)} has ended: ${why}`, { cause });
}
