/** Proof that a contender answers rightly, before it is timed. */
import assert from "node:assert/strict";
import { connect } from "node:net";
import { HOST } from "./child.mjs";

/** Milliseconds in which all answers must have come. */
const PATIENCE = 5000;

/** Milliseconds to wait after the last answer, so that one too many shows, and a connection that is closed. */
const SETTLE_TIME = 100;

/**
 * Takes the first response off a text.
 * @param {string} text one character a byte
 * @returns {{ response: { status: string, type: string | undefined, content: string }, rest: string } | null}
 *   null while it is not complete
 */
function takeResponse(text) {
  const end = text.indexOf("\r\n\r\n");
  if (end < 0) return null;
  const [statusLine, ...lines] = text.slice(0, end).split("\r\n");
  const fields = new Map(
    lines.map((line) => [line.split(":")[0].toLowerCase(), line.slice(line.indexOf(":") + 1).trim()]),
  );
  const length = fields.get("content-length");
  assert.match(length ?? "", /^\d+$/, `Content-Length is ${length}`);
  const start = end + 4;
  if (text.length < start + Number(length)) return null;
  const content = text.slice(start, start + Number(length));
  const response = { status: statusLine.split(" ")[1], type: fields.get("content-type"), content };
  return { response, rest: text.slice(start + Number(length)) };
}

/**
 * Sends requests in one write and reads what comes back, until as many answers as there are requests are complete, and
 * for a moment longer.
 * @param {number} port
 * @param {string} request
 * @param {number} count
 * @returns {Promise<{ responses: object[], rest: string, closed: boolean }>} the answers, what came after them, and
 *   whether the server closed the connection
 */
function exchange(port, request, count) {
  return new Promise((resolve, reject) => {
    const socket = connect(port, HOST, () => socket.write(request.repeat(count), "latin1"));
    const responses = [];
    let rest = "";
    let closed = false;
    let settling;
    const timer = setTimeout(
      () => socket.destroy(new Error(`${count} answers did not come; after ${responses.length} came: ${rest}`)),
      PATIENCE,
    );
    socket.setEncoding("latin1");
    socket.on("data", (part) => {
      rest += part;
      try {
        for (let taken = takeResponse(rest); taken !== null; taken = takeResponse(rest)) {
          responses.push(taken.response);
          rest = taken.rest;
        }
      } catch (error) {
        socket.destroy(error);
      }
      if (responses.length >= count) settling ??= setTimeout(() => socket.destroy(), SETTLE_TIME);
    });
    socket.on("end", () => {
      closed = true;
    });
    socket.on("error", reject);
    socket.on("close", () => {
      clearTimeout(timer);
      clearTimeout(settling);
      resolve({ responses, rest, closed });
    });
  });
}

/**
 * @param {string} content
 * @param {{ type: string }} answer
 * @returns {unknown} what can be compared: of JSON its value, whose members may stand in any order
 */
function meaning(content, { type }) {
  return type === "application/json" ? JSON.parse(content) : content;
}

/**
 * Throws where a contender does not give exactly as many right answers as it gets requests in one write, or treats the
 * connection otherwise than the request says.
 * @param {import("./contender.mjs").Contender} contender
 * @param {{ request: string, answer: { type: string, content: string }, closes: boolean }} wanted bytes of a request,
 *   one character each, and what they must get
 * @param {number} count requests
 */
export async function prove({ port }, { request, answer, closes }, count) {
  const { responses, rest, closed } = await exchange(port, request, count);
  for (const [index, { status, type, content }] of responses.entries()) {
    assert.equal(status, "200", `status of answer ${index + 1}`);
    assert.equal(type?.split(";")[0], answer.type, `Content-Type of answer ${index + 1}`);
    assert.deepEqual(meaning(content, answer), meaning(answer.content, answer), `content of answer ${index + 1}`);
  }
  assert.equal(responses.length, count, `answers`);
  assert.equal(rest, "", `more came than ${count} answers`);
  assert.equal(closed, closes, `whether the connection was closed`);
}

/**
 * Throws where a contender does not answer a request with one response of a status that is the client's fault.
 * @param {import("./contender.mjs").Contender} contender
 * @param {string} request
 */
export async function proveRefused({ port }, request) {
  const { responses } = await exchange(port, request, 1);
  assert.equal(responses.length, 1, "answers to what must be refused");
  assert.match(responses[0].status, /^4\d\d$/, `status of the answer to ${JSON.stringify(request)}`);
}
