/** What was measured, and what is asked of Pyrois, as tables. */
import { middle } from "../load/rounds.mjs";
import { median, table } from "../report.mjs";

/** @typedef {{ what: string, least: number, measured: number }} Asked met where it is measured and at least `least` */

const TITLES = [
  "contender",
  "keep-alive",
  "requests/CPU s",
  "rounds",
  "µs/request",
  "requests/s",
  "p99 ms",
  "pyrois / it",
];

/**
 * @param {number} value
 * @param {number} digits after the point
 * @returns {string} "-" for NaN
 */
function number(value, digits = 0) {
  return Number.isNaN(value) ? "-" : value.toFixed(digits);
}

/**
 * @param {import("../load/rounds.mjs").Results} results
 * @param {string} name of a contender
 * @returns {number} requests that it serves in a second of CPU time, NaN where it was not measured
 */
function requestsPerSecond(results, name) {
  return 1e6 / middle(results, name, "total");
}

/**
 * @param {import("./workloads.mjs").Workload} workload
 * @param {import("../load/rounds.mjs").Results} results
 * @param {import("./contenders.mjs").Server[]} which were loaded
 * @returns {string} a table of medians
 */
export function describe({ name, connections, threads }, results, which) {
  const pyrois = requestsPerSecond(results, "pyrois");
  const rows = which.map(({ name, keepsAlive }) => {
    const start = [name, keepsAlive ? "yes" : "no"];
    const totals = results.get(name)?.samples.map(({ total }) => total) ?? [];
    if (totals.length === 0) return [...start, ...Array(TITLES.length - start.length).fill("failed")];
    const figure = requestsPerSecond(results, name);
    const range = `${number(1e6 / Math.max(...totals))} to ${number(1e6 / Math.min(...totals))}`;
    const rest = [number(median(totals), 2), number(middle(results, name, "rate"))];
    return [
      ...start,
      number(figure),
      range,
      ...rest,
      number(middle(results, name, "p99"), 2),
      number(pyrois / figure, 2),
    ];
  });
  return `${name} (${connections} connections, wrk -t${threads})\n\n${table(TITLES, rows)}\n`;
}

/**
 * @param {import("./workloads.mjs").Workload} workload
 * @param {import("../load/rounds.mjs").Results} results
 * @returns {Asked[]} what is asked of Pyrois, and what was measured
 */
export function compare({ name, asked }, results) {
  const pyrois = requestsPerSecond(results, "pyrois");
  return Object.entries(asked).map(([other, least]) => ({
    what: `${name}: pyrois / ${other}`,
    least,
    measured: pyrois / requestsPerSecond(results, other),
  }));
}

/**
 * @param {Asked[]} all
 * @returns {string} a table
 */
export function describeAsked(all) {
  const rows = all.map(({ what, least, measured }) => {
    const asked = `at least ${least.toFixed(2)}`;
    if (Number.isNaN(measured)) return [what, asked, "-", "not measured"];
    return [what, asked, measured.toFixed(2), measured >= least ? "met" : "missed"];
  });
  return table(["requests in the same CPU time", "asked", "measured", ""], rows);
}
