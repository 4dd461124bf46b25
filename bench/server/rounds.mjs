/** A workload: every contender proved right, loaded in turn, and what that cost each of them. */
import { prove } from "../load/prove.mjs";
import { describe, middle, runRounds } from "../load/rounds.mjs";
import { runWrk } from "../load/wrk.mjs";
import { target } from "./targets.mjs";
import { runTransfers } from "./transfers.mjs";

/**
 * @typedef {import("./workloads.mjs").Workload} Workload
 * @typedef {import("../load/main.mjs").Report & { targets: import("./targets.mjs").Target[] }} Report
 */

/**
 * Loads a server.
 * @param {number} port
 * @param {Workload} workload
 * @param {number} seconds
 * @returns {Promise<import("../load/wrk.mjs").Load>} throws where the client met an error
 */
function load(port, workload, seconds) {
  if ("transfer" in workload) return runTransfers(port, workload, seconds);
  const { connections, pipelined, request } = workload;
  return runWrk(port, { connections, pipelined, requests: [request] }, seconds);
}

/**
 * Throws where a server does not give the right answers.
 * @param {import("../load/contender.mjs").Contender} contender
 * @param {Workload} workload
 */
async function proveRight(contender, workload) {
  if ("transfer" in workload) {
    await runTransfers(contender.port, workload, 0);
  } else {
    await prove(contender, workload, 1);
    if (workload.pipelined > 1) await prove(contender, workload, workload.pipelined);
  }
}

/**
 * Proves and measures those contenders that can serve a workload.
 * @param {Workload} workload
 * @param {import("../load/contender.mjs").Which[]} which
 * @param {{ rounds: number, seconds: number }} options
 * @returns {Promise<Report>}
 */
export async function runWorkload(workload, which, options) {
  // The floor has one answer that it makes once, and takes no content that comes in several reads. `serve` is the same
  // server without its framework: what that adds is the same everywhere.
  const able = which.filter(({ name }) => {
    if (name === "serve") return workload.targets.serve !== undefined;
    return !(name === "floor" && "transfer" in workload);
  });
  const work = {
    name: workload.name,
    prove: (contender) => proveRight(contender, workload),
    load: (port, seconds) => load(port, workload, seconds),
  };
  const { results, failures } = await runRounds(work, able, options);
  const unit = "transfer" in workload ? workload.transfer : "request";
  const text = describe(workload, unit, results, ["node:http", "floor"]);
  return { text, targets: compare(workload, results), failures };
}

/**
 * @param {Workload} workload
 * @param {import("../load/rounds.mjs").Results} results
 * @returns {import("./targets.mjs").Target[]} what is asked of Pyrois, and what was measured
 */
function compare({ name, targets: { cpu = {}, serve, p99, growth } }, results) {
  const ratio = (key, other, one = "pyrois") => middle(results, one, key) / middle(results, other, key);
  const found = Object.entries(cpu).map(([other, most]) =>
    target(`${name}: CPU time / ${other}`, most, ratio("total", other)),
  );
  if (serve !== undefined)
    found.push(target(`${name}: CPU time of serve / floor`, serve, ratio("total", "floor", "serve")));
  if (p99 !== undefined) found.push(target(`${name}: p99 / node:http`, p99, ratio("p99", "node:http")));
  if (growth !== undefined) {
    found.push(target(`${name}: growth of memory, MiB`, growth, results.get("pyrois")?.growth ?? Number.NaN));
  }
  return found;
}
