/** Contender: Hono on node:http, by its own adapter. */
import { serve } from "@hono/node-server";
import { Hono } from "hono";
import { HOST, PORT, ready } from "../../load/child.mjs";
import { MESSAGE, TEXT } from "../content.mjs";

const app = new Hono();
app.get("/json", (context) => context.json(MESSAGE));
app.get("/plaintext", (context) => context.text(TEXT));
serve({ fetch: app.fetch, hostname: HOST, port: PORT }, ({ port }) => ready(port));
