/** The workloads: what is sent, what must be answered, and what is asked of Pyrois there. */
import assert from "node:assert";
import { head, JSON_LINE, jsonAnswer } from "../load/messages.mjs";
import { requests } from "../requests.mjs";
import { MESSAGE, PIECE } from "./content.mjs";

/**
 * @typedef {object} Targets what is asked of Pyrois, where anything is
 * @property {Record<string, number>} [cpu] the most CPU time, as a multiple of that of each contender named
 * @property {number} [serve] the most CPU time without the framework, as a multiple of the floor's
 * @property {number} [p99] the 99th percentile of latency, as a multiple of node:http's
 * @property {number} [growth] MiB by which resident memory may grow at its peak: well below what is under way at once
 *
 * @typedef {object} Requests small requests, which wrk sends
 * @property {string} name
 * @property {number} connections
 * @property {number} pipelined requests in each write
 * @property {boolean} closes whether each request has a connection of its own
 * @property {string} request its bytes, one character each
 * @property {{ type: string, content: string }} answer
 * @property {Targets} targets
 *
 * @typedef {object} Transfers large contents, which a client of our own sends or takes
 * @property {string} name
 * @property {number} connections
 * @property {"download" | "upload"} transfer
 * @property {Targets} targets
 *
 * @typedef {Requests | Transfers} Workload
 */

/** The page load of a browser, 15 fields, for a shorter target. */
const browser = requests
  .find(({ name }) => name === "browser")
  .bytes.toString("latin1")
  .replace(/^GET \S+/, "GET /browser");

/** @returns {number} length of a field's value in the request of the browser */
function lengthOf(name) {
  return new RegExp(`^${name}: (.*)$`, "m").exec(browser)[1].length;
}

const ID = 47110815;

/** 1 KiB of JSON. */
const DOCUMENT = (() => {
  const document = { id: ID, name: "Ada Lovelace", email: "ada@example.com", active: true, tags: ["a", "b"], text: "" };
  document.text = "All work and no play makes Jack a dull boy. "
    .repeat(24)
    .slice(0, 1024 - JSON.stringify(document).length);
  return JSON.stringify(document);
})();
assert.equal(DOCUMENT.length, 1024, "the JSON that is posted");

/** @returns {string} a part of the content as a chunk */
function chunk(content) {
  return `${content.length.toString(16)}\r\n${content}\r\n`;
}

const post = head("POST", "/json", JSON_LINE, `Content-Length: ${DOCUMENT.length}`) + DOCUMENT;
const postChunked =
  head("POST", "/json", JSON_LINE, "Transfer-Encoding: chunked") +
  chunk(DOCUMENT.slice(0, 512)) +
  chunk(DOCUMENT.slice(512)) +
  chunk("");

const get = {
  connections: 64,
  pipelined: 1,
  closes: false,
  request: head("GET", "/json"),
  answer: jsonAnswer(MESSAGE),
};

/** @type {Workload[]} */
export const WORKLOADS = [
  {
    ...get,
    name: "json, 64 connections",
    targets: {
      cpu: { floor: 1.1, "node:http": 0.6, fastify: 0.5, "Deno.serve": 1.05, "Bun.serve": 1.05 },
      serve: 1.05,
    },
  },
  { ...get, name: "json, 400 connections", connections: 400, targets: { p99: 1 } },
  {
    ...get,
    name: "16 pipelined",
    pipelined: 16,
    targets: { cpu: { "node:http": 0.1, "Deno.serve": 0.2, "Bun.serve": 0.2 } },
  },
  {
    ...get,
    name: "browser fields",
    request: browser,
    answer: jsonAnswer({
      agent: lengthOf("User-Agent"),
      language: lengthOf("Accept-Language"),
      cookie: lengthOf("Cookie"),
    }),
    targets: { cpu: { "node:http": 0.62 } },
  },
  { ...get, name: "async handler", request: head("GET", "/async"), targets: { cpu: { "node:http": 0.62 } } },
  {
    ...get,
    name: "post 1 KiB",
    request: post,
    answer: jsonAnswer({ id: ID }),
    targets: { cpu: { "node:http": 0.62 } },
  },
  {
    ...get,
    name: "post 1 KiB chunked",
    request: postChunked,
    answer: jsonAnswer({ id: ID }),
    targets: { cpu: { "node:http": 0.62 } },
  },
  {
    ...get,
    name: "connection per request",
    closes: true,
    request: head("GET", "/close", "Connection: close"),
    targets: { cpu: { "node:http": 0.95 } },
  },
  {
    ...get,
    name: "64 KiB answer",
    request: head("GET", "/bytes"),
    answer: { type: "application/octet-stream", content: new TextDecoder().decode(PIECE) },
    targets: { cpu: { "node:http": 0.9 } },
  },
  {
    name: "10 MiB stream",
    connections: 4,
    transfer: "download",
    targets: { cpu: { "node:http": 0.9 }, growth: 32 },
  },
  {
    name: "100 MiB upload",
    connections: 2,
    transfer: "upload",
    targets: { cpu: { "node:http": 0.9 }, growth: 64 },
  },
];
