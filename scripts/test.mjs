// Runs every check: lint, types, as-pect and vitest. Ends with a line that counts the tests, and fails if any failed.
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";

process.chdir(path.dirname(import.meta.dirname));
const modules = (script) => path.join("node_modules", script);
const REPORT = "build/vitest.json";

/** Runs a script of this Node; resolves with its exit code (1 where it was killed) and what it printed. */
function run(args, env = {}) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, args, {
      stdio: ["ignore", "pipe", "inherit"],
      env: { ...process.env, ...env },
    });
    let output = "";
    child.stdout.on("data", (chunk) => {
      output += chunk;
      process.stdout.write(chunk);
    });
    child.on("close", (code) => resolve({ code: code ?? 1, output }));
  });
}

async function step(title, work) {
  console.log(`\n── ${title}`);
  const started = performance.now();
  const outcome = await work();
  console.log(`── ${title}: ${((performance.now() - started) / 1000).toFixed(1)} s`);
  return outcome;
}

/** A check that is one test: it passes or fails as a whole. */
const check = (title, args) =>
  step(title, async () => {
    const { code } = await run(args);
    return { passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, skipped: 0 };
  });

/** as-pect says "pass" where it ran nothing, so its count is read. */
const asPect = () =>
  step("as-pect", async () => {
    const { code, output } = await run([
      "--enable-source-maps",
      modules("@as-pect/cli/lib/test.js"),
      "--config",
      "scripts/as-pect/config.js",
      "--as-config",
      path.resolve("scripts/as-pect/asconfig.json"),
      "--summary",
    ]);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are told by control characters
    const count = /\[Tests\]: (\d+) \/ (\d+)/.exec(output.replace(/\x1b\[[0-9;]*m/g, ""));
    const [passed, total] = count ? [Number(count[1]), Number(count[2])] : [0, 0];
    return { passed, failed: Math.max(total - passed, code === 0 && total > 0 ? 0 : 1), skipped: 0 };
  });

const vitest = () =>
  step("vitest", async () => {
    const { code } = await run([
      modules("vitest/vitest.mjs"),
      "run",
      "--reporter=default",
      "--reporter=json",
      `--outputFile.json=${REPORT}`,
    ]);
    const report = JSON.parse(readFileSync(REPORT, "utf8"));
    const failed = report.numFailedTests + (code === 0 ? 0 : Number(report.numFailedTests === 0));
    return { passed: report.numPassedTests, failed, skipped: report.numPendingTests };
  });

const outcomes = [
  await check("lint", [modules("@biomejs/biome/bin/biome"), "check", "."]),
  await check("types", [modules("typescript/bin/tsc"), "-p", "tests/tsconfig.json"]),
  await check("types of assembly", [modules("typescript/bin/tsc"), "-p", "assembly/tsconfig.json", "--noEmit"]),
  await asPect(),
  await vitest(),
];
const sum = (key) => outcomes.reduce((total, outcome) => total + outcome[key], 0);
const skipped = sum("skipped");
console.log(`\n${sum("passed")} passed, ${sum("failed")} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
process.exitCode = sum("failed") > 0 ? 1 : 0;
