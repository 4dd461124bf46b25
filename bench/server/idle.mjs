/** What a connection costs that is open and does nothing. */
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { Contender } from "../load/contender.mjs";
import { median, table } from "../report.mjs";
import { CONTENDERS } from "./contenders.mjs";
import { Crowd } from "./crowd.mjs";
import { target } from "./targets.mjs";

export const name = "idle connections";

const CONNECTIONS = 10_000;
const RUNS = 3;
/** Most that an idle connection of Pyrois may take, as a multiple of one of node:http. */
const MOST = 0.55;
/** Milliseconds in which a server comes to rest. */
const SETTLE_TIME = 500;

const PROBE = pathToFileURL(path.join(import.meta.dirname, "probe.mjs")).href;

/**
 * Opens the connections, has a request answered on each, and looks at the memory of the server.
 * @param {import("../load/contender.mjs").Which} which
 * @returns {Promise<{ asIs: number, collected: number }>} KiB of resident memory per connection, as it is and after
 *   garbage is collected
 */
async function measure(which) {
  const contender = await Contender.start(which, { flags: ["--expose-gc", "--import", PROBE] });
  let crowd;
  try {
    // What is needed for any connection at all, and for code that is hot, is no cost of an idle one.
    const first = await Crowd.open(contender, 100);
    await first.converse(500);
    await first.close();
    await sleep(SETTLE_TIME);
    await contender.ask("collect");
    const before = contender.memory().resident;
    crowd = await Crowd.open(contender, CONNECTIONS);
    await crowd.converse(1);
    await sleep(SETTLE_TIME);
    const asIs = contender.memory().resident;
    await contender.ask("collect");
    const collected = contender.memory().resident;
    await crowd.converse(0);
    return { asIs: (asIs - before) / CONNECTIONS, collected: (collected - before) / CONNECTIONS };
  } finally {
    await crowd?.close();
    await contender.stop();
  }
}

/** @returns {Promise<import("./rounds.mjs").Report>} */
export async function run() {
  const which = CONTENDERS.filter(({ name }) => ["pyrois", "node:http"].includes(name));
  const samples = new Map(which.map(({ name }) => [name, []]));
  const failures = [];
  for (let count = 1; count <= RUNS; ++count) {
    process.stderr.write(`${name}: run ${count} of ${RUNS}\n`);
    for (const each of which) {
      try {
        samples.get(each.name).push(await measure(each));
      } catch (error) {
        failures.push(`${name}, ${each.name}: ${error.message}`);
      }
    }
  }
  const middle = (of, key) => median(samples.get(of).map((sample) => sample[key]));
  const rows = which.map(({ name }) => [
    name,
    ...["asIs", "collected"].map((key) => middle(name, key).toFixed(2)),
    ...["asIs", "collected"].map((key) => (middle(name, key) / middle("node:http", key)).toFixed(2)),
  ]);
  const titles = ["contender", "KiB each", "after collection", "/ node:http", "after collection"];
  return {
    text: `${name}: resident memory, ${CONNECTIONS} connections\n\n${table(titles, rows)}\n`,
    targets: [
      target(`${name}: memory / node:http`, MOST, middle("pyrois", "collected") / middle("node:http", "collected")),
    ],
    failures,
  };
}
