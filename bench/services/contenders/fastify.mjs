/** Contender: Fastify with its own plugins. */
import fastifyCompress from "@fastify/compress";
import fastifyStatic from "@fastify/static";
import fastify from "fastify";
import { BACKLOG, HOST, PORT, ready } from "../../load/child.mjs";
import { GZIP_LEVEL, LIST, WORKLOAD } from "../content.mjs";
import { filesFolder } from "../folder.mjs";

const app = fastify({ logger: false });

function serveFiles() {
  return app.register(fastifyStatic, { root: filesFolder(), prefix: "/files/" });
}

const workloads = {
  async compression() {
    await app.register(fastifyCompress, { global: true, encodings: ["gzip"], zlibOptions: { level: GZIP_LEVEL } });
    app.get("/json", (_, reply) => reply.type("application/json").send(LIST));
  },
  "static-small": serveFiles,
  "static-large": serveFiles,
};
await workloads[WORKLOAD]();

await app.listen({ host: HOST, port: PORT, backlog: BACKLOG });
ready(app.server.address().port);
