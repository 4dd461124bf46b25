/** A real Redis server, in a folder of its own and on a port that the system chooses. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";

const PROGRAM = "/usr/bin/redis-server";

/** Whether there is one. */
export const hasRedis: boolean = existsSync(PROGRAM);

export interface Redis {
  readonly port: number;
  readonly url: string;
  /** Has it answer nothing, though it is there, until `resume`. */
  pause(): void;
  resume(): void;
  /** Ends it; what it had is gone. */
  stop(): Promise<void>;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

/** Starts it on a port; null where that port is taken. */
async function startOn(port: number): Promise<Redis | null> {
  const folder = mkdtempSync(path.join(tmpdir(), "pyrois-redis-"));
  const options = ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"];
  const child = spawn(PROGRAM, options, { cwd: folder, stdio: ["ignore", "pipe", "inherit"] });
  const gone = once(child, "exit");
  let said = "";
  for await (const text of child.stdout) {
    said += text;
    if (said.includes("Ready to accept connections")) break;
  }
  const stop = async () => {
    child.kill("SIGKILL");
    await gone;
    rmSync(folder, { recursive: true, force: true });
  };
  if (!said.includes("Ready")) {
    await stop();
    if (said.includes("Address already in use")) return null;
    throw new Error(`redis-server: ${said}`);
  }
  const [pause, resume] = [() => child.kill("SIGSTOP"), () => child.kill("SIGCONT")];
  return { port, url: `redis://127.0.0.1:${port}`, pause, resume, stop };
}

/** Starts one; resolves once it accepts connections. `port` is one that another had, to take its place. */
export async function startRedis(port?: number): Promise<Redis> {
  for (;;) {
    // A port that is free may be taken by somebody else before it is used.
    const redis = await startOn(port ?? (await freePort()));
    if (redis !== null) return redis;
    if (port !== undefined) throw new Error(`redis-server: port ${port} is taken`);
  }
}
