/** Content on its way out: what it can be, and how it is framed. */
import type { Fields } from "./fields.ts";

/** Content that is iterated; text leaves as UTF-8. */
export type ContentStream = AsyncIterable<string | Uint8Array>;

/** Gives the fields that follow the content, once it has ended (RFC 9110 §6.5). */
export type Trailers = () => Fields | Promise<Fields>;

/** Content: text leaves as UTF-8. What is iterated leaves piece by piece, as fast as the peer reads. */
export type OutgoingBody = string | Uint8Array | ContentStream | null;

/** How content that is iterated is framed: in chunks, by a length, or by the end of the connection. */
export type StreamFraming = "chunked" | "close" | number;

/** A message that leaves: text of one byte a character, then perhaps bytes, then perhaps what is iterated, so framed. */
export interface SerializedMessage {
  readonly text: string;
  readonly bytes: Uint8Array | null;
  readonly framing: StreamFraming | null;
  /** Bytes of content in it. */
  readonly size: number;
}

const encoder = new TextEncoder();
type ByteLength = (text: string) => number;
const nativeByteLength = (globalThis as { Buffer?: { byteLength: ByteLength } }).Buffer?.byteLength;
/** Bytes of a text in UTF-8. */
const byteLength: ByteLength = nativeByteLength ?? ((text) => encoder.encode(text).length);

function notContent(body: unknown): TypeError {
  return new TypeError(`a body is text, a Uint8Array or null, not ${Object.prototype.toString.call(body)}`);
}

/** Bytes of a body; throws a TypeError for what is none, whatever the types say. */
export function sizeOf(body: unknown): number {
  if (body === null) return 0;
  if (typeof body === "string") return byteLength(body);
  if (body instanceof Uint8Array) return body.length;
  throw notContent(body);
}

/** Whether a body is iterated. */
export function isStream(body: OutgoingBody): body is ContentStream {
  return typeof body === "object" && body !== null && Symbol.asyncIterator in body;
}

/** Iterated content that is one piece, or none. */
export async function* inOnePiece(body: string | Uint8Array | null): AsyncGenerator<string | Uint8Array> {
  if (body !== null) yield body;
}

/** How iterated content is framed: by the Content-Length that was announced, else as `otherwise`. */
export function streamFraming(announced: string | null, otherwise: StreamFraming): StreamFraming {
  if (announced === null) return otherwise;
  if (!/^\d{1,15}$/.test(announced)) throw new TypeError(`Content-Length is no number: ${JSON.stringify(announced)}`);
  return Number(announced);
}

/** The end of a head that iterated content follows. */
export function streamEnd(framing: StreamFraming): string {
  if (framing === "chunked") return "Transfer-Encoding: chunked\r\n\r\n";
  return framing === "close" ? "\r\n" : `Content-Length: ${framing}\r\n\r\n`;
}

/** A message whose content of `size` bytes is there: in one piece where it is plain ASCII text, else in two. */
export function join(head: string, body: OutgoingBody, size: number): SerializedMessage {
  if (size === 0) return { text: head, bytes: null, framing: null, size };
  if (body instanceof Uint8Array) return { text: head, bytes: body, framing: null, size };
  if (typeof body !== "string") throw notContent(body);
  if (size === body.length) return { text: head + body, bytes: null, framing: null, size };
  return { text: head, bytes: encoder.encode(body), framing: null, size };
}
