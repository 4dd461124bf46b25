/** Contender: Pyrois. */
import { App, BadRequestError } from "../../../dist/index.js";
import { HOST, PORT, ready } from "../../load/child.mjs";
import { FIELDS, HELLO, ROUTES, USER, WORKLOAD } from "../content.mjs";

const app = new App();

const workloads = {
  static() {
    app.get("/hello", () => HELLO);
  },
  api() {
    for (const { number, method, pattern } of ROUTES) {
      app.route(pattern, ({ params }) => ({ route: number, params }), { methods: [method] });
    }
  },
  middleware() {
    for (const name of FIELDS) {
      app.use((next) => (request) => {
        if (request.headers.get(name) === null) throw new BadRequestError();
        return next(request);
      });
    }
    app.get("/hello", () => HELLO);
  },
  schema() {
    app.post("/users", (request) => ({ name: request.valid.body.name, tags: request.valid.body.tags }), {
      schema: { body: USER },
    });
  },
};
workloads[WORKLOAD]();

const server = await app.listen({ host: HOST, port: PORT });
ready(server.address.port);
