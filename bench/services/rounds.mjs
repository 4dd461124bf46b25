/** A workload: every contender proved right, loaded in turn, and what that cost each of them. */
import { describe, runRounds } from "../load/rounds.mjs";
import { runWrk } from "../load/wrk.mjs";
import { proveAnswers } from "./prove.mjs";

/**
 * @typedef {import("../load/main.mjs").Report & { targets: import("../server/targets.mjs").Target[] }} Report
 */

/**
 * Proves and measures those contenders that serve a workload.
 * @param {import("./workloads.mjs").Workload} workload
 * @param {import("../load/contender.mjs").Which[]} which
 * @param {import("../load/main.mjs").Options} options
 * @returns {Promise<Report>}
 */
export async function runWorkload(workload, which, options) {
  const { name, connections, contenders, request, serving, proveService, beside, compare } = workload;
  const able = which.filter((each) => contenders.includes(each.name));
  const work = {
    name,
    async prove(contender) {
      await proveAnswers(contender, workload);
      if (serving.includes(contender.name)) await proveService(contender, workload);
    },
    load: (port, seconds) => runWrk(port, { connections, pipelined: 1, requests: [request] }, seconds),
  };
  const { results, failures } = await runRounds(work, able, options);
  return { text: describe(workload, "request", results, [beside]), targets: compare(results), failures };
}
