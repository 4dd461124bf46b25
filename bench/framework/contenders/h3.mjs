/** Contender: h3 on node:http, by the adapter that it brings. */
import { H3, HTTPError, readBody, serve } from "h3";
import { BACKLOG, HOST, PORT, ready } from "../../load/child.mjs";
import { FIELDS, HELLO, ROUTES, USER, WORKLOAD, withColons } from "../content.mjs";

const app = new H3();

const workloads = {
  static() {
    app.get("/hello", () => HELLO);
  },
  api() {
    for (const { number, method, pattern } of ROUTES) {
      app.on(method, withColons(pattern), ({ context }) => ({ route: number, params: context.params ?? {} }));
    }
  },
  middleware() {
    for (const name of FIELDS) {
      app.use((event, next) => {
        if (event.req.headers.get(name) === null) throw new HTTPError({ status: 400 });
        return next();
      });
    }
    app.get("/hello", () => HELLO);
  },
  schema() {
    app.post("/users", async (event) => {
      const user = USER.safeParse(await readBody(event));
      if (!user.success) throw new HTTPError({ status: 400 });
      const { name, tags } = user.data;
      return { name, tags };
    });
  },
};
workloads[WORKLOAD]();

// An orderly end waits for the parent's messages, which never end.
const server = serve(app, {
  hostname: HOST,
  port: PORT,
  silent: true,
  gracefulShutdown: false,
  node: { backlog: BACKLOG },
});
await server.ready();
ready(server.node.server.address().port);
