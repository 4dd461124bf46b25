/** Reads the messages in a run of bytes, and keeps where in it everything was found. */
import * as abi from "../../parser/abi.ts";
import {
  FRAMING_CHUNKED,
  FRAMING_LENGTH,
  FRAMING_UNTIL_CLOSE,
  type MessageHead,
  methodId,
  type ParseError,
  Parser,
  type RequestHead,
  type ResponseHead,
} from "../../parser/index.ts";

/** A part of the bytes: [start, end). */
export interface Span {
  readonly what: string;
  readonly start: number;
  readonly end: number;
}

/** A field line, and where its two parts are. */
export interface FieldLine {
  readonly name: string;
  readonly value: string;
  readonly nameAt: Span;
  readonly valueAt: Span;
}

export interface Message {
  readonly type: "request" | "response";
  /** [start, end) of the head, the empty line included. */
  readonly head: Span;
  /** Parts of the start line. */
  readonly startLine: readonly Span[];
  readonly fields: readonly FieldLine[];
  /** What its head means. */
  readonly meaning: Readonly<Record<string, string | number | boolean>>;
  readonly framing: "none" | "length" | "chunked" | "until close";
  readonly contentLength: number | null;
  /** Pieces of content: of chunked content each chunk has its own. */
  readonly content: readonly Span[];
  readonly trailers: readonly FieldLine[];
  /** Where it ends; null where that has not come. */
  readonly end: number | null;
}

export interface Outcome {
  readonly messages: readonly Message[];
  readonly error: { readonly error: ParseError; readonly offset: number } | null;
  /** Where a message begins whose end has not come; null where there is none. */
  readonly incomplete: number | null;
}

const FRAMINGS: Readonly<Record<number, Message["framing"]>> = {
  [FRAMING_LENGTH]: "length",
  [FRAMING_CHUNKED]: "chunked",
  [FRAMING_UNTIL_CLOSE]: "until close",
};

/** Thrown where more bytes are needed. */
const MORE = Symbol("more");

class Failed {
  readonly error: ParseError;
  readonly offset: number;

  constructor(error: ParseError, offset: number) {
    this.error = error;
    this.offset = offset;
  }
}

/** Entries of the record that tell a span, by what it is. */
const REQUEST_LINE = [
  ["method", abi.METHOD_OFFSET],
  ["target", abi.TARGET_OFFSET],
] as const;

class Reader {
  readonly #bytes: Uint8Array;
  readonly #parser: Parser;
  readonly #response: boolean;
  readonly #method: number;

  constructor(bytes: Uint8Array, response: boolean, method: string) {
    this.#bytes = bytes;
    this.#parser = new Parser();
    this.#response = response;
    this.#method = methodId(method);
  }

