/** Contender: Fastify, a framework on top of node:http. */
import fastify from "fastify";
import { HOST, MESSAGE, PORT, ready } from "./child.mjs";

const app = fastify({ logger: false });
app.get("/json", () => MESSAGE);
await app.listen({ host: HOST, port: PORT, backlog: 1024 });
ready(app.server.address().port);
