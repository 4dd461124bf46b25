/** Contender: the same Express on the drop-in server of `pyrois/node`. */
import express from "express";
import { createServer } from "../../../dist/gateway/node.js";
import { BACKLOG, HOST, PORT, ready } from "../../load/child.mjs";

const app = express();
app.disable("etag").disable("x-powered-by");
app.get("/hello", (_, response) => response.json({ hello: "world" }));

const server = createServer(app).listen(PORT, HOST, BACKLOG, () => ready(server.address().port));
