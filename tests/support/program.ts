/** Programs beside which a server is tested: started in a folder of their own, and without the rights of root. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, chownSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";

/** The user "nobody". */
const NOBODY = 65534;
const isRoot = process.getuid?.() === 0;

/** Where a program is; undefined where it is not installed. */
export function findProgram(name: string): string | undefined {
  return ["/usr/sbin", "/usr/bin"].map((folder) => path.join(folder, name)).find(existsSync);
}

/** A folder that the program can write to, with a file in it. */
export function newFolder(file: string, text: string): string {
  const folder = mkdtempSync(path.join(tmpdir(), "pyrois-program-"));
  writeFileSync(path.join(folder, file), text);
  if (isRoot) chownSync(folder, NOBODY, NOBODY);
  // What it listens on there is for everybody.
  chmodSync(folder, 0o755);
  return folder;
}

export interface Program {
  readonly child: ChildProcess;
  /** Resolves once it has said so often what matches; rejects where it ends without. */
  said(what: RegExp, times?: number): Promise<void>;
  /** Ends it, and removes its folder. */
  stop(): Promise<void>;
}

/** Starts a program in a folder; `fds` are descriptors that it gets as 3, 4 and so on. */
export function startProgram(command: string, args: readonly string[], folder: string, fds: number[] = []): Program {
  const child = spawn(command, args, {
    cwd: folder,
    stdio: ["ignore", "pipe", "pipe", ...fds],
    ...(isRoot && { uid: NOBODY, gid: NOBODY }),
  });
  const gone = once(child, "exit");
  let text = "";
  let wake = () => {};
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on("data", (chunk) => {
      text += chunk;
      wake();
    });
  }
  gone.then(() => wake());
  return {
    child,
    async said(what, times = 1) {
      while ((text.match(new RegExp(what, "g"))?.length ?? 0) < times) {
        if (child.exitCode !== null || child.signalCode !== null) throw new Error(`${command} has ended: ${text}`);
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
    async stop() {
      // Not by force: it has processes of its own to end.
      child.kill("SIGTERM");
      await gone;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A socket of TCP that listens, for a program to inherit: so no port is taken by another meanwhile. */
export async function listening(): Promise<{ readonly fd: number; readonly port: number; close(): void }> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  const { fd } = (server as unknown as { _handle: { fd: number } })._handle;
  return { fd, port, close: () => server.close() };
}
