/**
 * Client of many connections that are kept open: `crowd-client.mjs PORT CONNECTIONS` opens them; asked for a number, it
 * sends so many GET /json on each, one at a time, and tells when all are answered and how many connections are open.
 */
import { once } from "node:events";
import { connect } from "node:net";
import { HOST } from "../load/child.mjs";

const REQUEST = "GET /json HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
const ANSWER = /^HTTP\/1\.1 200 /;

/** Connections that are opened at once. */
const AT_ONCE = 100;

const [port, connections] = process.argv.slice(2).map(Number);

const sockets = [];
while (sockets.length < connections) {
  const some = Array.from({ length: Math.min(AT_ONCE, connections - sockets.length) }, () => connect(port, HOST));
  await Promise.all(some.map((socket) => once(socket, "connect")));
  for (const socket of some) socket.setEncoding("latin1").setNoDelay();
  sockets.push(...some);
}

/**
 * Sends one request after the other on a connection; each answer is small and comes in one read.
 * @param {import("node:net").Socket} socket
 * @param {number} count
 */
async function converse(socket, count) {
  for (let sent = 0; sent < count; ++sent) {
    socket.write(REQUEST);
    const [answer] = await once(socket, "data");
    if (!ANSWER.test(answer)) throw new Error(`the answer is ${answer}`);
  }
  socket.resume();
}

process.on("message", async (count) => {
  await Promise.all(sockets.map((socket) => converse(socket, count)));
  process.send({ open: sockets.filter(({ readyState }) => readyState === "open").length });
});
process.on("disconnect", () => process.exit());
process.send({ open: sockets.length });
