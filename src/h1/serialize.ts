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
  /** The content: text leaves as UTF-8. */
  readonly body: string | Uint8Array | null;
}

/** What the connection adds to a response. */
export interface Circumstances {
  /** The request was HEAD: the content stays here (RFC 9110 §9.3.2). */
  readonly headOnly: boolean;
  /** Field line for Connection, "" where none is needed. */
  readonly connectionLine: string;
}

/** A message that leaves: text of one byte a character, then perhaps bytes. */
export interface SerializedMessage {
  readonly text: string;
  readonly bytes: Uint8Array | null;
}

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** field-value = *( VCHAR / SP / HTAB / obs-text ) (RFC 9110 §5.5) */
const FIELD_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
/** Fields that say how the message is framed, or what becomes of the connection: the server's own to write. */
const FRAMING_FIELDS = /^(?:transfer-encoding|connection|keep-alive|upgrade)$/i;

const encoder = new TextEncoder();
type ByteLength = (text: string) => number;
const nativeByteLength = (globalThis as { Buffer?: { byteLength: ByteLength } }).Buffer?.byteLength;
/** Bytes of a text in UTF-8. */
const byteLength: ByteLength = nativeByteLength ?? ((text) => encoder.encode(text).length);

/** Field lines that answers begin with, by status, then by content type. */
const startLines: Map<string | null, string>[] = [];
/** Distinct content types that are kept for a status; a type made by request data must not fill the memory. */
const TYPES_KEPT = 64;

/** Throws a TypeError where a field could not be written as it is (RFC 9110 §5.1, §5.5). */
export function checkField(name: string, value: string): void {
  if (!TOKEN.test(name)) throw new TypeError(`${JSON.stringify(name)} is no field name`);
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

/** Field lines of what the application set, and the Content-Length among them if it set one. */
function fieldLines(fields: Iterable<readonly [string, string]>): { lines: string; length: string | null } {
  let lines = "";
  let length: string | null = null;
  for (const [name, value] of fields) {
    checkField(name, value);
    if (FRAMING_FIELDS.test(name)) throw new TypeError(`${name} is written by the server, not by the application`);
    if (/^content-length$/i.test(name)) length = value;
    else lines += `${name}: ${value}\r\n`;
  }
  return { lines, length };
}

/** Whether a response of this status never has content (RFC 9112 §6.3, step 1). */
function isBare(status: number): boolean {
  return status === 204 || status === 304;
}

/**
 * Serializes a response: head and content in one piece where the content is plain ASCII text, else in two. Throws
 * where a field is not valid or where Content-Length and content differ.
 */
export function serialize(message: OutgoingMessage, circumstances: Circumstances): SerializedMessage {
  const { status, body } = message;
  let head = startLine(status, message.contentType) + dateLine() + circumstances.connectionLine;
  let announced: string | null = null;
  if (message.fields !== null) {
    const { lines, length } = fieldLines(message.fields);
    head += lines;
    announced = length;
  }
  const size = body === null ? 0 : typeof body === "string" ? byteLength(body) : body.length;
  if (announced !== null && announced !== String(size) && !(circumstances.headOnly && /^\d+$/.test(announced))) {
    throw new TypeError(`Content-Length says ${announced}, yet the content has ${size} bytes`);
  }
  if (isBare(status)) {
    if (size > 0) throw new TypeError(`a response of status ${status} has no content`);
    return { text: `${head}\r\n`, bytes: null };
  }
  head += `Content-Length: ${announced ?? size}\r\n\r\n`;
  if (size === 0 || circumstances.headOnly) return { text: head, bytes: null };
  if (typeof body !== "string") return { text: head, bytes: body };
  return size === body.length ? { text: head + body, bytes: null } : { text: head, bytes: encoder.encode(body) };
}
