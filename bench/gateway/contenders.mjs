/** Each application twice: behind a gateway of ours, and behind what it is commonly served by. */
import path from "node:path";
import { NODE } from "../load/contender.mjs";

/**
 * @param {string} name
 * @returns {import("../load/contender.mjs").Which}
 */
function contender(name) {
  return { name, file: path.join(import.meta.dirname, "contenders", `${name}.mjs`), host: NODE };
}

/** What is compared: ours, with whom, and the multiple of its CPU time that is asked. */
export const PAIRS = [{ ours: "hono-pyrois", theirs: "hono-node", asked: 0.75 }];

/** @type {import("../load/contender.mjs").Which[]} */
export const CONTENDERS = PAIRS.flatMap(({ ours, theirs }) => [contender(ours), contender(theirs)]);
