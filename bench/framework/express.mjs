/** The application of Express that all servers of it serve, without the ETag and X-Powered-By that it adds by itself. */
import express from "express";
import { FIELDS, HELLO, ROUTES, USER, WORKLOAD, withColons } from "./content.mjs";

export const app = express();
app.disable("etag").disable("x-powered-by");

const workloads = {
  static() {
    app.get("/hello", (_, response) => response.json(HELLO));
  },
  api() {
    for (const { number, method, pattern } of ROUTES) {
      app[method.toLowerCase()](withColons(pattern), ({ params }, response) => {
        response.json({ route: number, params });
      });
    }
  },
  middleware() {
    for (const name of FIELDS) {
      app.use((request, response, next) => {
        if (request.get(name) === undefined) response.sendStatus(400);
        else next();
      });
    }
    app.get("/hello", (_, response) => response.json(HELLO));
  },
  schema() {
    app.post("/users", express.json(), (request, response) => {
      const user = USER.safeParse(request.body);
      if (!user.success) {
        response.status(400).json(user.error.issues);
        return;
      }
      const { name, tags } = user.data;
      response.json({ name, tags });
    });
    // Else what is no JSON is printed, too.
    app.use((error, _request, response, _next) => response.sendStatus(error.status ?? 500));
  },
};
workloads[WORKLOAD]();
