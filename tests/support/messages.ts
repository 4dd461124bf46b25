/** Runs bytes through a message parser and writes down everything it tells, in a form that compares. */
import { type MessageHead, ParseError, type ParserEvent, RequestHead, ResponseHead } from "../../src/parser/index.ts";
import { decodeLatin1 } from "../../src/parser/latin1.ts";

/** What one message was found to be; a vector names some of these. */
export interface ReadMessage {
  [key: string]: unknown;
  content: string;
  trailers?: [string, string][];
  ended: boolean;
}

export interface Outcome {
  messages: ReadMessage[];
  /** Name and offset of the error that ended it, "" where none did. */
  error: string;
  offset: number;
}

/** What `RequestParser` and `ResponseParser` have in common. */
export interface Messages {
  push(chunk: Uint8Array): Iterable<ParserEvent<MessageHead>>;
  finish(): readonly ParserEvent<MessageHead>[];
}

export function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** Feeds the pieces one after the other, then the end of the input. */
export function readMessages(parser: Messages, pieces: Iterable<Uint8Array>): Outcome {
  const outcome: Outcome = { messages: [], error: "", offset: -1 };
  try {
    for (const piece of pieces) for (const event of parser.push(piece)) note(event, outcome.messages);
    for (const event of parser.finish()) note(event, outcome.messages);
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    outcome.error = error.name;
    // What is missing has no place of its own.
    outcome.offset = error.name === "IncompleteMessage" ? -1 : error.offset;
  }
  return outcome;
}

function note(event: ParserEvent<MessageHead>, messages: ReadMessage[]): void {
  if (event.type === "head") {
    messages.push(readHead(event.head));
    return;
  }
  const message = messages[messages.length - 1];
  if (event.type === "data") {
    message.content += decodeLatin1(event.data, 0, event.data.length);
  } else if (event.type === "end") message.ended = true;
  else message.trailers = event.trailers.entries();
}

function readHead(head: MessageHead): ReadMessage {
  const { version, framing, keepAlive, upgrade, contentLength } = head;
  const common = {
    version,
    framing,
    keepAlive,
    upgrade,
    contentLength,
    fields: head.headers.entries(),
    head: head.text,
  };
  if (head instanceof RequestHead) {
    const { method, target, targetForm, authority, path, query, hasEscapes, expectContinue, acceptsTrailers } = head;
    const own = { method, target, targetForm, authority, path, query, hasEscapes, expectContinue, acceptsTrailers };
    return { ...common, ...own, content: "", ended: false };
  }
  if (!(head instanceof ResponseHead)) throw new Error("a head of no kind");
  return { ...common, status: head.status, reason: head.reason, content: "", ended: false };
}
