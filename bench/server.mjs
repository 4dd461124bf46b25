/**
 * Loads servers with wrk and measures what CPU time a request costs each of them.
 * `--rounds N` and `--seconds N` change how often and how long each server is loaded.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { circumstances, median, table } from "./report.mjs";
import { Contender, canPin } from "./server/contender.mjs";
import { prove } from "./server/prove.mjs";
import { runWrk, wrkVersion } from "./server/wrk.mjs";

const CONTENDERS = [
  { name: "floor", file: "floor" },
  { name: "pyrois", file: "pyrois" },
  { name: "node:http", file: "node-http" },
  { name: "fastify", file: "fastify" },
];

const WORKLOADS = [
  { name: "json, 64 connections", connections: 64, pipelined: 1 },
  { name: "json, 64 connections, 16 pipelined", connections: 64, pipelined: 16 },
];

const WARM_UP_SECONDS = 1;
/** Milliseconds after a round in which a server is done with the connections that wrk closed. */
const SETTLE_TIME = 100;

/**
 * @typedef {{ name: string, connections: number, pipelined: number }} Workload
 * @typedef {{ total: number, user: number, system: number, rate: number }} Sample
 *   CPU time in µs per request, and requests per second
 * @typedef {{ samples: Map<string, Sample[]>, failures: string[] }} Outcome samples by contender, and what went wrong
 */

/**
 * @param {string} name
 * @param {string | undefined} value
 * @param {number} otherwise
 * @returns {number} a whole number, at least 1
 */
function wholeNumber(name, value, otherwise) {
  if (value === undefined) return otherwise;
  if (!/^[1-9]\d*$/.test(value)) throw new Error(`--${name} must be a whole number from 1, not ${value}`);
  return Number(value);
}

/** @returns {{ rounds: number, seconds: number }} what the command line asks for */
function readOptions() {
  const { values } = parseArgs({ options: { rounds: { type: "string" }, seconds: { type: "string" } } });
  return { rounds: wholeNumber("rounds", values.rounds, 7), seconds: wholeNumber("seconds", values.seconds, 2) };
}

/**
 * Loads one server once.
 * @param {Contender} contender
 * @param {Workload} workload
 * @param {number} seconds
 * @returns {Promise<Sample>} throws where wrk met an error
 */
async function measure(contender, workload, seconds) {
  const before = await contender.cpuTime();
  const { requests, rate, problem } = await runWrk(contender.port, workload, seconds);
  await sleep(SETTLE_TIME);
  const after = await contender.cpuTime();
  if (problem !== null) throw new Error(problem);
  const user = (after.user - before.user) / requests;
  const system = (after.system - before.system) / requests;
  return { total: user + system, user, system, rate };
}

/**
 * Measures all servers in turn, round after round; each round begins with another of them.
 * @param {Contender[]} contenders
 * @param {Workload} workload
 * @param {{ rounds: number, seconds: number }} options
 * @returns {Promise<Outcome>}
 */
async function runRounds(contenders, workload, { rounds, seconds }) {
  const samples = new Map(contenders.map(({ name }) => [name, []]));
  const failures = [];
  for (let round = 0; round <= rounds; ++round) {
    const title = round === 0 ? "warm-up" : `round ${round} of ${rounds}`;
    process.stderr.write(`${workload.name}: ${title}\n`);
    const first = round % contenders.length;
    for (const contender of [...contenders.slice(first), ...contenders.slice(0, first)]) {
      try {
        const sample = await measure(contender, workload, round === 0 ? WARM_UP_SECONDS : seconds);
        if (round > 0) samples.get(contender.name).push(sample);
      } catch (error) {
        failures.push(`${workload.name}, ${contender.name}, ${title}: ${error.message}`);
      }
    }
  }
  return { samples, failures };
}

/**
 * Starts all servers anew, proves their answers, and measures them.
 * @param {Workload} workload
 * @param {{ rounds: number, seconds: number }} options
 * @returns {Promise<Outcome>} throws where a server answers wrongly
 */
async function runWorkload(workload, options) {
  const contenders = [];
  try {
    for (const which of CONTENDERS) {
      const contender = await Contender.start(which, workload.pipelined > 1);
      contenders.push(contender);
      await prove(contender, 1);
      if (workload.pipelined > 1 || contender.name !== "floor") await prove(contender, 16);
    }
    return await runRounds(contenders, workload, options);
  } finally {
    await Promise.all(contenders.map((contender) => contender.stop()));
  }
}

/**
 * @param {Map<string, Sample[]>} samples
 * @returns {string} a table of medians
 */
function report(samples) {
  const values = (name, key) => samples.get(name).map((sample) => sample[key]);
  const middle = (name, key) => median(values(name, key));
  const rows = CONTENDERS.map(({ name }) => {
    const totals = values(name, "total");
    if (totals.length === 0) return [name, ...Array(7).fill("failed")];
    const total = median(totals);
    const range = `${Math.min(...totals).toFixed(2)} to ${Math.max(...totals).toFixed(2)}`;
    const parts = [middle(name, "user"), middle(name, "system")].map((cost) => cost.toFixed(2));
    const ratios = ["node:http", "floor"].map((other) => (total / middle(other, "total")).toFixed(2));
    return [name, total.toFixed(2), range, ...parts, middle(name, "rate").toFixed(0), ...ratios];
  });
  return table(["contender", "µs/request", "rounds", "user", "system", "requests/s", "/ node:http", "/ floor"], rows);
}

async function main() {
  const options = readOptions();
  const version = wrkVersion();
  if (version === null) throw new Error("wrk is missing; on Debian and Ubuntu: apt-get install wrk");
  const pinning = canPin ? "servers on CPU 0, wrk on CPU 1" : "NOT pinned to CPUs (no taskset, or only one CPU)";
  console.error(`wrk ${version}; ${pinning}`);
  const failures = [];
  const tables = [];
  for (const workload of WORKLOADS) {
    const result = await runWorkload(workload, options);
    failures.push(...result.failures);
    tables.push(`${workload.name}\n\n${report(result.samples)}\n`);
  }
  console.log(`Every answer checked was right. CPU time of the server; medians of ${options.rounds} rounds.\n`);
  console.log(tables.join("\n"));
  console.log(circumstances(`wrk ${version}`, pinning));
  if (failures.length === 0) return;
  console.error(`\nFailed rounds, which are not in the medians:\n${failures.join("\n")}`);
  process.exitCode = 1;
}

main().catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
