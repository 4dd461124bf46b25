/** Contender: node:http, with what little such a handler needs. */
import { createServer } from "node:http";
import { HOST, MESSAGE, PORT, ready } from "./child.mjs";

const server = createServer((request, response) => {
  if (request.method !== "GET" || request.url !== "/json") {
    response.writeHead(404).end();
    return;
  }
  const body = JSON.stringify(MESSAGE);
  response.writeHead(200, { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(body) });
  response.end(body);
});
server.listen(PORT, HOST, 1024, () => ready(server.address().port));
