/** Errors of clients as node:http tells of them, and what it answers. */
import { STATUS_CODES } from "node:http";
import * as abi from "../../parser/abi.ts";
import type { ParseError } from "../../parser/index.ts";

/** What "clientError" tells: an error of llhttp, or of the timeouts of node:http. */
export interface ClientError extends Error {
  code: string;
  /** What was wrong, where it was found by the parser. */
  reason?: string;
  bytesParsed?: number;
  /** The bytes that were read last. */
  rawPacket?: Buffer;
}

/** The codes of llhttp by those of our parser; what llhttp knows no name for is an HPE_INVALID_HEADER_TOKEN. */
const CODES: ReadonlyMap<number, string> = new Map([
  [abi.INVALID_METHOD, "HPE_INVALID_METHOD"],
  [abi.METHOD_TOO_LONG, "HPE_INVALID_METHOD"],
  [abi.INVALID_TARGET, "HPE_INVALID_URL"],
  [abi.TARGET_TOO_LONG, "HPE_HEADER_OVERFLOW"],
  [abi.INVALID_VERSION, "HPE_INVALID_VERSION"],
  [abi.UNSUPPORTED_VERSION, "HPE_INVALID_VERSION"],
  [abi.INVALID_LINE_END, "HPE_LF_EXPECTED"],
  [abi.HEAD_TOO_LARGE, "HPE_HEADER_OVERFLOW"],
  [abi.TOO_MANY_FIELDS, "HPE_HEADER_OVERFLOW"],
  [abi.TRAILERS_TOO_LARGE, "HPE_HEADER_OVERFLOW"],
  [abi.INVALID_CONTENT_LENGTH, "HPE_INVALID_CONTENT_LENGTH"],
  [abi.CONTENT_LENGTH_TOO_LARGE, "HPE_INVALID_CONTENT_LENGTH"],
  [abi.REPEATED_CONTENT_LENGTH, "HPE_UNEXPECTED_CONTENT_LENGTH"],
  [abi.LENGTH_WITH_TRANSFER_ENCODING, "HPE_INVALID_CONTENT_LENGTH"],
  [abi.TRANSFER_ENCODING_IN_HTTP_1_0, "HPE_INVALID_TRANSFER_ENCODING"],
  [abi.INVALID_TRANSFER_ENCODING, "HPE_INVALID_TRANSFER_ENCODING"],
  [abi.UNSUPPORTED_TRANSFER_CODING, "HPE_INVALID_TRANSFER_ENCODING"],
  [abi.INVALID_CHUNK_SIZE, "HPE_INVALID_CHUNK_SIZE"],
  [abi.CHUNK_TOO_LARGE, "HPE_INVALID_CHUNK_SIZE"],
  [abi.INVALID_CHUNK_EXTENSION, "HPE_INVALID_CHUNK_SIZE"],
  [abi.CHUNK_OVERHEAD_TOO_LARGE, "HPE_CHUNK_EXTENSIONS_OVERFLOW"],
  [abi.INVALID_CHUNK_END, "HPE_STRICT"],
  [abi.INCOMPLETE_MESSAGE, "HPE_INVALID_EOF_STATE"],
]);

const TIMEOUTS: ReadonlySet<number> = new Set([abi.HEAD_TIMEOUT, abi.BODY_TIMEOUT]);

/** As node:http tells that a request took longer than headersTimeout or requestTimeout. */
export function timeoutError(): ClientError {
  return Object.assign(new Error("Request timeout"), { code: "ERR_HTTP_REQUEST_TIMEOUT" });
}

/** The error of node:http that one of ours means; `read` are the bytes in which it was found. */
export function clientErrorOf(error: ParseError, read: Uint8Array): ClientError {
  if (TIMEOUTS.has(error.code)) return timeoutError();
  return Object.assign(new Error(`Parse Error: ${error.message}`, { cause: error }), {
    code: CODES.get(error.code) ?? "HPE_INVALID_HEADER_TOKEN",
    reason: error.message,
    bytesParsed: error.offset,
    rawPacket: Buffer.from(read),
  });
}

const STATUSES: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};

/** What node:http answers an error with that nobody listens to. */
export function refusalOf({ code }: { readonly code?: string }): string {
  const status = STATUSES[code ?? ""] ?? 400;
  return `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\n\r\n`;
}
