/** The tests that docs/testing.md shows, each in its runner, on what was built. */
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { beforeAll, describe, expect, test } from "vitest";

const root = path.join(import.meta.dirname, "..", "..");
const folder = path.join(root, "build", "runners");
const page = readFileSync(path.join(root, "docs", "testing.md"), "utf8");
const shown = [...page.matchAll(/^```js\n([\s\S]*?)^```$/gm)].map(([, code]) => code);

const vitest = path.join(root, "node_modules/vitest/vitest.mjs");
const RUNNERS = [
  { from: "vitest", args: [vitest, "run", "--root", folder], passed: /Tests +1 passed/, failed: /Tests +1 failed/ },
  { from: "node:test", args: ["--test", "--test-reporter=tap"], passed: /^# pass 1$/m, failed: /^# fail 1$/m },
];

/** Runs a file in a runner of its own, which must not take itself for a part of this one. */
function run(args: readonly string[], name: string, code: string): { status: number | null; said: string } {
  const file = path.join(folder, name);
  writeFileSync(file, code);
  const env = { PATH: process.env.PATH, NO_COLOR: "1" };
  const { status, stdout } = spawnSync(process.execPath, [...args, file], { cwd: folder, encoding: "utf8", env });
  return { status, said: stdout };
}

beforeAll(() => {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  // Else it takes the one of this project.
  writeFileSync(path.join(folder, "vitest.config.mjs"), "export default {};\n");
});

const TESTS = RUNNERS.flatMap((runner) =>
  shown
    .filter((each) => each.includes(`from "${runner.from}"`))
    .map((code, index) => ({ ...runner, code, number: index + 1 })),
);

test("the page shows as many tests for each runner", () => {
  expect(TESTS.map(({ from, number }) => `${from} ${number}`)).toEqual(
    RUNNERS.flatMap(({ from }) => [`${from} 1`, `${from} 2`]),
  );
});

describe.each(TESTS)("test $number for $from", ({ from, args, passed, failed, code, number }) => {
  const name = `${from.replace(":", "-")}-${number}`;

  test("passes", () => {
    const { status, said } = run(args, `${name}.right.test.mjs`, code);
    expect(said).toMatch(passed);
    expect(status).toBe(0);
  });

  test("fails where the answer is another", () => {
    const { status, said } = run(args, `${name}.wrong.test.mjs`, code.replace("`Hello, ", "`Hi, "));
    expect(said).toMatch(failed);
    expect(status).toBe(1);
  });
});
