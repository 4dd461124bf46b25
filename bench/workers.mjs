/**
 * Loads Pyrois with one worker and with two, and compares how many requests each answers in a second of CPU time, that of
 * the primary process counted in. Once all of them are on the CPU of the server, where what they cost each other shows
 * and nothing else; and once on both CPUs, as they would be, where one shares its CPU with the client. `--rounds N` and
 * `--seconds N` as for the other benchmarks.
 */
import path from "node:path";
import { parseArgs } from "node:util";
import { NODE } from "./load/contender.mjs";
import { head, jsonAnswer } from "./load/messages.mjs";
import { prove } from "./load/prove.mjs";
import { describe, middle, runRounds } from "./load/rounds.mjs";
import { runWrk, wrkVersion } from "./load/wrk.mjs";
import { circumstances } from "./report.mjs";
import { MESSAGE } from "./server/content.mjs";

/** The least requests per second of CPU time with two workers, as a multiple of those with one. */
const LEAST = 0.92;

const FILE = path.join(import.meta.dirname, "workers", "contender.mjs");
const WORKLOAD = {
  connections: 64,
  pipelined: 1,
  closes: false,
  request: head("GET", "/json"),
  answer: jsonAnswer(MESSAGE),
};

const { values } = parseArgs({
  options: { rounds: { type: "string", default: "5" }, seconds: { type: "string", default: "3" } },
});
const options = { rounds: Number(values.rounds), seconds: Number(values.seconds) };
/** Where all processes of a server run. */
const PLACES = { "on one CPU": "0", "on both CPUs": "0,1" };
let failed = false;

for (const [name, cpus] of Object.entries(PLACES)) {
  const contenders = [1, 2].map((count) => ({
    name: count === 1 ? "1 worker" : `${count} workers`,
    file: FILE,
    host: ["taskset", "-c", cpus, "env", `WORKERS=${count}`, ...NODE],
  }));
  const work = {
    name: `json, ${name}`,
    prove: (contender) => prove(contender, WORKLOAD, 1),
    load: (port, seconds) => runWrk(port, { ...WORKLOAD, requests: [WORKLOAD.request] }, seconds),
  };
  const { results, failures } = await runRounds(work, contenders, options);
  console.log(describe({ ...WORKLOAD, name: work.name }, "request", results, ["1 worker"]));
  const ratio = middle(results, "1 worker", "total") / middle(results, "2 workers", "total");
  console.log(`requests per CPU second, 2 workers / 1: ${ratio.toFixed(2)} (asked: at least ${LEAST})\n`);
  if (failures.length === 0) continue;
  failed = true;
  console.error(`Failed, and not in the medians:\n${failures.join("\n")}\n`);
}
console.log(circumstances(`wrk ${wrkVersion()}`, "workers on CPUs 0 and 1, client on CPU 1"));
if (failed) process.exitCode = 1;
