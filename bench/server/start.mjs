/** What it takes to start: importing Pyrois and listening, over a Node that does nothing. */
import { spawnSync } from "node:child_process";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { pinned } from "../load/contender.mjs";
import { median, table } from "../report.mjs";
import { target } from "./targets.mjs";

export const name = "start";

const RUNS = 21;
/** Most milliseconds that Pyrois may take. */
const MOST = 30;

const PYROIS = pathToFileURL(path.join(import.meta.dirname, "../../dist/index.js")).href;

/** Programs that end as soon as they listen. */
const PROGRAMS = {
  "bare Node": "",
  pyrois: `import("${PYROIS}").then(({ App }) => new App().listen({ port: 0 })).then(() => process.exit())`,
  "node:http": `require("node:http").createServer().listen(0, "127.0.0.1", () => process.exit())`,
};

/**
 * @param {string} program
 * @returns {number} milliseconds from its start to its end
 */
function timeOf(program) {
  const [file, ...args] = pinned("server", [process.execPath, "-e", program]);
  const start = performance.now();
  const { status, stderr } = spawnSync(file, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`${name}: it ended with ${status}: ${stderr}`);
  return performance.now() - start;
}

/** @returns {Promise<import("./rounds.mjs").Report>} */
export async function run() {
  process.stderr.write(`${name}: ${RUNS} runs\n`);
  const programs = Object.entries(PROGRAMS);
  const times = new Map(programs.map(([name]) => [name, []]));
  for (let count = 0; count < RUNS; ++count) {
    for (const [name, program] of programs) times.get(name).push(timeOf(program));
  }
  const bare = median(times.get("bare Node"));
  const rows = [...times].map(([name, all]) => {
    const range = `${Math.min(...all).toFixed(1)} to ${Math.max(...all).toFixed(1)}`;
    return [name, median(all).toFixed(1), range, (median(all) - bare).toFixed(1)];
  });
  return {
    text: `${name}: importing and listening, ${RUNS} processes each\n\n${table(["program", "ms", "runs", "over bare Node"], rows)}\n`,
    targets: [target(`${name}: ms over bare Node`, MOST, median(times.get("pyrois")) - bare)],
    failures: [],
  };
}
