/**
 * Loads servers as the benchmark of Areion does, some of them in Python, and measures how many requests each of them serves
 * in a second of CPU time. `--rounds N` and `--seconds N` change how often and how long each is loaded; `--only TEXT` and
 * `--contenders A,B` choose what has such a text in its name.
 */
import { CONTENDERS, isThere, versions } from "./areion/contenders.mjs";
import { describeAsked } from "./areion/report.mjs";
import { runWorkload } from "./areion/rounds.mjs";
import { WORKLOADS } from "./areion/workloads.mjs";
import { main } from "./load/main.mjs";

const contenders = CONTENDERS.filter(isThere);
for (const { name, packages } of CONTENDERS.filter((each) => !contenders.includes(each))) {
  console.log(`Skipped: ${name}; on Debian and Ubuntu: apt-get install ${packages.join(" ")}`);
}

await main({
  subjects: WORKLOADS,
  contenders,
  run: runWorkload,
  conclude(reports) {
    const asked = reports.flatMap((report) => report.asked);
    if (asked.length > 0) console.log(`${describeAsked(asked)}\n`);
    console.log(`${versions(contenders)}\n`);
  },
});