  /** Has the window show the bytes from `at` on, as many as it takes; gives how many. */
  #show(at: number): number {
    const shown = this.#bytes.subarray(at, at + this.#parser.window.length);
    this.#parser.window.set(shown);
    return shown.length;
  }

  /** What a call of the parser has consumed from `at` on; throws where it found an error, or needs more. */
  #consumed(outcome: number, at: number): number {
    if (outcome < 0) {
      const error = this.#parser.error(outcome);
      throw new Failed(error, at + error.offset);
    }
    if (outcome === 0) throw MORE;
    return outcome;
  }

  /** Reads one message from `at` on, and gives what there is of it. */
  message(at: number): { readonly message: Message; readonly stopped: unknown } {
    const parser = this.#parser;
    const length = this.#show(at);
    const size = this.#consumed(
      this.#response ? parser.parseResponse(0, length, this.#method) : parser.parseRequest(0, length),
      at,
    );
    const head = (this.#response ? parser.borrowResponseHead() : parser.borrowHead()).own();
    const content: Span[] = [];
    const trailers: FieldLine[] = [];
    let stopped: unknown = null;
    let end: number | null = null;
    try {
      end = this.#content(head, at + size, content, trailers);
    } catch (error) {
      stopped = error;
    }
    const type: Message["type"] = this.#response ? "response" : "request";
    const message = {
      type,
      head: { what: "head", start: at, end: at + size },
      startLine: this.#startLine(head, at, size),
      fields: fieldsOf(head, at),
      meaning: this.#response ? responseMeaning(head as ResponseHead) : requestMeaning(head as RequestHead),
      framing: FRAMINGS[head.framing] ?? ("none" as const),
      contentLength: head.framing === FRAMING_LENGTH ? head.contentLength : null,
      content,
      trailers,
      end,
    };
    return { message, stopped };
  }

  #startLine(head: MessageHead, at: number, size: number): Span[] {
    const { source } = head;
    const text = source.text;
    // Empty lines may stand before it (RFC 9112 §2.2).
    const start = text.search(/[^\r\n]/);
    const end = text.indexOf("\r\n", start);
    const span = (what: string, from: number, to: number) => ({ what, start: at + from, end: at + to });
    if (this.#response) {
      const [version, status] = [start + "HTTP/1.1".length, start + "HTTP/1.1 200".length];
      const spans = [span("version", start, version), span("status", version + 1, status)];
      return end > status + 1 ? [...spans, span("reason", status + 1, end)] : spans;
    }
    const spans = REQUEST_LINE.map(([what, entry]) => {
      const from = source.record(entry);
      return span(what, from, from + source.record(entry + 4));
    });
    return [...spans, span("version", Math.min(end, size) - "HTTP/1.1".length, Math.min(end, size))];
  }

  /** Reads content from `at` on, and gives where it ends. */
  #content(head: MessageHead, at: number, content: Span[], trailers: FieldLine[]): number {
    const { length } = this.#bytes;
    const piece = (start: number, end: number) => {
      if (end > start) content.push({ what: "content", start, end });
    };
    if (head.framing === FRAMING_CHUNKED) return this.#chunks(at, content, trailers);
    if (head.framing === FRAMING_UNTIL_CLOSE) {
      piece(at, length);
      return length;
    }
    if (head.framing !== FRAMING_LENGTH) return at;
    piece(at, Math.min(length, at + head.contentLength));
    if (at + head.contentLength > length) throw MORE;
    return at + head.contentLength;
  }

  #chunks(begin: number, content: Span[], trailers: FieldLine[]): number {
    const parser = this.#parser;
    let state: number = abi.CHUNK_START;
    let remaining = 0;
    let at = begin;
    while ((state & abi.CHUNK_PHASE_MASK) < abi.CHUNK_PHASE_TRAILERS) {
      const length = this.#show(at);
      if (length === 0) throw MORE;
      const consumed = this.#consumed(parser.decodeChunked(0, length, state, remaining), at);
      for (let index = 0; index < parser.spanCount; ++index) {
        const start = at + parser.spanOffset(index);
        content.push({ what: "chunk", start, end: start + parser.spanLength(index) });
      }
      state = parser.chunkState;
      remaining = parser.chunkRemaining;
      at += consumed;
    }
    if ((state & abi.CHUNK_PHASE_MASK) === abi.CHUNK_PHASE_DONE) return at;
    const length = this.#show(at);
    if (length === 0) throw MORE;
    const size = this.#consumed(parser.parseTrailers(0, length), at);
    if (size > 2) trailers.push(...fieldsIn(parser.takeFields().entries(), this.#bytes, at, at + size));
    return at + size;
  }
}

/** Where field lines are that were read of a section [at, end) of the bytes: each stands on a line of its own. */
function fieldsIn(entries: readonly [string, string][], bytes: Uint8Array, at: number, end: number): FieldLine[] {
  const text = Buffer.from(bytes.subarray(at, end)).toString("latin1");
  let line = 0;
  return entries.map(([name, value]) => {
    const next = text.indexOf("\r\n", line);
    const from = value === "" ? next : text.indexOf(value, line + name.length + 1);
    const found = fieldLine(name, value, at + line, at + from);
    line = next + 2;
    return found;
  });
}

function fieldLine(name: string, value: string, nameStart: number, valueStart: number): FieldLine {
  const nameAt = { what: "name", start: nameStart, end: nameStart + name.length };
  return { name, value, nameAt, valueAt: { what: "value", start: valueStart, end: valueStart + value.length } };
}

function fieldsOf(head: MessageHead, at: number): FieldLine[] {
  const { source } = head;
  return head.headers
    .entries()
    .map(([name, value], index) =>
      fieldLine(name, value, at + source.fieldSpan(index, 0), at + source.fieldSpan(index, 2)),
    );
}

function requestMeaning(head: RequestHead): Message["meaning"] {
  const { method, target, targetForm, path, query, authority, version, keepAlive, upgrade, expectContinue } = head;
  return { method, target, targetForm, path, query, authority, version, keepAlive, upgrade, expectContinue };
}

function responseMeaning({ status, reason, version, keepAlive, upgrade }: ResponseHead): Message["meaning"] {
  return { status, reason, version, keepAlive, upgrade };
}

export interface ReadOptions {
  /** Whether the bytes are responses. */
  readonly response: boolean;
  /** The method of the requests that those answer, for it decides how they are framed. */
  readonly method: string;
}

/** Reads all messages in these bytes, to the end or to the first error. */
export function readMessages(bytes: Uint8Array, { response, method }: ReadOptions): Outcome {
  const reader = new Reader(bytes, response, method);
  const messages: Message[] = [];
  let at = 0;
  try {
    while (at < bytes.length) {
      const { message, stopped } = reader.message(at);
      messages.push(message);
      if (stopped !== null) throw stopped;
      at = message.end as number;
    }
  } catch (error) {
    if (error instanceof Failed) return { messages, error, incomplete: null };
    if (error !== MORE) throw error;
    return { messages, error: null, incomplete: at };
  }
  return { messages, error: null, incomplete: null };
}
