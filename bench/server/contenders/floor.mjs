/**
 * The floor: sockets that answer without parsing. What any server on node:net costs at the least, since all that
 * remains here is Node's and the system's own work. It reads as Pyrois does, into one buffer that all sockets share,
 * and writes the right answer to the workload that WORKLOAD names, made once.
 *
 * Where requests are pipelined it counts the ends of requests and answers each of them, else it takes each read for a
 * request.
 */
import { createServer } from "node:net";
import { readDirectly } from "../../../build/direct-read.js";
import { WORKLOADS } from "../workloads.mjs";
import { BACKLOG, HOST, PORT, ready } from "./child.mjs";

const { answer, closes, pipelined } = WORKLOADS.find(({ name }) => name === process.env.WORKLOAD) ?? WORKLOADS[0];
const RESPONSE =
  `HTTP/1.1 200 OK\r\nContent-Type: ${answer.type}\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\n` +
  `Content-Length: ${answer.content.length}\r\n${closes ? "Connection: close\r\n" : ""}\r\n${answer.content}`;
/** What to write: text costs less where it is short, and is copied where it is long. */
const WRITTEN = RESPONSE.length < 16384 ? RESPONSE : Buffer.from(RESPONSE, "latin1");
const END = Buffer.from("\r\n\r\n");
const END_AS_NUMBER = END.readUInt32BE();

const buffer = Buffer.alloc(65536);

/** Answers to a number of requests, made once. */
const responses = [""];

/**
 * @param {number} count
 * @returns {string}
 */
function responsesTo(count) {
  responses[count] ??= RESPONSE.repeat(count);
  return responses[count];
}

/**
 * @param {Buffer} bytes
 * @returns {number} ends of requests in them
 */
function countEnds(bytes) {
  let count = 0;
  for (let at = bytes.indexOf(END); at >= 0; at = bytes.indexOf(END, at + END.length)) ++count;
  return count;
}

/**
 * Gives the function that answers the reads of one socket, each read being one request.
 * @param {import("node:net").Socket} socket
 * @returns {(length: number) => boolean}
 */
function single(socket) {
  return () => {
    if (closes) socket.end(WRITTEN, "latin1");
    else socket.write(WRITTEN, "latin1");
    return true;
  };
}

/**
 * As `single`, where a read has any number of requests.
 * @param {import("node:net").Socket} socket
 * @returns {(length: number) => boolean}
 */
function many(socket) {
  /** The last bytes of a read that ended within a request: the request's end may be cut in two. */
  let before = null;
  return (length) => {
    let bytes = buffer.subarray(0, length);
    if (before !== null) bytes = Buffer.concat([before, bytes]);
    const whole = bytes.length >= END.length && bytes.readUInt32BE(bytes.length - END.length) === END_AS_NUMBER;
    before = whole ? null : Buffer.from(bytes.subarray(1 - END.length));
    const count = countEnds(bytes);
    if (count > 0) socket.write(responsesTo(count), "latin1");
    return true;
  };
}

const answering = pipelined > 1 ? many : single;

const server = createServer({ noDelay: true }, (socket) => {
  if (!readDirectly(socket, buffer, answering(socket))) throw new Error("this Node cannot read into a buffer of ours");
  socket.on("error", () => socket.destroy());
});
server.listen({ host: HOST, port: PORT, backlog: BACKLOG }, () => ready(server.address().port));
