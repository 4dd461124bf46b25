/** What else there is to know of this parser: its other builds, heads that come byte by byte, memory and start. */
import { performance } from "node:perf_hooks";
import { Parser, RequestParser } from "../../dist/parser/index.js";
import { median } from "../report.mjs";
import { requests } from "../requests.mjs";

const { bytes: helloKitty } = requests.find(({ name }) => name === "hello-kitty");

/**
 * @param {() => void} work
 * @param {number} rounds
 * @returns {number} milliseconds, the median of the rounds
 */
function time(work, rounds) {
  const all = Array.from({ length: rounds }, () => {
    const started = performance.now();
    work();
    return performance.now() - started;
  });
  return median(all);
}

/** @returns {import("./agree.mjs").Contender[]} the builds one by one */
export const builds = ["simd", "scalar", "js"].map((build) => ({
  name: `pyrois, ${build} build`,
  prepare(bytes) {
    const parser = new Parser({ build });
    parser.window.set(bytes);
    return {
      parse: () => parser.parseRequest(0, bytes.length),
      result: () => {
        const { head } = parser;
        return { method: head.method, target: head.target, fields: head.headers.entries() };
      },
    };
  },
}));

/**
 * @param {number} size bytes of the head
 * @returns {number} nanoseconds a byte that a head costs which comes byte by byte
 */
function byteByByte(size) {
  const start = "GET / HTTP/1.1\r\nHost: a\r\n";
  let fields = "";
  while (start.length + fields.length + 400 < size) fields += `X-Field: ${"x".repeat(200)}\r\n`;
  const rest = size - start.length - fields.length - "X: \r\n\r\n".length;
  const head = Buffer.from(`${start}${fields}X: ${"y".repeat(rest)}\r\n\r\n`, "latin1");
  const pieces = Array.from(head, (_, at) => head.subarray(at, at + 1));
  const messages = new RequestParser();
  let heads = 0;
  const work = () => {
    for (const piece of pieces) for (const event of messages.push(piece)) if (event.type === "head") ++heads;
  };
  const milliseconds = time(work, 200);
  if (heads !== 200) throw new Error(`${heads} heads were found, not 200`);
  return (milliseconds * 1e6) / size;
}

/** @returns {number} bytes of heap that one parse takes */
function heapPerParse() {
  const parser = new Parser();
  parser.window.set(helloKitty);
  const count = 1_000_000;
  const work = () => {
    for (let i = 0; i < count; ++i) parser.parseRequest(0, helloKitty.length);
  };
  work();
  const before = process.memoryUsage().heapUsed;
  work();
  return (process.memoryUsage().heapUsed - before) / count;
}

/** @returns {string[]} lines */
export function notes() {
  const [short, long] = [byteByByte(2048), byteByByte(16384)];
  const start = time(() => new Parser(), 9);
  return [
    `a head that comes byte by byte: ${short.toFixed(0)} ns a byte at 2 KiB, ${long.toFixed(0)} ns at 16 KiB (${(long / short).toFixed(2)} times)`,
    `heap: ${Math.max(0, heapPerParse()).toFixed(2)} bytes a parse`,
    `another instance: ${start.toFixed(2)} ms`,
  ];
}
