/** One worker, as its primary process sees it. */
import type { Cluster, Worker } from "node:cluster";
import type { AddressInfo } from "node:net";
import { TIMER_MAX } from "../../services/timer.ts";
import type { StopOptions } from "../options.ts";
import { NOTHING_COUNTED, type ServerCounters, type WorkerInfo } from "../running.ts";
import { type FromWorker, isOurs, packed, type ToWorker } from "./messages.ts";

/** Milliseconds that a worker has after its deadline, for what its application does when it stops. */
const KILL_AFTER = 1000;

/** What its primary does about what a worker tells. */
export interface WorkerEvents {
  /** A sign of life. */
  beat(worker: WorkerProcess): void;
  /** What is none of the messages of servers. */
  message(worker: WorkerProcess, message: unknown): void;
}

export class WorkerProcess {
  readonly number: number;
  readonly worker: Worker;
  readonly since: number = Date.now();
  state: Exclude<WorkerInfo["state"], "restarting"> = "starting";
  counters: ServerCounters = NOTHING_COUNTED;
  address: AddressInfo | null = null;
  /** Milliseconds since the last sign of life, as far as this process was there to hear it. */
  silence = 0;
  /** Whether there was one ever. */
  alive = false;
  /** What it is told once it gives the first: before, nobody in it listens, and what is sent is lost. */
  readonly #untold: object[] = [];
  /** Why it could not start, or was killed. */
  #reason: string | null = null;
  #code: string | undefined;
  /** Resolves when it accepts connections; rejects with why it has ended before. */
  readonly listening: Promise<void>;
  /** Resolves when its process is gone, with why. */
  readonly ended: Promise<string>;

  constructor(cluster: Cluster, number: number, env: Record<string, string>, events: WorkerEvents) {
    this.number = number;
    this.worker = cluster.fork(env);
    let listens = () => {};
    this.ended = new Promise((resolve) => {
      const end = (why: string) => {
        this.state = "stopping";
        resolve(this.#reason ?? why);
      };
      this.worker.once("exit", (code: number | null, signal: string | null) => {
        end(`it has ended with ${signal ?? `exit code ${code}`}`);
      });
      // What could not be sent was for a process that has ended; without a process there never was one, and is no "exit".
      this.worker.on("error", (error: Error) => {
        if (this.pid === null) end(`there can be no process: ${error.message}`);
      });
    });
    this.listening = new Promise((resolve, reject) => {
      listens = resolve;
      this.ended.then((why) => {
        const error = new Error(`worker ${number} did not start: ${why}`);
        reject(this.#code === undefined ? error : Object.assign(error, { code: this.#code }));
      });
    });
    // Not everybody waits for it.
    this.listening.catch(() => {});
    this.worker.on("message", (message: unknown) => {
      if (isOurs<FromWorker>(message)) this.#receive(message, listens, events);
      else events.message(this, message);
    });
  }

  get pid(): number | null {
    return this.worker.process.pid ?? null;
  }

  #receive(message: FromWorker, listens: () => void, events: WorkerEvents): void {
    this.silence = 0;
    this.alive = true;
    for (const untold of this.#untold.splice(0)) this.send(untold);
    if (message.type === "beat" || message.type === "stopped") this.counters = message.counters;
    if (message.type === "beat") events.beat(this);
    else if (message.type === "listening") {
      this.address = message.address;
      if (this.state === "starting") this.state = "listening";
      listens();
    } else if (message.type === "failed") {
      this.#reason = message.message;
      this.#code = message.code;
      this.#killLater(KILL_AFTER);
    }
  }

  send(message: object): void {
    // An error is that of a worker that has ended meanwhile.
    if (this.worker.isConnected()) this.worker.process.send(message, undefined, undefined, () => {});
  }

  /** Has it stop, and kills it where it does not; asked again, ends its drainDelay. Resolves when its process is gone. */
  async stop({ deadline, drainDelay }: Required<StopOptions>, grace: number): Promise<void> {
    this.state = "stopping";
    const finite = deadline === Number.POSITIVE_INFINITY ? null : deadline;
    const told = packed<ToWorker>({ type: "stop", deadline: finite, drainDelay, grace });
    if (this.alive) this.send(told);
    else this.#untold.push(told);
    this.#killLater(drainDelay + deadline + KILL_AFTER);
    await this.ended;
  }

  #killLater(delay: number): void {
    if (delay > TIMER_MAX) return;
    const timer = setTimeout(() => this.kill(`it did not end within ${delay} ms and was killed`), delay);
    this.ended.then(() => clearTimeout(timer));
  }

  /** Ends its process at once. */
  kill(why: string): void {
    this.#reason ??= why;
    this.worker.process.kill("SIGKILL");
  }
}
