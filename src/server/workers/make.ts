import type { Cluster } from "node:cluster";
import type { Servable } from "../../app/index.ts";
import { WORKER_VARIABLE } from "../../services/workers/number.ts";
import type { ServerOptions } from "../options.ts";
import type { RunningServer } from "../running.ts";
import { Server } from "../server.ts";
import { Supervisor } from "./supervisor.ts";
import { WorkerServer } from "./worker-server.ts";

/**
 * The server that options ask for: of this process, or with `workers` what looks after those, and in each of them what
 * serves. Throws a RangeError where an option is out of its range, and an Error where the workers are those of a cluster
 * of somebody else.
 */
export function makeServer(served: Servable, options: ServerOptions): RunningServer {
  // One process is what `pyrois dev` starts anew.
  if (options.workers === undefined || process.env.PYROIS_DEVELOPMENT === "1") return new Server(served, options);
  // Loaded only where it is used.
  const cluster = process.getBuiltinModule("node:cluster") as unknown as Cluster;
  if (cluster.isPrimary) return new Supervisor(cluster, served, options);
  if (process.env[WORKER_VARIABLE] === undefined) {
    throw new Error("this process is a worker of another cluster, which has its own workers: leave `workers` out");
  }
  return new WorkerServer(cluster, served, options);
}
