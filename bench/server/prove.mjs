/** Proof that a contender answers rightly, before it is timed. */
import assert from "node:assert";
import { connect } from "node:net";
import { HOST, MESSAGE } from "./child.mjs";

const REQUEST = "GET /json HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";

/** Milliseconds in which all answers must have come. */
const PATIENCE = 5000;

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
 * Sends requests in one write and reads what comes back, until there are as many responses and for a moment longer,
 * so that one too many shows.
 * @param {number} port
 * @param {number} count
 * @returns {Promise<string>} all that came, one character a byte
 */
function exchange(port, count) {
  return new Promise((resolve, reject) => {
    const socket = connect(port, HOST, () => socket.write(REQUEST.repeat(count)));
    let text = "";
    let settling;
    const timer = setTimeout(
      () => socket.destroy(new Error(`${count} answers did not come; what came: ${text}`)),
      PATIENCE,
    );
    socket.setEncoding("latin1");
    socket.on("data", (part) => {
      text += part;
      clearTimeout(settling);
      if (text.split("HTTP/1.1 ").length > count) settling = setTimeout(() => socket.destroy(), 100);
    });
    socket.on("error", reject);
    socket.on("close", () => {
      clearTimeout(timer);
      resolve(text);
    });
  });
}

/**
 * Throws where a contender does not give exactly as many right answers as it gets requests in one write.
 * @param {import("./contender.mjs").Contender} contender
 * @param {number} count requests
 */
export async function prove({ name, port }, count) {
  let text = await exchange(port, count);
  for (let index = 1; index <= count; ++index) {
    const taken = takeResponse(text);
    assert(taken, `${name}: answer ${index} of ${count} is not complete`);
    assert.equal(taken.response.status, "200", `${name}: status of answer ${index}`);
    assert.match(taken.response.type ?? "", /^application\/json\b/, `${name}: Content-Type of answer ${index}`);
    assert.deepEqual(JSON.parse(taken.response.content), MESSAGE, `${name}: content of answer ${index}`);
    text = taken.rest;
  }
  assert.equal(text, "", `${name}: more came than ${count} answers`);
}
