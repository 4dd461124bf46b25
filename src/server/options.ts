/** Where a server listens, and what it grants whoever comes. */
import type { ListenOptions } from "node:net";
import type { TlsOptions } from "node:tls";
import { type ConnectionOptions, DEFAULT_CONNECTION_OPTIONS } from "../h1/index.ts";
import { DEFAULT_PARSER_LIMITS, type ParserLimits } from "../parser/index.ts";
import { TIMER_MAX } from "../services/timer.ts";
import type { ProxyProtocolOptions } from "./proxy-protocol.ts";
import { checkReusePort, DEFAULT_WORKER_OPTIONS, type WorkerOptions } from "./workers/options.ts";

/** Where a server listens, and what bounds its connections. */
export interface ServerOptions extends WorkerOptions, Partial<ParserLimits>, Partial<ConnectionOptions> {
  /** Name or address to listen on. */
  readonly host?: string;
  /** Port to listen on; 0 has the system choose one. */
  readonly port?: number;
  /** Path of a Unix socket to listen on, in place of host and port. */
  readonly path?: string;
  /** An open descriptor to listen on, in place of host and port: what a process manager hands over. */
  readonly fd?: number;
  /** Key, certificate and the rest of node:tls; with it the server speaks HTTPS. */
  readonly tls?: TlsOptions;
  /**
   * Has every connection begin with a header of the PROXY protocol, version 1 or 2, which tells whose it is; one without
   * is closed. False by default. True believes whoever can connect.
   */
  readonly proxyProtocol?: boolean | ProxyProtocolOptions;
  /** Connections that may be open; further ones are closed as they come. */
  readonly maxConnections?: number;
  /** Requests that may be at work; further ones get 503 with Retry-After. */
  readonly maxConcurrentRequests?: number;
}

/** Those of a server of this process. */
export type HereOptions = ServerOptions & { readonly workers?: undefined };

/** Every option that has a default. Loopback only, until somebody decides otherwise. */
export const DEFAULT_SERVER_OPTIONS: Required<Omit<ServerOptions, "path" | "fd" | "tls" | "workers">> = {
  host: "127.0.0.1",
  port: 8080,
  proxyProtocol: false,
  maxConnections: Number.POSITIVE_INFINITY,
  maxConcurrentRequests: Number.POSITIVE_INFINITY,
  ...DEFAULT_PARSER_LIMITS,
  ...DEFAULT_CONNECTION_OPTIONS,
  ...DEFAULT_WORKER_OPTIONS,
};

/** Where to listen. */
export type Place = ListenOptions & { readonly fd?: number };

/** What is said of a server itself, with defaults; the rest its connections look after. */
interface CheckedOptions {
  readonly place: Place;
  readonly maxConnections: number;
  readonly maxConcurrentRequests: number;
}

/** Whether there can be such a port; 0 is one that the system chooses. */
export function isPort(port: unknown): boolean {
  return Number.isInteger(port) && (port as number) >= 0 && (port as number) <= 65535;
}

/** What options say of a server itself; throws a RangeError that names what is out of its range. */
export function checkServerOptions(options: ServerOptions): CheckedOptions {
  const maxConnections = atLeastOne("maxConnections", options);
  const maxConcurrentRequests = atLeastOne("maxConcurrentRequests", options);
  const host = options.host ?? DEFAULT_SERVER_OPTIONS.host;
  const port = options.port ?? DEFAULT_SERVER_OPTIONS.port;
  if (!isPort(port)) {
    // What stands in an environment variable is text, and looks like a number.
    const shown = typeof port === "string" ? JSON.stringify(port) : port;
    throw new RangeError(`port must be a whole number from 0 to 65535, not ${shown}`);
  }
  const { path, fd } = options;
  const place = path !== undefined ? { path } : fd !== undefined ? { fd } : { host, port, ...checkReusePort(options) };
  return { place, maxConnections, maxConcurrentRequests };
}

function atLeastOne(name: "maxConnections" | "maxConcurrentRequests", options: ServerOptions): number {
  const { [name]: value = DEFAULT_SERVER_OPTIONS[name] } = options;
  if (!(value >= 1)) throw new RangeError(`${name} must be a number of at least 1, not ${value}`);
  return value;
}

/** The error of a place that cannot be had, with the code of its cause, that of the system. */
export function listenError(cause: NodeJS.ErrnoException, { path, fd, host, port }: Place): Error {
  const place = path ?? (fd === undefined ? `${host}:${port}` : `descriptor ${fd}`);
  const reasons: Record<string, string> = {
    EADDRINUSE:
      path === undefined
        ? "another program listens there already"
        : "another program listens there already, or one that has ended left it behind: then remove it",
    EACCES: "this user may not listen there",
    EADDRNOTAVAIL: "this machine has no such address",
    ENOTFOUND: "there is no such host name",
  };
  const reason = reasons[cause.code ?? ""] ?? cause.message;
  return Object.assign(new Error(`cannot listen on ${place}: ${reason}`, { cause }), { code: cause.code });
}

/** How long a server that stops waits. */
export interface StopOptions {
  /**
   * Milliseconds that requests in flight may take, from when no more connections are accepted; 10 000 by default,
   * Infinity for as long as they want.
   */
  readonly deadline?: number;
  /**
   * Milliseconds for which connections are still accepted and served, each for one more request, while those who choose
   * where to send requests learn that it is not to be here; 0 by default.
   */
  readonly drainDelay?: number;
}

/** Less than what process managers commonly give before they kill. */
const DEFAULT_DEADLINE = 10_000;

/** The times that are given, or their defaults; throws a RangeError where one is negative or no number. */
export function stopTimes({ deadline = DEFAULT_DEADLINE, drainDelay = 0 }: StopOptions): Required<StopOptions> {
  if (!(deadline >= 0)) throw new RangeError(`deadline must be a number of milliseconds, not ${deadline}`);
  if (!(drainDelay >= 0 && drainDelay <= TIMER_MAX)) {
    throw new RangeError(`drainDelay must be a number of milliseconds up to ${TIMER_MAX}, not ${drainDelay}`);
  }
  return { deadline, drainDelay };
}
