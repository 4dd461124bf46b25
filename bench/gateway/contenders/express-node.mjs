/** Contender: Express on node:http, without the ETag and X-Powered-By that it adds by itself. */
import { createServer } from "node:http";
import express from "express";
import { BACKLOG, HOST, PORT, ready } from "../../load/child.mjs";

const app = express();
app.disable("etag").disable("x-powered-by");
app.get("/hello", (_, response) => response.json({ hello: "world" }));

const server = createServer(app).listen(PORT, HOST, BACKLOG, () => ready(server.address().port));
