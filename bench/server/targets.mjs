/** What is asked of Pyrois, beside what was measured. */
import { table } from "../report.mjs";

/** @typedef {{ what: string, most: number, measured: number }} Target met where it is measured and not more than `most` */

/**
 * @param {string} what
 * @param {number} most
 * @param {number} measured NaN where it was not
 * @returns {Target}
 */
export function target(what, most, measured) {
  return { what, most, measured };
}

/**
 * @param {Target[]} targets
 * @returns {string} a table
 */
export function describeTargets(targets) {
  const digits = (most) => (most < 10 ? 2 : 1);
  const rows = targets.map(({ what, most, measured }) => {
    const asked = `at most ${most.toFixed(digits(most))}`;
    if (Number.isNaN(measured)) return [what, asked, "-", "not measured"];
    return [what, asked, measured.toFixed(digits(most)), measured <= most ? "met" : "missed"];
  });
  return table(["targets", "asked", "measured", ""], rows);
}
