/** http-parser-js: node's parser interface in plain JavaScript. */
import { HTTPParser, methods } from "http-parser-js";
import { pairs } from "./agree.mjs";

// Merely reading this property tells the package to call back as node does since 0.12.
void HTTPParser.kOnExecute;

/**
 * Takes a complete head.
 * @this {HTTPParser}
 * @param {number} _major
 * @param {number} _minor
 * @param {string[]} headers names and values in turn
 * @param {number} method
 * @param {string} target
 * @returns {number} 0: a body may follow
 */
function onHeadersComplete(_major, _minor, headers, method, target) {
  this.parsed = { method: methods[method], target, headers };
  return 0;
}

/** @type {import("./agree.mjs").Contender} */
export const httpParserJs = {
  name: "http-parser-js",
  prepare(bytes) {
    const { length } = bytes;
    const parser = new HTTPParser(HTTPParser.REQUEST);
    parser.parsed = null;
    parser[HTTPParser.kOnHeadersComplete] = onHeadersComplete;
    return {
      parse() {
        const taken = parser.execute(bytes);
        if (taken !== length) throw new Error(`http-parser-js took ${taken} of ${length} bytes`);
      },
      result() {
        const { method, target, headers } = parser.parsed;
        return { method, target, fields: pairs(headers) };
      },
    };
  },
};
