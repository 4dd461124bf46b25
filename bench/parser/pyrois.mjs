/** The parser of this repository, in three ways of using it. */
import { Parser } from "../../dist/parser/index.js";

/**
 * @param {number} outcome what a parse gave
 * @param {number} length what it should have given
 */
function expect(outcome, length) {
  if (outcome !== length) throw new Error(`pyrois took ${outcome} of ${length} bytes`);
}

/**
 * Everything that the parser found, as text.
 * @param {Parser} parser
 * @returns {import("./agree.mjs").Parsed}
 */
function read({ head }) {
  return { method: head.method, target: head.target, fields: head.headers.entries() };
}

/**
 * The bytes lie in the parser's window already, where the server has them read to; text is made only on demand.
 * @type {import("./agree.mjs").Contender}
 */
export const pyrois = {
  name: "pyrois",
  prepare(bytes) {
    const parser = new Parser();
    const { length } = bytes;
    parser.window.set(bytes);
    return {
      parse: () => expect(parser.parseRequest(0, length), length),
      result: () => read(parser),
    };
  },
};

/**
 * The bytes come from elsewhere and are copied into the window.
 * @type {import("./agree.mjs").Contender}
 */
export const pyroisCopied = {
  name: "pyrois, copied in",
  prepare(bytes) {
    const parser = new Parser();
    const { length } = bytes;
    return {
      parse() {
        parser.window.set(bytes);
        expect(parser.parseRequest(0, length), length);
      },
      result: () => read(parser),
    };
  },
};

/**
 * As the first, then method, target and all fields are made into text, which the other parsers always do.
 * @type {import("./agree.mjs").Contender}
 */
export const pyroisStrings = {
  name: "pyrois, all strings",
  prepare(bytes) {
    const parser = new Parser();
    const { length } = bytes;
    let parsed = null;
    parser.window.set(bytes);
    return {
      parse() {
        expect(parser.parseRequest(0, length), length);
        parsed = read(parser);
      },
      result: () => parsed,
    };
  },
};
