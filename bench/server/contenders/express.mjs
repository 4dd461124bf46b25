/** Contender: Express, a framework on top of node:http, without the ETag and X-Powered-By that it adds by itself. */
import { pipeline } from "node:stream/promises";
import express from "express";
import { BACKLOG, HOST, PORT, ready } from "../../load/child.mjs";
import { MESSAGE, PIECE, pieces } from "../content.mjs";

const bytes = Buffer.from(PIECE);

const app = express();
app.disable("etag").disable("x-powered-by");
app.get("/json", (_, response) => response.json(MESSAGE));
app.get("/close", (_, response) => response.json(MESSAGE));
app.get("/browser", (request, response) => {
  response.json({
    agent: request.get("user-agent").length,
    language: request.get("accept-language").length,
    cookie: request.get("cookie").length,
  });
});
app.get("/async", async (_, response) => {
  await Promise.resolve();
  response.json(MESSAGE);
});
app.post("/json", express.json(), (request, response) => response.json({ id: request.body.id }));
app.get("/bytes", (_, response) => response.send(bytes));
app.get("/stream", (_, response) => pipeline(pieces, response.type("application/octet-stream")));
app.post("/upload", async (request, response) => {
  let length = 0;
  for await (const piece of request) length += piece.length;
  response.json({ length });
});
const server = app.listen(PORT, HOST, BACKLOG, () => ready(server.address().port));
