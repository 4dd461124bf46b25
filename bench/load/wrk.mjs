/** wrk: run, and its words understood. */
import { spawnSync } from "node:child_process";
import path from "node:path";
import { HOST } from "./child.mjs";
import { run } from "./contender.mjs";

const SCRIPT = path.join(import.meta.dirname, "replay.lua");

const MILLISECONDS = { us: 1e-3, ms: 1, s: 1e3, m: 6e4 };

/**
 * @typedef {object} Load what a client did to a server
 * @property {number} requests that were answered
 * @property {number} rate of them per second
 * @property {number} p99 99th percentile of latency in milliseconds, NaN where it is not measured
 */

/** @returns {string | null} the version of wrk, null where there is no wrk */
export function wrkVersion() {
  const { error, stdout } = spawnSync("wrk", ["-v"], { encoding: "utf8" });
  return error ? null : (/^wrk (\S+)/.exec(stdout)?.[1] ?? "of unknown version");
}

/**
 * @param {string} text what wrk printed
 * @returns {Load} throws where the run does not count
 */
function understand(text) {
  const problem = /^\s*(?:Socket errors|Non-2xx or 3xx responses):.*$/m.exec(text);
  if (problem) throw new Error(problem[0].trim());
  const requests = Number(/^\s*(\d+) requests in /m.exec(text)?.[1] ?? 0);
  const rate = Number(/^Requests\/sec:\s*([\d.]+)/m.exec(text)?.[1] ?? 0);
  const [, amount, unit] = /^\s*99%\s+([\d.]+)([a-z]+)/m.exec(text) ?? [];
  const p99 = Number(amount) * MILLISECONDS[unit];
  if (!(requests > 0 && rate > 0)) throw new Error(`wrk said: ${text.trim()}`);
  return { requests, rate, p99 };
}

/**
 * Loads a server with small requests.
 * @param {number} port
 * @param {{ threads?: number, connections: number, pipelined: number, requests: string[] }} what bytes of the requests
 *   that are sent in turn, one character each, and how often each is in a write
 * @param {number} seconds
 * @returns {Promise<Load>} throws where wrk met an error
 */
export async function runWrk(port, { threads = 1, connections, pipelined, requests }, seconds) {
  const how = [`-t${threads}`, `-c${connections}`, `-d${seconds}s`, "--latency", "-s", SCRIPT];
  const command = ["wrk", ...how, `http://${HOST}:${port}`, "--", String(pipelined), ...requests];
  const load = understand(await run(command, seconds + 15));
  // With pipelining wrk knows the latency of some answers only.
  return pipelined > 1 ? { ...load, p99: Number.NaN } : load;
}
