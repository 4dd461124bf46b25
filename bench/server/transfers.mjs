/** Loads a server with large contents, sent or taken by a client in a process of its own. */
import path from "node:path";
import { run } from "../load/contender.mjs";

const CLIENT = path.join(import.meta.dirname, "transfer-client.mjs");

/**
 * @param {number} port
 * @param {import("./workloads.mjs").Transfers} workload
 * @param {number} seconds in which transfers begin; each that has begun is finished. At 0, one on each connection
 * @returns {Promise<import("../load/wrk.mjs").Load>} throws where an answer is wrong
 */
export async function runTransfers(port, { connections, transfer }, seconds) {
  const command = [process.execPath, CLIENT, String(port), transfer, String(connections), String(seconds)];
  const { count, time } = JSON.parse(await run(command, seconds + 30));
  return { requests: count, rate: count / time, p99: Number.NaN };
}
