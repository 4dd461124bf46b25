/** Looks after the workers that serve in place of this process. */
import type { Cluster } from "node:cluster";
import type { AddressInfo } from "node:net";
import type { Servable } from "../../app/index.ts";
import { checkConnectionOptions } from "../../h1/options.ts";
import { Relay } from "../../services/topics/relay.ts";
import { Gatherer } from "../../services/workers/gather.ts";
import { WORKER_VARIABLE } from "../../services/workers/number.ts";
import { checkServerOptions, type Place, type ServerOptions, type StopOptions, stopTimes } from "../options.ts";
import {
  NOTHING_COUNTED,
  type RunningServer,
  type RunOptions,
  type ServerCounters,
  urlAt,
  type WorkerInfo,
} from "../running.ts";
import { stopOnSignal } from "../signals.ts";
import { addressOf, type Handle, hold } from "./hold.ts";
import { beatInterval } from "./messages.ts";
import { checkWorkerOptions } from "./options.ts";
import { Slot, type SlotOwner } from "./slot.ts";
import { WorkerProcess } from "./worker-process.ts";

/** Where a worker is to listen: a descriptor that it has inherited, or a port that another has found; else as its options say. */
export const LISTEN_VARIABLE = "PYROIS_LISTEN";

/** Milliseconds that a worker has at least until its program has come to where it listens. */
const LOAD_TIMEOUT = 30_000;

/** For what never came to serve. */
const AT_ONCE = stopTimes({ deadline: 0 });

/** Node has one set of workers in a process: two servers would each take those of the other for theirs. */
let supervising: Supervisor | null = null;

export class Supervisor implements RunningServer {
  readonly #cluster: Cluster;
  readonly #owner: SlotOwner;
  readonly #place: Place;
  readonly #secure: boolean;
  readonly #slots: readonly Slot[];
  readonly #relay = new Relay();
  readonly #gatherer = new Gatherer(() => this.#processes.filter(({ state }) => state === "listening"));
  /** What those have counted that are gone. */
  #past = NOTHING_COUNTED;
  #held: Handle | null = null;
  #address: AddressInfo | null = null;
  #watching: NodeJS.Timeout | undefined;
  #watchedAt = 0;
  #starting: Promise<this> | null = null;
  #stopping: Promise<void> | null = null;
  /** Replacements, one after the other. */
  #last: Promise<unknown> = Promise.resolve();
  /** Slots whose replacement is waited for, for their requests; when one may be asked for again. */
  readonly #replacing = new Map<number, number>();
  #tellStopped: () => void = () => {};
  readonly stopped: Promise<void> = new Promise((resolve) => {
    this.#tellStopped = resolve;
  });

