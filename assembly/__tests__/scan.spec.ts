/** Every scanner against its twin, over all bytes and all alignments, with a stop at every place. */
import { FIELD_CHAR, TARGET_CHAR, TCHAR, buildClasses, isClass } from "../bytes";
import { WINDOW } from "../../src/parser/abi";
import {
  buildNibbles,
  findHeadEnd,
  skipFieldContentScalar,
  skipFieldContentSimd,
  skipTargetScalar,
  skipTargetSimd,
  skipTokenScalar,
  skipTokenSimd,
  targetEscapes,
  targetQuery,
} from "../scan";

buildClasses();
buildNibbles();

const AT: usize = WINDOW;

function put(text: string): usize {
  for (let i = 0; i < text.length; ++i) store<u8>(AT + i, <u8>text.charCodeAt(i));
  return AT + text.length;
}

/** Classes as the grammar has them, told apart from how the table is built. */
function isTchar(byte: u32): bool {
  return (
    (byte >= 48 && byte <= 57) ||
    (byte >= 65 && byte <= 90) ||
    (byte >= 97 && byte <= 122) ||
    (byte < 128 && "!#$%&'*+-.^_`|~".indexOf(String.fromCharCode(byte)) >= 0)
  );
}

function isTargetChar(byte: u32): bool {
  return byte > 0x20 && byte < 0x7f && byte != 0x22 && byte != 0x23 && byte != 0x3c && byte != 0x3e;
}

function isFieldChar(byte: u32): bool {
  return byte == 9 || (byte >= 0x20 && byte != 0x7f);
}

describe("classes", () => {
  test("hold the bytes of the grammar and no others", () => {
    for (let byte: u32 = 0; byte < 256; ++byte) {
      expect<bool>(isClass(<u8>byte, TCHAR)).toBe(isTchar(byte), `tchar ${byte}`);
      expect<bool>(isClass(<u8>byte, TARGET_CHAR)).toBe(isTargetChar(byte), `target ${byte}`);
      expect<bool>(isClass(<u8>byte, FIELD_CHAR)).toBe(isFieldChar(byte), `field ${byte}`);
    }
  });
});

describe("scanners", () => {
  test("stop at the same byte as their twins, whatever it is and wherever it stands", () => {
    for (let byte: u32 = 0; byte < 256; ++byte) {
      for (let place: usize = 0; place < 40; place += 3) {
        memory.fill(AT, 0x61, 64);
        store<u8>(AT + place, <u8>byte);
        const end = AT + 48;
        expect<usize>(min(skipTokenSimd(AT, end), end)).toBe(skipTokenScalar(AT, end));
        expect<usize>(skipTokenScalar(AT, end)).toBe(isTchar(byte) ? end : AT + place);
        expect<usize>(min(skipFieldContentSimd(AT, end), end)).toBe(skipFieldContentScalar(AT, end));
        expect<usize>(skipFieldContentScalar(AT, end)).toBe(isFieldChar(byte) ? end : AT + place);
        expect<usize>(min(skipTargetSimd(AT, end), end)).toBe(skipTargetScalar(AT, end));
        expect<usize>(skipTargetScalar(AT, end)).toBe(isTargetChar(byte) ? end : AT + place);
      }
    }
  });

  test("do not look at what follows the end", () => {
    memory.fill(AT, 0x61, 64);
    for (let length: usize = 0; length < 33; ++length) {
      store<u8>(AT + length, 0x3f);
      expect<usize>(min(skipTargetSimd(AT, AT + length), AT + length)).toBe(AT + length);
      store<u8>(AT + length, 0x61);
    }
  });

  test("note the first ? and any % of a target, and none behind its end", () => {
    const texts = ["/a%20b?c?d x?%", "/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa?b% ", "/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa ?%", "/ "];
    const queries: usize[] = [6, 33, 0, 0];
    const escapes: bool[] = [true, true, false, false];
    for (let i = 0; i < texts.length; ++i) {
      const end = put(texts[i]);
      skipTargetSimd(AT, end);
      expect<usize>(targetQuery).toBe(queries[i] ? AT + queries[i] : 0, texts[i]);
      expect<bool>(targetEscapes).toBe(escapes[i], texts[i]);
      skipTargetScalar(AT, end);
      expect<usize>(targetQuery).toBe(queries[i] ? AT + queries[i] : 0, texts[i]);
      expect<bool>(targetEscapes).toBe(escapes[i], texts[i]);
    }
  });
});

describe("findHeadEnd", () => {
  test("comes to the LF of the empty line", () => {
    const end = put("GET / HTTP/1.1\r\nHost: a\r\n\r\nrest");
    expect<usize>(findHeadEnd(AT, AT, end)).toBe(end - 5);
    expect<usize>(findHeadEnd(AT, AT, end - 5)).toBe(end - 5, "not there yet");
  });

  test("stops at what makes any head wrong", () => {
    const texts = ["GET / HTTP/1.1\n", "GET\rX", "A\x00", "A: \x7f", "\n"];
    const places: usize[] = [14, 3, 1, 3, 0];
    for (let i = 0; i < texts.length; ++i) {
      const end = put(texts[i]);
      expect<usize>(findHeadEnd(AT, AT, end)).toBe(AT + places[i], `${i}`);
    }
  });

  test("finds an end that lies in pieces", () => {
    const end = put("X: 1\r\n\r\n");
    for (let from = AT + 4; from < end; ++from) expect<usize>(findHeadEnd(AT, from, end)).toBe(end - 1);
  });
});
