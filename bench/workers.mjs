/**
 * Loads Pyrois with one worker and with two, and compares how many requests each answers in a second of CPU time, that of
 * the primary process counted in. With two CPUs both servers and the client run on both of them, not pinned: a second
 * worker on the CPU of the first would show nothing. `--rounds N` and `--seconds N` as for the other benchmarks.
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
const contenders = [1, 2].map((count) => ({
  name: count === 1 ? "1 worker" : `${count} workers`,
  file: FILE,
  // On all CPUs, whatever this benchmark pins servers to.
  host: ["taskset", "-c", "0,1", "env", `WORKERS=${count}`, ...NODE],
}));
const work = {
  name: "json",
  prove: (contender) => prove(contender, WORKLOAD, 1),
  load: (port, seconds) => runWrk(port, { ...WORKLOAD, requests: [WORKLOAD.request] }, seconds),
};
const { results, failures } = await runRounds(work, contenders, options);
console.log(describe({ ...WORKLOAD, name: work.name }, "request", results, ["1 worker"]));
const ratio = middle(results, "1 worker", "total") / middle(results, "2 workers", "total");
console.log(`requests per CPU second, 2 workers / 1: ${ratio.toFixed(2)} (asked: at least ${LEAST})`);
console.log(circumstances(`wrk ${wrkVersion()}`, "workers on CPUs 0 and 1, client on CPU 1"));
if (failures.length > 0) {
  console.error(`\nFailed, and not in the medians:\n${failures.join("\n")}`);
  process.exitCode = 1;
}
