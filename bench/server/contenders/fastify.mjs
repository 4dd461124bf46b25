/** Contender: Fastify, a framework on top of node:http. */
import { Readable } from "node:stream";
import fastify from "fastify";
import { BACKLOG, HOST, MAX_CONTENT, PORT, ready } from "../../load/child.mjs";
import { MESSAGE, PIECE, pieces } from "../content.mjs";

const app = fastify({ logger: false, bodyLimit: MAX_CONTENT });
app.addContentTypeParser("application/octet-stream", (_, content, done) => done(null, content));
app.get("/json", () => MESSAGE);
app.get("/close", () => MESSAGE);
app.get("/browser", ({ headers }) => ({
  agent: headers["user-agent"].length,
  language: headers["accept-language"].length,
  cookie: headers.cookie.length,
}));
app.get("/async", async () => {
  await Promise.resolve();
  return MESSAGE;
});
app.post("/json", (request) => ({ id: request.body.id }));
app.get("/bytes", (_, reply) => reply.type("application/octet-stream").send(PIECE));
app.get("/stream", (_, reply) => reply.type("application/octet-stream").send(Readable.from(pieces())));
app.post("/upload", async (request) => {
  let length = 0;
  for await (const piece of request.body) length += piece.length;
  return { length };
});
await app.listen({ host: HOST, port: PORT, backlog: BACKLOG });
ready(app.server.address().port);
