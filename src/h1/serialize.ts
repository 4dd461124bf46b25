/** From a response to the bytes of the wire; the last place that looks at every field before it leaves. */
import { dateLine } from "./date.ts";
import { REASON_PHRASES } from "./status.ts";

/** A response as the wire needs it. */
export interface OutgoingMessage {
  /** 200 to 599. */
  readonly status: number;
  /** Content-Type of the content, null where it has none or `fields` says it. */
  readonly contentType: string | null;
  /** All other fields, in order. */
  readonly fields: Iterable<readonly [name: string, value: string]> | null;
  /** The content: text leaves as UTF-8. What is iterated leaves piece by piece, as fast as the peer reads. */
  readonly body: string | Uint8Array | AsyncIterable<string | Uint8Array> | null;
}

/** What the connection adds to a response. */
export interface Circumstances {
  /** The request was HEAD: the content stays here (RFC 9110 §9.3.2). */
  readonly headOnly: boolean;
  /** The option for Connection, "" where none is needed. */
  readonly connection: "" | "close" | "keep-alive";
  /** Second digit of the request's version: HTTP/1.0 knows no chunks. */
  readonly minorVersion: number;
}

/** How content that is iterated is framed: in chunks, by a length, or by the end of the connection. */
export type StreamFraming = "chunked" | "close" | number;

/** A message that leaves: text of one byte a character, then perhaps bytes, then perhaps what is iterated. */
export interface SerializedMessage {
  readonly text: string;
  readonly bytes: Uint8Array | null;
  readonly stream: StreamFraming | null;
}

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** field-value = *( VCHAR / SP / HTAB / obs-text ) (RFC 9110 §5.5) */
const FIELD_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
/** Fields that say how the message is framed, or what becomes of the connection: the server's own to write. */
const OWN_FIELDS = /^(?:transfer-encoding|connection|keep-alive)$/i;

const encoder = new TextEncoder();
type ByteLength = (text: string) => number;
const nativeByteLength = (globalThis as { Buffer?: { byteLength: ByteLength } }).Buffer?.byteLength;
/** Bytes of a text in UTF-8. */
const byteLength: ByteLength = nativeByteLength ?? ((text) => encoder.encode(text).length);

/** Field lines that answers begin with, by status, then by content type. */
const startLines: Map<string | null, string>[] = [];
/** Distinct content types that are kept for a status; a type made by request data must not fill the memory. */
const TYPES_KEPT = 64;

/** Whether a text is a token (RFC 9110 §5.6.2), as methods and field names are. */
export function isToken(text: string): boolean {
  return TOKEN.test(text);
}

/** Throws a TypeError where a field could not be written as it is (RFC 9110 §5.1, §5.5). */
export function checkField(name: string, value: string): void {
  if (!isToken(name)) throw new TypeError(`${JSON.stringify(name)} is no field name`);
  if (!FIELD_VALUE.test(value)) {
    throw new TypeError(`the value of ${name} has a character that no field may have: ${JSON.stringify(value)}`);
  }
}

function startLine(status: number, contentType: string | null): string {
  let lines = startLines[status];
  if (lines === undefined) {
    if (!Number.isInteger(status) || status < 200 || status > 599) {
      throw new RangeError(`the status of a response is a whole number from 200 to 599, not ${status}`);
    }
    lines = startLines[status] = new Map();
  }
  let line = lines.get(contentType);
  if (line === undefined) {
    line = `HTTP/1.1 ${status} ${REASON_PHRASES[status] ?? ""}\r\n`;
    if (contentType !== null) {
      checkField("Content-Type", contentType);
      line += `Content-Type: ${contentType}\r\n`;
    }
    if (lines.size < TYPES_KEPT) lines.set(contentType, line);
  }
  return line;
}

/** What the application set, in a form for the wire. */
interface ApplicationFields {
  lines: string;
  /** Values of fields that the server would write itself. */
  length: string | null;
  hasDate: boolean;
  hasUpgrade: boolean;
}

const NO_FIELDS: Readonly<ApplicationFields> = { lines: "", length: null, hasDate: false, hasUpgrade: false };

