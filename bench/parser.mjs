/**
 * Times request parsers against each other. `--quick` takes a sixth of the time, and is good for a first look only.
 */
import Benchmark from "benchmark";
import { disagreements } from "./parser/agree.mjs";
import { httpParserJs } from "./parser/http-parser-js.mjs";
import { node } from "./parser/node.mjs";
import { pyrois, pyroisCopied, pyroisStrings } from "./parser/pyrois.mjs";
import { undici } from "./parser/undici.mjs";
import { circumstances, median, table } from "./report.mjs";
import { requests } from "./requests.mjs";

const contenders = [pyrois, pyroisCopied, pyroisStrings, node, undici, httpParserJs];
const reference = node;

/** Rounds for each request, and what each contender gets of a round: seconds, and seconds of one sample. */
const thorough = { rounds: 9, maxTime: 0.25, minTime: 0.03 };
const quick = { rounds: 3, maxTime: 0.1, minTime: 0.02 };

/**
 * Runs every contender once, in turn.
 * @param {{ name: string, parse: () => void }[]} runners
 * @param {{ maxTime: number, minTime: number }} options
 * @returns {Map<string, number>} nanoseconds per parse, by contender
 */
function runRound(runners, { maxTime, minTime }) {
  const means = new Map();
  const suite = new Benchmark.Suite();
  for (const { name, parse } of runners) suite.add(name, parse, { maxTime, minTime, minSamples: 3 });
  suite.on("cycle", ({ target }) => {
    if (target.error) throw target.error;
    means.set(target.name, target.stats.mean * 1e9);
  });
  suite.run({ async: false });
  return means;
}

/**
 * Times all contenders with one request. Each round begins with another of them, so that none always comes after the
 * same one, and a disturbance of the machine strikes a round of all rather than all rounds of one.
 * @param {{ name: string, bytes: Buffer }} request
 * @param {{ rounds: number, maxTime: number, minTime: number }} effort
 * @returns {Map<string, number[]>} nanoseconds per parse of each round, by contender
 */
function time(request, effort) {
  const runners = contenders.map(({ name, prepare }) => ({ name, parse: prepare(request.bytes).parse }));
  const times = new Map(contenders.map(({ name }) => [name, []]));
  for (let round = 0; round < effort.rounds; ++round) {
    process.stderr.write(`${request.name}: round ${round + 1} of ${effort.rounds}\n`);
    const first = round % runners.length;
    const order = [...runners.slice(first), ...runners.slice(0, first)];
    for (const [name, mean] of runRound(order, effort)) times.get(name).push(mean);
  }
  return times;
}

/**
 * @param {Map<string, number[]>} times
 * @returns {string} a table
 */
function report(times) {
  const base = median(times.get(reference.name));
  const rows = contenders.map(({ name }) => {
    const all = times.get(name);
    const middle = median(all);
    const range = `${Math.min(...all).toFixed(0)} to ${Math.max(...all).toFixed(0)}`;
    return [name, middle.toFixed(0), range, (middle / base).toFixed(2)];
  });
  return table(["contender", "ns/op", "rounds", `time / ${reference.name}'s`], rows);
}

function main() {
  const differences = disagreements(contenders, requests);
  if (differences.length > 0) {
    console.error(`The parsers do not agree:\n${differences.join("\n")}`);
    process.exitCode = 1;
    return;
  }
  const effort = process.argv.includes("--quick") ? quick : thorough;
  const tables = requests.map((request) => {
    const title = `${request.name}: ${request.bytes.length} bytes, fields: ${request.fields}`;
    return `${title}\n\n${report(time(request, effort))}\n`;
  });
  console.log(`All parsers agree on every request. Medians of ${effort.rounds} rounds.\n`);
  console.log(tables.join("\n"));
  console.log(circumstances());
}

main();
