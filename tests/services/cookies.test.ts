/** Cookies whose values clients cannot change. Time is what the test says it is. */
import { describe, expect, test } from "vitest";
import { App, HttpResponse } from "../../src/index.ts";
import { type ProtectedCookie, sealedCookie, signedCookie } from "../../src/services/cookies.ts";

const OLD = "an old key of more than 32 characters";
const NEW = Uint8Array.from({ length: 40 }, (_, index) => index);
const keys = [NEW, OLD];
let time = 1_700_000_000_000;
const now = () => time;

/** The value of the cookie that is set, as it leaves. */
async function written<T>(cookie: ProtectedCookie<T>, value: T): Promise<string> {
  const response = new HttpResponse();
  await cookie.write(response, value);
  return /^[^=]+=([^;]*)/.exec(response.headers.get("set-cookie") ?? "")?.[1] ?? "";
}

/** What is read of a value that comes. */
async function read<T>(cookie: ProtectedCookie<T>, value: string): Promise<T | null> {
  const app = new App();
  let found: T | null | undefined;
  app.get("/", async (request) => {
    found = await cookie.read(request);
    return null;
  });
  await app.inject({ headers: { Cookie: `${cookie.name}=${value}` } });
  if (found === undefined) throw new Error("nothing was read");
  return found;
}

const kinds = [
  { kind: "signed", make: signedCookie },
  { kind: "sealed", make: sealedCookie },
] as { kind: string; make: typeof sealedCookie }[];

describe.each(kinds)("a $kind cookie", ({ make }) => {
  test.each(["text", "é 😀 ; \r\n \ud800", "", 7, null, true, [1, { a: ["b"] }], { __proto__: null, a: "ü" }])(
    "comes back: %j",
    async (value) => {
      const cookie = make("a", { keys });
      expect(await read(cookie, await written(cookie, value))).toEqual(value);
    },
  );

  test("is null where there is none, or what is no such thing", async () => {
    const cookie = make("a", { keys });
    expect(await read(make("b", { keys }), "x; a=y")).toBeNull();
    const none = new App();
    none.get("/", async (request) => ({ found: await cookie.read(request) }));
    expect((await none.inject()).json()).toEqual({ found: null });
    for (const value of ["", ".", "x", "a.b.c", "Fe26.2*******", "Fe26.2*__proto__******", "x".repeat(4000)]) {
      expect(await read(cookie, value), value).toBeNull();
    }
  });

  test("is null where a character is another or is missing", async () => {
    const cookie = make("a", { keys });
    const value = await written(cookie, "some value");
    // Of the last character of a seal some bits do not count.
    for (let at = 0; at < value.length - 1; ++at) {
      const other = value[at] === "A" ? "B" : "A";
      expect(await read(cookie, value.slice(0, at) + other + value.slice(at + 1)), `at ${at}`).toBeNull();
    }
    for (let length = 0; length < value.length; ++length) {
      expect(await read(cookie, value.slice(0, length)), `of ${length}`).toBeNull();
    }
    expect(await read(cookie, `${value}A`)).toBeNull();
    expect(await read(cookie, value)).toBe("some value");
  });

  test("is null under another name, and with other keys", async () => {
    const value = await written(make("a", { keys }), "x");
    expect(await read(make("b", { keys }), value)).toBeNull();
    expect(await read(make("a", { keys: [`${OLD}!`] }), value)).toBeNull();
    const [signed, sealed] = [signedCookie("a", { keys }), sealedCookie<string>("a", { keys })];
    expect(await read(signed, await written(sealed, "x"))).toBeNull();
    expect(await read(sealed, await written(signed, "x"))).toBeNull();
  });

  test("keys can be changed", async () => {
    const [before, after, later] = [[OLD], [NEW, OLD], [NEW]].map((keys) => make("a", { keys }));
    const [old, fresh] = [await written(before, "x"), await written(after, "y")];
    expect([await read(after, old), await read(later, old)]).toEqual(["x", null]);
    expect([await read(after, fresh), await read(later, fresh), await read(before, fresh)]).toEqual(["y", "y", null]);
  });

  test("a key that is bytes is copied", async () => {
    const key = Uint8Array.from(NEW);
    const cookie = make("a", { keys: [key] });
    key.fill(0);
    expect(await read(make("a", { keys: [NEW] }), await written(cookie, "x"))).toBe("x");
  });

  test.each([{ maxAge: 60 }, { expires: new Date(1_700_000_060_000) }])(
    "expires, whatever the client says: %j",
    async (end) => {
      const cookie = make("a", { keys, now, ...end });
      time = 1_700_000_000_000;
      const value = await written(cookie, "x");
      time += 59_999;
      expect(await read(cookie, value)).toBe("x");
      time += 1;
      expect(await read(cookie, value)).toBeNull();
    },
  );

  test("is set with its attributes, and cleared with them", async () => {
    const cookie = make("__Host-a", { keys, secure: true, maxAge: 60, sameSite: "strict", expires: new Date(0) });
    const response = new HttpResponse();
    await cookie.write(response, "x");
    cookie.clear(response);
    const [set, cleared] = response.headers.getAll("set-cookie");
    expect(set).toMatch(/; Max-Age=60; Path=\/; .*HttpOnly; Secure; SameSite=Strict$/);
    expect(cleared).toMatch(/^__Host-a=; Max-Age=0; Path=\/; .*HttpOnly; Secure; SameSite=Strict$/);
  });

  test("refuses what JSON cannot say, what is too large, and what cannot be sent", async () => {
    const response = new HttpResponse();
    const cookie = make("a", { keys });
    await expect(cookie.write(response, undefined)).rejects.toThrow(TypeError);
    await expect(cookie.write(response, 1n)).rejects.toThrow(TypeError);
    await expect(cookie.write(response, "x".repeat(4096))).rejects.toThrow(RangeError);
    await expect(make("a b", { keys }).write(response, "x")).rejects.toThrow(TypeError);
    expect(response.headers.size).toBe(0);
  });

  test("refuses keys that could be guessed", async () => {
    expect(() => make("a", { keys: ["x".repeat(31)] })).toThrow("at least 32 characters, not 31");
    expect(() => make("a", { keys: [NEW, new Uint8Array(31)] })).toThrow("at least 32 bytes, not 31");
    expect(() => make("a", { keys: [] })).toThrow(RangeError);
    for (const key of [undefined, null, 5]) {
      expect(() => make("a", { keys: [key as unknown as string] })).toThrow(
        `a string or a Uint8Array, not ${key === 5 ? "number" : key}`,
      );
    }
    expect(() => make("a", { keys: "x".repeat(32) as unknown as string[] })).toThrow("are a list");
    for (const key of ["x".repeat(32), new Uint8Array(32)]) {
      const cookie = make("a", { keys: [key] });
      expect(await read(cookie, await written(cookie, "x"))).toBe("x");
    }
  });
});

test("a signed value can be read by the client, and a sealed one is another each time", async () => {
  const signed = await written(signedCookie("a", { keys }), "hello");
  expect(Buffer.from(signed.split(".")[0], "base64url").toString()).toBe('["hello"]');
  const sealed = sealedCookie("a", { keys });
  const [one, two] = [await written(sealed, "hello"), await written(sealed, "hello")];
  expect(one).not.toBe(two);
});
