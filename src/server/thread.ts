/** A server in a thread of its own. */
import type { AddressInfo } from "node:net";
import type { MessagePort, ResourceLimits, Worker } from "node:worker_threads";
import { TIMER_MAX } from "../services/timer.ts";
import { type ServerOptions, type StopOptions, stopTimes } from "./options.ts";
import { NOTHING_COUNTED, type ServerCounters, urlAt } from "./running.ts";
import { type FromThread, type Setup, THREAD, type ToThread } from "./thread-messages.ts";

/** What a thread serves with, and how long it may take. */
export interface ServerThreadOptions {
  /** What the server is made with; it is copied to the thread. */
  readonly options?: ServerOptions;
  /** What the thread has as `workerData` of node:worker_threads, and a module is called with that exports a function. */
  readonly workerData?: unknown;
  /** Environment, flags of Node and bounds of memory, as node:worker_threads takes them; those of this process by default. */
  readonly env?: Readonly<Record<string, string>>;
  readonly execArgv?: readonly string[];
  readonly resourceLimits?: ResourceLimits;
}

/** Why a thread has ended. */
export interface ThreadEnd {
  /** It was asked to stop and did, or had to be ended at its deadline; or it ended unasked. */
  readonly how: "stopped" | "terminated" | "crashed";
  /** What has gone wrong; null where nothing has. */
  readonly error: Error | null;
}

/** Where a thread serves; there is neither where it listens on a path. */
export interface ThreadPlace {
  readonly url: string | null;
  readonly port: number | null;
}

/** Milliseconds that a thread has after its deadline, for what its application does when it stops. */
const TERMINATE_AFTER = 1000;

/** A server in a thread of its own, as the thread that made it sees it. */
export class ServerThread {
  readonly #module: string;
  readonly #given: ServerThreadOptions;
  #worker: Worker | null = null;
  #port: MessagePort | null = null;
  #counters = NOTHING_COUNTED;
  #address: AddressInfo | null = null;
  #starting: Promise<ThreadPlace> | null = null;
  #stopping: Promise<void> | null = null;
  #terminated = false;
  #error: Error | null = null;
  #tellStopped: (end: ThreadEnd) => void = () => {};
  /** Resolves when the thread is gone, with why; never rejects. */
  readonly stopped: Promise<ThreadEnd> = new Promise((resolve) => {
    this.#tellStopped = resolve;
  });

  /**
   * `module` exports an application as its default, or a function that gives one. Throws a TypeError where it is no URL,
   * and where this server would have `workers`.
   */
  constructor(module: URL | string, options: ServerThreadOptions = {}) {
    this.#module = new URL(module).href;
    this.#given = options;
    if (options.options?.workers !== undefined)
      throw new TypeError("a server in a thread has no workers: leave them out");
  }

  /** What it has counted, as it told last, which it does every second and at its end. */
  get counters(): ServerCounters {
    return this.#counters;
  }

  /**
   * Starts the thread; resolves with where it serves once it accepts connections. Rejects with what kept it from that: the
   * module, a hook of the application, an address that cannot be had.
   */
  start(): Promise<ThreadPlace> {
    if (this.#stopping) return Promise.reject(new Error("this thread was stopped; make another one"));
    this.#starting ??= this.#start();
    return this.#starting;
  }

  async #start(): Promise<ThreadPlace> {
    try {
      return await this.#serve();
    } catch (error) {
      // What the thread is given cannot be copied, perhaps: then there is none.
      this.#fail(error);
      if (this.#worker === null) this.#end();
      throw error;
    }
  }

  #serve(): Promise<ThreadPlace> {
    const { Worker, MessageChannel, receiveMessageOnPort } = process.getBuiltinModule(
      "node:worker_threads",
    ) as typeof import("node:worker_threads");
    const { options = {}, workerData, env, execArgv, resourceLimits } = this.#given;
    const { port1, port2 } = new MessageChannel();
    const worker = new Worker(THREAD, {
      workerData,
      ...(env && { env: { ...env } }),
      ...(execArgv && { execArgv: [...execArgv] }),
      ...(resourceLimits && { resourceLimits }),
    });
    this.#worker = worker;
    this.#port = port1;
    return new Promise((resolve, reject) => {
      const receive = (message: FromThread & { readonly code?: string }) => {
        if (message.type === "beat" || message.type === "stopped") this.#counters = message.counters;
        if (message.type === "listening") {
          this.#address = message.address;
          resolve(this.#place);
        } else if (message.type === "failed" || message.type === "stopped") {
          this.#fail(message.error, message.code);
          // What else goes on in it has nothing to serve any more.
          worker.terminate();
        }
      };
      port1.on("message", receive);
      worker.on("error", (error) => this.#fail(error));
      worker.on("exit", (code) => {
        // Its last words may come after its end.
        for (let left = receiveMessageOnPort(port1); left; left = receiveMessageOnPort(port1)) receive(left.message);
        port1.close();
        this.#end();
        reject(this.#error ?? new Error(`the thread has ended with exit code ${code} before it accepted connections`));
      });
      const setup: Setup = { module: this.#module, options, port: port2 };
      try {
        worker.postMessage(setup, [port2]);
      } catch (error) {
        // An option that cannot be copied, a function perhaps.
        this.#fail(error);
        worker.terminate();
      }
    });
  }

  #fail(error: unknown, code?: string): void {
    if (error === null || this.#error !== null) return;
    this.#error = error instanceof Error ? error : new Error(String(error));
    if (code !== undefined) Object.assign(this.#error, { code });
  }

  #end(): void {
    const asked = this.#stopping !== null;
    const how = this.#terminated ? "terminated" : asked ? "stopped" : "crashed";
    this.#tellStopped({ how, error: this.#error });
  }

  get #place(): ThreadPlace {
    if (this.#address === null) return { url: null, port: null };
    return { url: urlAt(this.#address, this.#given.options?.tls !== undefined), port: this.#address.port };
  }

  /**
   * Has the server stop, as `stop` of a server, and ends the thread; one that has not stopped a second after the deadline is
   * ended, whatever it does. Throws a RangeError where a time is negative.
   */
  stop(options: StopOptions = {}): Promise<void> {
    const times = stopTimes(options);
    if (this.#stopping) this.#port?.postMessage({ type: "stop", ...times } satisfies ToThread);
    else this.#stopping = this.#stop(times);
    return this.#stopping;
  }

  async #stop(times: Required<StopOptions>): Promise<void> {
    if (this.#worker === null) {
      this.#tellStopped({ how: "stopped", error: null });
      return;
    }
    this.#port?.postMessage({ type: "stop", ...times } satisfies ToThread);
    const most = times.drainDelay + times.deadline + TERMINATE_AFTER;
    let timer: NodeJS.Timeout | undefined;
    if (most <= TIMER_MAX) {
      timer = setTimeout(() => {
        this.#terminated = true;
        this.#worker?.terminate();
      }, most);
    }
    await this.stopped;
    clearTimeout(timer);
  }
}
