/** Contender: Koa, with the router and the parser of content that belong to it. */
import { bodyParser } from "@koa/bodyparser";
import Router from "@koa/router";
import Koa from "koa";
import { BACKLOG, HOST, PORT, ready } from "../../load/child.mjs";
import { FIELDS, HELLO, ROUTES, USER, WORKLOAD, withColons } from "../content.mjs";

const app = new Koa();
// Else what it refuses is printed, too.
app.silent = true;
const router = new Router();

const workloads = {
  static() {
    router.get("/hello", (context) => {
      context.body = HELLO;
    });
  },
  api() {
    for (const { number, method, pattern } of ROUTES) {
      router.register(withColons(pattern), [method], (context) => {
        context.body = { route: number, params: context.params };
      });
    }
  },
  middleware() {
    for (const name of FIELDS) {
      app.use((context, next) => {
        if (context.get(name) === "") context.throw(400);
        return next();
      });
    }
    router.get("/hello", (context) => {
      context.body = HELLO;
    });
  },
  schema() {
    router.post("/users", bodyParser({ enableTypes: ["json"] }), (context) => {
      const user = USER.safeParse(context.request.body);
      if (!user.success) context.throw(400);
      const { name, tags } = user.data;
      context.body = { name, tags };
    });
  },
};
workloads[WORKLOAD]();

app.use(router.routes());
const server = app.listen(PORT, HOST, BACKLOG, () => ready(server.address().port));
