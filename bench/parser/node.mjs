/** The parser of node:http (llhttp in C), set up as node:http sets it up. */
import { pairs } from "./agree.mjs";

/** @returns {object} node's binding, without the warning that it is private */
function binding() {
  const before = process.noDeprecation;
  process.noDeprecation = true;
  try {
    return process.binding("http_parser");
  } finally {
    process.noDeprecation = before;
  }
}

export const { HTTPParser, allMethods, methods } = binding();
const names = allMethods ?? methods;

/**
 * Takes fields that come before the head is complete: node gives them 32 at a time.
 * @this {HTTPParser}
 * @param {string[]} headers names and values in turn
 * @param {string} url
 */
function onHeaders(headers, url) {
  this.headers = this.headers.concat(headers);
  this.url += url;
}

/**
 * Takes the end of a head: with all its fields, or, where some came before, with none.
 * @this {HTTPParser}
 * @param {number} _major
 * @param {number} _minor
 * @param {string[] | undefined} headers
 * @param {number} method
 * @param {string | undefined} url
 * @returns {number} 0: a body may follow
 */
function onHeadersComplete(_major, _minor, headers, method, url) {
  let all = headers;
  let target = url;
  if (all === undefined) {
    all = this.headers;
    this.headers = [];
  }
  if (target === undefined) {
    target = this.url;
    this.url = "";
  }
  this.parsed = { method: names[method], target, headers: all };
  return 0;
}

/** Takes the end of a request; node:http has a function here too. */
function onMessageComplete() {}

/** @type {import("./agree.mjs").Contender} */
export const node = {
  name: "node",
  prepare(bytes) {
    const { length } = bytes;
    const parser = new HTTPParser();
    parser.headers = [];
    parser.url = "";
    parser.parsed = null;
    parser[HTTPParser.kOnHeaders] = onHeaders;
    parser[HTTPParser.kOnHeadersComplete] = onHeadersComplete;
    parser[HTTPParser.kOnMessageComplete] = onMessageComplete;
    // Once for a connection; each execute() is the next request of it.
    parser.initialize(HTTPParser.REQUEST, {});
    return {
      parse() {
        const taken = parser.execute(bytes);
        if (taken !== length) throw new Error(`node took ${taken} of ${length} bytes`);
      },
      result() {
        const { method, target, headers } = parser.parsed;
        return { method, target, fields: pairs(headers) };
      },
    };
  },
};
