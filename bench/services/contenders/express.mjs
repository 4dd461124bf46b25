/** Contender: Express with the middleware usual there, without the ETag and X-Powered-By that it adds by itself. */
import compression from "compression";
import express from "express";
import { BACKLOG, HOST, PORT, ready } from "../../load/child.mjs";
import { GZIP_LEVEL, LIST, WORKLOAD } from "../content.mjs";
import { filesFolder } from "../folder.mjs";

const app = express();
app.disable("etag").disable("x-powered-by");

function serveFiles() {
  app.use("/files", express.static(filesFolder()));
}

const workloads = {
  compression() {
    app.use(compression({ level: GZIP_LEVEL }));
    app.get("/json", (_, response) => response.type("json").send(LIST));
  },
  "static-small": serveFiles,
  "static-large": serveFiles,
};
workloads[WORKLOAD]();

const server = app.listen(PORT, HOST, BACKLOG, () => ready(server.address().port));
