/** Contender: node:http, with what little such handlers need. */
import { createServer } from "node:http";
import { pipeline } from "node:stream/promises";
import { BACKLOG, HOST, PORT, ready } from "../../load/child.mjs";
import { MESSAGE, PIECE, pieces } from "../content.mjs";

/** Milliseconds that a connection may be idle: with the 5 s of the default, idle ones go while they are counted. */
const KEEP_ALIVE_TIMEOUT = 75_000;

/** @typedef {(request: import("node:http").IncomingMessage, response: import("node:http").ServerResponse) => void} Handler */

/**
 * @param {import("node:http").ServerResponse} response
 * @param {object} value
 */
function sendJson(response, value) {
  const body = JSON.stringify(value);
  response.writeHead(200, { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(body) });
  response.end(body);
}

/** @type {Record<string, Handler>} */
const routes = {
  "GET /json": (_, response) => sendJson(response, MESSAGE),
  "GET /close": (_, response) => sendJson(response, MESSAGE),
  "GET /browser": ({ headers }, response) => {
    sendJson(response, {
      agent: headers["user-agent"].length,
      language: headers["accept-language"].length,
      cookie: headers.cookie.length,
    });
  },
  "GET /async": async (_, response) => {
    await Promise.resolve();
    sendJson(response, MESSAGE);
  },
  "POST /json": (request, response) => {
    let text = "";
    request.setEncoding("utf8");
    request.on("data", (piece) => {
      text += piece;
    });
    request.on("end", () => {
      const { id } = JSON.parse(text);
      sendJson(response, { id });
    });
  },
  "GET /bytes": (_, response) => {
    response.writeHead(200, { "Content-Type": "application/octet-stream", "Content-Length": PIECE.length });
    response.end(PIECE);
  },
  "GET /stream": (_, response) => {
    response.writeHead(200, { "Content-Type": "application/octet-stream" });
    return pipeline(pieces, response);
  },
  "POST /upload": (request, response) => {
    let length = 0;
    request.on("data", (piece) => {
      length += piece.length;
    });
    request.on("end", () => sendJson(response, { length }));
  },
};

const server = createServer({ keepAliveTimeout: KEEP_ALIVE_TIMEOUT }, (request, response) => {
  const handler = routes[`${request.method} ${request.url}`];
  if (handler) handler(request, response);
  else response.writeHead(404).end();
});
server.listen(PORT, HOST, BACKLOG, () => ready(server.address().port));
