/**
 * Loads servers whose services are at work, and measures what CPU time a request costs them: beside the same server
 * without the service, or beside other frameworks with the like of it. `--rounds N` and `--seconds N` change how often and
 * how long each is loaded; `--only TEXT` and `--contenders A,B` choose what has such a text in its name.
 */
import { main } from "./load/main.mjs";
import { describeTargets } from "./server/targets.mjs";
import { CONTENDERS } from "./services/contenders.mjs";
import { layOut } from "./services/folder.mjs";
import { runWorkload } from "./services/rounds.mjs";
import { WORKLOADS } from "./services/workloads.mjs";

layOut();
await main({
  subjects: WORKLOADS,
  contenders: CONTENDERS,
  run: runWorkload,
  conclude(reports) {
    const targets = reports.flatMap((report) => report.targets);
    if (targets.length > 0) console.log(`${describeTargets(targets)}\n`);
  },
});
