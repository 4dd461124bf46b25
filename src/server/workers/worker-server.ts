/** The server of a worker, which its primary process looks after. */
import type { Cluster } from "node:cluster";
import type { AddressInfo } from "node:net";
import type { Servable } from "../../app/index.ts";
import type { Logger } from "../../http/index.ts";
import type { ServerOptions } from "../options.ts";
import type { RunOptions } from "../running.ts";
import { type ListenOn, Server } from "../server.ts";
import { listenOnInherited } from "./hold.ts";
import { beatInterval, type FromWorker, isOurs, packed, type ToWorker } from "./messages.ts";
import { checkWorkerOptions } from "./options.ts";
import { LISTEN_VARIABLE } from "./supervisor.ts";

/** Signals that are meant for the primary process, though a terminal sends them to all of its group. */
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

function ignore(): void {}

/** Where its primary has it listen: on a socket that is held there, or on the port that the first worker has found. */
function placed(options: ServerOptions): [options: ServerOptions, listenOn?: ListenOn] {
  const [kind, number] = (process.env[LISTEN_VARIABLE] ?? "").split(" ");
  if (kind === "fd") return [options, (net, backlog) => listenOnInherited(net, Number(number), backlog)];
  return [kind === "port" ? { ...options, port: Number(number) } : options];
}

export class WorkerServer extends Server {
  readonly #cluster: Cluster;
  readonly #logger: Logger;
  readonly #interval: number;
  #beating: NodeJS.Timeout | undefined;
  #joined: Promise<this> | null = null;

  /** Throws a RangeError where an option is out of its range. */
  constructor(cluster: Cluster, served: Servable, options: ServerOptions) {
    const [where, listenOn] = placed(options);
    super(served, where, listenOn);
    this.#cluster = cluster;
    this.#logger = served.environment.logger;
    this.#interval = beatInterval(checkWorkerOptions(options).workerTimeout);
  }

  override start(): Promise<this> {
    this.#joined ??= this.#join();
    return this.#joined;
  }

  async #join(): Promise<this> {
    process.on("message", this.#receive);
    this.#beating = setInterval(() => this.#beat(), this.#interval);
    this.#beat();
    try {
      await super.start();
    } catch (error) {
      clearInterval(this.#beating);
      const { message, code } = error as NodeJS.ErrnoException;
      this.#tell({ type: "failed", message: String(message), code });
      throw error;
    }
    this.stopped.then(() => this.#leave());
    // Later than whoever has waited for this goes on: by then `run` hears the signals that its group may get.
    setImmediate(() => this.#tell({ type: "listening", address: this.#addressOrNull() }));
    return this;
  }

  #addressOrNull(): AddressInfo | null {
    try {
      return this.address;
    } catch {
      return null;
    }
  }

  #beat(): void {
    this.#tell({ type: "beat", counters: this.counters });
  }

  #tell(message: FromWorker, sent: () => void = ignore): void {
    // An error is that of a primary that has ended: so does this process.
    if (process.connected) process.send?.(packed(message), undefined, undefined, sent);
  }

  readonly #receive = (message: unknown): void => {
    if (!isOurs<ToWorker>(message)) return;
    const { deadline, drainDelay, grace } = message;
    this.stop({ deadline: deadline ?? Number.POSITIVE_INFINITY, drainDelay, grace }).catch((error) =>
      this.#logger.error(error),
    );
  };

  /** Lets go of the primary, so that this process ends where nothing else of it goes on. */
  #leave(): void {
    clearInterval(this.#beating);
    process.off("message", this.#receive);
    const { worker } = this.#cluster;
    this.#tell({ type: "stopped", counters: this.counters }, () => worker?.isConnected() && worker.disconnect());
  }

  /** Serves until its primary process, or the application, has it stop. Signals to end are for that process to hear. */
  override async run({ onListen }: RunOptions = {}): Promise<void> {
    for (const signal of SIGNALS) process.on(signal, ignore);
    await this.start();
    onListen?.(this);
    await this.stopped;
  }
}
