/** Runs what the pages of docs/ show, on what was built. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { transform } from "esbuild";
import { expect, test } from "vitest";

const root = path.join(import.meta.dirname, "..", "..");
const folder = path.join(root, "build", "snippets");
const read = (name: string) => readFileSync(path.join(root, "docs", `${name}.md`), "utf8");
const pages = ["routing", "middleware", "blueprints", "errors", "testing", "security", "operations"];
const snippets = pages.flatMap((name) =>
  [...read(name).matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, code], index) => ({ name, number: index + 1, code })),
);

/** Checks of the comments that say what a line gives or throws, and how many there are. */
function checked(code: string): [code: string, count: number] {
  const text = code
    .replace(/^(\S.*); \/\/ → (.*)$/gm, "__check($1, $2);")
    .replace(/^(\S.*); \/\/ throws (.*)$/gm, (_, run, says) => `__refused(() => ${run}, ${JSON.stringify(says)});`);
  return [text, code.match(/\/\/ (?:→|throws) /g)?.length ?? 0];
}

interface Checks {
  __check(found: unknown, wanted: unknown): void;
  __refused(attempt: () => unknown, says: string): void;
}

test.each(snippets)("docs/$name, snippet $number", async ({ name, number, code }) => {
  const [text, wanted] = checked(code);
  let count = 0;
  const checks: Checks = {
    __check(found, value) {
      ++count;
      expect(found).toEqual(value);
    },
    __refused(attempt, says) {
      ++count;
      expect(attempt).toThrow(says);
    },
  };
  Object.assign(globalThis, checks);
  const { code: script } = await transform(text, { loader: "ts", format: "esm", target: "es2022" });
  mkdirSync(folder, { recursive: true });
  const file = path.join(folder, `${name}-${number}.mjs`);
  writeFileSync(file, script);
  await import(/* @vite-ignore */ pathToFileURL(file).href);
  expect(count).toBe(wanted);
});

test("the table of patterns in docs/routing.md", async () => {
  const { PathRouter } = await import("../../src/router/index.ts");
  const rows = read("routing").matchAll(/^\| `(\/\S*)` +\| (`\/.*?`) +\| `(\{.*?\})`/gm);
  let count = 0;
  for (const [, pattern, paths, first] of rows) {
    const router = new PathRouter<null>();
    router.add("GET", pattern.replaceAll("\\|", "|"), null);
    const found = router.find("GET", /`(\/[^`]*)`/.exec(paths)?.[1] ?? "");
    const wanted = new Function(`return ${first}`)();
    expect({ ...(found.kind === "found" ? found.params : found) }, pattern).toEqual(wanted);
    ++count;
  }
  expect(count).toBeGreaterThan(8);
});
