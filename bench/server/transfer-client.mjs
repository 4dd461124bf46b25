/**
 * Client of the transfers: `transfer-client.mjs PORT download|upload CONNECTIONS SECONDS` begins transfers for so long,
 * one after the other on each connection, finishes them, and prints how many there were and how long it took. Every
 * answer is compared with what it must be; the first that is wrong ends it.
 */
import assert from "node:assert";
import { Agent, request } from "node:http";
import { pipeline } from "node:stream/promises";
import { HOST } from "../load/child.mjs";
import { PIECE, PIECES } from "./content.mjs";

/** Pieces of an upload: 100 MiB. */
const UPLOAD_PIECES = 1600;

const [port, transfer, connections, seconds] = process.argv.slice(2);
const agent = new Agent({ keepAlive: true, maxSockets: Number(connections) });

/** Twice what every piece is, so that any part of up to one piece, from anywhere in a piece, is a part of it. */
const pattern = Buffer.concat([PIECE, PIECE]);

/**
 * @param {import("node:http").ClientRequest} asked
 * @returns {Promise<import("node:http").IncomingMessage>} the head of its answer
 */
async function answerTo(asked) {
  const answer = await new Promise((resolve, reject) => asked.on("response", resolve).on("error", reject));
  assert.equal(answer.statusCode, 200, "status");
  return answer;
}

async function download() {
  const answer = await answerTo(request({ agent, host: HOST, port, path: "/stream" }).end());
  let length = 0;
  for await (const part of answer) {
    const start = length % PIECE.length;
    assert(pattern.subarray(start, start + part.length).equals(part), `content of the answer from byte ${length}`);
    length += part.length;
  }
  assert.equal(length, PIECE.length * PIECES, "bytes of the answer");
}

async function upload() {
  const length = PIECE.length * UPLOAD_PIECES;
  const headers = { "Content-Type": "application/octet-stream", "Content-Length": length };
  const asked = request({ agent, host: HOST, port, path: "/upload", method: "POST", headers });
  const answering = answerTo(asked);
  const sending = pipeline(function* () {
    for (let count = 0; count < UPLOAD_PIECES; ++count) yield PIECE;
  }, asked);
  const [answer] = await Promise.all([answering, sending]);
  let text = "";
  for await (const part of answer.setEncoding("utf8")) text += part;
  assert.deepEqual(JSON.parse(text), { length }, "what the server says of the upload");
}

const once = { download, upload }[transfer];
const start = performance.now();
let count = 0;

async function again() {
  do {
    await once();
    ++count;
  } while (performance.now() - start < Number(seconds) * 1000);
}

await Promise.all(Array.from({ length: Number(connections) }, again));
console.log(JSON.stringify({ count, time: (performance.now() - start) / 1000 }));
agent.destroy();
