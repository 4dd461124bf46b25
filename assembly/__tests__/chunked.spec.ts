/** The chunked decoder, cut at every place. */
import {
  CHUNK_PHASE_DONE,
  CHUNK_PHASE_MASK,
  CHUNK_PHASE_TRAILERS,
  CHUNK_REMAINING,
  CHUNK_START,
  CHUNK_STATE,
  INVALID_CHUNK_END,
  INVALID_CHUNK_SIZE,
  SPANS,
  SPAN_COUNT,
  WINDOW,
} from "../../src/parser/abi";
import { buildClasses } from "../bytes";
import { decodeChunked } from "../chunked";
import { getRecord } from "../memory";

buildClasses();

let state: u32 = CHUNK_START;
let remaining: u32 = 0;
let payload = "";

/** Decodes a text in one call, after what came before it; gives what the decoder gave. */
function decode(text: string): i32 {
  for (let i = 0; i < text.length; ++i) store<u8>(WINDOW + i, <u8>text.charCodeAt(i));
  const outcome = decodeChunked(WINDOW, WINDOW + text.length, state, remaining);
  if (outcome < 0) return outcome;
  state = getRecord(CHUNK_STATE);
  remaining = getRecord(CHUNK_REMAINING);
  const count = getRecord(SPAN_COUNT);
  for (let i: u32 = 0; i < count; ++i) {
    payload += text.substr(load<u32>(SPANS + 8 * i), load<u32>(SPANS + 8 * i + 4));
  }
  return outcome;
}

function begin(): void {
  state = CHUNK_START;
  remaining = 0;
  payload = "";
}

describe("decodeChunked", () => {
  test("gives the same payload wherever the body is cut", () => {
    const body = '5\r\nhello\r\n00b;a="q\\"";b\r\n, big world\r\n0\r\n\r\n';
    for (let cut = 0; cut <= body.length; ++cut) {
      begin();
      const first = decode(body.substr(0, cut));
      // What the first call left, the empty line after the last chunk at most, comes again.
      expect<bool>(first >= cut - 1).toBe(true, `${cut}`);
      decode(body.substr(first));
      expect<string>(payload).toBe("hello, big world", `${cut}`);
      expect<u32>(state & CHUNK_PHASE_MASK).toBe(CHUNK_PHASE_DONE, `${cut}`);
    }
  });

  test("stops before trailers and after the body", () => {
    begin();
    expect<i32>(decode("1\r\nx\r\n0\r\nA: 1\r\n\r\n")).toBe(9);
    expect<u32>(state & CHUNK_PHASE_MASK).toBe(CHUNK_PHASE_TRAILERS);
    begin();
    expect<i32>(decode("0\r\n\r\nGET /")).toBe(5);
    expect<u32>(state & CHUNK_PHASE_MASK).toBe(CHUNK_PHASE_DONE);
  });

  test("tells what is wrong", () => {
    begin();
    expect<i32>(decode("x\r\n")).toBe(-INVALID_CHUNK_SIZE);
    begin();
    expect<i32>(decode("xx\r\n")).toBe(-INVALID_CHUNK_SIZE);
  });

  test("gives what came before an error, and then the error", () => {
    begin();
    expect<i32>(decode("1\r\nxx\r\n")).toBe(4);
    expect<string>(payload).toBe("x");
    expect<i32>(decode("x\r\n")).toBe(-INVALID_CHUNK_END);
  });
});
