/**
 * The floor: sockets that answer without parsing. What any server on node:net costs at the least, since all that
 * remains here is Node's and the system's own work. It reads as Pyrois does, into one buffer that all sockets share,
 * and writes the one answer to a workload, made once, by the stream, as servers do; Pyrois writes small answers past it.
 *
 * Where requests are pipelined it counts the ends of requests and answers each of them, else it takes each read for a
 * request.
 */
import { createServer } from "node:net";
import { readDirectly } from "../../build/direct-read.js";
import { BACKLOG, HOST, PORT, ready } from "./child.mjs";

/** @typedef {(socket: import("node:net").Socket) => (length: number) => boolean} Answering gives what answers reads */

const END = Buffer.from("\r\n\r\n");
const END_AS_NUMBER = END.readUInt32BE();

const buffer = Buffer.alloc(65536);

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
 * Answers the reads of a socket, each read being one request.
 * @param {string} response
 * @param {boolean} closes whether the connection ends with it
 * @returns {Answering}
 */
function single(response, closes) {
  /** What to write: text costs less where it is short, and is copied where it is long. */
  const written = response.length < 16384 ? response : Buffer.from(response, "latin1");
  return (socket) => () => {
    if (closes) socket.end(written, "latin1");
    else socket.write(written, "latin1");
    return true;
  };
}

/**
 * As `single`, where a read has any number of requests.
 * @param {string} response
 * @returns {Answering}
 */
function many(response) {
  /** Answers to a number of requests, made once. */
  const responses = [""];
  return (socket) => {
    /** The last bytes of a read that ended within a request: the request's end may be cut in two. */
    let before = null;
    return (length) => {
      let bytes = buffer.subarray(0, length);
      if (before !== null) bytes = Buffer.concat([before, bytes]);
      const whole = bytes.length >= END.length && bytes.readUInt32BE(bytes.length - END.length) === END_AS_NUMBER;
      before = whole ? null : Buffer.from(bytes.subarray(1 - END.length));
      const count = countEnds(bytes);
      responses[count] ??= response.repeat(count);
      if (count > 0) socket.write(responses[count], "latin1");
      return true;
    };
  };
}

/**
 * Listens, and answers whatever comes.
 * @param {{ answer: { type: string, content: string }, pipelined: number, closes: boolean }} workload
 */
export function serveFloor({ answer, pipelined, closes }) {
  const response =
    `HTTP/1.1 200 OK\r\nContent-Type: ${answer.type}\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\n` +
    `Content-Length: ${answer.content.length}\r\n${closes ? "Connection: close\r\n" : ""}\r\n${answer.content}`;
  const answering = pipelined > 1 ? many(response) : single(response, closes);
  const server = createServer({ noDelay: true }, (socket) => {
    if (!readDirectly(socket, buffer, answering(socket)))
      throw new Error("this Node cannot read into a buffer of ours");
    socket.on("error", () => socket.destroy());
  });
  server.listen({ host: HOST, port: PORT, backlog: BACKLOG }, () => ready(server.address().port));
}
