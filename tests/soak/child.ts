/** The served process, from its parent's side. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import type { Ask, Sample, Told } from "./server.ts";

/** Milliseconds after which a process that does not answer has failed. */
const PATIENCE = 60_000;

export class ServerProcess {
  readonly #child: ChildProcess;
  readonly #exit: Promise<unknown[]>;

  constructor(script: string) {
    this.#child = spawn(process.execPath, ["--expose-gc", script], { stdio: ["ignore", "inherit", "inherit", "ipc"] });
    this.#exit = once(this.#child, "exit");
  }

  /** Has it listen, and wait so many milliseconds for slow clients; gives its port. */
  async listen(patience: number): Promise<number> {
    const told = await this.#ask({ ask: "listen", patience });
    if (told.told !== "listen") throw new Error("no port was told");
    return told.port;
  }

  async sample(): Promise<Sample> {
    const told = await this.#ask({ ask: "sample" });
    if (told.told !== "sample") throw new Error("no sample was told");
    return told.sample;
  }

  /** Closes the server; gives the milliseconds it took. */
  async close(deadline: number): Promise<number> {
    const told = await this.#ask({ ask: "close", deadline });
    if (told.told !== "close") throw new Error("no close was told");
    return told.took;
  }

  /** Lets the process go: it ends by itself where nothing is left open. Gives its exit code, null where it hung. */
  async end(): Promise<number | null> {
    if (this.#child.exitCode !== null) return this.#child.exitCode;
    if (this.#child.connected) this.#child.disconnect();
    const timer = setTimeout(() => this.kill(), 10_000);
    const [code] = await this.#exit;
    clearTimeout(timer);
    return code as number | null;
  }

  kill(): void {
    this.#child.kill("SIGKILL");
  }

  /** One question at a time: whatever comes next is its answer. */
  #last: Promise<unknown> = Promise.resolve();
  #ask(message: Ask): Promise<Told> {
    const next = this.#last.then(() => this.#askNow(message));
    this.#last = next.catch(() => {});
    return next;
  }

  async #askNow(message: Ask): Promise<Told> {
    if (!this.#child.connected) throw new Error("the server process has gone");
    const told = once(this.#child, "message", { signal: AbortSignal.timeout(PATIENCE) });
    this.#child.send(message);
    const [answer] = await Promise.race([
      told,
      this.#exit.then(([code, signal]) => {
        throw new Error(`the server process ended with ${signal ?? code}`);
      }),
    ]);
    return answer as Told;
  }
}
