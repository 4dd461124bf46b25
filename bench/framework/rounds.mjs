/** A workload: every framework proved right, loaded in turn, and what that cost each of them. */
import { prove, proveRefused } from "../load/prove.mjs";
import { describe, middle, runRounds } from "../load/rounds.mjs";
import { runWrk } from "../load/wrk.mjs";

/** Answers that are proved at once: each has a connection of its own. */
const AT_ONCE = 100;

/**
 * Throws where a framework does not answer all that will be asked rightly, or does not refuse what it must.
 * @param {import("../load/contender.mjs").Contender} contender
 * @param {import("./workloads.mjs").Workload} workload
 * @param {boolean} blind whether it refuses nothing
 */
async function proveRight(contender, { asked, refused }, blind) {
  for (let start = 0; start < asked.length; start += AT_ONCE) {
    const some = asked.slice(start, start + AT_ONCE);
    await Promise.all(some.map((each) => prove(contender, { ...each, closes: false }, 1)));
  }
  if (blind) return;
  await Promise.all(refused.map((request) => proveRefused(contender, request)));
}

/**
 * Proves and measures those contenders that can serve a workload.
 * @param {import("./workloads.mjs").Workload} workload
 * @param {import("./contenders.mjs").Framework[]} which
 * @param {import("../load/main.mjs").Options} options
 * @returns {Promise<import("../load/main.mjs").Report>}
 */
export async function runWorkload(workload, which, options) {
  const { name, connections, asked } = workload;
  // Whoever looks at nothing has one answer.
  const able = which.filter(({ blind }) => !blind || asked.length === 1);
  const blind = new Set(able.filter((each) => each.blind).map((each) => each.name));
  const requests = asked.map(({ request }) => request);
  const work = {
    name,
    prove: (contender) => proveRight(contender, workload, blind.has(contender.name)),
    load: (port, seconds) => runWrk(port, { connections, pipelined: 1, requests }, seconds),
  };
  const { results, failures } = await runRounds(work, able, options);
  const text = describe(workload, "request", results, ["fastify"]);
  return { text: name === "static" ? text + describeAdded(results) : text, failures };
}

/**
 * @param {import("../load/rounds.mjs").Results} results
 * @returns {string} a line that tells what the framework adds to its own engine; none where one of them is not measured
 */
function describeAdded(results) {
  const [floor, engine, pyrois] = ["floor", "engine", "pyrois"].map((name) => middle(results, name, "total"));
  const added = (pyrois - engine) / floor;
  return Number.isNaN(added) ? "" : `\n(pyrois - engine) / floor: ${added.toFixed(2)}\n`;
}
