/** Contender: the same Express in an application of Pyrois, by `fromNode`. */
import express from "express";
import { fromNode } from "../../../dist/gateway/node.js";
import { App } from "../../../dist/index.js";
import { HOST, PORT, ready } from "../../load/child.mjs";

const app = express();
app.disable("etag").disable("x-powered-by");
app.get("/hello", (_, response) => response.json({ hello: "world" }));

const server = await new App({ fallback: fromNode(app) }).listen({ host: HOST, port: Number(PORT) });
ready(server.address.port);
