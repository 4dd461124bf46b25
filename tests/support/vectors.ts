/**
 * Runs a vector whole, byte by byte, cut in two at every place, between poisoned surroundings, and with bytes after
 * it: one result. Nothing here knows a test runner or a host, so that every host can run it.
 */
import * as abi from "../../src/parser/abi.ts";
import { type Parser, type ParserOptions, RequestParser, ResponseParser } from "../../src/parser/index.ts";
import { bytesOf, type Outcome, type ReadMessage, readMessages } from "./messages.ts";

export interface Vector {
  id: string;
  /** Bytes, one character each. */
  input: string;
  /** Methods of the requests that these responses answer. */
  methods?: string[];
  /** What is to be found, as far as the vector speaks of it. */
  messages: Partial<ReadMessage>[];
  /** Name of the error it ends with, and its offset. */
  error?: string;
  offset?: number;
}

/** Inputs longer than this are cut near their ends and at every hundredth place only. */
const LONG = 1500;

/** What the window and the carry area hold before a run; nothing of it may ever show in a result. */
const POISONS = ["\0", " ", "\r\n", "a", "\x7f", "GET / HTTP/1.1\r\nHost: poison\r\n\r\n"].map((text) =>
  bytesOf(text.repeat(Math.ceil((abi.WINDOW + abi.WINDOW_SIZE - abi.CARRY) / text.length))).subarray(
    0,
    abi.WINDOW + abi.WINDOW_SIZE - abi.CARRY,
  ),
);

/** Throws where two outcomes differ, and says how. */
function same(actual: unknown, wanted: unknown, how: string): void {
  const [left, right] = [JSON.stringify(actual), JSON.stringify(wanted)];
  if (left !== right) throw new Error(`${how}: got ${left?.slice(0, 2000)}, not ${right?.slice(0, 2000)}`);
}

function cuts(length: number): number[] {
  const all = Array.from({ length: Math.max(0, length - 1) }, (_, index) => index + 1);
  return length <= LONG ? all : all.filter((at) => at < 200 || at > length - 200 || at % 100 === 0);
}

function* singly(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; ++at) yield bytes.subarray(at, at + 1);
}

type Run = (pieces: Iterable<Uint8Array>) => Outcome;

/** Checks what a vector says; gives the outcome of the whole input. */
function checkWhole(vector: Vector, run: Run): Outcome {
  const whole = run([bytesOf(vector.input)]);
  same(whole.error, vector.error ?? "", "error");
  if (vector.offset !== undefined) same(whole.offset, vector.offset, "offset");
  same(whole.messages.length, vector.messages.length, "number of messages");
  for (const [index, message] of vector.messages.entries()) {
    for (const [key, wanted] of Object.entries(message)) same(whole.messages[index][key], wanted, `${index}: ${key}`);
  }
  for (const message of whole.messages.slice(0, vector.error ? -1 : undefined)) same(message.ended, true, "end");
  return whole;
}

function checkCuts(vector: Vector, whole: Outcome, parser: Parser, run: Run): void {
  const bytes = bytesOf(vector.input);
  for (const poison of POISONS) {
    parser.memory.set(poison, abi.CARRY);
    same(run([bytes]), whole, `among ${poison[0]}`);
  }
  for (const at of cuts(bytes.length)) same(run([bytes.subarray(0, at), bytes.subarray(at)]), whole, `cut at ${at}`);
  same(run(singly(bytes)), whole, "byte by byte");
}

/** What follows a complete message is the next one; what follows a wrong one changes nothing. */
function checkNext(vector: Vector, whole: Outcome, next: string, shows: (message: ReadMessage) => boolean, run: Run) {
  if (whole.error === "IncompleteMessage") return;
  const followed = run([bytesOf(vector.input + next)]);
  if (whole.error) return same(followed, whole, "with bytes after it");
  const last = followed.messages.at(-1);
  // What lasts until the connection closes takes all that comes.
  if (whole.messages.at(-1)?.framing === abi.FRAMING_UNTIL_CLOSE)
    return same(last?.content.endsWith(next), true, "next");
  same(followed.messages.slice(0, -1), whole.messages, "before the next");
  same([followed.error, last && shows(last)], ["", true], "next");
}

/** Throws where a vector of requests is not read as it says. `parser` is the one that these options share. */
export function checkRequest(vector: Vector, options: ParserOptions, parser: Parser): void {
  const run: Run = (pieces) => readMessages(new RequestParser(options), pieces);
  const whole = checkWhole(vector, run);
  checkCuts(vector, whole, parser, run);
  checkNext(vector, whole, "GET /next HTTP/1.1\r\nHost: next\r\n\r\n", ({ path }) => path === "/next", run);
}

/** As `checkRequest`, for responses. */
export function checkResponse(vector: Vector, options: ParserOptions, parser: Parser): void {
  const run: Run = (pieces) => {
    const messages = new ResponseParser(options);
    for (const method of vector.methods ?? []) messages.expect(method);
    return readMessages(messages, pieces);
  };
  const whole = checkWhole(vector, run);
  checkCuts(vector, whole, parser, run);
  checkNext(vector, whole, "HTTP/1.1 204 Next\r\n\r\n", ({ reason }) => reason === "Next", run);
}