function fieldLines(fields: Iterable<readonly [string, string]>): ApplicationFields {
  const found: ApplicationFields = { ...NO_FIELDS };
  for (const [name, value] of fields) {
    checkField(name, value);
    if (OWN_FIELDS.test(name)) throw new TypeError(`${name} is written by the server, not by the application`);
    const key = name.toLowerCase();
    if (key === "content-length") {
      found.length = value;
      continue;
    }
    if (key === "date") found.hasDate = true;
    else if (key === "upgrade") found.hasUpgrade = true;
    found.lines += `${name}: ${value}\r\n`;
  }
  return found;
}

/** Connection, with the option that Upgrade asks for (RFC 9110 §7.8). */
function connectionLine(connection: string, hasUpgrade: boolean): string {
  if (!hasUpgrade) return connection === "" ? "" : `Connection: ${connection}\r\n`;
  return connection === "" ? "Connection: upgrade\r\n" : `Connection: ${connection}, upgrade\r\n`;
}

/** Bytes of a body; throws a TypeError for what is none, whatever the types say. */
function sizeOf(body: unknown): number {
  if (body === null) return 0;
  if (typeof body === "string") return byteLength(body);
  if (body instanceof Uint8Array) return body.length;
  throw new TypeError(`a body is text, a Uint8Array or null, not ${Object.prototype.toString.call(body)}`);
}

/** Whether a body is iterated. */
export function isStream(body: OutgoingMessage["body"]): body is AsyncIterable<string | Uint8Array> {
  return typeof body === "object" && body !== null && Symbol.asyncIterator in body;
}

/** How content of unknown size is framed; `announced` is the Content-Length that the application set. */
function streamFraming(status: number, announced: string | null, minorVersion: number): StreamFraming {
  if (status === 204 || status === 205 || status === 304) {
    throw new TypeError(`a response of status ${status} has no content`);
  }
  if (announced === null) return minorVersion === 0 ? "close" : "chunked";
  if (!/^\d{1,15}$/.test(announced)) throw new TypeError(`Content-Length is no number: ${JSON.stringify(announced)}`);
  return Number(announced);
}

function streamEnd(framing: StreamFraming): string {
  if (framing === "chunked") return "Transfer-Encoding: chunked\r\n\r\n";
  return framing === "close" ? "\r\n" : `Content-Length: ${framing}\r\n\r\n`;
}

/** The end of a head: Content-Length where there is to be one, and the empty line. */
function headEnd(status: number, size: number, announced: string | null, headOnly: boolean): string {
  // A response to HEAD and a 304 may tell of content that is not there (RFC 9110 §8.6).
  const mayDiffer = size === 0 && (headOnly || status === 304);
  if (announced !== null && announced !== String(size) && !(mayDiffer && /^\d+$/.test(announced))) {
    throw new TypeError(`Content-Length says ${announced}, yet the content has ${size} bytes`);
  }
  if (status === 204 || status === 205 || status === 304) {
    if (size > 0) throw new TypeError(`a response of status ${status} has no content`);
    // 204 never has a length (RFC 9110 §8.6), 205 says that it is empty (§15.3.6).
    if (status === 204 || (status === 304 && announced === null)) return "\r\n";
  }
  return `Content-Length: ${announced ?? size}\r\n\r\n`;
}

/**
 * Serializes a response: head and content in one piece where the content is plain ASCII text, else in two. Throws
 * where a field or the body is not valid or where Content-Length and content differ.
 */
export function serialize(message: OutgoingMessage, circumstances: Circumstances): SerializedMessage {
  const { status, body } = message;
  const { headOnly, connection } = circumstances;
  const own = message.fields === null ? NO_FIELDS : fieldLines(message.fields);
  const start =
    startLine(status, message.contentType) +
    (own.hasDate ? "" : dateLine()) +
    connectionLine(connection, own.hasUpgrade) +
    own.lines;
  if (isStream(body)) {
    const stream = streamFraming(status, own.length, circumstances.minorVersion);
    return { text: start + streamEnd(stream), bytes: null, stream };
  }
  const size = sizeOf(body);
  const head = start + headEnd(status, size, own.length, headOnly);
  if (size === 0 || headOnly || body === null) return { text: head, bytes: null, stream: null };
  if (typeof body !== "string") return { text: head, bytes: body, stream: null };
  if (size === body.length) return { text: head + body, bytes: null, stream: null };
  return { text: head, bytes: encoder.encode(body), stream: null };
}
