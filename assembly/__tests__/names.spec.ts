/** Every known name is found by its own id, in any case where case does not count. */
import { FIELD_NAMES, METHODS, WINDOW } from "../../src/parser/abi";
import { buildNames, fieldNameId, methodId } from "../names";

buildNames();

function put(text: string): usize {
  for (let i = 0; i < text.length; ++i) store<u8>(WINDOW + i, <u8>text.charCodeAt(i));
  return text.length;
}

describe("known names", () => {
  test("field names are found in any case", () => {
    const names = FIELD_NAMES.split(",");
    for (let i = 0; i < names.length; ++i) {
      expect<u32>(fieldNameId(WINDOW, put(names[i]))).toBe(i + 1, names[i]);
      expect<u32>(fieldNameId(WINDOW, put(names[i].toUpperCase()))).toBe(i + 1, names[i]);
    }
  });

  test("what is nearly a known field name is none", () => {
    const names = FIELD_NAMES.split(",");
    for (let i = 0; i < names.length; ++i) {
      expect<u32>(fieldNameId(WINDOW, put(names[i] + "x"))).toBe(0, names[i]);
      expect<u32>(fieldNameId(WINDOW, put("x" + names[i]))).toBe(0, names[i]);
      expect<u32>(fieldNameId(WINDOW, put(names[i].replace("-", "_")))).toBe(
        names[i].includes("-") ? 0 : i + 1,
        names[i],
      );
    }
    expect<u32>(fieldNameId(WINDOW, put("x"))).toBe(0);
  });

  test("methods are found in their own case only", () => {
    const names = METHODS.split(",");
    for (let i = 0; i < names.length; ++i) {
      expect<u32>(methodId(WINDOW, put(names[i]))).toBe(i + 1, names[i]);
      expect<u32>(methodId(WINDOW, put(names[i].toLowerCase()))).toBe(0, names[i]);
    }
    expect<u32>(methodId(WINDOW, put("FOOBAR"))).toBe(0);
  });
});
