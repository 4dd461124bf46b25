/** Proof that a contender answers rightly, and that its service does its work, before it is timed. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { Agent, get } from "node:http";
import { buffer } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { gunzipSync, gzipSync } from "node:zlib";
import { HOST } from "../load/child.mjs";
import { GZIP_LEVEL } from "./content.mjs";
import { logFile } from "./folder.mjs";

/** Milliseconds in which an answer must have come, and its line must be in the log. */
const PATIENCE = 5000;

/** Milliseconds after which the log is looked at again. */
const LOOK_AGAIN = 10;

/** Most bytes by which an encoder that gets its content in pieces may need more than one that gets it whole. */
const GZIP_SLACK = 64;

/**
 * @typedef {import("../load/contender.mjs").Contender} Contender
 * @typedef {import("./workloads.mjs").Workload} Workload
 *
 * @typedef {object} Got
 * @property {number} status
 * @property {import("node:http").IncomingHttpHeaders} headers
 * @property {Buffer} content out of its chunks, and encoded still
 * @property {boolean} reused whether it came on a connection that was there
 */

/**
 * @param {string} request
 * @returns {{ path: string, headers: Record<string, string> }} what `get` is to send the same with
 */
function understand(request) {
  const [line, ...lines] = request.trimEnd().split("\r\n");
  return { path: line.split(" ")[1], headers: Object.fromEntries(lines.map((each) => each.split(": "))) };
}

/**
 * Asks for something.
 * @param {Contender} contender
 * @param {{ path: string, headers?: Record<string, string>, agent?: Agent }} what
 * @returns {Promise<Got>} throws where no answer comes, or not all of it
 */
async function ask({ port }, { path, headers, agent }) {
  const signal = AbortSignal.timeout(PATIENCE);
  const request = get({ host: HOST, port, path, headers, agent, signal });
  const [response] = await once(request, "response");
  const content = await buffer(response);
  return { status: response.statusCode, headers: response.headers, content, reused: request.reusedSocket };
}

/**
 * @param {Got} got
 * @returns {string} its content as it was before it was encoded, one character a byte
 */
function decoded({ headers, content }) {
  const plain = headers["content-encoding"] === "gzip" ? gunzipSync(content) : content;
  return plain.toString("latin1");
}

/**
 * Throws where a contender does not answer the workload's request rightly, two times on one connection.
 * @param {Contender} contender
 * @param {Workload} workload
 */
export async function proveAnswers(contender, { request, answer }) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  try {
    for (const again of [false, true]) {
      const got = await ask(contender, { ...understand(request), agent });
      assert.equal(got.status, 200, "status");
      assert.equal(got.headers["content-type"]?.split(";")[0], answer.type, "Content-Type");
      // Of long contents the difference itself would be pages.
      assert.ok(decoded(got) === answer.content, "the content is another");
      assert.equal(got.reused, again, "whether the connection was kept");
    }
  } finally {
    agent.destroy();
  }
}

/**
 * @param {number} count
 * @returns {Promise<string[]>} the lines in the log, once there are so many: they are gathered before they are written.
 *   Fewer where no more came in time
 */
async function linesOfLog(count) {
  const end = performance.now() + PATIENCE;
  for (;;) {
    const lines = existsSync(logFile()) ? readFileSync(logFile(), "latin1").split("\n").slice(0, -1) : [];
    if (lines.length >= count || performance.now() > end) return lines;
    await sleep(LOOK_AGAIN);
  }
}

/**
 * Throws where the two requests that were proved have no line each in the log.
 * @param {Contender} _
 * @param {Workload} workload
 */
export async function proveLogged(_, { answer }) {
  const lines = await linesOfLog(2);
  assert.equal(lines.length, 2, "lines in the log");
  const { length } = answer.content;
  for (const line of lines) assert.ok(line.endsWith(`"GET /json HTTP/1.1" 200 ${length} "-" "-"`), line);
}

/**
 * Throws where content is not compressed as hard as is asked of all, or is compressed for who does not take it.
 * @param {Contender} contender
 * @param {Workload} workload
 */
export async function proveCompressed(contender, { request, answer }) {
  const asked = understand(request);
  const { headers, content } = await ask(contender, asked);
  assert.equal(headers["content-encoding"], "gzip", "Content-Encoding");
  assert.match(headers.vary ?? "", /accept-encoding/i, "Vary");
  const { length } = gzipSync(answer.content, { level: GZIP_LEVEL });
  assert.ok(Math.abs(content.length - length) <= GZIP_SLACK, `${content.length} bytes compressed, and not ${length}`);
  const plain = await ask(contender, { path: asked.path });
  assert.equal(plain.headers["content-encoding"], undefined, "Content-Encoding for who takes none");
}

/**
 * Throws where files cannot be validated, or one that is not there is served.
 * @param {Contender} contender
 * @param {Workload} workload
 */
export async function proveValidated(contender, { request }) {
  const asked = understand(request);
  const { etag } = (await ask(contender, asked)).headers;
  assert.ok(etag, "there is no ETag");
  const same = await ask(contender, { path: asked.path, headers: { "If-None-Match": etag } });
  assert.equal(same.status, 304, "status for who has the file");
  const missing = await ask(contender, { path: "/files/nothing.txt" });
  assert.equal(missing.status, 404, "status of what is not there");
}

/**
 * Throws where the handler has made the answer for each of the requests that were proved.
 * @param {Contender} contender
 */
export async function proveCached(contender) {
  const { content } = await ask(contender, { path: "/made" });
  assert.deepEqual(JSON.parse(content), { made: 1 }, "how often the answer was made");
}
