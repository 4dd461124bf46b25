// `npm run fuzz -- --seconds 60 --seed 1`: the fuzzing tests for as long as asked (60 s each by default), with a seed
// of its own each time unless one is given.
import { spawn } from "node:child_process";
import path from "node:path";
import { parseArgs } from "node:util";

process.chdir(path.dirname(import.meta.dirname));
const { values } = parseArgs({ options: { seconds: { type: "string", default: "60" }, seed: { type: "string" } } });
const seconds = Number(values.seconds);
const seed = Number(values.seed ?? Date.now() % 2 ** 31);
if (!(seconds > 0) || !Number.isInteger(seed)) {
  console.error("Usage: npm run fuzz -- [--seconds N] [--seed N]");
  process.exit(1);
}

console.log(`Fuzzing with seed ${seed}: three properties, ${seconds} s each`);
const started = performance.now();
const progress = setInterval(() => {
  process.stderr.write(`\r${Math.round((performance.now() - started) / 1000)} s of about ${3 * seconds} s `);
}, 1000);
const child = spawn(process.execPath, ["node_modules/vitest/vitest.mjs", "run", "tests/parser/fuzz.test.ts"], {
  stdio: ["ignore", "inherit", "inherit"],
  env: { ...process.env, FUZZ_SECONDS: String(seconds), FUZZ_SEED: String(seed) },
});
child.on("close", (code) => {
  clearInterval(progress);
  process.exitCode = code ?? 1;
});
