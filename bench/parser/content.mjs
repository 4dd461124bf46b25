/** Contenders that read chunked content, in pieces as a socket gives them; all they do with it is to count it. */
import { HTTPParser as JsParser } from "http-parser-js";
import { CHUNK_START, Parser, RequestParser } from "../../dist/parser/index.js";
import { HTTPParser as NodeParser } from "./node.mjs";
import { UndiciParser } from "./undici.mjs";

/** Bytes that a socket gives at once. */
const PIECE = 65536;

/**
 * @param {number} chunkSize bytes of content in a chunk
 * @param {number} total bytes of content in all
 * @returns {{ name: string, total: number, pieces: Buffer[] }} a request with such content
 */
export function chunkedContent(chunkSize, total) {
  const chunk = `${chunkSize.toString(16)}\r\n${"x".repeat(chunkSize)}\r\n`;
  const head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  const bytes = Buffer.from(`${head}${chunk.repeat(total / chunkSize)}0\r\n\r\n`, "latin1");
  const pieces = [];
  for (let at = 0; at < bytes.length; at += PIECE) pieces.push(bytes.subarray(at, at + PIECE));
  return { name: `chunks of ${chunkSize} bytes`, total, pieces };
}

/**
 * @typedef {object} ContentContender
 * @property {string} name
 * @property {(pieces: Buffer[]) => ((pieces: Buffer[]) => number) | null} prepare makes a parser; it reads a message
 *   and gives the size of its content. null where the contender cannot read a message of so many pieces
 */

/**
 * The message lies in the parser's window already, where a server has it read to. Places are told, not views.
 * @type {ContentContender}
 */
export const pyrois = {
  name: "pyrois",
  prepare(pieces) {
    if (pieces.length > 1) return null;
    const parser = new Parser();
    parser.window.set(pieces[0]);
    return ([{ length }]) => {
      let at = parser.parseRequest(0, length);
      let state = CHUNK_START;
      let remaining = 0;
      let size = 0;
      while (at < length) {
        const consumed = parser.decodeChunked(at, length, state, remaining);
        if (consumed < 0) throw parser.error(consumed);
        for (let span = 0; span < parser.spanCount; ++span) size += parser.spanLength(span);
        at += consumed;
        state = parser.chunkState;
        remaining = parser.chunkRemaining;
      }
      return size;
    };
  },
};

/**
 * The message is copied into the window, and its content told as views on what came.
 * @type {ContentContender}
 */
export const pyroisCopied = {
  name: "pyrois, copied in",
  prepare() {
    const messages = new RequestParser();
    return (pieces) => {
      let size = 0;
      for (const piece of pieces) {
        for (const event of messages.push(piece)) if (event.type === "data") size += event.data.length;
      }
      return size;
    };
  },
};

/**
 * node's parser and http-parser-js, which have one interface.
 * @param {string} name
 * @param {() => object} make
 * @returns {ContentContender}
 */
function nodeLike(name, make) {
  return {
    name,
    prepare() {
      const parser = make();
      let size = 0;
      parser[NodeParser.kOnHeadersComplete] = () => 0;
      parser[NodeParser.kOnBody] = (bytes, _at, length = bytes.length) => {
        size += length;
      };
      return (pieces) => {
        size = 0;
        for (const piece of pieces) parser.execute(piece);
        return size;
      };
    },
  };
}

export const node = nodeLike("node", () => {
  const parser = new NodeParser();
  parser.initialize(NodeParser.REQUEST, {});
  return parser;
});

export const httpParserJs = nodeLike("http-parser-js", () => new JsParser(JsParser.REQUEST));

/** @type {ContentContender} */
export const undici = {
  name: "undici's llhttp (wasm)",
  prepare() {
    const parser = new UndiciParser(PIECE);
    return (pieces) => {
      parser.content = 0;
      for (const piece of pieces) parser.execute(piece);
      return parser.content;
    };
  },
};
