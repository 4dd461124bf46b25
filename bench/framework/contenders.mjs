/** The frameworks that are loaded, and what there is below one of them. */
import path from "node:path";
import { NODE } from "../load/contender.mjs";

/**
 * @typedef {import("../load/contender.mjs").Which & { blind: boolean }} Framework `blind` are those that give the same
 *   answer to whatever they are sent
 */

/**
 * @param {string} name
 * @param {boolean} blind
 * @returns {Framework}
 */
function contender(name, blind = false) {
  return { name, file: path.join(import.meta.dirname, "contenders", `${name}.mjs`), host: NODE, blind };
}

/** @type {Framework[]} */
export const CONTENDERS = [
  contender("floor", true),
  contender("engine", true),
  contender("pyrois"),
  contender("fastify"),
  contender("hono"),
  contender("koa"),
  contender("h3"),
  contender("express"),
];
