/** From a response to the bytes of the wire; the last place that looks at every field before it leaves. */
import type { ParseError, RequestHead } from "../parser/index.ts";
import {
  type ContentStream,
  inOnePiece,
  isStream,
  join,
  type OutgoingBody,
  type SerializedMessage,
  sizeOf,
  streamEnd,
  streamFraming,
  type Trailers,
} from "./body.ts";
import { dateLine } from "./date.ts";
import { checkField, connectionLine, type Fields, fieldLines, linesWithoutFraming, NO_FIELDS } from "./fields.ts";
import { REASON_PHRASES } from "./status.ts";

/** A response as the wire needs it. */
export interface OutgoingMessage {
  /** 200 to 599. */
  readonly status: number;
  /** Content-Type of the content, null where it has none or `fields` says it. */
  readonly contentType: string | null;
  /** All other fields, in order. */
  readonly fields: Fields | null;
  readonly body: OutgoingBody;
  /** Fields after the content, null for none. They are left out where the client does not take them. */
  readonly trailers: Trailers | null;
}

/** What answers of a status and a content type begin with. */
interface Start {
  readonly lines: string;
  /** The same with the Date of a second. */
  dated: string;
  date: string;
}

const TEXT = "text/plain; charset=utf-8";

const starts: Map<string | null, Start>[] = [];
/** Distinct content types that are kept for a status; a type made by request data must not fill the memory. */
const TYPES_KEPT = 64;

/** Throws a RangeError where a response cannot have such a status. */
export function checkStatus(status: number): void {
  if (Number.isInteger(status) && status >= 200 && status <= 599) return;
  throw new RangeError(`the status of a response is a whole number from 200 to 599, not ${status}`);
}

function newStart(status: number, contentType: string | null): Start {
  checkStatus(status);
  let lines = `HTTP/1.1 ${status} ${REASON_PHRASES[status] ?? ""}\r\n`;
  if (contentType !== null) {
    checkField("Content-Type", contentType);
    lines += `Content-Type: ${contentType}\r\n`;
  }
  const start = { lines, dated: "", date: "" };
  starts[status] ??= new Map();
  if (starts[status].size < TYPES_KEPT) starts[status].set(contentType, start);
  return start;
}

function startOf(status: number, contentType: string | null): Start {
  return starts[status]?.get(contentType) ?? newStart(status, contentType);
}

function datedStart(status: number, contentType: string | null): string {
  const start = startOf(status, contentType);
  const date = dateLine();
  if (start.date !== date) {
    start.date = date;
    start.dated = start.lines + date;
    // Reading a character has the engine join the parts now, once, and not with each answer.
    start.dated.charCodeAt(0);
  }
  return start.dated;
}

/** Lines of Content-Length and the empty line after them, by size. */
const lengthLines: string[] = [];
const LENGTHS_KEPT = 1024;

function lengthLine(size: number): string {
  if (size >= LENGTHS_KEPT) return `Content-Length: ${size}\r\n\r\n`;
  lengthLines[size] ??= `Content-Length: ${size}\r\n\r\n`;
  return lengthLines[size];
}

/** An informational response (RFC 9110 §15.2). Throws where its status or a field is not valid. */
export function serializeInformational(status: number, fields: Fields): string {
  if (!Number.isInteger(status) || status < 102 || status > 199) {
    throw new RangeError(`the status of an informational response is a whole number from 102 to 199, not ${status}`);
  }
  return `HTTP/1.1 ${status} ${REASON_PHRASES[status] ?? ""}\r\n${linesWithoutFraming(fields)}\r\n`;
}

/**
 * The response after which a connection speaks another protocol: 101 to a request with Upgrade, with the protocol's
 * name (RFC 9110 §7.8), or where that is null 200 to CONNECT (§9.3.6). Throws where a field is not valid.
 */
