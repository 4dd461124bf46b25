/** `pyrois/node`: the interface of node:http on this server. Clients, classes of messages and constants are Node's own. */
import http from "node:http";
import { createServer, Server } from "./node/server.ts";

export {
  Agent,
  ClientRequest,
  get,
  globalAgent,
  IncomingMessage,
  METHODS,
  maxHeaderSize,
  OutgoingMessage,
  request,
  ServerResponse,
  STATUS_CODES,
  setMaxIdleHTTPParsers,
  validateHeaderName,
  validateHeaderValue,
} from "node:http";
export { type FromNodeOptions, fromNode, type NodeListener } from "./node/from-node.ts";
export { type NodeHandler, type ToNodeOptions, toNode } from "./node/to-node.ts";
export { createServer, Server };

/** All of node:http, with the server of this package. */
const drop: typeof http = Object.defineProperties({} as typeof http, {
  ...Object.getOwnPropertyDescriptors(http),
  createServer: { value: createServer, enumerable: true, writable: true, configurable: true },
  Server: { value: Server, enumerable: true, writable: true, configurable: true },
});
export default drop;
