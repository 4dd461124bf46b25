/** The workloads: what is sent, what must be answered, and what must be refused. */
import assert from "node:assert";
import { head, JSON_LINE, jsonAnswer } from "../load/messages.mjs";
import { FIELDS, HELLO, ROUTES } from "./content.mjs";

/**
 * @typedef {{ request: string, answer: { type: string, content: string } }} Asked bytes, one character each
 *
 * @typedef {object} Workload
 * @property {string} name
 * @property {number} connections
 * @property {Asked[]} asked the requests that are sent in turn
 * @property {string[]} refused requests that must get a status from 400 to 499
 */

/** Requests of the API for each of its routes: so many, with other parameters, that no path comes again soon. */
const TURNS = 5;

/** Methods whose requests say that they have no content (RFC 9110 §8.6). */
const MAY_HAVE_CONTENT = ["POST", "PUT", "PATCH"];

/**
 * Numbers that look random and are the same in every run (a linear congruential generator, constants of Numerical
 * Recipes).
 * @returns {(below: number) => number} gives the next, less than `below`
 */
function newRandom() {
  let state = 1;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/**
 * @template T
 * @param {T[]} items
 * @param {(below: number) => number} random
 * @returns {T[]} the same in another order
 */
function shuffled(items, random) {
  const result = [...items];
  for (let last = result.length - 1; last > 0; --last) {
    const other = random(last + 1);
    [result[last], result[other]] = [result[other], result[last]];
  }
  return result;
}

/**
 * @param {typeof ROUTES[number]} route
 * @param {number} turn makes its parameters differ
 * @returns {Asked}
 */
function askRoute({ number, method, pattern }, turn) {
  const params = {};
  const target = pattern.replace(/\{(\w+)\}/g, (_, name) => {
    params[name] = `${name}-${number}-${turn}`;
    return params[name];
  });
  const lines = MAY_HAVE_CONTENT.includes(method) ? ["Content-Length: 0"] : [];
  return { request: head(method, target, ...lines), answer: jsonAnswer({ route: number, params }) };
}

const random = newRandom();
const asked = Array.from({ length: TURNS }, (_, turn) =>
  shuffled(ROUTES, random).map((route) => askRoute(route, turn)),
).flat();

/**
 * @param {string[]} names of fields
 * @returns {string} a request that has them
 */
function askWith(names) {
  const lines = names.map((name) => `${name}: the value of ${name}`);
  return head("GET", "/hello", ...lines);
}

const ada = {
  name: "Ada Lovelace",
  email: "ada@example.com",
  age: 36,
  tags: ["poetry", "engines"],
  address: { street: "12 St James's Square", city: "London", country: "GB" },
};
const CONTENT = JSON.stringify(ada);
assert.equal(CONTENT.length, 161, "the JSON that is posted");

/**
 * @param {string} content
 * @returns {string} a request with it
 */
function post(content) {
  return head("POST", "/users", JSON_LINE, `Content-Length: ${content.length}`) + content;
}

/** What is no user, each for one reason. */
const NO_USERS = [
  { ...ada, name: "" },
  { ...ada, email: "nobody" },
  { ...ada, email: undefined },
  { ...ada, age: 151 },
  { ...ada, age: 36.5 },
  { ...ada, tags: Array(11).fill("engine") },
  { ...ada, tags: ["a tag that goes on and on"] },
  { ...ada, address: "London" },
  { ...ada, address: { ...ada.address, country: "Great Britain" } },
  [ada],
];

/** @type {Workload[]} */
export const WORKLOADS = [
  {
    name: "static",
    connections: 64,
    asked: [{ request: head("GET", "/hello"), answer: jsonAnswer(HELLO) }],
    refused: [head("GET", "/hallo"), head("POST", "/hello", "Content-Length: 0")],
  },
  {
    name: "api",
    connections: 64,
    asked,
    refused: [head("GET", "/users/monalisa/nothing/here"), head("DELETE", "/meta")],
  },
  {
    name: "middleware",
    connections: 64,
    asked: [{ request: askWith(FIELDS), answer: jsonAnswer(HELLO) }],
    refused: FIELDS.map((missing) => askWith(FIELDS.filter((name) => name !== missing))),
  },
  {
    name: "schema",
    connections: 64,
    asked: [{ request: post(CONTENT), answer: jsonAnswer({ name: ada.name, tags: ada.tags }) }],
    refused: [...NO_USERS.map((value) => post(JSON.stringify(value))), post(CONTENT.slice(0, -1))],
  },
];
