/** Contender: Hono on node:http, by its own adapter. */
import { serve } from "@hono/node-server";
import { HOST, PORT, ready } from "../../load/child.mjs";
import { app } from "../hono.mjs";

serve({ fetch: app.fetch, hostname: HOST, port: PORT }, ({ port }) => ready(port));
