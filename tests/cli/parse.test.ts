/** `pyrois parse`. */
import { writeFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { type Outcome, readMessages } from "../../src/cli/parse/read.ts";
import { project, pyrois } from "../support/pyrois.ts";

const REQUEST = "GET /a?b=c HTTP/1.1\r\nHost: example.org\r\nX-Empty:\r\n\r\n";
const CHUNKED =
  "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n3;x=1\r\nabc\r\n0\r\nX-Sum: 1\r\n\r\n";
const read = (text: string, options = { response: false, method: "GET" }): Outcome =>
  readMessages(Buffer.from(text, "latin1"), options);

test("a request is drawn with its parts below the bytes", async () => {
  const { code, out, err } = await pyrois(["parse"], { input: REQUEST });
  expect([code, err]).toEqual([0, ""]);
  expect(out).toContain(
    [
      "     0  GET /a?b=c HTTP/1.1␍␊",
      "        ─── ────── ────────",
      "        │   │      └ version 11–19",
      "        │   └ target 4–10",
      "        └ method 0–3",
      "    21  Host: example.org␍␊",
      "        ────  ───────────",
      "        │     └ value 27–38",
      "        └ name 21–25",
    ].join("\n"),
  );
  expect(out).toMatch(/^query +b=c$/m);
  expect(out).toMatch(/^ {2}X-Empty +""$/m);
  expect(out).toContain(`ends at byte ${REQUEST.length}`);
  for (const line of out.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
});

test("every span is where its text is, in each of pipelined requests", () => {
  const text = `\r\n${REQUEST}${CHUNKED}`;
  const { messages, error, incomplete } = read(text);
  expect([messages.length, error, incomplete]).toEqual([2, null, null]);
  const shown = messages.map(({ startLine, fields, content, trailers }) => {
    const textOf = ({ start, end }: { start: number; end: number }) => text.slice(start, end);
    const lines = [...fields, ...trailers];
    expect(lines.map(({ nameAt }) => textOf(nameAt))).toEqual(lines.map(({ name }) => name));
    expect(lines.map(({ valueAt }) => textOf(valueAt))).toEqual(lines.map(({ value }) => value));
    return [...startLine.map(textOf), ...content.map(textOf)];
  });
  expect(shown).toEqual([
    ["GET", "/a?b=c", "HTTP/1.1"],
    ["POST", "/", "HTTP/1.1", "hello", "abc"],
  ]);
  expect(messages[1].trailers).toMatchObject([{ name: "X-Sum", value: "1" }]);
  expect(messages[1].end).toBe(text.length);
});

test("an error has a caret below its byte, a name, a status and a section", async () => {
  const { code, out } = await pyrois(["parse"], { input: "GET / HTTP/1.1\r\nHost : a\r\n\r\n" });
  expect(code).toBe(1);
  expect(out).toContain("    16  Host : a␍␊\n            ^ SpaceBeforeColon\n");
  expect(out).toMatch(/white space stands between a field name and its colon \(RFC 9112 §5\.1, at byte 20\)/);
  expect(out).toContain("status: 400 Bad Request");
});

test("an error in content is told by its place in all of the bytes", () => {
  const wrong = `${REQUEST}POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nzz\r\n`;
  const { messages, error } = read(wrong);
  expect(messages).toHaveLength(2);
  expect(error?.error.name).toBe("InvalidChunkSize");
  expect(error?.offset).toBe(wrong.indexOf("zz"));
});

test("what is incomplete is no error, and no success", async () => {
  const { code, out } = await pyrois(["parse"], { input: "GET / HTTP/1.1\r\nHost" });
  expect(code).toBe(1);
  expect(out).toContain("incomplete");
  expect(read("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nabc")).toMatchObject({
    incomplete: 0,
    messages: [{ framing: "length", contentLength: 5, content: [{ start: 47, end: 50 }], end: null }],
  });
});

test("responses, of a file; the method that they answer decides of content", async () => {
  const file = path.join(project({}), "answer.txt");
  const text = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";
  writeFileSync(file, text);
  const { code, out } = await pyrois(["parse", file, "--response", "--json"]);
  expect(code).toBe(0);
  const [message] = JSON.parse(out).messages;
  expect(message).toMatchObject({ type: "response", meaning: { status: 200, reason: "OK" }, end: text.length });
  expect(read(text.slice(0, -2), { response: true, method: "HEAD" }).incomplete).toBeNull();
});

test("content is read beyond what the parser takes at once", () => {
  const size = 200_000;
  const content = "x".repeat(size);
  const chunked = `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${size.toString(16)}\r\n${content}\r\n0\r\n\r\n`;
  const { messages, error, incomplete } = read(chunked);
  expect([error, incomplete]).toEqual([null, null]);
  expect(messages[0].content.reduce((sum, { start, end }) => sum + end - start, 0)).toBe(size);
});

test("bytes of any kind are shown as one character each", async () => {
  const { out } = await pyrois(["parse"], { input: "GET /\x00\x7f\xff HTTP/1.1\r\n\r\n" });
  expect(out).toContain("GET /␀␡· HTTP/1.1␍␊");
});
