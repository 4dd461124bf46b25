export { type ConnectionOptions, Exchange, ServerConnection, type Transport } from "./connection.ts";
export { IncomingContent } from "./content.ts";
export { checkField, isToken, type OutgoingMessage } from "./serialize.ts";
export { REASON_PHRASES } from "./status.ts";
