/** The servers that are loaded, and the hosts they run on. */
import path from "node:path";
import { NODE } from "../load/contender.mjs";

const BINARIES = path.join(import.meta.dirname, "../node_modules/.bin");
const DENO = [path.join(BINARIES, "deno"), "run", "--allow-all", "--no-config", "--no-lock"];
const BUN = [path.join(BINARIES, "bun")];

/** @returns {string} the path of a contender's module */
function file(name) {
  return path.join(import.meta.dirname, "contenders", name);
}

/** @type {import("../load/contender.mjs").Which[]} */
export const CONTENDERS = [
  { name: "floor", file: file("floor.mjs"), host: NODE },
  { name: "pyrois", file: file("pyrois.mjs"), host: NODE },
  { name: "serve", file: file("serve.mjs"), host: NODE },
  { name: "node:http", file: file("node-http.mjs"), host: NODE },
  { name: "fastify", file: file("fastify.mjs"), host: NODE },
  { name: "hono", file: file("hono.mjs"), host: NODE },
  { name: "express", file: file("express.mjs"), host: NODE },
  { name: "Deno.serve", file: file("deno.mjs"), host: DENO },
  { name: "Bun.serve", file: file("bun.mjs"), host: BUN },
];
