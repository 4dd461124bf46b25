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

const { HTTPParser, allMethods, methods } = binding();
const names = allMethods ?? methods;

/**
 * Fields that came before the head was complete: node gives them 32 at a time.
 * @this {HTTPParser}
 */
function onHeaders(headers, url) {
  this.headers = this.headers.concat(headers);
  this.url += url;
}

/** @this {HTTPParser} */
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
