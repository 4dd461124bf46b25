/**
 * What a contender is, and the proof that all of them find the same in a request.
 *
 * @typedef {object} Parsed
 * @property {string} method
 * @property {string} target
 * @property {[name: string, value: string][]} fields in the order and case they were sent in
 *
 * @typedef {object} Prepared
 * @property {() => void} parse parses the request once; this is what is timed. Throws where it is not taken whole
 * @property {() => Parsed} result what the last parse found
 *
 * @typedef {object} Contender
 * @property {string} name
 * @property {(bytes: Buffer) => Prepared} prepare makes a parser ready for one request, to be parsed again and again
 */

/**
 * @param {string[]} headers names and values in turn
 * @returns {[name: string, value: string][]}
 */
export function pairs(headers) {
  return Array.from({ length: headers.length / 2 }, (_, index) => [headers[2 * index], headers[2 * index + 1]]);
}

/**
 * Reads a request in the most naive way: what the contenders are compared with.
 * @param {Buffer} bytes
 * @returns {Parsed}
 */
function naive(bytes) {
  const [start, ...lines] = bytes.toString("latin1").split("\r\n").slice(0, -2);
  const [method, target] = start.split(" ");
  const fields = lines.map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1).trim()]);
  return { method, target, fields };
}

/**
 * @param {Parsed} expected
 * @param {Parsed} found
 * @returns {string | null} the first difference in words, null where there is none
 */
function difference(expected, found) {
  if (found.method !== expected.method) return `method ${found.method}, not ${expected.method}`;
  if (found.target !== expected.target) return `target ${found.target}, not ${expected.target}`;
  const count = Math.max(expected.fields.length, found.fields.length);
  for (let index = 0; index < count; ++index) {
    const mine = JSON.stringify(found.fields[index]);
    const theirs = JSON.stringify(expected.fields[index]);
    if (mine !== theirs) return `field ${index} is ${mine}, not ${theirs}`;
  }
  return null;
}

/**
 * Parses every request twice with every contender, so that a parser that is not ready for the next request shows.
 * @param {Contender[]} contenders
 * @param {{ name: string, bytes: Buffer, fields: number }[]} requests
 * @returns {string[]} what differs; empty where all agree
 */
export function disagreements(contenders, requests) {
  const found = [];
  for (const request of requests) {
    const expected = naive(request.bytes);
    if (expected.fields.length !== request.fields) {
      found.push(`${request.name}: it has ${expected.fields.length} fields, not ${request.fields}`);
    }
    for (const contender of contenders) {
      const { parse, result } = contender.prepare(request.bytes);
      parse();
      parse();
      const different = difference(expected, result());
      if (different !== null) found.push(`${request.name}: ${contender.name} found ${different}`);
    }
  }
  return found;
}
