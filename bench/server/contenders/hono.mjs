/** Contender: Hono, a framework on Request and Response, on top of node:http by its own adapter. */
import { serve } from "@hono/node-server";
import { Hono } from "hono";
import { HOST, PORT, ready } from "../../load/child.mjs";
import { MESSAGE, PIECE, pieces } from "../content.mjs";

const OCTETS = { "Content-Type": "application/octet-stream" };

const app = new Hono();
app.get("/json", (context) => context.json(MESSAGE));
app.get("/close", (context) => context.json(MESSAGE));
app.get("/browser", (context) =>
  context.json({
    agent: context.req.header("user-agent").length,
    language: context.req.header("accept-language").length,
    cookie: context.req.header("cookie").length,
  }),
);
app.get("/async", async (context) => {
  await Promise.resolve();
  return context.json(MESSAGE);
});
app.post("/json", async (context) => {
  const { id } = await context.req.json();
  return context.json({ id });
});
app.get("/bytes", (context) => context.body(PIECE, 200, OCTETS));
app.get("/stream", (context) => context.body(ReadableStream.from(pieces()), 200, OCTETS));
app.post("/upload", async (context) => {
  let length = 0;
  for await (const piece of context.req.raw.body) length += piece.length;
  return context.json({ length });
});
serve({ fetch: app.fetch, hostname: HOST, port: PORT }, ({ port }) => ready(port));
