/** Contenders and clients as child processes: started, asked, stopped. */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";

const SERVER_CPU = "0";
const CLIENT_CPU = "1";

/** Milliseconds in which a child must answer. */
const PATIENCE = 20_000;

/** The command that runs a contender written for Node. */
export const NODE = [process.execPath];

/** @typedef {{ name: string, file: string, host: string[] }} Which `host` is the command that runs the module `file` */

/** Environment that every contender gets. */
const ENVIRONMENT = { PORT: "0", NODE_ENV: "production", DENO_NO_UPDATE_CHECK: "1", DO_NOT_TRACK: "1" };

/** Whether processes can be pinned: there is `taskset`, and there are the two CPUs. */
export const canPin = [SERVER_CPU, CLIENT_CPU].every(
  (cpu) => spawnSync("taskset", ["-c", cpu, process.execPath, "-e", ""]).status === 0,
);

/**
 * @param {"server" | "client"} role
 * @param {string[]} command
 * @returns {string[]} the command, pinned to the role's CPU where that can be done
 */
export function pinned(role, command) {
  if (!canPin) return command;
  return ["taskset", "-c", role === "server" ? SERVER_CPU : CLIENT_CPU, ...command];
}

/** Every child that runs. */
const children = new Set();

/**
 * Starts a process that ends, at the latest, with this one.
 * @param {string[]} command
 * @param {import("node:child_process").SpawnOptions} options
 * @returns {import("node:child_process").ChildProcess}
 */
function start([file, ...args], options) {
  const child = spawn(file, args, options);
  children.add(child);
  child.once("exit", () => children.delete(child));
  return child;
}

process.on("exit", () => {
  for (const child of children) child.kill("SIGKILL");
});
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(1));

/**
 * Runs a client to its end.
 * @param {string[]} command
 * @param {number} seconds it may take
 * @returns {Promise<string>} what it printed; throws where it failed
 */
export async function run(command, seconds) {
  const child = start(pinned("client", command), { stdio: ["ignore", "pipe", "pipe"] });
  const timer = setTimeout(() => child.kill(), seconds * 1000);
  let text = "";
  let errors = "";
  child.stdout.setEncoding("utf8").on("data", (part) => {
    text += part;
  });
  child.stderr.setEncoding("utf8").on("data", (part) => {
    errors += part;
  });
  const [code, signal] = await once(child, "close");
  clearTimeout(timer);
  if (code !== 0) throw new Error(`the client ended with ${code ?? signal}: ${errors.trim()}`);
  return text;
}

/** A child that answers messages. */
export class Peer {
  #child;
  name;

  /**
   * @param {string} name what to call it
   * @param {"server" | "client"} role
   * @param {string[]} command
   * @param {Record<string, string>} environment beside that of this process
   */
  constructor(name, role, command, environment = {}) {
    this.name = name;
    const env = { ...process.env, ...environment };
    this.#child = start(pinned(role, command), { env, stdio: ["ignore", "inherit", "inherit", "ipc"] });
  }

  /** @returns {number} id of the process */
  get pid() {
    return this.#child.pid;
  }

  /**
   * @param {unknown} message
   * @returns {Promise<object>} the answer
   */
  ask(message) {
    const answer = this.next();
    this.#child.send(message);
    return answer;
  }

  /** @returns {Promise<object>} the next message of the process */
  async next() {
    const waiting = new AbortController();
    const timer = setTimeout(() => waiting.abort(), PATIENCE);
    const failed = () => waiting.abort();
    this.#child.once("exit", failed);
    try {
      const [message] = await once(this.#child, "message", { signal: waiting.signal });
      return message;
    } catch (cause) {
      throw new Error(`${this.name} does not answer`, { cause });
    } finally {
      clearTimeout(timer);
      this.#child.off("exit", failed);
    }
  }

  /** Ends the process, by force where it does not go when it is told to. */
  async stop() {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exit = once(this.#child, "exit");
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), PATIENCE);
    this.#child.kill();
    await exit;
    clearTimeout(timer);
  }
}

/** A server under test. */
export class Contender extends Peer {
  port = 0;

  /**
   * @param {Which} which
   * @param {{ workload?: string, flags?: string[] }} options name of the workload, for those that do not serve all of
   *   them alike, and what else the host is told
   * @returns {Promise<Contender>} once it listens
   */
  static async start({ name, file, host }, { workload = "", flags = [] } = {}) {
    const command = [...host, ...flags, file];
    const contender = new Contender(name, "server", command, { ...ENVIRONMENT, WORKLOAD: workload });
    contender.port = (await contender.next()).port;
    return contender;
  }

  /** @returns {Promise<{ user: number, system: number }>} CPU time it has used, in microseconds */
  async cpuTime() {
    return (await this.ask("cpu")).cpu;
  }

  /** @returns {{ resident: number, peak: number }} its memory in KiB, NaN where the system does not tell */
  memory() {
    try {
      const text = readFileSync(`/proc/${this.pid}/status`, "latin1");
      const [resident, peak] = ["VmRSS", "VmHWM"].map((key) =>
        Number(new RegExp(`^${key}:\\s+(\\d+)`, "m").exec(text)[1]),
      );
      return { resident, peak };
    } catch {
      return { resident: Number.NaN, peak: Number.NaN };
    }
  }
}
