/**
 * Loads servers and measures what CPU time a request costs each of them, and what else is asked of Pyrois.
 * `--rounds N` and `--seconds N` change how often and how long each server is loaded; `--only TEXT` and
 * `--contenders A,B` choose what has such a text in its name.
 */
import { parseArgs } from "node:util";
import { circumstances } from "./report.mjs";
import * as allocations from "./server/allocations.mjs";
import { CONTENDERS, canPin } from "./server/contender.mjs";
import * as idle from "./server/idle.mjs";
import { runWorkload } from "./server/rounds.mjs";
import * as start from "./server/start.mjs";
import { describeTargets } from "./server/targets.mjs";
import { WORKLOADS } from "./server/workloads.mjs";
import { wrkVersion } from "./server/wrk.mjs";

/** What is measured beside CPU time under load, of Pyrois and node:http. */
const MEASURES = [idle, start, allocations];

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
function readOptions() {
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
    chosen: choose("only", [...WORKLOADS, ...MEASURES], [values.only]),
    contenders: choose("contenders", CONTENDERS, values.contenders.split(",")),
  };
}

async function main() {
  const { rounds, seconds, chosen, contenders } = readOptions();
  const version = wrkVersion();
  if (version === null) throw new Error("wrk is missing; on Debian and Ubuntu: apt-get install wrk");
  const pinning = canPin ? "servers on CPU 0, clients on CPU 1" : "NOT pinned to CPUs (no taskset, or only one CPU)";
  console.error(`wrk ${version}; ${pinning}`);
  console.log(`CPU time of the server's process; medians of ${rounds} rounds of ${seconds} s.\n`);
  const targets = [];
  const failures = [];
  for (const each of chosen) {
    try {
      const report = await ("run" in each ? each.run() : runWorkload(each, contenders, { rounds, seconds }));
      console.log(report.text);
      targets.push(...report.targets);
      failures.push(...report.failures);
    } catch (error) {
      failures.push(`${each.name}: ${error.message}`);
    }
  }
  if (targets.length > 0) console.log(`${describeTargets(targets)}\n`);
  if (failures.length === 0) console.log("Every answer checked was right.");
  console.log(circumstances(`wrk ${version}`, pinning));
  if (failures.length === 0) return;
  console.error(`\nFailed, and not in the medians:\n${failures.join("\n")}`);
  process.exitCode = 1;
}

main().catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
