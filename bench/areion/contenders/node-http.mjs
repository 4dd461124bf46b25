/** Contender: node:http, with what little such handlers need. */
import { createServer } from "node:http";
import { BACKLOG, HOST, PORT, ready } from "../../load/child.mjs";
import { MESSAGE, TEXT } from "../content.mjs";

/**
 * @param {import("node:http").ServerResponse} response
 * @param {string} type
 * @param {string} body
 */
function send(response, type, body) {
  response.writeHead(200, { "Content-Type": type, "Content-Length": Buffer.byteLength(body) });
  response.end(body);
}

const server = createServer((request, response) => {
  const route = `${request.method} ${request.url}`;
  if (route === "GET /json") send(response, "application/json", JSON.stringify(MESSAGE));
  else if (route === "GET /plaintext") send(response, "text/plain", TEXT);
  else response.writeHead(404).end();
});
server.listen(PORT, HOST, BACKLOG, () => ready(server.address().port));
