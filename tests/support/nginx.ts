/** nginx with the configuration that stands among the examples, in front of servers of a test. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { findProgram, newFolder, type Program, startProgram } from "./program.ts";

export const nginx: string | undefined = findProgram("nginx");

export interface NginxOptions {
  /** Where the example is. */
  readonly config: string;
  /** Ports of the servers behind, on 127.0.0.1. */
  readonly ports: readonly number[];
  readonly workers?: number;
  /** In place of the keepalive_timeout that the example has for connections to the servers. */
  readonly keepaliveTimeout?: string;
}

export interface Nginx extends Program {
  /** The Unix socket where it listens. */
  readonly socketPath: string;
  /** Has new workers take the place of the old ones; resolves once they have. */
  reload(): Promise<void>;
}

/** Where it writes what it does not keep in memory; each of its modules has such a place. */
const TEMPORARY = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
  .map((name) => `${name}_temp_path temporary;`)
  .join(" ");

/** Changes a text in one place; throws where that is not there. */
function replace(text: string, from: string | RegExp, to: string): string {
  const changed = text.replace(from, () => to);
  if (changed === text) throw new Error(`the example has no ${from}`);
  return changed;
}

function configOf({ config, ports, workers = 1, keepaliveTimeout }: NginxOptions): string {
  const servers = ports.map((port) => `server 127.0.0.1:${port} max_fails=0;`).join(" ");
  let text = readFileSync(config, "utf8");
  text = replace(text, "worker_processes auto;", `worker_processes ${workers};`);
  text = replace(text, /server 127\.0\.0\.1:8080 [^;]*;\s*server 127\.0\.0\.1:8081 [^;]*;/, servers);
  text = replace(text, "http {", `http { access_log off; keepalive_timeout 1h; ${TEMPORARY}`);
  text = replace(text, "listen 80;", "listen unix:nginx.sock;");
  if (keepaliveTimeout !== undefined)
    text = replace(text, "keepalive_timeout 60s;", `keepalive_timeout ${keepaliveTimeout};`);
  return text;
}

/** Starts it; resolves once it serves. */
export async function startNginx(options: NginxOptions): Promise<Nginx> {
  const { workers = 1 } = options;
  const folder = newFolder("nginx.conf", configOf(options));
  const directives = "daemon off; pid nginx.pid; error_log stderr notice;";
  const args = ["-p", folder, "-c", "nginx.conf", "-e", "stderr", "-g", directives];
  const program = startProgram(nginx as string, args, folder);
  await program.said(/start worker process \d/, workers);
  let started = workers;
  let reloads = 0;
  return {
    ...program,
    socketPath: path.join(folder, "nginx.sock"),
    async reload() {
      program.child.kill("SIGHUP");
      started += workers;
      await program.said(/start worker process \d/, started);
      ++reloads;
      // The old ones have answered all that was under way.
      await program.said(/worker process \d+ exited with code 0/, reloads * workers);
    },
  };
}
