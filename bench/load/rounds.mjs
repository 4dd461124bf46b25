/** Contenders proved right and loaded in turn, and what that cost each of them. */
import { setTimeout as sleep } from "node:timers/promises";
import { median, table } from "../report.mjs";
import { Contender } from "./contender.mjs";

const WARM_UP_SECONDS = 1;
/** Milliseconds after a round in which a server is done with the connections that the client closed. */
const SETTLE_TIME = 100;

/**
 * @typedef {{ total: number, user: number, system: number, rate: number, p99: number }} Sample
 *   CPU time in µs per request, requests per second, and latency in ms
 * @typedef {{ samples: Sample[], peak: number, growth: number }} Result of a contender; memory at its peak, and how much
 *   that is more than when it began to listen, in MiB
 * @typedef {Map<string, Result>} Results by names of contenders
 *
 * @typedef {object} Work
 * @property {string} name of the workload, which contenders find in WORKLOAD
 * @property {(contender: Contender) => Promise<void>} prove throws where it does not give the right answers
 * @property {(port: number, seconds: number) => Promise<import("./wrk.mjs").Load>} load throws where the client met an
 *   error
 */

/**
 * Loads one server once.
 * @param {Contender} contender
 * @param {Work} work
 * @param {number} seconds
 * @returns {Promise<Sample>} throws where the client met an error
 */
async function measure(contender, { load }, seconds) {
  const before = await contender.cpuTime();
  const { requests, rate, p99 } = await load(contender.port, seconds);
  await sleep(SETTLE_TIME);
  const after = await contender.cpuTime();
  const user = (after.user - before.user) / requests;
  const system = (after.system - before.system) / requests;
  return { total: user + system, user, system, rate, p99 };
}

/**
 * Starts all servers anew, proves their answers, and measures them in turn, round after round; each round begins with
 * another of them.
 * @param {Work} work
 * @param {import("./contender.mjs").Which[]} which
 * @param {{ rounds: number, seconds: number }} options
 * @returns {Promise<{ results: Results, failures: string[] }>} a server that answers wrongly is not measured, and among
 *   the failures
 */
export async function runRounds(work, which, { rounds, seconds }) {
  const started = [];
  const contenders = [];
  const failures = [];
  /** @type {Results} */
  const results = new Map();
  try {
    for (const each of which) {
      try {
        const contender = await Contender.start(each, { workload: work.name });
        started.push(contender);
        const { resident } = contender.memory();
        results.set(each.name, { samples: [], peak: Number.NaN, growth: resident });
        await work.prove(contender);
        contenders.push(contender);
      } catch (error) {
        failures.push(`${work.name}, ${each.name}: ${error.message}`);
      }
    }
    for (let round = 0; round <= rounds; ++round) {
      const title = round === 0 ? "warm-up" : `round ${round} of ${rounds}`;
      process.stderr.write(`${work.name}: ${title}\n`);
      const first = round % contenders.length;
      for (const contender of [...contenders.slice(first), ...contenders.slice(0, first)]) {
        try {
          const sample = await measure(contender, work, round === 0 ? WARM_UP_SECONDS : seconds);
          if (round > 0) results.get(contender.name).samples.push(sample);
        } catch (error) {
          failures.push(`${work.name}, ${contender.name}, ${title}: ${error.message}`);
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
  return { results, failures };
}

/**
 * @param {Results} results
 * @param {string} name of a contender
 * @param {keyof Sample} key
 * @returns {number} median of its rounds, NaN where there are none
 */
export function middle(results, name, key) {
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
 * @param {{ name: string, connections: number }} workload
 * @param {string} unit what is counted
 * @param {Results} results
 * @param {string[]} others contenders that each is told as a multiple of
 * @returns {string} a table of medians
 */
export function describe({ name, connections }, unit, results, others) {
  const measured = [`µs/${unit}`, "rounds", "user", "system", `${unit}s/s`, "p99 ms", "peak MiB"];
  const titles = ["contender", ...measured, ...others.map((other) => `/ ${other}`)];
  const rows = [...results].map(([name, { samples, peak }]) => {
    const totals = samples.map(({ total }) => total);
    if (totals.length === 0) return [name, ...Array(titles.length - 1).fill("failed")];
    const total = median(totals);
    const range = `${number(Math.min(...totals))} to ${number(Math.max(...totals))}`;
    const more = ["user", "system", "rate", "p99"].map((key) => number(middle(results, name, key)));
    const ratios = others.map((other) => number(total / middle(results, other, "total")));
    return [name, number(total), range, ...more, number(peak), ...ratios];
  });
  return `${name} (${connections} connections)

${table(titles, rows)}
`;
}
