/** Runs bytes through a MessageReader and writes down everything it tells, in a form that compares. */
import type { HeaderFields, MessageReader } from "../../src/parser/index.ts";
import { DATA, END, HEAD, NEED_MORE, ParseError } from "../../src/parser/index.ts";

export interface ReadMessage {
  method: string;
  target: string;
  targetForm: string;
  authority: string;
  path: string;
  query: string;
  hasEscapes: boolean;
  version: string;
  keepAlive: boolean;
  expectContinue: boolean;
  upgrade: boolean;
  contentLength: number;
  fields: [string, string][];
  head: string;
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

export function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** Feeds the pieces one after the other, then the end of the input. */
export function readMessages(reader: MessageReader, pieces: readonly Uint8Array[]): Outcome {
  const outcome: Outcome = { messages: [], error: "", offset: -1 };
  try {
    for (const piece of pieces) {
      reader.parser.window.set(piece);
      reader.feed(piece.length);
      drain(reader, outcome.messages);
    }
    reader.finish();
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    outcome.error = error.name;
    // What is missing has no place of its own.
    outcome.offset = error.name === "IncompleteMessage" ? -1 : error.offset;
  }
  return outcome;
}

function drain(reader: MessageReader, messages: ReadMessage[]): void {
  const { window } = reader.parser;
  for (;;) {
    const event = reader.next();
    if (event === NEED_MORE) return;
    if (event === HEAD) {
      messages.push(readHead(reader));
      continue;
    }
    const message = messages[messages.length - 1];
    if (event === DATA) {
      message.content += Buffer.from(window.slice(reader.dataStart, reader.dataEnd)).toString("latin1");
    } else if (event === END) message.ended = true;
    else message.trailers = (reader.trailers as HeaderFields).entries();
  }
}

function readHead(reader: MessageReader): ReadMessage {
  const head = reader.head;
  if (!head) throw new Error("HEAD without a head");
  const { method, target, targetForm, authority, path, query, hasEscapes, version } = head;
  const { keepAlive, expectContinue, upgrade, contentLength } = head;
  const fields = head.headers.entries();
  return {
    ...{ method, target, targetForm, authority, path, query, hasEscapes, version },
    ...{ keepAlive, expectContinue, upgrade, contentLength, fields },
    head: head.text,
    content: "",
    ended: false,
  };
}
