/**
 * Loads servers and measures what CPU time a request costs each of them, and what else is asked of Pyrois.
 * `--rounds N` and `--seconds N` change how often and how long each server is loaded; `--only TEXT` and
 * `--contenders A,B` choose what has such a text in its name.
 */
import { main } from "./load/main.mjs";
import * as allocations from "./server/allocations.mjs";
import { CONTENDERS } from "./server/contenders.mjs";
import * as idle from "./server/idle.mjs";
import { runWorkload } from "./server/rounds.mjs";
import * as start from "./server/start.mjs";
import { describeTargets } from "./server/targets.mjs";
import { WORKLOADS } from "./server/workloads.mjs";

/** What is measured beside CPU time under load, of Pyrois and node:http. */
const MEASURES = [idle, start, allocations];

await main({
  subjects: [...WORKLOADS, ...MEASURES],
  contenders: CONTENDERS,
  run: (each, contenders, options) => ("run" in each ? each.run() : runWorkload(each, contenders, options)),
  conclude(reports) {
    const targets = reports.flatMap((report) => report.targets);
    if (targets.length > 0) console.log(`${describeTargets(targets)}\n`);
  },
});
