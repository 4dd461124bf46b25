/** Contenders as child processes: started, asked for their CPU time, stopped. */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import path from "node:path";

const SERVER_CPU = "0";
const CLIENT_CPU = "1";

/** Milliseconds in which a child must answer. */
const PATIENCE = 10_000;

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
export function start([file, ...args], options) {
  const child = spawn(file, args, options);
  children.add(child);
  child.once("exit", () => children.delete(child));
  return child;
}

process.on("exit", () => {
  for (const child of children) child.kill("SIGKILL");
});
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(1));

/** A server under test. */
export class Contender {
  #child;
  name;
  port = 0;

  /**
   * @param {string} name what to call it; `server/<file>.mjs` is what it runs
   * @param {import("node:child_process").ChildProcess} child
   */
  constructor(name, child) {
    this.name = name;
    this.#child = child;
  }

  /**
   * @param {{ name: string, file: string }} which
   * @param {boolean} pipelined whether requests will come many at a time, which only the floor must know
   * @returns {Promise<Contender>} once it listens
   */
  static async start({ name, file }, pipelined) {
    const command = pinned("server", [process.execPath, path.join(import.meta.dirname, `${file}.mjs`)]);
    const env = { ...process.env, PORT: "0", PIPELINED: pipelined ? "1" : "0" };
    const contender = new Contender(name, start(command, { env, stdio: ["ignore", "inherit", "inherit", "ipc"] }));
    contender.port = (await contender.#message()).port;
    return contender;
  }

  /** @returns {Promise<{ user: number, system: number }>} CPU time it has used, in microseconds */
  async cpuTime() {
    const answer = this.#message();
    this.#child.send("cpu");
    return (await answer).cpu;
  }

  /** Ends the process. */
  async stop() {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exit = once(this.#child, "exit");
    this.#child.kill();
    await exit;
  }

  /** @returns {Promise<object>} the next message of the process */
  async #message() {
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
}
