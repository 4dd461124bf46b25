/**
 * Fuzzing: never a trap, never a byte beyond the input, one result however it is cut and on every build, and against
 * node's own parser no difference that is not on the list.
 *
 * Seeded, and short, in the suite; `npm run fuzz` sets FUZZ_SECONDS and FUZZ_SEED.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import * as abi from "../../src/parser/abi.ts";
import { ParseError, type ParserBuild, RequestParser, ResponseParser } from "../../src/parser/index.ts";
import { sharedParser } from "../../src/parser/messages.ts";
import { cutPlaces, requestInput, responseInput } from "../support/fuzz.ts";
import { bytesOf, type Messages, type Outcome, readMessages } from "../support/messages.ts";
import { askNode } from "../support/node-parser.ts";

const seconds = Number(process.env.FUZZ_SECONDS ?? 0);
const seed = Number(process.env.FUZZ_SEED ?? 20260101);
const settings: fc.Parameters<unknown> = seconds
  ? { seed, numRuns: Number.MAX_SAFE_INTEGER, interruptAfterTimeLimit: seconds * 1000, markInterruptAsFailure: false }
  : { seed, numRuns: 1500 };
const timeout = seconds * 1000 + 60_000;

const BUILDS: readonly ParserBuild[] = ["simd", "scalar", "js"];
const POISON = bytesOf("GET / HTTP/1.1\r\nHost: p\r\n\r\n \t\0:\x7f;0\r\n\r\n".repeat(8192)).subarray(
  0,
  abi.WINDOW + abi.WINDOW_SIZE - abi.CARRY,
);

function pieces(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const cuts = [0, ...places.map((place) => Math.floor(place * bytes.length)).sort((a, b) => a - b), bytes.length];
  return cuts.slice(1).map((end, index) => bytes.subarray(cuts[index], end));
}

/** Every way of reading an input gives what reading it whole gives. */
function invariant(text: string, places: readonly number[], make: (build: ParserBuild) => Messages): Outcome {
  const bytes = bytesOf(text);
  const whole = readMessages(make("simd"), [bytes]);
  const wanted = JSON.stringify(whole);
  for (const build of BUILDS) {
    for (const way of [[bytes], pieces(bytes, places), pieces(bytes, [0.2, 0.4, 0.41, 0.6, 0.8])]) {
      // Fewer than the whole memory: a fuzzing run should spend its time on parsing.
      sharedParser({ build }).memory.set(POISON.subarray(0, bytes.length + 256), abi.WINDOW - 128);
      const outcome = readMessages(make(build), way);
      if (JSON.stringify(outcome) !== wanted) expect(outcome, build).toEqual(whole);
    }
  }
  return whole;
}

test("requests are read alike, whole and in pieces, on every build", { timeout }, () => {
  fc.assert(
    fc.property(requestInput, cutPlaces, (text, places) => {
      invariant(text, places, (build) => new RequestParser({ build }));
    }),
    settings,
  );
});

test("responses are read alike, whole and in pieces, on every build", { timeout }, () => {
  fc.assert(
    fc.property(responseInput, cutPlaces, fc.constantFrom("GET", "HEAD", "CONNECT"), (text, places, method) => {
      invariant(text, places, (build) => {
        const messages = new ResponseParser({ build });
        messages.expect(method);
        return messages;
      });
    }),
    settings,
  );
});

/** Why this parser may refuse what node's takes, by the name of the error. */
const STRICTER: Record<string, string> = {
  InvalidTarget: "node takes characters that no target has, asterisks, relative targets, absolute ones without a host",
  InvalidHost: "node does not look at the value of Host",
  MissingHost: "node leaves this to the server above its parser",
  RepeatedHost: "node leaves this to the server above its parser",
  InvalidConnection: "node passes over what is no option",
  UnknownExpectation: "node leaves this to the server above its parser",
  UnsupportedTransferCoding: "node knows no codings but takes them before chunked",
  InvalidTransferEncoding: "node looks at the end of the last value only",
  TransferEncodingInHttp10: "node takes chunked in HTTP/1.0",
  InvalidContentLength: "node takes zeros before the number, and an empty value beside Transfer-Encoding",
  ContentLengthTooLarge: "node counts up to 2^64",
  RepeatedContentLength: "node lets an empty value stand beside another",
  LengthWithTransferEncoding: "node passes over one of them where its value is empty",
  TooManyEmptyLines: "node takes any number of empty lines",
  MethodTooLong: "node knows its own list of methods only",
  InvalidMethod: "node passes over CR and LF in any order before a request line",
  InvalidLineEnd: "node takes a bare LF after a bare CR before a request line",
  InvalidVersion: "node takes spaces before the target and HTTP/0.9 request lines",
  UnsupportedVersion: "node takes HTTP/0.9 and HTTP/2.0 as versions",
};

/** Why node's parser may refuse what this one takes, by the code of its error. */
const LOOSER: Record<string, string> = {
  HPE_INVALID_METHOD: "any token may be a method",
  HPE_INVALID_VERSION: "a later minor version is spoken to as 1.1",
  HPE_INVALID_CONSTANT: "any token may be a method; PRI is one",
  HPE_INVALID_URL: "node splits the target as a URL, and refuses what is opaque in a query",
  HPE_INVALID_CONTENT_LENGTH: "a tab is white space before and after a value",
  HPE_PAUSED_H2_UPGRADE: "PRI is a method like any other, until its version",
  HPE_INVALID_TRANSFER_ENCODING: "empty elements of a list are passed over",
  HPE_UNEXPECTED_CONTENT_LENGTH: "only what is framed twice is refused",
};

test("node's own parser agrees, but for the listed differences", { timeout }, () => {
  fc.assert(
    fc.property(requestInput, (text) => {
      const bytes = bytesOf(text);
      const ours = firstHead(bytes);
      const node = askNode(bytes);
      if (ours.name === "head" && node.verdict === "head") {
        expect([ours.method, ours.target, ours.fields]).toEqual([node.method, node.target, node.fields]);
      } else if (ours.name === "head") expect(Object.keys(LOOSER), text).toContain(node.verdict);
      else if (node.verdict === "head") expect(Object.keys(STRICTER), text).toContain(ours.name);
    }),
    settings,
  );
});

/** What this parser makes of the first head: "head", "more", or the name of the error. */
function firstHead(bytes: Uint8Array): { name: string; method?: unknown; target?: unknown; fields?: unknown } {
  try {
    for (const event of new RequestParser().push(bytes)) {
      if (event.type !== "head") break;
      const { method, target, headers } = event.head;
      return { name: "head", method, target, fields: headers.entries() };
    }
    return { name: "more" };
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    return { name: error.name };
  }
}
