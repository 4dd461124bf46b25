/** A server, wherever it runs: in this process, or in workers that this process looks after. */
import type { AddressInfo } from "node:net";
import type { StopOptions } from "./options.ts";

/** What a server has counted since it was made. */
export interface ServerCounters {
  /** Connections that are open now, and that were accepted, and refused for maxConnections. */
  readonly openConnections: number;
  readonly acceptedConnections: number;
  readonly refusedConnections: number;
  /** Requests that are at work now, and that have come. */
  readonly activeRequests: number;
  readonly requests: number;
  /** What clients sent that was wrong, or came too late. */
  readonly parseErrors: number;
}

/** What nobody has counted yet. */
export const NOTHING_COUNTED: ServerCounters = {
  openConnections: 0,
  acceptedConnections: 0,
  refusedConnections: 0,
  activeRequests: 0,
  requests: 0,
  parseErrors: 0,
};

/** The URL of a server that listens at an address. */
export function urlAt({ address, family, port }: AddressInfo, secure: boolean): string {
  return `${secure ? "https" : "http"}://${family === "IPv6" ? `[${address}]` : address}:${port}/`;
}

/** What `run` may be told. */
export interface RunOptions extends StopOptions {
  /** Called once connections are accepted. */
  readonly onListen?: (server: RunningServer) => void;
}

/** A worker, as its primary process sees it. */
export interface WorkerInfo {
  /** Its number, from 1: the one that takes its place has the same. */
  readonly number: number;
  /** Its process; null while none is there, and the next is waited for. */
  readonly pid: number | null;
  readonly state: "starting" | "listening" | "stopping" | "restarting";
  /** When its process was started, in milliseconds since 1970; when the last has ended, where there is none. */
  readonly since: number;
  /** How often another had to take the place of one that ended unasked. */
  readonly restarts: number;
}

/** A server that runs, here or in workers. */
export interface RunningServer {
  /** What it has counted; of workers the sum, as they told it last, which each does every second. */
  readonly counters: ServerCounters;
  /** Address and port where it listens; throws where it does not listen, or listens on a path. */
  readonly address: AddressInfo;
  /** The URL of the server; throws as `address`. */
  readonly url: string;
  /** Resolves when `stop` has ended, whoever called it and however it ended. */
  readonly stopped: Promise<void>;
  /** The workers that this process looks after; none where it serves itself. */
  readonly workers: readonly WorkerInfo[];
  /** Has it accept connections; resolves once it does. */
  start(): Promise<RunningServer>;
  /** Serves until SIGINT or SIGTERM, or until `stop` is called. */
  run(options?: RunOptions): Promise<void>;
  /** Stops accepting, and resolves when what is at work is answered, or the deadline has cut it. */
  stop(options?: StopOptions): Promise<void>;
  /**
   * Replaces all workers, one after the other, by new processes, without losing a request. Rejects where a new one does
   * not start: the old one then goes on. Rejects where there are no workers.
   */
  reload(options?: StopOptions): Promise<void>;
}
