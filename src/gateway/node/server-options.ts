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
import type { ParserTolerance } from "../../parser/index.ts";
import { type IncomingClass, type Outgoing, type OutgoingClass, symbolOf } from "./messages.ts";

/** Bytes of a head that the parser takes at the least, and at the most. */
const HEAD_LEAST = 256;
const HEAD_MOST = CARRY_SIZE;

/** Throws an Error for what would have the server read what is no HTTP. */
export function checkLeniency(options: ServerOptions & { readonly httpValidation?: unknown }): void {
  const { insecureHTTPParser, httpValidation } = options;
  if (insecureHTTPParser || httpValidation === "insecure" || httpValidation === "relaxed") {
    const option = insecureHTTPParser ? "insecureHTTPParser" : "httpValidation";
    throw new Error(`${option}: this server has no lenient parser; leave the option out`);
  }
}

/** What llhttp takes as well, and node:http leaves to its applications, or answers itself. */
const TOLERANCE: ParserTolerance = { target: true, host: true, missingHost: true, expectation: true };

/**
 * What connections are told once: to take heads as large as node:http would, as far as they can. Node keeps its options as properties of the server, which may be set where it was made by somebody else.
 */
export function groupOptions(server: Server & { readonly maxHeaderSize?: number }): Partial<GroupOptions> {
  const { maxHeaderSize } = server;
  const maxHeadSize = Math.max(HEAD_LEAST, Math.min(maxHeaderSize || defaultHeaderSize, HEAD_MOST));
  return { maxHeadSize, maxTargetSize: maxHeadSize, maxFields: FIELDS_MAX, tolerance: TOLERANCE };
}

/** Milliseconds of a timeout of node:http, where 0 means that there is none. */
function timeoutOf(value: unknown): number {
  return typeof value === "number" && Number.isFinite(value) && value > 0 ? value : Number.POSITIVE_INFINITY;
}

/** Milliseconds for which a connection is kept longer than clients are told, where the server does not say. */
const KEEP_ALIVE_BUFFER = 1000;

/** For which a server that closes keeps connections: until what clients have sent already has come. */
export const CLOSING_TIMEOUT = 500;

/** Milliseconds for which a connection is kept between its requests. */
export function keepAliveTime(server: Server & { readonly keepAliveTimeoutBuffer?: number }): number {
  const { keepAliveTimeout, keepAliveTimeoutBuffer: buffer = KEEP_ALIVE_BUFFER } = server;
  return timeoutOf(keepAliveTimeout) + buffer;
}

/** What connections are granted now: properties of the server may change at any time. */
export function connectionOptions(server: Server, closing: boolean): ConnectionOptions {
  return {
    maxBodySize: Number.POSITIVE_INFINITY,
    maxDropSize: Number.POSITIVE_INFINITY,
    maxRequestsPerConnection: Number.POSITIVE_INFINITY,
    maxPipelinedRequests: 16,
    headTimeout: timeoutOf(server.headersTimeout),
    bodyTimeout: Number.POSITIVE_INFINITY,
    minBodyRate: 0,
    keepAliveTimeout: Math.min(keepAliveTime(server), closing ? CLOSING_TIMEOUT : Number.POSITIVE_INFINITY),
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
