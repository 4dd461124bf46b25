/** Messages for fuzzing: vectors that were mutated, and messages made by the grammar with faults sprinkled in. */
import fc from "fast-check";
import requests from "../vectors/requests.json" with { type: "json" };
import responses from "../vectors/responses.json" with { type: "json" };

/** Bytes that mean something to a parser of messages. */
const TELLING = [...'\r\n\t :;,="\\/?#%*()[]0159afGP\0\x7f\x80\xff'];
const TOKENS = ["Host: a", "Content-Length: 5", "Transfer-Encoding: chunked", "Connection: close", "\r\n", "\r\n\r\n"];
const PIECES = [...TOKENS, "HTTP/1.1", "GET / ", "0\r\n", "5\r\nhello\r\n", ";a=b", " ", "\n", "\r"];

/** One edit of a text. */
const edit = fc.record({
  kind: fc.constantFrom("set", "insert", "delete", "duplicate", "cut"),
  at: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
  length: fc.integer({ min: 1, max: 20 }),
  piece: fc.oneof(
    fc.constantFrom(...TELLING),
    fc.constantFrom(...PIECES),
    fc.string({ unit: "binary-ascii", maxLength: 4 }),
  ),
});

function apply(text: string, edits: readonly { kind: string; at: number; length: number; piece: string }[]): string {
  for (const { kind, at, length, piece } of edits) {
    const place = Math.floor(at * (text.length + 1));
    const [before, after] = [text.slice(0, place), text.slice(place)];
    if (kind === "set") text = before + piece + after.slice(piece.length);
    else if (kind === "insert") text = before + piece + after;
    else if (kind === "delete") text = before + after.slice(length);
    else if (kind === "duplicate") text = before + after.slice(0, length) + after;
    else text = before;
  }
  return text;
}

const mutated = (texts: readonly string[]) =>
  fc
    .tuple(fc.constantFrom(...texts), fc.array(edit, { minLength: 1, maxLength: 4 }))
    .map(([text, edits]) => apply(text, edits));

const short = (vectors: readonly { input: string }[]) =>
  vectors.map(({ input }) => input).filter(({ length }) => length < 2000);

const token = fc.string({ unit: fc.constantFrom(..."abcXYZ019-_!~"), minLength: 1, maxLength: 40 });
const value = fc.string({ unit: fc.constantFrom(...'ab ,;=\t"!~\x80\xff/'), maxLength: 60 }).map((text) => text.trim());
const field = fc.oneof(
  fc.tuple(token, value).map(([name, text]) => `${name}: ${text}`),
  fc.constantFrom(
    ...TOKENS.slice(0, 4),
    "Expect: 100-continue",
    "Upgrade: x",
    "Connection: upgrade, keep-alive",
    "TE: trailers",
  ),
);
const chunk = fc
  .tuple(fc.string({ unit: "binary-ascii", maxLength: 40 }), fc.constantFrom("", ";a", ' ; b = "c"'))
  .map(([text, extension]) => (text ? `${text.length.toString(16)}${extension}\r\n${text}\r\n` : ""));
const content = fc.oneof(
  fc.string({ unit: "binary-ascii", maxLength: 60 }).map((text) => [`Content-Length: ${text.length}`, text]),
  fc
    .tuple(fc.array(chunk, { maxLength: 5 }), fc.array(fc.tuple(token, value), { maxLength: 2 }))
    .map(([chunks, trailers]) => [
      "Transfer-Encoding: chunked",
      `${chunks.join("")}0\r\n${trailers.map(([name, text]) => `${name}: ${text}\r\n`).join("")}\r\n`,
    ]),
  fc.constant(["X: y", ""]),
);
const request = fc
  .tuple(
    fc.constantFrom("GET", "POST", "HEAD", "PUT", "OPTIONS", "M-SEARCH", "DELETE"),
    fc.string({ unit: fc.constantFrom(..."ab/?%20=&.;"), maxLength: 60 }),
    fc.constantFrom("HTTP/1.1", "HTTP/1.1", "HTTP/1.0"),
    fc.array(field, { maxLength: 6 }),
    content,
  )
  .map(([method, path, version, fields, [framing, body]]) =>
    [`${method} /${path} ${version}`, "Host: a", ...fields, framing, "", body].join("\r\n"),
  );

/** Inputs of requests: one or a few, right or wrong. */
export const requestInput: fc.Arbitrary<string> = fc.oneof(
  mutated(short(requests)),
  fc.array(request, { minLength: 1, maxLength: 3 }).map((all) => all.join("")),
  fc.tuple(request, fc.array(edit, { minLength: 1, maxLength: 3 })).map(([text, edits]) => apply(text, edits)),
  fc.string({ unit: "binary-ascii", maxLength: 80 }),
);

/** Inputs of responses. */
export const responseInput: fc.Arbitrary<string> = fc.oneof(
  mutated(short(responses)),
  fc
    .tuple(fc.constantFrom("200 OK", "204 x", "404 ", "100 x"), fc.array(field, { maxLength: 4 }), content)
    .map(([status, fields, [framing, body]]) => [`HTTP/1.1 ${status}`, ...fields, framing, "", body].join("\r\n")),
);

/** Places to cut an input at, as parts of its length. */
export const cutPlaces: fc.Arbitrary<number[]> = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 4 });
