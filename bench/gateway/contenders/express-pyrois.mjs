/** Contender: the same application by `fromNode`. */
import { fromNode } from "../../../dist/gateway/node.js";
import { serve } from "../../../dist/index.js";
import { app } from "../../framework/express.mjs";
import { HOST, PORT, ready } from "../../load/child.mjs";

const server = await serve(fromNode(app), { host: HOST, port: PORT });
ready(server.address.port);
