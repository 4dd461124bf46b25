/** The servers that are loaded. */
import path from "node:path";
import { NODE } from "../load/contender.mjs";

/**
 * @param {string} name
 * @returns {import("../load/contender.mjs").Which}
 */
function contender(name) {
  return { name, file: path.join(import.meta.dirname, "contenders", `${name}.mjs`), host: NODE };
}

/** Which of them serve a workload, the workload says. */
export const CONTENDERS = ["floor", "plain", "pyrois", "fastify", "express"].map(contender);
