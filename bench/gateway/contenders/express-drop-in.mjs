/** Contender: the same application on the drop-in server of `pyrois/node`. */
import { createServer } from "../../../dist/gateway/node.js";
import { app } from "../../framework/express.mjs";
import { BACKLOG, HOST, PORT, ready } from "../../load/child.mjs";

const server = createServer(app).listen(PORT, HOST, BACKLOG, () => ready(server.address().port));
