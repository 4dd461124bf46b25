/** llhttp as WebAssembly, the build that undici has, with callbacks that make text of what they are told. */
import { createRequire } from "node:module";
import { pairs } from "./agree.mjs";

const require = createRequire(import.meta.url);
export const { TYPE } = require("undici/lib/llhttp/constants.js");
const { ERROR, METHODS } = require("undici/lib/llhttp/constants.js");
const wasm = require("undici/lib/llhttp/llhttp_simd-wasm.js");

const METHOD_NAMES = [];
for (const [name, number] of Object.entries(METHODS)) METHOD_NAMES[number] = name;

/** The build is for one message at a time; `current` is whose callbacks are being called. */
let current = null;

const instance = new WebAssembly.Instance(new WebAssembly.Module(wasm), {
  env: {
    wasm_on_message_begin: () => current.onMessageBegin(),
    wasm_on_url: (_parser, at, length) => current.onUrl(at, length),
    wasm_on_status: () => 0,
    wasm_on_header_field: (_parser, at, length) => current.onName(at, length),
    wasm_on_header_value: (_parser, at, length) => current.onValue(at, length),
    wasm_on_headers_complete: () => current.onHeadersComplete(),
    wasm_on_body: (_parser, at, length) => current.onBody(at, length),
    wasm_on_message_complete: () => 0,
  },
});
const llhttp = instance.exports;
llhttp._initialize();

/** One connection's parser. Like undici it slices its text out of the chunk, not out of the copy in wasm memory. */
export class UndiciParser {
  #parser;
  #buffer;
  #size;
  #chunk = null;
  #target = "";
  #headers = [];
  parsed = null;
  /** Bytes of content since the owner last set it to 0. */
  content = 0;

  /**
   * @param {number} size the most bytes that a chunk has
   * @param {number} type what it parses, one of llhttp's types
   */
  constructor(size, type = TYPE.REQUEST) {
    this.#parser = llhttp.llhttp_alloc(type);
    this.#size = Math.ceil(size / 4096) * 4096;
    this.#buffer = llhttp.malloc(this.#size);
  }

  /**
   * Parses a chunk; `parsed` has what the last head said.
   * @param {Buffer} chunk
   */
  execute(chunk) {
    new Uint8Array(llhttp.memory.buffer, this.#buffer, this.#size).set(chunk);
    this.#chunk = chunk;
    current = this;
    const error = llhttp.llhttp_execute(this.#parser, this.#buffer, chunk.length);
    if (error !== ERROR.OK) throw new Error(`llhttp gave error ${error}`);
  }

  /**
   * @param {number} at where in wasm memory it lies
   * @param {number} length
   * @returns {string}
   */
  #text(at, length) {
    const start = at - this.#buffer;
    return this.#chunk.latin1Slice(start, start + length);
  }

  // The callbacks: each gives 0, which lets the parser go on.

  onMessageBegin() {
    this.#target = "";
    this.#headers = [];
    return 0;
  }

  onUrl(at, length) {
    this.#target += this.#text(at, length);
    return 0;
  }

  // A name or value that is split over chunks is told of in parts: the parity says whether one is under way.
  onName(at, length) {
    const headers = this.#headers;
    if (headers.length % 2 === 0) headers.push(this.#text(at, length));
    else headers[headers.length - 1] += this.#text(at, length);
    return 0;
  }

  onValue(at, length) {
    const headers = this.#headers;
    if (headers.length % 2 === 1) headers.push(this.#text(at, length));
    else headers[headers.length - 1] += this.#text(at, length);
    return 0;
  }

  // undici hands content on as a view on the chunk.
  onBody(at, length) {
    const start = at - this.#buffer;
    this.content += this.#chunk.subarray(start, start + length).length;
    return 0;
  }

  onHeadersComplete() {
    const method = METHOD_NAMES[llhttp.llhttp_get_method(this.#parser)];
    const status = llhttp.llhttp_get_status_code(this.#parser);
    this.parsed = { method, target: this.#target, status, headers: this.#headers };
    return 0;
  }
}

/** @type {import("./agree.mjs").Contender} */
export const undici = {
  name: "undici's llhttp (wasm)",
  prepare(bytes) {
    const parser = new UndiciParser(bytes.length);
    return {
      parse: () => parser.execute(bytes),
      result() {
        const { method, target, headers } = parser.parsed;
        return { method, target, fields: pairs(headers) };
      },
    };
  },
};
