export { ServerConnection } from "./connection.ts";
export { IncomingContent } from "./content.ts";
export { Exchange } from "./exchange.ts";
export {
  type Clock,
  type ConnectionOptions,
  checkConnectionOptions,
  DEFAULT_CONNECTION_OPTIONS,
  type Peer,
  type Transport,
} from "./options.ts";
export { checkField, isToken, type OutgoingMessage } from "./serialize.ts";
export { REASON_PHRASES } from "./status.ts";
