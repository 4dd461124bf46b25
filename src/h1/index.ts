/** `pyrois/h1`: connections as machines without I/O, for servers and clients that have sockets of their own. */
export type { ContentStream, OutgoingBody, Trailers } from "./body.ts";
export { ClientConnection, type IncomingResponse } from "./client.ts";
export type { ServerConnection } from "./connection.ts";
export type { ContentWatcher, IncomingContent } from "./content.ts";
export type { Exchange, ResponseWriter, TakeOver } from "./exchange.ts";
export { checkField, type Fields, isToken } from "./fields.ts";
export { ConnectionGroup, type GroupOptions, type ServerEvents } from "./group.ts";
export {
  type ConnectionOptions,
  DEFAULT_CONNECTION_OPTIONS,
  type Peer,
  type Transport,
} from "./options.ts";
export { discardContent } from "./outgoing.ts";
export { type OutgoingMessage, serializeSwitch } from "./serialize.ts";
export type { OutgoingRequest } from "./serialize-request.ts";
export { REASON_PHRASES } from "./status.ts";
