/** What is read of the last words of a process. */
import { writeFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { failureOf } from "../../src/cli/dev/failure.ts";
import { errorPage, placeText } from "../../src/cli/dev/page.ts";
import { project } from "../support/pyrois.ts";

const folder = project({
  "a.mjs": Array.from({ length: 20 }, (_, line) => `line ${line + 1}`).join("\n"),
  ".env": "SECRET=1",
});
const file = path.join(folder, "a.mjs");

test("the place in the user's own files, and the lines around it", () => {
  const stack = `Error: wrong\n    at f (${folder}/node_modules/x/y.js:5:5)\n    at g (file://${file}:10:3)\n    at node:internal:1:1\n`;
  const failure = failureOf(`before\n${stack}\nNode.js v20\n`, "it ended");
  expect(failure).toMatchObject({ message: "Error: wrong", place: { file, line: 10, column: 3 } });
  expect(failure.source.map(([line]) => line)).toEqual([6, 7, 8, 9, 10, 11, 12, 13, 14]);
  expect(placeText(failure, folder)).toBe("a.mjs:10:3");
});

test("the last error counts, and colours do not", () => {
  const said = "Error: first\n    at f (/a.js:1:1)\n\x1b[31mTypeError [ERR_X]: last\x1b[39m\n";
  expect(failureOf(said, "it ended")).toMatchObject({ message: "TypeError [ERR_X]: last", place: null });
});

test("a process that says nothing", () => {
  expect(failureOf("", "the process ended with code 3")).toMatchObject({
    message: "the process ended with code 3",
    place: null,
    source: [],
  });
});

test("a message that names what is no source, or nothing at all, shows none of it", () => {
  const secret = failureOf(`Error: see ${path.join(folder, ".env")}:1:1\n`, "it ended");
  expect(secret.source).toEqual([]);
  expect(errorPage(secret).html).not.toContain("SECRET=1");
  expect(failureOf("Error: see file://host/a.js:1:2\n", "it ended").place).toBeNull();
});

test("lines are cut, and what they say is escaped", () => {
  writeFileSync(file, `${"<".repeat(100_000)}`);
  const failure = failureOf(`Error: x\n    at ${file}:1:2\n`, "it ended");
  const { html, policy } = errorPage(failure);
  expect(html).toContain(`${"&lt;".repeat(500)}</span>`);
  expect(html.length).toBeLessThan(10_000);
  expect(policy).toMatch(/default-src 'none'; style-src 'nonce-[\w-]+'; script-src 'nonce-/);
});