  /** Throws a RangeError where an option is out of its range, and an Error where `reusePort` cannot be had. */
  constructor(cluster: Cluster, served: Servable, options: ServerOptions) {
    this.#cluster = cluster;
    this.#place = checkServerOptions(options).place;
    checkConnectionOptions(options);
    this.#secure = options.tls !== undefined;
    const checked = checkWorkerOptions(options);
    this.#owner = {
      options: checked,
      logger: served.environment.logger,
      fork: (number) => this.#fork(number),
      gone: ({ counters }) => {
        const ended = { ...counters, openConnections: 0, activeRequests: 0 };
        this.#past = sum([this.#past, ended]);
      },
    };
    this.#slots = Array.from({ length: checked.workers }, (_, index) => new Slot(index + 1, this.#owner));
  }

  get #processes(): WorkerProcess[] {
    return this.#slots.flatMap(({ processes }) => [...processes]);
  }

  get counters(): ServerCounters {
    return sum([this.#past, ...this.#processes.map(({ counters }) => counters)]);
  }

  get workers(): readonly WorkerInfo[] {
    return this.#slots.map(({ info }) => info);
  }

  get address(): AddressInfo {
    if (this.#address !== null) return this.#address;
    if (this.#place.path === undefined) throw new Error("the server does not listen");
    throw new Error(`the server listens on the path ${this.#place.path}`);
  }

  get url(): string {
    return urlAt(this.address, this.#secure);
  }

  /**
   * Starts the workers, the first of them alone: a program that cannot start says so once. Rejects where one of them ends
   * before it accepts connections, with why; then none is left.
   */
  start(): Promise<this> {
    if (this.#stopping) return Promise.reject(new Error("this server was stopped; make another one"));
    this.#starting ??= this.#start();
    return this.#starting;
  }

  async #start(): Promise<this> {
    if (supervising !== null) throw new Error("this process has a server with workers already; stop that first");
    supervising = this;
    try {
      if (!this.#owner.options.reusePort) this.#held = await hold(this.#place);
      // What node:cluster shares is for the workers to accept from, not for this process to accept and hand on.
      if (this.#held === null) this.#cluster.schedulingPolicy = this.#cluster.SCHED_NONE;
      this.#watch();
      const [first, ...others] = this.#slots;
      const { address } = await first.fill();
      this.#address = this.#held === null ? address : addressOf(this.#held);
      await Promise.all(others.map((slot) => slot.fill()));
    } catch (error) {
      await this.#end(AT_ONCE);
      throw error;
    }
    return this;
  }

  #fork(number: number): WorkerProcess {
    const { settings } = this.#cluster;
    const given = settings.stdio ?? (settings.silent ? ["pipe", "pipe", "pipe", "ipc"] : [0, 1, 2, "ipc"]);
    const stdio = [...(given as (string | number)[])];
    let listen = this.#address === null || !this.#owner.options.reusePort ? "" : `port ${this.#address.port}`;
    if (this.#held !== null) listen = `fd ${stdio.push(this.#held.fd as number) - 1}`;
    this.#cluster.setupPrimary({ stdio: stdio as never });
    try {
      const env = { [WORKER_VARIABLE]: String(number), [LISTEN_VARIABLE]: listen };
      return new WorkerProcess(this.#cluster, number, env, {
        beat: (worker) => this.#beat(worker),
        message: (worker, message) => this.#message(worker, message),
      });
    } finally {
      // As it was: others may fork, too.
      this.#cluster.setupPrimary({ stdio: given as never });
    }
  }

  #message(worker: WorkerProcess, message: unknown): void {
    this.#gatherer.receive(worker, message);
    this.#relay.pass(
      worker.worker,
      this.#processes.map((each) => each.worker),
      message,
    );
  }

  #beat({ number, counters, state }: WorkerProcess): void {
    const { maxRequestsPerWorker, retireTimeout, maxRestartDelay } = this.#owner.options;
    if (counters.requests < maxRequestsPerWorker || state !== "listening" || this.#stopping) return;
    if (performance.now() < (this.#replacing.get(number) ?? 0)) return;
    this.#replacing.set(number, Number.POSITIVE_INFINITY);
    this.#replace(this.#slots[number - 1], stopTimes({}), retireTimeout).then(
      () => this.#replacing.delete(number),
      (error) => {
        this.#owner.logger.error(error);
        this.#replacing.set(number, performance.now() + maxRestartDelay);
      },
    );
  }

  /** Kills those that show no sign of life. While this process stood still it could not have heard one. */
  #watch(): void {
    const { workerTimeout } = this.#owner.options;
    if (workerTimeout === Number.POSITIVE_INFINITY) return;
    const interval = beatInterval(workerTimeout);
    this.#watchedAt = performance.now();
    this.#watching = setInterval(() => {
      const now = performance.now();
      const step = Math.min(now - this.#watchedAt, 2 * interval);
      this.#watchedAt = now;
      for (const worker of this.#processes) {
        worker.silence += step;
        // A program is loaded before it can show one.
        const most = worker.alive ? workerTimeout : Math.max(workerTimeout, LOAD_TIMEOUT);
        if (worker.silence > most) worker.kill(`it has shown no sign of life for ${most} ms`);
      }
    }, interval).unref();
  }

  #replace(slot: Slot, times: Required<StopOptions>, grace: number): Promise<void> {
    const done = this.#last.then(() => {
      if (this.#stopping) throw new Error("this server was stopped");
      return slot.replace(times, grace);
    });
    this.#last = done.catch(() => {});
    return done;
  }

  /** As in `RunningServer`. Rejects with a RangeError where the deadline is negative, and where it was stopped. */
  async reload(options: StopOptions = {}): Promise<void> {
    // Nobody has to learn that a worker goes: another has taken its place.
    const times = { ...stopTimes(options), drainDelay: 0 };
    await this.start();
    const { retireTimeout } = this.#owner.options;
    for (const slot of this.#slots) await this.#replace(slot, times, retireTimeout);
  }

  /**
   * Serves until SIGINT or SIGTERM asks the process to end, or until `stop` is called; resolves when all workers are gone.
   * SIGHUP has it reload. A second signal to end ends this process as if nobody listened to it, and the workers with it.
   */
  async run({ onListen, ...options }: RunOptions = {}): Promise<void> {
    stopTimes(options);
    const { logger } = this.#owner;
    const letGo = stopOnSignal(this, options, logger);
    try {
      await this.start();
    } catch (error) {
      letGo();
      // It was asked to end before it had begun.
      if (this.#stopping === null) throw error;
      return this.stopped;
    }
    const reload = () => void this.reload(options).catch((error) => logger.error(error));
    process.on("SIGHUP", reload);
    onListen?.(this);
    await this.stopped;
    process.off("SIGHUP", reload);
  }

  /**
   * Has all workers stop as a server does, each within the deadline; those that do not are killed. Called again it ends
   * their drainDelay. Throws a RangeError where a time is negative.
   */
  stop(options: StopOptions = {}): Promise<void> {
    const times = stopTimes(options);
    if (this.#stopping) for (const slot of this.#slots) slot.close(times);
    else this.#stopping = this.#stop(times).finally(this.#tellStopped);
    return this.#stopping;
  }

  async #stop(times: Required<StopOptions>): Promise<void> {
    if (this.#starting !== null) await this.#end(times);
  }

  async #end(times: Required<StopOptions>): Promise<void> {
    await Promise.all(this.#slots.map((slot) => slot.close(times)));
    clearInterval(this.#watching);
    this.#held?.close();
    this.#held = null;
    if (supervising === this) supervising = null;
  }
}

function sum(all: readonly ServerCounters[]): ServerCounters {
  const total = { ...NOTHING_COUNTED } as Record<keyof ServerCounters, number>;
  for (const counters of all) {
    for (const name of Object.keys(total) as (keyof ServerCounters)[]) total[name] += counters[name];
  }
  return total;
}
