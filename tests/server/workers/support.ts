/** Programs with workers as processes: started, asked, listened to, ended. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdirSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import { build } from "esbuild";

const root = path.join(import.meta.dirname, "..", "..", "..");
const file = path.join(root, "build", "workers", "program.mjs");

/** Makes one file of the program: each of its processes then starts in a fraction of the time. */
export async function buildProgram(): Promise<void> {
  await build({
    entryPoints: [path.join(import.meta.dirname, "program.ts")],
    outfile: file,
    bundle: true,
    format: "esm",
    platform: "node",
    target: "es2022",
    packages: "external",
  });
  // What its orchestrator has threads begin with.
  const worker = path.join("services", "orchestrator", "worker.js");
  mkdirSync(path.join(root, "build", path.dirname(worker)), { recursive: true });
  copyFileSync(path.join(root, "src", worker), path.join(root, "build", worker));
}

const all: Program[] = [];

export class Program {
  readonly child: ChildProcess;
  readonly lines: string[] = [];
  readonly #wake = new Set<() => void>();
  readonly ended: Promise<[code: number | null, signal: string | null]>;
  #last = 0;

  /** It inherits the descriptors that are given, as 3 and so on. */
  constructor(options: object, descriptors: readonly number[] = []) {
    this.child = spawn(process.execPath, [file, JSON.stringify(options)], {
      cwd: root,
      stdio: ["ignore", "pipe", "ignore", ...descriptors, "ipc"],
      detached: true,
    });
    all.push(this);
    this.ended = once(this.child, "close") as never;
    createInterface({ input: this.child.stdout as NonNullable<ChildProcess["stdout"]> }).on("line", (line) => {
      this.lines.push(line);
      for (const wake of this.#wake) wake();
    });
  }

  /** The lines of a kind that were said, without its name. */
  said(kind: string): string[] {
    return this.lines.filter((line) => line.startsWith(`${kind} `)).map((line) => line.slice(kind.length + 1));
  }

  /** Waits for so many lines of a kind. */
  async until(kind: string, count = 1): Promise<string[]> {
    for (;;) {
      const said = this.said(kind);
      if (said.length >= count) return said;
      await new Promise<void>((resolve) => {
        const wake = () => {
          this.#wake.delete(wake);
          resolve();
        };
        this.#wake.add(wake);
      });
    }
  }

  /** Has the primary call what it has; rejects as that does. */
  async ask(what: string, options?: object): Promise<unknown> {
    const id = ++this.#last;
    this.child.send({ do: what, with: options, id });
    for (;;) {
      const [message] = await once(this.child, "message");
      if (message.id !== id) continue;
      if (message.error !== null) throw new Error(message.error);
      return message.value;
    }
  }

  /** Asks again and again until it is so. */
  async askUntil<T>(what: string, isSo: (value: T) => boolean): Promise<T> {
    for (;;) {
      const value = (await this.ask(what)) as T;
      if (isSo(value)) return value;
    }
  }
}

/** Ends all that were started, and their workers. */
export async function endPrograms(): Promise<void> {
  for (const { child, ended } of all.splice(0)) {
    try {
      // All of its group.
      process.kill(-(child.pid as number), "SIGKILL");
    } catch {
      // It has ended.
    }
    await ended;
  }
}

/** A client that makes one request after the other on connections that it keeps, until it is told to end. */
export class Load {
  readonly #agents: Promise<void>[] = [];
  #ending = false;
  answers = 0;
  readonly failures: string[] = [];
  /** Who has answered. */
  readonly pids = new Set<string>();

  constructor(url: string, clients: number, request: (url: string) => Promise<string>) {
    for (let each = 0; each < clients; ++each) this.#agents.push(this.#work(url, request));
  }

  async #work(url: string, request: (url: string) => Promise<string>): Promise<void> {
    while (!this.#ending) {
      try {
        this.pids.add(await request(url));
        ++this.answers;
      } catch (error) {
        this.failures.push(String(error));
        return;
      }
    }
  }

  async end(): Promise<void> {
    this.#ending = true;
    await Promise.all(this.#agents);
  }
}
