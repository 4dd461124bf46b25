/**
 * Loads web frameworks and measures what CPU time a request costs each of them.
 * `--rounds N` and `--seconds N` change how often and how long each is loaded; `--only TEXT` and `--contenders A,B`
 * choose what has such a text in its name.
 */
import { CONTENDERS } from "./framework/contenders.mjs";
import { runWorkload } from "./framework/rounds.mjs";
import { WORKLOADS } from "./framework/workloads.mjs";
import { main } from "./load/main.mjs";

await main({ subjects: WORKLOADS, contenders: CONTENDERS, run: runWorkload });
