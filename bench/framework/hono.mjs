/** The application of Hono that all servers of it serve. */
import { Hono } from "hono";
import { FIELDS, HELLO, ROUTES, USER, WORKLOAD, withColons } from "./content.mjs";

export const app = new Hono();

const workloads = {
  static() {
    app.get("/hello", (context) => context.json(HELLO));
  },
  api() {
    for (const { number, method, pattern } of ROUTES) {
      app.on(method, withColons(pattern), (context) => context.json({ route: number, params: context.req.param() }));
    }
  },
  middleware() {
    for (const name of FIELDS) {
      app.use((context, next) => {
        if (context.req.header(name) === undefined) return context.text("Bad Request", 400);
        return next();
      });
    }
    app.get("/hello", (context) => context.json(HELLO));
  },
  schema() {
    app.post("/users", async (context) => {
      const user = USER.safeParse(await context.req.json().catch(() => null));
      if (!user.success) return context.json(user.error.issues, 400);
      const { name, tags } = user.data;
      return context.json({ name, tags });
    });
  },
};
workloads[WORKLOAD]();
