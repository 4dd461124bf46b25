/** A workload: every contender proved right, loaded in turn, and what ours cost beside the others. */
import { prove, proveRefused } from "../load/prove.mjs";
import { describe, middle, runRounds } from "../load/rounds.mjs";
import { runWrk } from "../load/wrk.mjs";
import { PAIRS } from "./contenders.mjs";

/** Answers that are proved at once: each has a connection of its own. */
const AT_ONCE = 100;

/**
 * Throws where a contender does not answer all that will be asked rightly, or does not refuse what it must.
 * @param {import("../load/contender.mjs").Contender} contender
 * @param {import("../framework/workloads.mjs").Workload} workload
 */
async function proveRight(contender, { asked, refused }) {
  for (let start = 0; start < asked.length; start += AT_ONCE) {
    const some = asked.slice(start, start + AT_ONCE);
    await Promise.all(some.map((each) => prove(contender, { ...each, closes: false }, 1)));
  }
  await Promise.all(refused.map((request) => proveRefused(contender, request)));
}

/**
 * @param {import("../load/rounds.mjs").Results} results
 * @returns {string} a line for each pair that was measured
 */
function describePairs(results) {
  const lines = PAIRS.flatMap(({ ours, theirs, asked }) => {
    const ratio = middle(results, ours, "total") / middle(results, theirs, "total");
    if (Number.isNaN(ratio)) return [];
    return [`${ours} / ${theirs}: ${ratio.toFixed(2)}, asked ${asked}: ${ratio <= asked ? "reached" : "MISSED"}`];
  });
  return `\n${lines.join("\n")}\n`;
}

/**
 * Proves and measures contenders.
 * @param {import("../framework/workloads.mjs").Workload} workload
 * @param {import("../load/contender.mjs").Which[]} which
 * @param {import("../load/main.mjs").Options} options
 * @returns {Promise<import("../load/main.mjs").Report>}
 */
export async function runWorkload(workload, which, options) {
  const { name, connections, asked } = workload;
  const requests = asked.map(({ request }) => request);
  const work = {
    name,
    prove: (contender) => proveRight(contender, workload),
    load: (port, seconds) => runWrk(port, { connections, pipelined: 1, requests }, seconds),
  };
  const { results, failures } = await runRounds(work, which, options);
  return { text: describe(workload, "request", results, []) + describePairs(results), failures };
}
