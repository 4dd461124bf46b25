/** wrk: run, and its words understood. */
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { HOST } from "./child.mjs";
import { pinned, start } from "./contender.mjs";

const SCRIPT = path.join(import.meta.dirname, "pipeline.lua");

/** @returns {string | null} the version of wrk, null where there is no wrk */
export function wrkVersion() {
  const { error, stdout } = spawnSync("wrk", ["-v"], { encoding: "utf8" });
  return error ? null : (/^wrk (\S+)/.exec(stdout)?.[1] ?? "of unknown version");
}

/**
 * @param {string} text what wrk printed
 * @returns {{ requests: number, rate: number, problem: string | null }} `problem` says why the run does not count
 */
export function understand(text) {
  const requests = Number(/^\s*(\d+) requests in /m.exec(text)?.[1] ?? 0);
  const rate = Number(/^Requests\/sec:\s*([\d.]+)/m.exec(text)?.[1] ?? 0);
  const problem = /^\s*(?:Socket errors|Non-2xx or 3xx responses):.*$/m.exec(text);
  if (problem) return { requests, rate, problem: problem[0].trim() };
  return { requests, rate, problem: requests > 0 && rate > 0 ? null : `wrk said: ${text.trim()}` };
}

/**
 * Loads a server with GET /json.
 * @param {number} port
 * @param {{ connections: number, pipelined: number }} workload
 * @param {number} seconds
 * @returns {Promise<{ requests: number, rate: number, problem: string | null }>}
 */
export async function runWrk(port, { connections, pipelined }, seconds) {
  const command = ["wrk", "-t1", `-c${connections}`, `-d${seconds}s`];
  if (pipelined > 1) command.push("-s", SCRIPT);
  command.push(`http://${HOST}:${port}/json`);
  if (pipelined > 1) command.push("--", String(pipelined));
  const child = start(pinned("client", command), { stdio: ["ignore", "pipe", "inherit"] });
  const timer = setTimeout(() => child.kill(), (seconds + 15) * 1000);
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (part) => {
    text += part;
  });
  const [code] = await once(child, "close");
  clearTimeout(timer);
  return code === 0 ? understand(text) : { requests: 0, rate: 0, problem: `wrk ended with code ${code}` };
}
