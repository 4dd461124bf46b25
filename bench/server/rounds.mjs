/** A workload: every contender proved right, loaded in turn, and what that cost each of them. */
import { setTimeout as sleep } from "node:timers/promises";
import { median, table } from "../report.mjs";
import { Contender } from "./contender.mjs";
import { prove } from "./prove.mjs";
import { target } from "./targets.mjs";
import { runTransfers } from "./transfers.mjs";
import { runWrk } from "./wrk.mjs";

const WARM_UP_SECONDS = 1;
/** Milliseconds after a round in which a server is done with the connections that the client closed. */
const SETTLE_TIME = 100;

/**
 * @typedef {{ total: number, user: number, system: number, rate: number, p99: number }} Sample
 *   CPU time in µs per request, requests per second, and latency in ms
 * @typedef {{ samples: Sample[], peak: number, growth: number }} Result of a contender; memory at its peak, and how much
 *   that is more than when it began to listen, in MiB
 * @typedef {import("./workloads.mjs").Workload} Workload
 * @typedef {{ text: string, targets: import("./targets.mjs").Target[], failures: string[] }} Report
 */

/**
 * Loads one server once.
 * @param {Contender} contender
 * @param {Workload} workload
 * @param {number} seconds
 * @returns {Promise<Sample>} throws where the client met an error
 */
async function measure(contender, workload, seconds) {
  const load = "transfer" in workload ? runTransfers : runWrk;
  const before = await contender.cpuTime();
  const { requests, rate, p99 } = await load(contender.port, workload, seconds);
  await sleep(SETTLE_TIME);
  const after = await contender.cpuTime();
  const user = (after.user - before.user) / requests;
  const system = (after.system - before.system) / requests;
  return { total: user + system, user, system, rate, p99 };
}

/**
 * Throws where a server does not give the right answers.
 * @param {Contender} contender
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
 * Starts all servers anew, proves their answers, and measures them in turn, round after round; each round begins with
 * another of them.
 * @param {Workload} workload
 * @param {import("./contender.mjs").Which[]} which
 * @param {{ rounds: number, seconds: number }} options
 * @returns {Promise<Report>} a server that answers wrongly is not measured, and among the failures
 */
export async function runWorkload(workload, which, { rounds, seconds }) {
  const started = [];
  const contenders = [];
  const failures = [];
  /** @type {Map<string, Result>} */
  const results = new Map();
  try {
    for (const each of which) {
      // The floor has one answer that it makes once, and takes no content that comes in several reads.
      if (each.name === "floor" && "transfer" in workload) continue;
      try {
        const contender = await Contender.start(each, { workload: workload.name });
        started.push(contender);
        const { resident } = contender.memory();
        results.set(each.name, { samples: [], peak: Number.NaN, growth: resident });
        await proveRight(contender, workload);
        contenders.push(contender);
      } catch (error) {
        failures.push(`${workload.name}, ${each.name}: ${error.message}`);
      }
    }
    for (let round = 0; round <= rounds; ++round) {
      const title = round === 0 ? "warm-up" : `round ${round} of ${rounds}`;
      process.stderr.write(`${workload.name}: ${title}\n`);
      const first = round % contenders.length;
      for (const contender of [...contenders.slice(first), ...contenders.slice(0, first)]) {
        try {
          const sample = await measure(contender, workload, round === 0 ? WARM_UP_SECONDS : seconds);
          if (round > 0) results.get(contender.name).samples.push(sample);
        } catch (error) {
          failures.push(`${workload.name}, ${contender.name}, ${title}: ${error.message}`);
        }
      }
    }
    for (const contender of contenders) {
      const result = results.get(contender.name);
      const { peak } = contender.memory();
      result.growth = (peak - result.growth) / 1024;
      result.peak = peak / 1024;
    }
  } finally {
    await Promise.all(started.map((contender) => contender.stop()));
  }
  return { text: describe(workload, results), targets: compare(workload, results), failures };
}

/**
 * @param {Map<string, Result>} results
 * @param {string} name of a contender
 * @param {keyof Sample} key
 * @returns {number} median of its rounds, NaN where there are none
 */
function middle(results, name, key) {
  return median((results.get(name)?.samples ?? []).map((sample) => sample[key]));
}

/**
 * @param {number} value
 * @returns {string} three digits at least, "-" for NaN
 */
function number(value) {
  return Number.isNaN(value) ? "-" : value.toFixed(value < 100 ? 2 : 0);
}

/**
 * @param {Workload} workload
 * @param {Map<string, Result>} results
 * @returns {string} a table of medians
 */
function describe(workload, results) {
  const unit = "transfer" in workload ? workload.transfer : "request";
  const measured = [`µs/${unit}`, "rounds", "user", "system", `${unit}s/s`, "p99 ms", "peak MiB"];
  const titles = ["contender", ...measured, "/ node:http", "/ floor"];
  const rows = [...results].map(([name, { samples, peak }]) => {
    const totals = samples.map(({ total }) => total);
    if (totals.length === 0) return [name, ...Array(titles.length - 1).fill("failed")];
    const total = median(totals);
    const range = `${number(Math.min(...totals))} to ${number(Math.max(...totals))}`;
    const more = ["user", "system", "rate", "p99"].map((key) => number(middle(results, name, key)));
    const ratios = ["node:http", "floor"].map((other) => number(total / middle(results, other, "total")));
    return [name, number(total), range, ...more, number(peak), ...ratios];
  });
  return `${workload.name} (${workload.connections} connections)

${table(titles, rows)}
`;
}

/**
 * @param {Workload} workload
 * @param {Map<string, Result>} results
 * @returns {import("./targets.mjs").Target[]} what is asked of Pyrois, and what was measured
 */
function compare({ name, targets: { cpu = {}, p99, growth } }, results) {
  const ratio = (key, other) => middle(results, "pyrois", key) / middle(results, other, key);
  const found = Object.entries(cpu).map(([other, most]) =>
    target(`${name}: CPU time / ${other}`, most, ratio("total", other)),
  );
  if (p99 !== undefined) found.push(target(`${name}: p99 / node:http`, p99, ratio("p99", "node:http")));
  if (growth !== undefined) {
    found.push(target(`${name}: growth of memory, MiB`, growth, results.get("pyrois")?.growth ?? Number.NaN));
  }
  return found;
}
