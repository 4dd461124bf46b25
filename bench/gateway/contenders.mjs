/** Each application twice: behind a gateway of ours, and behind what it is commonly served by. */
import path from "node:path";
import { NODE } from "../load/contender.mjs";

/**
 * @param {string} name
 * @param {string} folder beside this one
 * @returns {import("../load/contender.mjs").Which}
 */
function contender(name, folder) {
  return { name, file: path.join(import.meta.dirname, "..", folder, "contenders", `${name}.mjs`), host: NODE };
}

/** What is compared: ours, with whom, and the multiple of its CPU time that is asked. */
export const PAIRS = [
  { ours: "hono-pyrois", theirs: "hono", asked: 0.75 },
  { ours: "express-pyrois", theirs: "express", asked: 0.95 },
  { ours: "express-drop-in", theirs: "express", asked: 0.95 },
];

/** @type {import("../load/contender.mjs").Which[]} */
export const CONTENDERS = [
  ...["hono", "express"].map((name) => contender(name, "framework")),
  ...PAIRS.map(({ ours }) => contender(ours, "gateway")),
];
