/** Contender: the same application of Hono on Pyrois. */
import { fromFetch } from "../../../dist/gateway/fetch.js";
import { serve } from "../../../dist/index.js";
import { app } from "../../framework/hono.mjs";
import { HOST, PORT, ready } from "../../load/child.mjs";

const server = await serve(fromFetch(app.fetch), { host: HOST, port: PORT });
ready(server.address.port);
