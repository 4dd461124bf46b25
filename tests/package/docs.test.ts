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
  "CHANGELOG.md",
  "CONTRIBUTING.md",
  "bench/README.md",
  ...readdirSync(path.join(root, "docs")).map((file) => `docs/${file}`),
];

/** A page without its code, where brackets mean something else. */
const proseOf = (page: string) => read(page).replace(/^```[\s\S]*?^```$/gm, "");

/** What headings of a page are linked by, as GitHub makes it of their text. */
const anchorsOf = (page: string) =>
  [...proseOf(page).matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );

test.each(pages)("%s links to what exists", (page) => {
  for (const [, target, anchor] of proseOf(page).matchAll(/\]\(([^)#]*)(?:#([^)]+))?\)/g)) {
    if (/^\w+:/.test(target)) {
      // Whether it is there is not asked: no test needs a network.
      expect(target).toMatch(/^https?:\/\/[a-z0-9-]+(?:\.[a-z0-9-]+)+(?:[/?][!-~]*)?$/);
      continue;
    }
    const linked = target === "" ? page : path.join(path.dirname(page), target);
    expect(existsSync(path.join(root, linked)), linked).toBe(true);
    if (anchor !== undefined) expect(anchorsOf(linked), `${linked}#${anchor}`).toContain(anchor);
  }
});

test("README and the list of all pages lead to every page", () => {
  for (const page of pages.filter((each) => each.startsWith("docs/"))) {
    expect(proseOf("README.md")).toContain(`(${page}`);
    if (page !== "docs/index.md") expect(proseOf("docs/index.md")).toContain(`(${path.basename(page)})`);
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
