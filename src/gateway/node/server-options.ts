/** What the drop-in server is told, in terms of node:http, and what that means to the engine. */
import {
  maxHeaderSize as defaultHeaderSize,
  IncomingMessage,
  type Server,
  type ServerOptions,
  ServerResponse,
} from "node:http";
import type { ConnectionOptions, GroupOptions } from "../../h1/index.ts";
import { CARRY_SIZE, FIELDS_MAX } from "../../parser/abi.ts";
import { type IncomingClass, type Outgoing, type OutgoingClass, symbolOf } from "./messages.ts";

/** Bytes of a head that the parser takes at the least, and at the most. */
const HEAD_LEAST = 256;
const HEAD_MOST = CARRY_SIZE;

/** Throws an Error for what would have the server read what is no HTTP, and warns of what is read as strictly as ever. */
export function checkLeniency(options: ServerOptions & { readonly httpValidation?: unknown }): void {
  const { insecureHTTPParser, httpValidation, requireHostHeader } = options;
  if (insecureHTTPParser || httpValidation === "insecure" || httpValidation === "relaxed") {
    const option = insecureHTTPParser ? "insecureHTTPParser" : "httpValidation";
    throw new Error(`${option}: this server has no lenient parser; leave the option out`);
  }
  if (requireHostHeader === false) {
    process.emitWarning("requireHostHeader: requests of HTTP/1.1 without Host are refused all the same");
  }
}

/**
 * What the parser is told: as large heads as node:http would take, as far as it can. Node keeps its options as properties
 * of the server, which may be set where it was made by somebody else.
 */
export function parserOptions(server: Server & { readonly maxHeaderSize?: number }): Partial<GroupOptions> {
  const { maxHeaderSize, maxHeadersCount } = server;
  const maxHeadSize = Math.max(HEAD_LEAST, Math.min(maxHeaderSize || defaultHeaderSize, HEAD_MOST));
  const maxFields = Math.max(1, Math.min(maxHeadersCount || FIELDS_MAX, FIELDS_MAX));
  return { maxHeadSize, maxTargetSize: maxHeadSize, maxFields };
}

/** Milliseconds of a timeout of node:http, where 0 means that there is none. */
function timeoutOf(value: unknown): number {
  return typeof value === "number" && Number.isFinite(value) && value > 0 ? value : Number.POSITIVE_INFINITY;
}

/** Milliseconds for which a connection is kept longer than clients are told, where the server does not say. */
const KEEP_ALIVE_BUFFER = 1000;

/** For which a server that closes keeps connections: until what clients have sent already has come. */
const CLOSING_TIMEOUT = 500;

/** What connections are granted now: properties of the server may change at any time. */
export function connectionOptions(
  server: Server & { readonly keepAliveTimeoutBuffer?: number },
  closing: boolean,
): ConnectionOptions {
  const { keepAliveTimeout, keepAliveTimeoutBuffer: buffer = KEEP_ALIVE_BUFFER } = server;
  return {
    maxBodySize: Number.POSITIVE_INFINITY,
    maxRequestsPerConnection: Number.POSITIVE_INFINITY,
    maxPipelinedRequests: 16,
    headTimeout: timeoutOf(server.headersTimeout),
    bodyTimeout: Number.POSITIVE_INFINITY,
    minBodyRate: 0,
    keepAliveTimeout: Math.min(
      timeoutOf(keepAliveTimeout) + buffer,
      closing ? CLOSING_TIMEOUT : Number.POSITIVE_INFINITY,
    ),
    writeTimeout: Number.POSITIVE_INFINITY,
  };
}

/** What requests and responses are made of. */
export interface ServerMessages {
  readonly Incoming: IncomingClass;
  readonly Outgoing: OutgoingClass;
  /** Has a response send fields once that the server was told to be unique. */
  markUnique(res: Outgoing): void;
}

export function serverMessages(server: Server, options: ServerOptions): ServerMessages {
  const symbol = symbolOf(server, "kUniqueHeaders");
  const unique = symbol && (server as unknown as Record<symbol, unknown>)[symbol];
  return {
    Incoming: (options.IncomingMessage ?? IncomingMessage) as IncomingClass,
    Outgoing: (options.ServerResponse ?? ServerResponse) as unknown as OutgoingClass,
    markUnique(res) {
      if (symbol && unique) (res as unknown as Record<symbol, unknown>)[symbol] = unique;
    },
  };
}
