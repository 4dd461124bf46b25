/** What a benchmark that loads servers does, from its command line to its last line. */
import { parseArgs } from "node:util";
import { circumstances } from "../report.mjs";
import { canPin } from "./contender.mjs";
import { wrkVersion } from "./wrk.mjs";

/**
 * @typedef {{ text: string, failures: string[] }} Report
 * @typedef {{ rounds: number, seconds: number }} Options
 */

/**
 * @param {string} name
 * @param {string} value
 * @returns {number} a whole number, at least 1
 */
function wholeNumber(name, value) {
  if (!/^[1-9]\d*$/.test(value)) throw new Error(`--${name} must be a whole number from 1, not ${value}`);
  return Number(value);
}

/**
 * @template {{ name: string }} T
 * @param {string} option
 * @param {T[]} all
 * @param {string[]} texts
 * @returns {T[]} those that have one of the texts in their names; throws where a text is in none
 */
function choose(option, all, texts) {
  const has = ({ name }, text) => name.toLowerCase().includes(text.toLowerCase());
  for (const text of texts) {
    if (!all.some((one) => has(one, text))) {
      throw new Error(`--${option} knows no ${text}; there are: ${all.map(({ name }) => name).join(", ")}`);
    }
  }
  return all.filter((one) => texts.some((text) => has(one, text)));
}

/** What the command line asks for. */
function readOptions(subjects, contenders) {
  const { values } = parseArgs({
    options: {
      rounds: { type: "string", default: "5" },
      seconds: { type: "string", default: "1" },
      only: { type: "string", default: "" },
      contenders: { type: "string", default: "" },
    },
  });
  return {
    rounds: wholeNumber("rounds", values.rounds),
    seconds: wholeNumber("seconds", values.seconds),
    chosen: choose("only", subjects, [values.only]),
    chosenContenders: choose("contenders", contenders, values.contenders.split(",")),
  };
}

async function runAll({ subjects, contenders, run, conclude }) {
  const { chosen, chosenContenders, ...options } = readOptions(subjects, contenders);
  const version = wrkVersion();
  if (version === null) throw new Error("wrk is missing; on Debian and Ubuntu: apt-get install wrk");
  const pinning = canPin ? "servers on CPU 0, clients on CPU 1" : "NOT pinned to CPUs (no taskset, or only one CPU)";
  console.error(`wrk ${version}; ${pinning}`);
  console.log(`CPU time of the server's process; medians of ${options.rounds} rounds of ${options.seconds} s.\n`);
  const reports = [];
  const failures = [];
  for (const each of chosen) {
    try {
      const report = await run(each, chosenContenders, options);
      console.log(report.text);
      reports.push(report);
      failures.push(...report.failures);
    } catch (error) {
      failures.push(`${each.name}: ${error.message}`);
    }
  }
  conclude?.(reports);
  if (failures.length === 0) console.log("Every answer checked was right.");
  console.log(circumstances(`wrk ${version}`, pinning));
  if (failures.length === 0) return;
  console.error(`\nFailed, and not in the medians:\n${failures.join("\n")}`);
  process.exitCode = 1;
}

/**
 * Runs what the command line chooses, one after the other, and prints the reports. The exit code is 1 where anything
 * failed.
 * @template {{ name: string }} Subject
 * @template {import("./contender.mjs").Which} One
 * @template {Report} R
 * @param {object} benchmark
 * @param {Subject[]} benchmark.subjects what `--only` chooses from
 * @param {One[]} benchmark.contenders what `--contenders` chooses from
 * @param {(subject: Subject, contenders: One[], options: Options) => Promise<R>} benchmark.run
 * @param {(reports: R[]) => void} [benchmark.conclude] prints what follows from all of them
 */
export async function main(benchmark) {
  try {
    await runAll(benchmark);
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
