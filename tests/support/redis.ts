/** A real redis-server, in a folder of its own that is gone with it. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";

const PROGRAM = ["/usr/bin/redis-server", "/usr/local/bin/redis-server"].find(existsSync);

/** Whether one is installed. */
export const hasRedis: boolean = PROGRAM !== undefined;

export interface RedisServer {
  readonly port: number;
  readonly url: string;
  /** Has it stand still, and go on. */
  pause(): void;
  resume(): void;
  /** Resolves once it is gone. */
  stop(): Promise<void>;
}

/** A port that was free just now: the server does not choose one itself. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

/** Starts a server, on a port that the system has chosen or the one that is given; resolves once it takes connections. */
export async function startRedis(port?: number): Promise<RedisServer> {
  port ??= await freePort();
  const folder = mkdtempSync(path.join(tmpdir(), "pyrois-redis-"));
  const args = ["--port", String(port), "--bind", "127.0.0.1", "--dir", folder, "--save", "", "--appendonly", "no"];
  const child = spawn(PROGRAM ?? "redis-server", args, { stdio: ["ignore", "pipe", "inherit"] });
  const gone = once(child, "exit");
  let said = "";
  while (!said.includes("Ready to accept connections")) {
    const [text] = await Promise.race([once(child.stdout, "data"), gone.then(() => [null])]);
    if (text === null) throw new Error(`redis-server has ended: ${said}`);
    said += String(text);
  }
  child.stdout.resume();
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    pause: () => void child.kill("SIGSTOP"),
    resume: () => void child.kill("SIGCONT"),
    async stop() {
      child.kill("SIGKILL");
      await gone;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
