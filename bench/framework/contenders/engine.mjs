/**
 * Contender: the engine of Pyrois under the sockets of Pyrois, without the framework. It parses, checks, and frames the
 * answer as ever, but makes no request object, looks for no route, and answers whatever comes alike.
 */
import { mkdirSync } from "node:fs";
import { createServer } from "node:net";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { buildSync } from "esbuild";
import { BACKLOG, HOST, PORT, ready } from "../../load/child.mjs";
import { WORKLOAD } from "../content.mjs";
import { WORKLOADS } from "../workloads.mjs";

/** Milliseconds from one look at all connections to the next, as the server of Pyrois has it. */
const TICK = 125;

// The sockets are no part of what the package exports.
const root = path.join(import.meta.dirname, "..", "..", "..");
const outfile = path.join(root, "build", "engine.js");
mkdirSync(path.dirname(outfile), { recursive: true });
buildSync({
  stdin: {
    contents: `export * from "./src/h1/index.ts"; export * from "./src/server/socket.ts";`,
    resolveDir: root,
    loader: "ts",
  },
  outfile,
  bundle: true,
  format: "esm",
  target: "es2022",
  platform: "node",
});
const { ConnectionGroup, serveSocket } = await import(pathToFileURL(outfile).href);

const [{ answer }] = WORKLOADS.find(({ name }) => name === WORKLOAD).asked;
const value = JSON.parse(answer.content);

const group = new ConnectionGroup({
  request(exchange) {
    const body = JSON.stringify(value);
    exchange.respond({ status: 200, contentType: answer.type, fields: null, body, trailers: null });
  },
});
setInterval(() => group.tick(performance.now()), TICK).unref();
const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => serveSocket(socket, group));
server.listen(PORT, HOST, BACKLOG, () => ready(server.address().port));
