/** From a request to the bytes of the wire. */
import {
  isStream,
  join,
  type OutgoingBody,
  type SerializedMessage,
  sizeOf,
  streamEnd,
  streamFraming,
  type Trailers,
} from "./body.ts";
import { connectionLine, type Fields, fieldLines, isToken } from "./fields.ts";

/** A request as the wire needs it. */
export interface OutgoingRequest {
  readonly method: string;
  /** The request-target: mostly a path with its query (RFC 9112 §3.2). */
  readonly target: string;
  /** Whom it is for, with a port where that is not the scheme's own (RFC 9110 §7.2). */
  readonly host: string;
  /** All other fields, in order. */
  readonly fields?: Fields;
  /** The content, null by default. */
  readonly body?: OutgoingBody;
  /** Fields after content that is iterated. */
  readonly trailers?: Trailers;
  /** Whether content is held back until the server wants it (RFC 9110 §10.1.1). */
  readonly expectContinue?: boolean;
  /** Whether this is the last request of the connection. */
  readonly close?: boolean;
}

/** What the parser takes as well: printable ASCII but `"`, `#`, `<` and `>`. */
const TARGET = /^[!$-;=?-~]+$/;
/** uri-host [ ":" port ], as far as its characters go (RFC 9110 §7.2). */
const HOST = /^[\w.~!$&'()*+,;=%:[\]-]+$/;
/** Methods whose requests say that they have no content (RFC 9110 §8.6). */
const EXPECTS_CONTENT = /^(?:POST|PUT|PATCH)$/;

/**
 * Serializes a request, without its content where that is iterated. Throws a TypeError where a part of it could not be
 * written as it is.
 */
export function serializeRequest(message: OutgoingRequest): SerializedMessage {
  const { method, target, host, body = null } = message;
  if (!isToken(method)) throw new TypeError(`${JSON.stringify(method)} is no method`);
  if (!TARGET.test(target)) throw new TypeError(`${JSON.stringify(target)} is no request-target`);
  if (!HOST.test(host)) throw new TypeError(`${JSON.stringify(host)} is no host`);
  const fields = message.fields ? [...message.fields] : [];
  if (fields.some(([name]) => /^host$/i.test(name)))
    throw new TypeError("Host is what `host` says, and no other field");
  const own = fieldLines(fields);
  const expect = message.expectContinue && body !== null ? "Expect: 100-continue\r\n" : "";
  const connection = connectionLine(message.close ? "close" : "", own.options);
  const start = `${method} ${target} HTTP/1.1\r\nHost: ${host}\r\n${connection}${expect}${own.lines}`;
  if (isStream(body)) {
    const framing = streamFraming(own.length, "chunked");
    return { text: start + streamEnd(framing), bytes: null, framing, size: 0 };
  }
  const size = sizeOf(body);
  if (own.length !== null && own.length !== String(size)) {
    throw new TypeError(`Content-Length says ${own.length}, yet the content has ${size} bytes`);
  }
  const length = body !== null || EXPECTS_CONTENT.test(method) ? `Content-Length: ${size}\r\n` : "";
  return join(`${start}${length}\r\n`, body, size);
}
