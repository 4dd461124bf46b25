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

/** Starts one; resolves once it accepts connections. `port` is one that another had, to take its place. */
export async function startRedis(port?: number): Promise<Redis> {
  const chosen = port ?? (await freePort());
  const folder = mkdtempSync(path.join(tmpdir(), "pyrois-redis-"));
  const options = ["--port", String(chosen), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"];
  const child = spawn(PROGRAM, options, { cwd: folder, stdio: ["ignore", "pipe", "inherit"] });
  const gone = once(child, "exit");
  let said = "";
  for await (const text of child.stdout) {
    said += text;
    if (said.includes("Ready to accept connections")) break;
  }
  if (child.exitCode !== null || !said.includes("Ready")) throw new Error(`redis-server: ${said}`);
  return {
    port: chosen,
    url: `redis://127.0.0.1:${chosen}`,
    pause: () => child.kill("SIGSTOP"),
    resume: () => child.kill("SIGCONT"),
    async stop() {
      child.kill("SIGKILL");
      await gone;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
