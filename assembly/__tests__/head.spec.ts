/** A request head, and the record that the parser makes of it. */
import {
  AUTHORITY_LENGTH,
  CARRY,
  CONTENT_LENGTH_HIGH,
  CONTENT_LENGTH_LOW,
  ERROR_OFFSET,
  FIELD_CONNECTION,
  FIELD_CONTENT_LENGTH,
  FIELD_COUNT,
  FIELD_HOST,
  FLAGS,
  FLAG_KEEP_ALIVE,
  FLAG_REPEATED,
  FORM_ORIGIN,
  FRAMING,
  FRAMING_LENGTH,
  HEAD_TOO_LARGE,
  INVALID_FIELD_NAME,
  LIMITS,
  LIMIT_FIELDS,
  LIMIT_HEAD,
  LIMIT_TARGET,
  METHOD_ID,
  METHOD_LENGTH,
  METHOD_POST,
  MINOR_VERSION,
  PATH_LENGTH,
  PATH_OFFSET,
  QUERY_LENGTH,
  QUERY_OFFSET,
  TARGET_FORM,
  WINDOW,
} from "../../src/parser/abi";
import { buildClasses } from "../bytes";
import { parseRequest, parseTrailers } from "../head";
import { fieldId, fieldRow, firstField, getRecord } from "../memory";
import { buildNames } from "../names";
import { buildNibbles } from "../scan";

buildClasses();
buildNibbles();
buildNames();
store<u32>(LIMITS + LIMIT_HEAD, 16384);
store<u32>(LIMITS + LIMIT_TARGET, 8192);
store<u32>(LIMITS + LIMIT_FIELDS, 100);

/** Puts a text at an address; gives the address after it. */
function put(text: string, at: usize): usize {
  for (let i = 0; i < text.length; ++i) store<u8>(at + i, <u8>text.charCodeAt(i));
  return at + text.length;
}

const HEAD = "POST /a/b?q HTTP/1.1\r\nHost: a:1\r\nContent-Length: 4294967301\r\nX-a:b\r\nConnection: x\r\nconnection: y\r\n\r\n";

describe("parseRequest", () => {
  test("fills the record", () => {
    const end = put(HEAD + "more", WINDOW);
    expect<i32>(parseRequest(WINDOW, end)).toBe(HEAD.length);
    expect<u32>(getRecord(METHOD_ID)).toBe(METHOD_POST);
    expect<u32>(getRecord(METHOD_LENGTH)).toBe(4);
    expect<u32>(getRecord(TARGET_FORM)).toBe(FORM_ORIGIN);
    expect<u32>(getRecord(AUTHORITY_LENGTH)).toBe(0);
    expect<u32>(getRecord(PATH_OFFSET)).toBe(5);
    expect<u32>(getRecord(PATH_LENGTH)).toBe(4);
    expect<u32>(getRecord(QUERY_OFFSET)).toBe(10);
    expect<u32>(getRecord(QUERY_LENGTH)).toBe(1);
    expect<u32>(getRecord(MINOR_VERSION)).toBe(1);
    expect<u32>(getRecord(FRAMING)).toBe(FRAMING_LENGTH);
    expect<u32>(getRecord(CONTENT_LENGTH_LOW)).toBe(5);
    expect<u32>(getRecord(CONTENT_LENGTH_HIGH)).toBe(1);
    expect<u32>(getRecord(FLAGS)).toBe(FLAG_KEEP_ALIVE | FLAG_REPEATED);
    expect<u32>(getRecord(FIELD_COUNT)).toBe(5);
  });

  test("fills the field table and the slots of known names", () => {
    parseRequest(WINDOW, put(HEAD, WINDOW));
    const ids: u32[] = [FIELD_HOST, FIELD_CONTENT_LENGTH, 0, FIELD_CONNECTION, FIELD_CONNECTION];
    for (let i = 0; i < ids.length; ++i) expect<u32>(fieldId(i)).toBe(ids[i]);
    expect<u32>(firstField(FIELD_HOST)).toBe(1);
    expect<u32>(firstField(FIELD_CONNECTION)).toBe(4);
    expect<u16>(load<u16>(fieldRow(2))).toBe(<u16>HEAD.indexOf("X-a"));
    expect<u16>(load<u16>(fieldRow(2), 2)).toBe(3);
    expect<u16>(load<u16>(fieldRow(2), 4)).toBe(<u16>HEAD.indexOf("b\r\nConn"));
    expect<u16>(load<u16>(fieldRow(2), 6)).toBe(1);
  });

  test("asks for more at every prefix, wherever the head lies", () => {
    for (let length = 0; length <= HEAD.length; ++length) {
      const start: usize = WINDOW - (length % 64);
      put(HEAD, start);
      expect<i32>(parseRequest(start, start + length)).toBe(length < HEAD.length ? 0 : length, `${length}`);
    }
  });

  test("tells what is wrong and where, counted from the start", () => {
    const text = "GET / HTTP/1.1\r\nHost: a\r\nX(: b\r\n\r\n";
    put(text, CARRY);
    expect<i32>(parseRequest(CARRY, CARRY + text.length)).toBe(-INVALID_FIELD_NAME);
    expect<u32>(getRecord(ERROR_OFFSET)).toBe(26);
  });

  test("holds to the limit of the head", () => {
    store<u32>(LIMITS + LIMIT_HEAD, HEAD.length);
    const end = put(HEAD, WINDOW);
    expect<i32>(parseRequest(WINDOW, end)).toBe(HEAD.length);
    store<u32>(LIMITS + LIMIT_HEAD, HEAD.length - 1);
    expect<i32>(parseRequest(WINDOW, end)).toBe(-HEAD_TOO_LARGE);
    expect<u32>(getRecord(ERROR_OFFSET)).toBe(HEAD.length - 1);
    store<u32>(LIMITS + LIMIT_HEAD, 16384);
  });
});

describe("parseTrailers", () => {
  test("reads fields up to the empty line", () => {
    const text = "A: 1\r\nB: 2\r\n\r\n";
    expect<i32>(parseTrailers(WINDOW, put(text, WINDOW))).toBe(text.length);
    expect<u32>(getRecord(FIELD_COUNT)).toBe(2);
    expect<i32>(parseTrailers(WINDOW, put("\r\n", WINDOW))).toBe(2);
    expect<u32>(getRecord(FIELD_COUNT)).toBe(0);
    expect<i32>(parseTrailers(WINDOW, put("\r", WINDOW))).toBe(0);
  });
});