export function serializeSwitch(protocol: string | null, fields: Fields = []): string {
  if (protocol === null) return `HTTP/1.1 200 OK\r\n${linesWithoutFraming(fields)}\r\n`;
  checkField("Upgrade", protocol);
  const start = `HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: ${protocol}\r\n`;
  return `${start}${linesWithoutFraming(fields)}\r\n`;
}

/** Whether responses of a status have no content (RFC 9110 §15.3.5, §15.3.6, §15.4.5). */
export function isBare(status: number): boolean {
  return status === 204 || status === 205 || status === 304;
}

/** Throws a TypeError where a status goes with no content. */
export function checkContent(status: number): void {
  if (isBare(status)) throw new TypeError(`a response of status ${status} has no content`);
}

/**
 * Throws a TypeError where content of `size` bytes may not be there, or the Content-Length that was `announced` is
 * another.
 */
export function checkLength(status: number, size: number, announced: string | null, headOnly: boolean): void {
  // A response to HEAD and a 304 may tell of content that is not there (RFC 9110 §8.6).
  const mayDiffer = size === 0 && (headOnly || status === 304);
  if (announced !== null && announced !== String(size) && !(mayDiffer && /^\d+$/.test(announced))) {
    throw new TypeError(`Content-Length says ${announced}, yet the content has ${size} bytes`);
  }
  if (size > 0) checkContent(status);
}

/** The end of a head: Content-Length where there is to be one, and the empty line. */
function headEnd(status: number, size: number, announced: string | null, headOnly: boolean): string {
  checkLength(status, size, announced, headOnly);
  // 204 never has a length (RFC 9110 §8.6), 205 says that it is empty (§15.3.6).
  if (status === 204 || (status === 304 && announced === null)) return "\r\n";
  return announced === null ? lengthLine(size) : `Content-Length: ${announced}\r\n\r\n`;
}

/**
 * Serializes a response: in one piece where the content is plain ASCII text, in two where it is not, and without the
 * content where that is `iterated`, for then it leaves after this. Throws where a field or the body is not valid, or
 * where Content-Length and content differ.
 *
 * `connection` is the option for Connection, "" where none is needed. `headOnly` says that the request was HEAD: the
 * content stays here (RFC 9110 §9.3.2). `minorVersion` is the second digit of the request's version: HTTP/1.0 knows no
 * chunks.
 */
export function serialize(
  message: OutgoingMessage,
  connection: "" | "close" | "keep-alive",
  headOnly: boolean,
  minorVersion: number,
  iterated: boolean,
): SerializedMessage {
  const { status, body } = message;
  const own = message.fields === null ? NO_FIELDS : fieldLines(message.fields);
  let start = own.hasDate ? startOf(status, message.contentType).lines : datedStart(status, message.contentType);
  if (connection !== "" || own !== NO_FIELDS) start += connectionLine(connection, own.options) + own.lines;
  if (iterated) {
    checkContent(status);
    const framing = streamFraming(own.length, minorVersion === 0 ? "close" : "chunked");
    return { text: start + streamEnd(framing), bytes: null, framing, size: 0 };
  }
  const size = sizeOf(body);
  const head = start + headEnd(status, size, own.length, headOnly);
  return join(head, body, headOnly ? 0 : size);
}

/** The answer to what was wrong, after which the connection closes. */
export function serializeError(error: ParseError, headOnly: boolean): SerializedMessage {
  const message = { status: error.status, contentType: TEXT, fields: null, body: `${error.message}\n`, trailers: null };
  return serialize(message, "close", headOnly, 1, false);
}

/**
 * The content of a response that is to be iterated, null where it leaves in one piece: what is iterated anyway, and
 * what fields are to follow, if the client takes them.
 */
export function contentStream({ body, trailers }: OutgoingMessage, head: RequestHead): ContentStream | null {
  if (isStream(body)) return body;
  if (trailers === null || !head.acceptsTrailers || head.minorVersion === 0) return null;
  return inOnePiece(body);
}
