/** The command `pyrois`, as it was built, in processes of its own. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

const root = path.join(import.meta.dirname, "..", "..");
export const program: string = path.join(root, "dist", "cli.js");

/** An environment without what this one says of colours, ports and modes. */
function environment(more: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const { FORCE_COLOR, NO_COLOR, NODE_ENV, PORT, HOST, VITEST, ...rest } = process.env;
  return { ...rest, ...more };
}

export interface Said {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

interface Settings {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
}

/** A command that goes on; what it says can be waited for. */
export class Running {
  readonly child: ChildProcess;
  readonly cwd: string;
  readonly ended: Promise<Said>;
  out = "";
  err = "";
  /** Characters of `out` that were waited for. */
  #seen = 0;
  #wake: () => void = () => {};
  #over = false;

  constructor(args: readonly string[], { cwd, env = {}, input }: Settings = {}) {
    this.cwd = cwd ?? process.cwd();
    this.child = spawn(process.execPath, [program, ...args], { cwd, env: environment(env), stdio: "pipe" });
    this.child.stdout?.setEncoding("utf8").on("data", (text) => {
      this.out += text;
      this.#wake();
    });
    this.child.stderr?.setEncoding("utf8").on("data", (text) => {
      this.err += text;
    });
    this.child.stdin?.end(input, "latin1");
    this.ended = new Promise((resolve) => {
      this.child.on("close", (code) => {
        this.#over = true;
        this.#wake();
        resolve({ code, out: this.out, err: this.err });
      });
    });
  }

  /** Resolves once something stands in what was said since the last call; rejects where it ends before. */
  async says(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const found = pattern.exec(this.out.slice(this.#seen));
      if (found) {
        this.#seen += found.index + found[0].length;
        return found;
      }
      if (this.#over) throw new Error(`it has ended without ${pattern}:\n${this.out}\n${this.err}`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  async end(signal: NodeJS.Signals = "SIGINT"): Promise<Said> {
    this.child.kill(signal);
    return this.ended;
  }
}

/** Runs a command to its end. */
export function pyrois(args: readonly string[], settings: Settings = {}): Promise<Said> {
  return new Running(args, settings).ended;
}

/** Installs this package, and what projects are worked on with, in a folder. */
export function install(folder: string): void {
  mkdirSync(path.join(folder, "node_modules", "@types"), { recursive: true });
  symlinkSync(root, path.join(folder, "node_modules", "pyrois"), "junction");
  for (const name of ["tsx", "typescript", "@types/node"]) {
    symlinkSync(path.join(root, "node_modules", name), path.join(folder, "node_modules", name), "junction");
  }
}

/** A new folder with these files, in which this package is installed. */
export function project(files: Readonly<Record<string, string>>): string {
  const folder = realpathSync(mkdtempSync(path.join(tmpdir(), "pyrois-cli-")));
  install(folder);
  for (const [file, text] of Object.entries({ "package.json": '{"type":"module"}', ...files })) {
    mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
    writeFileSync(path.join(folder, file), text);
  }
  return folder;
}
