/** What is allocated for each request, counted while nothing is collected, and where. */
import path from "node:path";
import { pathToFileURL } from "node:url";
import { Contender } from "../load/contender.mjs";
import { table } from "../report.mjs";
import { CONTENDERS } from "./contenders.mjs";
import { Crowd } from "./crowd.mjs";
import { target } from "./targets.mjs";

export const name = "allocations";

const CONNECTIONS = 50;
/** Requests on each connection: to make code hot, and to be counted. */
const WARM_UP = 400;
const COUNTED = 400;
/** Most bytes of array buffers for each request: none, but that something else may allocate a few meanwhile. */
const MOST = 0.1;
/** Places of allocation that are told. */
const SITES = 6;

const PROBE = pathToFileURL(path.join(import.meta.dirname, "probe.mjs")).href;
/** So much room for young objects, in MiB, that nothing is collected meanwhile: what is allocated stays countable. */
const YOUNG = 512;
const FLAGS = [`--min-semi-space-size=${YOUNG}`, `--max-semi-space-size=${YOUNG}`, "--expose-gc", "--import", PROBE];

/**
 * @param {import("../load/contender.mjs").Which} which
 * @returns {Promise<{ difference: object, sites: [place: string, bytes: number][] }>}
 */
async function measure(which) {
  const contender = await Contender.start(which, { flags: FLAGS });
  let crowd;
  try {
    crowd = await Crowd.open(contender, CONNECTIONS);
    await crowd.converse(WARM_UP);
    await contender.ask("begin");
    await crowd.converse(COUNTED);
    const difference = await contender.ask("end");
    await contender.ask("sample");
    await crowd.converse(COUNTED);
    return { difference, ...(await contender.ask("sampled")) };
  } finally {
    await crowd?.close();
    await contender.stop();
  }
}

/** @returns {Promise<import("./rounds.mjs").Report>} */
export async function run() {
  const requests = CONNECTIONS * COUNTED;
  const rows = [];
  const places = [];
  const targets = [];
  for (const which of CONTENDERS.filter(({ name }) => ["pyrois", "node:http"].includes(name))) {
    process.stderr.write(`${name}: ${which.name}\n`);
    const { difference, sites } = await measure(which);
    const { heap, arrayBuffers, collections } = difference;
    if (collections > 0) throw new Error(`${name}, ${which.name}: ${collections} collections have spoiled the count`);
    rows.push([which.name, ...[heap, arrayBuffers].map((bytes) => (bytes / requests).toFixed(1))]);
    const most = sites.toSorted(([, a], [, b]) => b - a).slice(0, SITES);
    places.push(...most.map(([place, bytes]) => [`${which.name}: ${place}`, (bytes / requests).toFixed(1)]));
    if (which.name === "pyrois")
      targets.push(target(`${name}: bytes of array buffers a request`, MOST, arrayBuffers / requests));
  }
  const counts = table(["bytes a request", "heap", "array buffers"], rows);
  const where = table(["where on the heap, sampled", "bytes a request"], places);
  return {
    text: `${name}: ${requests} requests, no collection meanwhile\n\n${counts}\n\n${where}\n`,
    targets,
    failures: [],
  };
}
