/** Events out of text, however it is cut (HTML standard, §9.2.6). */
import { expect, test } from "vitest";
import { EventLines, type TestEvent } from "../../src/testing/event-lines.ts";

function read(text: string, cut: number): TestEvent[] {
  const all: TestEvent[] = [];
  const lines = new EventLines((event) => all.push(event), "");
  for (let at = 0; at < text.length; at += cut) lines.push(text.slice(at, at + cut));
  return all;
}

const message = (data: string, id = "") => ({ event: "message", data, id });

test.each([
  ["data: a\n\ndata: b\n\n", [message("a"), message("b")]],
  ["data: a\r\n\r\ndata: b\r\rdata: c\n\n", [message("a"), message("b"), message("c")]],
  ["data: a\r\ndata: b\r\n\r\n", [message("a\nb")]],
  ["data\n\ndata\ndata\n\ndata:", [message(""), message("\n")]],
  [": comment\n\ndata:test\n\n", [message("test")]],
  ["id: 1\ndata:  two spaces\n\nid\ndata: x\n\n", [message(" two spaces", "1"), message("x")]],
  ["event: only\n\ndata: x\n\n", [message("x")]],
  ["id: a\0b\nretry: 1x\nunknown: y\ndata: x\n\n", [message("x")]],
  ["data: a\r\r", [message("a")]],
  ["data: not yet", []],
])("%j", (text, wanted) => {
  for (const cut of [1, 2, 3, text.length]) expect(read(text, cut)).toEqual(wanted);
});
