/** docs/abi.md says what the code says. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import * as abi from "../../src/parser/abi.ts";
import { PARSE_ERRORS } from "../../src/parser/index.ts";

const text = readFileSync(new URL("../../docs/abi.md", import.meta.url), "utf8");
const numbers = new Map<string, unknown>(Object.entries(abi));

test("record, limits and tolerance", () => {
  const record = text.slice(text.indexOf("### The record"), text.indexOf("## Chunked bodies"));
  let found = 0;
  for (const [, places, names] of record.matchAll(/^\| ([\dxa-f, ]+) \| ([A-Z_, ]+)/gm)) {
    const at = places.split(", ").map((place) => (place.startsWith("0x") ? Number(place) - abi.LIMITS : Number(place)));
    for (const [index, name] of names.trim().split(", ").entries()) {
      expect(numbers.get(name), name).toBe(at[index]);
      ++found;
    }
  }
  expect(found).toBe(32);
});

test("identifiers", () => {
  for (const list of [abi.METHODS, abi.FIELD_NAMES]) {
    for (const [index, name] of list.split(",").entries()) expect(text).toContain(`${index + 1} \`${name}\``);
  }
});

test("errors", () => {
  const rows = [...text.matchAll(/^\| (\d+) +\| (\w+) +\| (\d+) +\| (RFC [^|]+?) +\| ([^|]+?) +\|$/gm)];
  expect(rows.map(([, code]) => Number(code)).sort((a, b) => a - b)).toEqual(
    [...PARSE_ERRORS.keys()].sort((a, b) => a - b),
  );
  for (const [, code, name, status, section, message] of rows) {
    expect(PARSE_ERRORS.get(Number(code))).toEqual({ name, status: Number(status), section, message });
  }
});

test("memory", () => {
  for (const name of ["RECORD", "FIRST", "IDS", "FIELDS", "SPANS", "LIMITS", "TABLES", "CARRY", "WINDOW"]) {
    expect(text).toMatch(new RegExp(`0x${Number(numbers.get(name)).toString(16).padStart(5, "0")} [│┌├]`));
  }
  for (const number of [abi.CHUNK_START, abi.CHUNK_PHASE_DONE, abi.CHUNK_PHASE_TRAILERS, abi.CHUNK_OVERHEAD_MAX]) {
    expect(text).toContain(String(number));
  }
});
