/** Contender: Fastify, with the JSON Schema that it compiles itself. */
import fastify from "fastify";
import { BACKLOG, HOST, PORT, ready } from "../../load/child.mjs";
import { FIELDS, HELLO, ROUTES, USER_AS_JSON_SCHEMA, WORKLOAD, withColons } from "../content.mjs";

const app = fastify({ logger: false });

const workloads = {
  static() {
    app.get("/hello", () => HELLO);
  },
  api() {
    for (const { number, method, pattern } of ROUTES) {
      app.route({ method, url: withColons(pattern), handler: ({ params }) => ({ route: number, params }) });
    }
  },
  middleware() {
    for (const name of FIELDS) {
      app.addHook("onRequest", (request, reply, done) => {
        if (request.headers[name] === undefined) reply.code(400).send();
        else done();
      });
    }
    app.get("/hello", () => HELLO);
  },
  schema() {
    app.post("/users", { schema: { body: USER_AS_JSON_SCHEMA } }, ({ body: { name, tags } }) => ({ name, tags }));
  },
};
workloads[WORKLOAD]();

await app.listen({ host: HOST, port: PORT, backlog: BACKLOG });
ready(app.server.address().port);
