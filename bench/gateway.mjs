/**
 * Loads applications of other frameworks behind the gateways of this one and behind servers of their own, and measures
 * what CPU time a request costs. `--rounds N` and `--seconds N` change how often and how long each is loaded;
 * `--only TEXT` and `--contenders A,B` choose what has such a text in its name.
 */
import { WORKLOADS } from "./framework/workloads.mjs";
import { CONTENDERS } from "./gateway/contenders.mjs";
import { runWorkload } from "./gateway/rounds.mjs";
import { main } from "./load/main.mjs";

await main({ subjects: WORKLOADS, contenders: CONTENDERS, run: runWorkload });
