/** What the entries export, against the list of it that is committed: nothing comes or goes without being meant. */
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { entries } from "../support/packed.ts";

/** A line for each name: `pyrois/h1: ConnectionGroup`, `pyrois/h1: type Transport`. */
const LIST = path.join(import.meta.dirname, "exports.txt");

/** Names that a bundled declaration file exports: by the word itself, or in a list. */
function declared(file: string): string[] {
  const text = readFileSync(`${file}.d.ts`, "utf8");
  const own = text.matchAll(/^export (?:declare )?(?:abstract )?(?:class|interface|type|function|const) ([\w$]+)/gm);
  const lists = [...text.matchAll(/^export \{(.*)\}/gm)].flatMap(([, list]) => list.split(","));
  const listed = lists.map((each) => each.trim().replace(/^(?:type )?(?:.* as )?/, "")).filter((name) => name !== "");
  return [...new Set([...listed, ...[...own].map(([, name]) => name)])];
}

async function exportsOf(name: string, file: string): Promise<string[]> {
  const values = Object.keys(await import(name));
  const all = declared(file);
  expect(all, `${name} lacks declarations`).toEqual(expect.arrayContaining(values));
  const types = all.filter((each) => !values.includes(each));
  return [...values.sort(), ...types.sort().map((each) => `type ${each}`)].map((each) => `${name}: ${each}`);
}

test("the entries export what tests/package/exports.txt says", async () => {
  const now: string[] = [];
  for (const [name, file] of entries) now.push(...(await exportsOf(name, file)));
  if (process.env.ACCEPT_EXPORTS) writeFileSync(LIST, `${now.join("\n")}\n`);
  const before = readFileSync(LIST, "utf8").trimEnd().split("\n");
  const changes = [
    ...now.filter((each) => !before.includes(each)).map((each) => `new: ${each}`),
    ...before.filter((each) => !now.includes(each)).map((each) => `gone: ${each}`),
  ];
  const how = "Where that is meant: ACCEPT_EXPORTS=1 npx vitest run tests/package/exports.test.ts";
  expect(changes, `${changes.join("\n")}\n${how}\n`).toEqual([]);
});
