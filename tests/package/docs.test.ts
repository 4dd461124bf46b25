/** What the documentation names is there. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import requests from "../vectors/requests.json" with { type: "json" };
import responses from "../vectors/responses.json" with { type: "json" };

const root = path.join(import.meta.dirname, "..", "..");
const read = (file: string) => readFileSync(path.join(root, file), "utf8");
const pages = [
  "README.md",
  "CONTRIBUTING.md",
  "bench/README.md",
  ...readdirSync(path.join(root, "docs")).map((file) => `docs/${file}`),
];

test.each(pages)("%s links to what exists", (page) => {
  for (const [, target] of read(page).matchAll(/\]\(([^)#]+)\)/g)) {
    if (/^https?:/.test(target)) continue;
    expect(existsSync(path.join(root, path.dirname(page), target)), target).toBe(true);
  }
});

test("every decision names vectors that exist", () => {
  const ids = [...requests, ...responses].map(({ id }) => id);
  const named = [...read("docs/decisions.md").matchAll(/\((`[^)]*`)\)/g)].flatMap(
    ([, list]) => list.match(/[^`, ]+/g) ?? [],
  );
  expect(named.length).toBeGreaterThan(40);
  for (const name of named) expect(ids).toContain(name);
});

test("README's scripts exist", () => {
  const { scripts } = JSON.parse(read("package.json"));
  for (const [, name] of read("README.md").matchAll(/npm run ([\w:]+)/g)) expect(Object.keys(scripts)).toContain(name);
});
