/** What both benchmarks print their results with. */
import os from "node:os";

/**
 * @param {number[]} values
 * @returns {number} NaN where there are none
 */
export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * Lays rows out in columns: the first to the left, the others, which are numbers, to the right.
 * @param {string[]} titles
 * @param {string[][]} rows
 * @returns {string} lines
 */
export function table(titles, rows) {
  const widths = titles.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column].length)));
  const lines = [titles, widths.map((width) => "-".repeat(width)), ...rows].map((row) =>
    row.map((cell, column) => (column === 0 ? cell.padEnd(widths[column]) : cell.padStart(widths[column]))).join("  "),
  );
  return lines.map((line) => line.trimEnd()).join("\n");
}

/**
 * The machine and the day, without which numbers mean nothing.
 * @param {string[]} more what else belongs to them
 * @returns {string} one line
 */
export function circumstances(...more) {
  const cpus = os.cpus();
  const machine = `${cpus[0].model.trim()}, ${cpus.length} CPUs, ${os.type()} ${os.release()}`;
  const today = new Date().toISOString().slice(0, 10);
  return [machine, `Node ${process.version}`, ...more, today].join("; ");
}
