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

interface Difference {
  /** What this parser says of the example, and what node's says. */
  ours: string;
  node: string;
  example: string;
  reason: string;
}

const get = (fields: string) => `GET / HTTP/1.1\r\nHost: a\r\n${fields}\r\n\r\n`;
const stricter = (ours: string, example: string, reason: string): Difference => ({
  ours,
  node: "head",
  example,
  reason,
});
const looser = (node: string, example: string, reason: string): Difference => ({ ours: "head", node, example, reason });

/** Every kind of head on which the two parsers differ. */
const DIFFERENCES: readonly Difference[] = [
  stricter("InvalidTarget", "GET * HTTP/1.1\r\nHost: a\r\n\r\n", "node takes an asterisk for any method"),
  stricter("InvalidVersion", "GET /\r\nHost: a\r\n\r\n", "node takes the request line of HTTP/0.9"),
  stricter("UnsupportedVersion", "GET / HTTP/2.0\r\nHost: a\r\n\r\n", "node takes HTTP/2.0 here"),
  stricter("InvalidMethod", `\n${get("X: y")}`, "node passes over a bare LF before a request"),
  stricter("InvalidLineEnd", `\r${get("X: y")}`, "node passes over a bare CR before a request"),
  stricter("TooManyEmptyLines", `${"\r\n".repeat(9)}${get("X: y")}`, "node passes over any number of empty lines"),
  stricter("TooManyFields", get("X: y\r\n".repeat(100).trim()), "node leaves this to the server above its parser"),
  stricter("MissingHost", "GET / HTTP/1.1\r\n\r\n", "node leaves this to the server above its parser"),
  stricter("RepeatedHost", get("Host: a"), "node never looks at this"),
  stricter("InvalidHost", "GET / HTTP/1.1\r\nHost: a b\r\n\r\n", "node never looks at this"),
  stricter("InvalidConnection", get("Connection: a b"), "node passes over what is no option"),
  stricter("UnknownExpectation", get("Expect: a"), "node leaves this to the server above its parser"),
  stricter("InvalidContentLength", get("Content-Length: 05"), "node takes zeros before the number"),
  stricter("ContentLengthTooLarge", get("Content-Length: 9007199254740992"), "node counts up to 2^64"),
  stricter("InvalidTransferEncoding", get("Transfer-Encoding: "), "node passes over an empty value"),
  stricter(
    "LengthWithTransferEncoding",
    get("Transfer-Encoding: \r\nContent-Length: 1"),
    "node passes over an empty value",
  ),
  stricter("UnsupportedTransferCoding", get("Transfer-Encoding: gzip, chunked"), "node leaves gzip to the application"),
  stricter(
    "TransferEncodingInHttp10",
    "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
    "node takes chunked content from HTTP/1.0",
  ),
  looser("HPE_INVALID_METHOD", "T / HTTP/1.0\r\n\r\n", "any token may be a method"),
  looser("HPE_INVALID_VERSION", "GET / HTTP/1.2\r\nHost: a\r\n\r\n", "a later minor version is spoken to as 1.1"),
  looser("HPE_INVALID_CONTENT_LENGTH", get("Content-Length: 0\t"), "a tab is white space after a value"),
  looser("HPE_INVALID_TRANSFER_ENCODING", get("Transfer-Encoding: chunked,"), "lists may have empty elements"),
];

test.each(DIFFERENCES)("against node: $ours, $node: $reason", ({ ours, node, example }) => {
  expect([firstHead(bytesOf(example)).name, askNode(bytesOf(example)).verdict]).toEqual([ours, node]);
});

test("node's own parser agrees, but for the listed differences", { timeout }, () => {
  const known = new Set(DIFFERENCES.map(({ ours, node }) => `${ours}, ${node}`));
  fc.assert(
    fc.property(requestInput, (text) => {
      const bytes = bytesOf(text);
      const ours = firstHead(bytes);
      const node = askNode(bytes);
      if (ours.name === "head" && node.verdict === "head") {
        expect([ours.method, ours.target, ours.fields]).toEqual([node.method, node.target, node.fields]);
      } else if (ours.name === "head" || node.verdict === "head") {
        expect(known, JSON.stringify(text)).toContain(`${ours.name}, ${node.verdict}`);
      }
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
