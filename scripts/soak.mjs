// `npm run soak -- --minutes 10 --seed 1`: good and hostile clients at once against a server of the built library, with
// a seed of its own each time unless one is given. `--connections N` says how many are opened and dropped afterwards,
// `--slowhttptest` has that tool, where it is installed, attack in three ways.
import path from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { build } from "esbuild";

process.chdir(path.dirname(import.meta.dirname));
const OUT = "build/soak";
const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "10" },
    seed: { type: "string" },
    connections: { type: "string", default: "10000" },
    slowhttptest: { type: "boolean", default: false },
  },
});
const minutes = Number(values.minutes);
const seed = Number(values.seed ?? Date.now() % 2 ** 31);
const connections = Number(values.connections);
if (!(minutes >= 0) || !Number.isInteger(seed) || !Number.isInteger(connections) || connections < 0) {
  console.error("Usage: npm run soak -- [--minutes N] [--seed N] [--connections N] [--slowhttptest]");
  process.exit(1);
}

await build({
  entryPoints: ["tests/soak/soak.ts", "tests/soak/server.ts"],
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node20",
  // The library itself is the built one.
  packages: "external",
  outdir: OUT,
  outExtension: { ".js": ".mjs" },
  logLevel: "warning",
});
const { soak } = await import(pathToFileURL(path.resolve(OUT, "soak.mjs")).href);
console.log(`Soaking for ${minutes} minutes with seed ${seed}`);
const held = await soak(path.resolve(OUT, "server.mjs"), {
  minutes,
  seed,
  connections,
  slowhttptest: values.slowhttptest,
});
process.exit(held ? 0 : 1);
