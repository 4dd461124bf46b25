/** A workload: every contender proved right, loaded in turn, and what that cost each of them. */
import { prove } from "../load/prove.mjs";
import { runRounds } from "../load/rounds.mjs";
import { runWrk } from "../load/wrk.mjs";
import { compare, describe } from "./report.mjs";

/** @typedef {import("../load/main.mjs").Report & { asked: import("./report.mjs").Asked[] }} Report */

/**
 * Loads a server until it has answered all that it was sent.
 *
 * When wrk ends, each connection has asked for what it will not take any more, and a slow server is at work on that for
 * long. So a last request follows, which comes behind all of those, and they count with what wrk counted.
 * @param {number} port
 * @param {import("./workloads.mjs").Workload} workload
 * @param {number} seconds
 * @returns {Promise<import("../load/wrk.mjs").Load>} throws where wrk met an error
 */
async function load(port, { threads, connections, pipelined, request, last, answer }, seconds) {
  const found = await runWrk(port, { threads, connections, pipelined, requests: [request] }, seconds);
  await prove({ port }, { request: last, answer, closes: true }, 1);
  return { ...found, requests: found.requests + connections * pipelined + 1 };
}

/**
 * Proves and measures those contenders that can serve a workload.
 * @param {import("./workloads.mjs").Workload} workload
 * @param {import("./contenders.mjs").Server[]} which
 * @param {import("../load/main.mjs").Options} options
 * @returns {Promise<Report>}
 */
export async function runWorkload(workload, which, options) {
  const { name, pipelined, request, answer } = workload;
  const able = which.filter(({ keepsAlive }) => keepsAlive || pipelined === 1);
  const work = {
    name,
    async prove(contender) {
      const closes = !able.find((each) => each.name === contender.name).keepsAlive;
      await prove(contender, { request, answer, closes }, 1);
      if (pipelined > 1) await prove(contender, { request, answer, closes }, pipelined);
    },
    load: (port, seconds) => load(port, workload, seconds),
  };
  const { results, failures } = await runRounds(work, able, options);
  return { text: describe(workload, results, able), asked: compare(workload, results), failures };
}
