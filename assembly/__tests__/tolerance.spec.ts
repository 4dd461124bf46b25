import {
  INVALID_HOST,
  INVALID_TARGET,
  LIMITS,
  LIMIT_FIELDS,
  LIMIT_HEAD,
  LIMIT_TARGET,
  MISSING_HOST,
  TOLERATE_EXPECTATION,
  TOLERATE_HOST,
  TOLERATE_MISSING_HOST,
  TOLERATE_TARGET,
  UNKNOWN_EXPECTATION,
  WINDOW,
} from "../../src/parser/abi";
import { parseRequest, tolerate } from "../index";

store<u32>(LIMITS + LIMIT_HEAD, 16384);
store<u32>(LIMITS + LIMIT_TARGET, 8192);
store<u32>(LIMITS + LIMIT_FIELDS, 100);

/** What is made of a head: its length, or a negated error code. */
function parse(head: string): i32 {
  for (let i = 0; i < head.length; ++i) store<u8>(WINDOW + i, <u8>head.charCodeAt(i));
  return parseRequest(WINDOW, WINDOW + head.length);
}

const TARGET = "GET /<a> HTTP/1.1\r\nHost: a\r\n\r\n";
const HOST = "GET / HTTP/1.1\r\nHost: a b\r\n\r\n";
const NO_HOST = "GET / HTTP/1.1\r\n\r\n";
const EXPECTATION = "GET / HTTP/1.1\r\nHost: a\r\nExpect: b\r\n\r\n";

describe("tolerate", () => {
  test("each passes once it is asked for, and nothing else", () => {
    expect(parse(TARGET)).toBe(-INVALID_TARGET);
    tolerate(TOLERATE_TARGET);
    expect(parse(TARGET)).toBe(TARGET.length);
    expect(parse(HOST)).toBe(-INVALID_HOST);
    tolerate(TOLERATE_HOST);
    expect(parse(HOST)).toBe(HOST.length);
    expect(parse(NO_HOST)).toBe(-MISSING_HOST);
    tolerate(TOLERATE_MISSING_HOST);
    expect(parse(NO_HOST)).toBe(NO_HOST.length);
    expect(parse(EXPECTATION)).toBe(-UNKNOWN_EXPECTATION);
    tolerate(TOLERATE_EXPECTATION);
    expect(parse(EXPECTATION)).toBe(EXPECTATION.length);
    expect(parse(TARGET)).toBe(TARGET.length, "what was asked for before still passes");
  });
});
