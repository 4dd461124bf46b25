/** Contender: Fastify without a logger. */
import fastify from "fastify";
import { BACKLOG, HOST, PORT, ready } from "../../load/child.mjs";
import { MESSAGE, TEXT } from "../content.mjs";

const app = fastify({ logger: false });
app.get("/json", () => MESSAGE);
app.get("/plaintext", () => TEXT);
await app.listen({ host: HOST, port: PORT, backlog: BACKLOG });
ready(app.server.address().port);
