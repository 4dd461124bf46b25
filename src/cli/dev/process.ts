/** One process that runs a module, as seen from above. */
import { type ChildProcess, fork } from "node:child_process";
import type { Socket } from "node:net";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { root } from "../package.ts";
import { hasColors } from "../terminal.ts";
import { type Failure, failureOf, isOwn } from "./failure.ts";
import type { Order, Report } from "./messages.ts";

/** Milliseconds that what is at work may take once the process was asked to end. */
const DEADLINE = 1000;
/** Characters of standard error that are kept: what an error looks like at its longest. */
const SAID_MAX = 65_536;

export interface ProcessEvents {
  report(from: RunningProcess, report: Report): void;
  /** It has ended, unasked. */
  ended(from: RunningProcess, failure: Failure): void;
}

/** A report, or what Node tells of modules where WATCH_REPORT_DEPENDENCIES asks for it: lists of them, by "watch:…". */
type Heard = Partial<Report> & Readonly<Record<string, unknown>>;

export class RunningProcess {
  readonly #child: ChildProcess;
  readonly #events: ProcessEvents;
  /** The user's files that it has loaded, and whether each was only ever loaded by `app.load`. */
  readonly files: Map<string, boolean> = new Map();
  /** Told of each of them as it is loaded. */
  onFile: (file: string) => void = () => {};
  #said = "";
  #stopping = false;
  /** Resolves once it is gone. */
  readonly gone: Promise<void>;

  constructor(file: string, events: ProcessEvents) {
    this.#events = events;
    const colors = hasColors(process.stderr) ? { FORCE_COLOR: "1" } : {};
    const { FORCE_COLOR = colors.FORCE_COLOR, NODE_ENV = "development" } = process.env;
    const env = { ...process.env, NODE_ENV, PYROIS_DEVELOPMENT: "1", WATCH_REPORT_DEPENDENCIES: "1" };
    this.#child = fork(path.join(root, "dist/cli/dev/child.js"), [file], {
      stdio: ["ignore", "inherit", "pipe", "ipc"],
      env: FORCE_COLOR === undefined ? env : { ...env, FORCE_COLOR },
      // Ctrl-C is for us, who then ask it to end; it ends as well when we are gone.
      detached: process.platform !== "win32",
    });
    this.#child.stderr?.on("data", (bytes: Buffer) => {
      process.stderr.write(bytes);
      this.#said = (this.#said + bytes).slice(-SAID_MAX);
    });
    this.#child.on("message", (message: Heard) => this.#hear(message));
    // It may be gone before it has heard what it was told.
    this.#child.on("error", () => {});
    this.gone = new Promise((resolve) => {
      this.#child.once("close", (code, signal) => {
        resolve();
        const how = signal === null ? `ended with code ${code}` : `was ended by ${signal}`;
        if (!this.#stopping) events.ended(this, failureOf(this.#said, `the process ${how}`));
      });
    });
  }

  #hear(message: Heard): void {
    if (typeof message.type === "string") this.#events.report(this, message as Report);
    for (const [what, names] of Object.entries(message)) {
      if (what.startsWith("watch:") && Array.isArray(names)) for (const name of names) this.#note(name);
    }
  }

  #note(name: unknown): void {
    if (typeof name !== "string" || name.startsWith("node:") || name.startsWith("data:")) return;
    const url = name.startsWith("file:") ? new URL(name) : null;
    const file = url === null ? name : fileURLToPath(url);
    if (!path.isAbsolute(file) || !isOwn(file)) return;
    const swappable = url?.searchParams.has("load") === true;
    this.files.set(file, swappable && this.files.get(file) !== false);
    this.onFile(file);
  }

  tell(order: Order): void {
    if (this.#child.connected) this.#child.send(order);
  }

  /** Hands a connection to it; calls `lost` where it is gone meanwhile. */
  hand(key: string, socket: Socket, lost: () => void): void {
    // The handle itself: a socket that is sent begins to be read as it arrives.
    const { _handle: handle } = socket as unknown as { _handle: Socket | null };
    if (handle === null) return;
    const order: Order = { type: "connection", key };
    this.#child.send(order, handle, {}, (error) => {
      if (error === null) socket.destroy();
      else lost();
    });
  }

  /** Has it answer what is at work, and end; what takes longer than a second is cut. Resolves once it is gone. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.tell({ type: "stop" });
    const timer = setTimeout(() => this.kill(), DEADLINE);
    await this.gone;
    clearTimeout(timer);
  }

  /** Ends it at once. */
  kill(): void {
    this.#stopping = true;
    this.#child.kill("SIGKILL");
  }
}
