/** The workloads: what is sent, what must be answered, by whom, and what is asked of Pyrois. */
import { head, jsonAnswer } from "../load/messages.mjs";
import { middle } from "../load/rounds.mjs";
import { target } from "../server/targets.mjs";
import { FILE_TYPE, LARGE, LIST, MESSAGE, PAGE, SMALL } from "./content.mjs";
import { proveCached, proveCompressed, proveLogged, proveValidated } from "./prove.mjs";

/**
 * @typedef {import("../load/contender.mjs").Contender} Contender
 * @typedef {import("../load/rounds.mjs").Results} Results
 *
 * @typedef {object} Workload
 * @property {string} name
 * @property {number} connections
 * @property {string[]} contenders names of those that serve it
 * @property {string} request its bytes, one character each
 * @property {{ type: string, content: string }} answer
 * @property {string[]} serving names of those whose service is at work, and is proved to be
 * @property {((contender: Contender, workload: Workload) => Promise<void>) | null} proveService throws where the service
 *   does not do its work; null where it has none
 * @property {string} beside name of the contender that the others are told as a multiple of
 * @property {(results: Results) => import("../server/targets.mjs").Target[]} compare what is asked, and what was measured
 */

const JSON_MESSAGE = { request: head("GET", "/json"), answer: jsonAnswer(MESSAGE) };

/** Everyone's answer is the service's. */
const FRAMEWORKS = ["pyrois", "fastify", "express"];

/**
 * @param {string} name of a workload
 * @param {Record<string, number>} most CPU time of Pyrois as a multiple of another's, by the other's name
 * @returns {Workload["compare"]}
 */
function ratios(name, most) {
  return (results) =>
    Object.entries(most).map(([other, limit]) => {
      const ratio = middle(results, "pyrois", "total") / middle(results, other, "total");
      return target(`${name}: CPU time / ${other}`, limit, ratio);
    });
}

/**
 * @param {Results} results
 * @returns {import("../server/targets.mjs").Target[]} what the service adds, as a part of what bare sockets cost
 */
function compareAdded(results) {
  const [floor, plain, pyrois] = ["floor", "plain", "pyrois"].map((name) => middle(results, name, "total"));
  return [target("access-log: (pyrois - plain) / floor", 0.1, (pyrois - plain) / floor)];
}

/**
 * @param {string} name
 * @param {{ name: string, content: string }} file
 * @param {number} connections
 * @param {Record<string, number>} most
 * @returns {Workload} one in which a file is served
 */
function serving(name, file, connections, most) {
  return {
    name,
    connections,
    contenders: FRAMEWORKS,
    request: head("GET", `/files/${file.name}`),
    answer: { type: FILE_TYPE, content: file.content },
    serving: FRAMEWORKS,
    proveService: proveValidated,
    beside: "fastify",
    compare: ratios(name, most),
  };
}

/** @type {Workload[]} */
export const WORKLOADS = [
  {
    name: "access-log",
    connections: 64,
    contenders: ["floor", "plain", "pyrois"],
    ...JSON_MESSAGE,
    serving: ["pyrois"],
    proveService: proveLogged,
    beside: "plain",
    compare: compareAdded,
  },
  {
    name: "compression",
    connections: 64,
    contenders: FRAMEWORKS,
    request: head("GET", "/json", "Accept-Encoding: gzip"),
    answer: { type: "application/json", content: LIST },
    serving: FRAMEWORKS,
    proveService: proveCompressed,
    beside: "fastify",
    compare: ratios("compression", { fastify: 0.8, express: 0.8 }),
  },
  serving("static-small", SMALL, 64, {}),
  serving("static-large", LARGE, 16, { fastify: 0.9 }),
  {
    name: "cached",
    connections: 64,
    contenders: ["plain", "pyrois"],
    request: head("GET", "/page"),
    answer: jsonAnswer(PAGE),
    serving: ["pyrois"],
    proveService: proveCached,
    beside: "plain",
    compare: ratios("cached", { plain: 1.15 }),
  },
  {
    name: "off",
    connections: 64,
    contenders: ["plain", "pyrois"],
    ...JSON_MESSAGE,
    serving: [],
    proveService: null,
    beside: "plain",
    compare: ratios("off", { plain: 1.05 }),
  },
];
