/** `pyrois/systemd`: sockets that systemd has opened for a server, and what it wants to be told of one. */
import { execFile } from "node:child_process";
import type { Application } from "../app/index.ts";
import type { Logger } from "../http/index.ts";
import { workerNumber } from "./workers/number.ts";

/** The first descriptor that is handed over: sd_listen_fds(3). */
const FIRST_FD = 3;
const MICROSECONDS = 1000;

/** What is given to `listen` or `run` beside other options, in place of host and port: empty where there is no socket. */
export interface SystemdSocket {
  readonly fd?: number;
}

/** A number that is written in digits; NaN for anything else. */
function numberOf(text: string | undefined): number {
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : Number.NaN;
}

/**
 * The socket that systemd has opened for this process (LISTEN_FDS, LISTEN_PID; sd_listen_fds(3)), for `listen` or `run`:
 * `app.run({ port: 8080, ...systemdSocket() })` listens on it, and on the port where there is none. A name is that of
 * FileDescriptorName, and needed where there are several. Throws an Error where there are sockets, but not one that is
 * meant.
 */
export function systemdSocket(name?: string): SystemdSocket {
  const { LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES = "" } = process.env;
  const count = numberOf(LISTEN_FDS);
  // They may have been another's, who has left them in the environment.
  if (numberOf(LISTEN_PID) !== process.pid || !(count > 0)) return {};
  const names = LISTEN_FDNAMES === "" ? [] : LISTEN_FDNAMES.split(":");
  const known = Array.from({ length: count }, (_, index) => names[index] ?? "unknown");
  const found = known.flatMap((each, index) => (name === undefined || each === name ? [FIRST_FD + index] : []));
  if (found.length === 1) return { fd: found[0] };
  const meant = name === undefined ? "say which is meant" : `${found.length} are named ${JSON.stringify(name)}`;
  throw new Error(`systemd has handed over ${count} sockets (${known.join(", ")}): ${meant}`);
}

/** What systemd is told of a server, as `sd_notify(3)` does. */
export interface Systemd {
  /** As a module to load before the server starts: tells when it stops. */
  setup(app: Application): void;
  /** Connections are accepted: what `run` calls, as `onListen`. From here on the watchdog is told, too. */
  readonly ready: () => Promise<void>;
  /** The configuration is read anew; to be followed by `ready`. */
  reloading(): Promise<void>;
  /** One line for whoever looks at the state of the unit. */
  status(text: string): Promise<void>;
}

/** What systemd is told. */
export interface SystemdOptions {
  /**
   * Asked before the watchdog is told that the server lives: it is not told where this gives false, throws or rejects.
   * Without it, it is enough that timers run.
   */
  readonly alive?: () => unknown;
}

/** Runs the helper; rejects with an Error where it cannot, or does not reach systemd. */
function runNotify(fields: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    execFile("systemd-notify", fields, (error, _, said) => {
      if (error === null) resolve();
      else reject(new Error(`systemd-notify ${fields[0]}: ${said.trim() || error.message}`, { cause: error }));
    });
  });
}

/** Milliseconds from one word to the watchdog to the next: half of what it waits; null where there is none. */
function watchdogInterval(): number | null {
  const { WATCHDOG_USEC, WATCHDOG_PID } = process.env;
  const time = numberOf(WATCHDOG_USEC);
  if (!(time > 0) || (WATCHDOG_PID !== undefined && numberOf(WATCHDOG_PID) !== process.pid)) return null;
  return Math.max(1, Math.floor(time / 2 / MICROSECONDS));
}

/**
 * Tells systemd of a server, where it has started this process and wants to know (NOTIFY_SOCKET); does nothing
 * elsewhere. Node has no sockets of the kind that it listens on, so it is told by `systemd-notify`, a process for each
 * word: the unit needs `NotifyAccess=all`. What goes wrong with that goes to the log, once.
 */
export function systemd({ alive = () => true }: SystemdOptions = {}): Systemd {
  // A worker is no main process: of what it is told by one that is replaced, systemd would take the service to stop.
  const wanted = Boolean(process.env.NOTIFY_SOCKET) && workerNumber() === null;
  let log: Logger = console;
  let failed = false;
  let last: Promise<void> = Promise.resolve();
  let watchdog: NodeJS.Timeout | undefined;

  const tell = (...fields: string[]): Promise<void> => {
    if (!wanted) return last;
    // One after the other: the last word counts.
    last = last
      .then(() => runNotify(fields))
      .catch((error) => {
        if (!failed) log.warn("systemd cannot be told of this server", error);
        failed = true;
      });
    return last;
  };

  const tellWatchdog = async (): Promise<void> => {
    try {
      if ((await alive()) !== false) await tell("WATCHDOG=1");
      else log.warn("systemd's watchdog is not told: the server says that it is not alive");
    } catch (error) {
      log.warn("systemd's watchdog is not told: the server cannot say that it is alive", error);
    }
  };

  return {
    setup(app) {
      log = app.environment.logger;
      app.on("stopping", () => tell("STOPPING=1"));
      // Not earlier: it lives until then.
      app.on("stop", () => clearInterval(watchdog));
    },
    ready() {
      const interval = wanted ? watchdogInterval() : null;
      if (interval !== null) watchdog ??= setInterval(tellWatchdog, interval).unref();
      return tell("READY=1");
    },
    reloading: () => tell("RELOADING=1", `MONOTONIC_USEC=${process.hrtime.bigint() / 1000n}`),
    status: (text) => tell(`STATUS=${text.replaceAll("\n", " ")}`),
  };
}
