/** The workloads: what is sent, and what is asked of Pyrois there. */
import { head, jsonAnswer } from "../load/messages.mjs";
import { MESSAGE, TEXT } from "./content.mjs";

/**
 * @typedef {object} Workload
 * @property {string} name
 * @property {number} threads of wrk
 * @property {number} connections
 * @property {number} pipelined requests in each write
 * @property {string} request its bytes, one character each
 * @property {string} last the same request, after which the connection is to be closed
 * @property {{ type: string, content: string }} answer
 * @property {Record<string, number>} asked how many times the requests of each contender named Pyrois is to serve in the
 *   same CPU time, at the least
 */

/**
 * @param {string} path
 * @param {{ type: string, content: string }} answer
 * @returns {Pick<Workload, "request" | "last" | "answer">}
 */
function asking(path, answer) {
  return { request: head("GET", path), last: head("GET", path, "Connection: close"), answer };
}

const json = asking("/json", jsonAnswer(MESSAGE));
const plaintext = asking("/plaintext", { type: "text/plain", content: TEXT });

/** Areion's own: 12 threads and 400 connections, of which wrk opens 33 a thread. */
const areion = { threads: 12, connections: 396, pipelined: 1, asked: { FastAPI: 5.5, Flask: 22, uvicorn: 2.1 } };
/** That of the other benchmarks. */
const ours = { ...areion, threads: 1, connections: 64 };
const pipelined = { ...ours, pipelined: 16, asked: { uvicorn: 12 } };

/** @type {Workload[]} */
export const WORKLOADS = [
  { ...areion, ...json, name: "json, 400 connections" },
  { ...areion, ...plaintext, asked: {}, name: "plaintext, 400 connections" },
  { ...ours, ...json, name: "json, 64 connections" },
  { ...ours, ...plaintext, asked: {}, name: "plaintext, 64 connections" },
  { ...pipelined, ...json, name: "json, 16 pipelined" },
  { ...pipelined, ...plaintext, asked: {}, name: "plaintext, 16 pipelined" },
];
