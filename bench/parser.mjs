/**
 * Times request parsers against each other. `--quick` takes a sixth of the time, and is good for a first look only.
 */
import Benchmark from "benchmark";
import { disagreements } from "./parser/agree.mjs";
import { builds, notes } from "./parser/builds.mjs";
import * as content from "./parser/content.mjs";
import { httpParserJs } from "./parser/http-parser-js.mjs";
import { node } from "./parser/node.mjs";
import { pyrois, pyroisCopied, pyroisStrings } from "./parser/pyrois.mjs";
import * as responses from "./parser/responses.mjs";
import { undici } from "./parser/undici.mjs";
import { circumstances, median, table } from "./report.mjs";
import { requests } from "./requests.mjs";

const reference = node;

/**
 * What is timed, one table each.
 * @typedef {object} Subject
 * @property {string} title
 * @property {{ name: string, parse: () => void }[]} runners one a contender
 * @property {(mean: number) => string} [rate] a column of its own for what a mean of nanoseconds amounts to
 */

/** @returns {Subject[]} */
function requestSubjects() {
  const contenders = [pyrois, pyroisCopied, pyroisStrings, node, undici, httpParserJs];
  return requests.map(({ name, bytes, fields }) => {
    const all = name === "hello-kitty" ? [...contenders, ...builds] : contenders;
    const runners = all.map((contender) => ({ name: contender.name, parse: contender.prepare(bytes).parse }));
    return { title: `${name}: ${bytes.length} bytes, fields: ${fields}`, runners };
  });
}

/** @returns {Subject} */
function responseSubject() {
  const { response, pyrois, pyroisStrings, node, undici, httpParserJs } = responses;
  const contenders = [pyrois, pyroisStrings, node, undici, httpParserJs];
  const expected = JSON.stringify(naiveResponse(response.bytes));
  const runners = contenders.map((contender) => {
    const { parse, result } = contender.prepare(response.bytes);
    parse();
    parse();
    const found = JSON.stringify(result());
    if (found !== expected) throw new Error(`${contender.name} found ${found}, not ${expected}`);
    return { name: contender.name, parse };
  });
  return { title: `response: ${response.bytes.length} bytes, fields: ${response.fields}`, runners };
}

/**
 * Reads a response in the most naive way: what the contenders are compared with.
 * @param {Buffer} bytes
 * @returns {{ status: number, fields: [name: string, value: string][] }}
 */
function naiveResponse(bytes) {
  const [start, ...lines] = bytes.toString("latin1").split("\r\n").slice(0, -2);
  const fields = lines.map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 2)]);
  return { status: Number(start.split(" ")[1]), fields };
}

/** Bytes of content by the size of its chunks: all but the last fit into one read of a socket. */
const CONTENT_SIZES = { 1: 8192, 16: 32768, 256: 61440, 4096: 61440, 65536: 1048576 };

/** @returns {Subject[]} */
function contentSubjects() {
  const contenders = [content.pyrois, content.pyroisCopied, content.node, content.undici, content.httpParserJs];
  return Object.keys(CONTENT_SIZES)
    .map(Number)
    .map((chunkSize) => {
      const { name, total, pieces } = content.chunkedContent(chunkSize, CONTENT_SIZES[chunkSize]);
      const runners = contenders.flatMap((contender) => {
        const read = contender.prepare(pieces);
        if (read === null) return [];
        for (const size of [read(pieces), read(pieces)]) {
          if (size !== total) throw new Error(`${name}: ${contender.name} found ${size} bytes, not ${total}`);
        }
        return [{ name: contender.name, parse: () => read(pieces) }];
      });
      const rate = (mean) => ((total * 1e9) / mean / 1e6).toFixed(0);
      return { title: `content in ${name}, ${total} bytes in all`, runners, rate };
    });
}

/** Rounds for each request, and what each contender gets of a round: seconds, and seconds of one sample. */
const thorough = { rounds: 9, maxTime: 0.15, minTime: 0.03 };
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
 * Times all contenders with one subject. Each round begins with another of them, so that none always comes after the
 * same one, and a disturbance of the machine strikes a round of all rather than all rounds of one.
 * @param {Subject} subject
 * @param {{ rounds: number, maxTime: number, minTime: number }} effort
 * @returns {Map<string, number[]>} nanoseconds per parse of each round, by contender
 */
function time({ title, runners }, effort) {
  const times = new Map(runners.map(({ name }) => [name, []]));
  for (let round = 0; round < effort.rounds; ++round) {
    process.stderr.write(`${title}: round ${round + 1} of ${effort.rounds}\n`);
    const first = round % runners.length;
    const order = [...runners.slice(first), ...runners.slice(0, first)];
    for (const [name, mean] of runRound(order, effort)) times.get(name).push(mean);
  }
  return times;
}

/**
 * @param {Subject} subject
 * @param {Map<string, number[]>} times
 * @returns {string} a table
 */
function report({ rate }, times) {
  const base = median(times.get(reference.name));
  const rows = [...times].map(([name, all]) => {
    const middle = median(all);
    const range = `${Math.min(...all).toFixed(0)} to ${Math.max(...all).toFixed(0)}`;
    return [name, middle.toFixed(0), range, (middle / base).toFixed(3), ...(rate ? [rate(middle)] : [])];
  });
  return table(["contender", "ns/op", "rounds", `time / ${reference.name}'s`, ...(rate ? ["MB/s"] : [])], rows);
}

function main() {
  const differences = disagreements([pyrois, pyroisStrings, node, undici, httpParserJs, ...builds], requests);
  if (differences.length > 0) {
    console.error(`The parsers do not agree:\n${differences.join("\n")}`);
    process.exitCode = 1;
    return;
  }
  const effort = process.argv.includes("--quick") ? quick : thorough;
  const subjects = [...requestSubjects(), responseSubject(), ...contentSubjects()];
  const tables = subjects.map((subject) => `${subject.title}\n\n${report(subject, time(subject, effort))}\n`);
  console.log(`All parsers agree on every message. Medians of ${effort.rounds} rounds.\n`);
  console.log(tables.join("\n"));
  console.log(`${notes().join("\n")}\n`);
  console.log(circumstances());
}

main();
