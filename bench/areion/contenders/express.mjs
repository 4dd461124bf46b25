/** Contender: Express, without the ETag and X-Powered-By that it adds by itself. */
import express from "express";
import { BACKLOG, HOST, PORT, ready } from "../../load/child.mjs";
import { MESSAGE, TEXT } from "../content.mjs";

const app = express();
app.disable("etag").disable("x-powered-by");
app.get("/json", (_, response) => response.json(MESSAGE));
app.get("/plaintext", (_, response) => response.type("text/plain").send(TEXT));
const server = app.listen(PORT, HOST, BACKLOG, () => ready(server.address().port));
