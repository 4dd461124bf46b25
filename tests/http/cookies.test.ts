/** Cookies as they come, and as they are set. */
import { describe, expect, test } from "vitest";
import { App, type CookieOptions, HttpResponse, MAX_COOKIE_SIZE } from "../../src/index.ts";

const app = new App();
app.get("/", async (request) => {
  const { cookies } = request;
  await null;
  return { cookies, same: cookies === request.cookies, prototype: Object.getPrototypeOf(cookies) };
});

async function cookiesOf(...lines: string[]): Promise<unknown> {
  const response = await app.inject({ headers: lines.map((line) => ["Cookie", line] as const) });
  const { cookies, same, prototype } = response.json() as Record<string, unknown>;
  expect([same, prototype]).toEqual([true, null]);
  return cookies;
}

describe("cookies of a request", () => {
  test.each([
    ["a=1; b=2", { a: "1", b: "2" }],
    ["a=1;b=2;", { a: "1", b: "2" }],
    ["a=first; a=second", { a: "first" }],
    ["a=%C3%A9%20%22; b=a=b", { a: 'é "', b: "a=b" }],
    ["a=100%; b=%FF", { a: "100%", b: "%FF" }],
    ["nothing; =unnamed; ; a=", { a: "" }],
    ["", {}],
  ])("%j", async (field, cookies) => {
    expect(await cookiesOf(field)).toEqual(cookies);
  });

  test("of many lines, and of none", async () => {
    expect(await cookiesOf("a=1", "b=2; a=3")).toEqual({ a: "1", b: "2" });
    expect(await cookiesOf()).toEqual({});
  });

  test("a name is a cookie's or nobody's", async () => {
    const own = await cookiesOf("__proto__=x; constructor=y");
    expect(Object.entries(own as object)).toEqual([
      ["__proto__", "x"],
      ["constructor", "y"],
    ]);
    const response = await inherited.inject({ headers: { Cookie: "a=1" } });
    expect(response.text()).toBe("undefined undefined");
  });
  const inherited = new App();
  inherited.get("/", ({ cookies }) => `${cookies.toString} ${cookies.constructor}`);

  test("more of them than a head may have are refused", async () => {
    const response = await app.inject({ headers: { Cookie: `a=${"x".repeat(1048576)}` } });
    expect(response.status).toBe(431);
  });
});

const set = (name: string, value: string, options?: CookieOptions) =>
  new HttpResponse().setCookie(name, value, options).headers.get("Set-Cookie");

describe("setCookie", () => {
  test("has safe defaults, and every attribute", () => {
    expect(set("a", "1")).toBe("a=1; Path=/; HttpOnly; SameSite=Lax");
    const all: CookieOptions = {
      ...{ domain: "example.com", path: "/x", expires: new Date(0), maxAge: 60, httpOnly: false, secure: true },
      ...{ sameSite: "none", partitioned: true, priority: "high" },
    };
    expect(set("a", "1", all)?.split("; ").sort()).toEqual([
      ...["Domain=example.com", "Expires=Thu, 01 Jan 1970 00:00:00 GMT", "Max-Age=60", "Partitioned", "Path=/x"],
      ...["Priority=High", "SameSite=None", "Secure", "a=1"],
    ]);
  });

  test("is one line each, and can be chained", async () => {
    const setting = new App();
    setting.get("/", () => new HttpResponse("x").setCookie("a", "1").setCookie("b", "é; \r\n").clearCookie("c"));
    const { headers } = await setting.inject();
    expect(headers.getAll("set-cookie").map((line) => line.split("; ")[0])).toEqual([
      "a=1",
      "b=%C3%A9%3B%20%0D%0A",
      "c=",
    ]);
  });

  test.each(["", "a b", "a=b", "a;b", "ä", "a\r\n"])("refuses the name %j", (name) => {
    expect(() => set(name, "x")).toThrow(TypeError);
  });

  test.each<[string, CookieOptions]>([
    ["a path that is none", { path: "x" }],
    ["an empty path", { path: "" }],
    ["a path with more behind it", { path: "/; Domain=a" }],
    ["a path that ends the line", { path: "/\r\nX: y" }],
    ["a domain that is none", { domain: "a b" }],
    ["a domain that ends the line", { domain: "a\r\nX: y" }],
    ["a part of a second", { maxAge: 1.5 }],
    ["a time without end", { maxAge: Number.POSITIVE_INFINITY }],
    ["a number that is not written in digits", { maxAge: 1e21 }],
    ["no date", { expires: new Date("never") }],
    ["another sameSite", { sameSite: "None" as "none" }],
    ["another priority", { priority: "highest" as "high" }],
  ])("refuses %s", (_, options) => {
    const response = new HttpResponse();
    expect(() => response.setCookie("mine", "1", options)).toThrow(TypeError);
    expect(() => response.setCookie("mine", "1", options)).toThrow("the cookie mine");
    expect(response.headers.size).toBe(0);
  });

  test.each([1 as unknown as string, undefined as unknown as string, "\ud800"])("refuses the value %j", (value) => {
    expect(() => set("a", value)).toThrow(TypeError);
  });

  test("what must be secure, must say so", () => {
    for (const [name, options] of [
      ["__Secure-a", {}],
      ["__secure-a", {}],
      ["__Host-a", {}],
      ["a", { sameSite: "none" }],
      ["a", { partitioned: true }],
    ] as [string, CookieOptions][]) {
      expect(() => set(name, "1", options)).toThrow("must be secure");
      expect(set(name, "1", { ...options, secure: true })).toContain("; Secure");
    }
  });

  test("__Host- is for one host, and all of it", () => {
    expect(() => set("__Host-a", "1", { secure: true, path: "/a" })).toThrow('the path "/"');
    expect(() => set("__HOST-a", "1", { secure: true, domain: "a.example" })).toThrow("no domain");
    expect(set("__Secure-a", "1", { secure: true, path: "/a", domain: "a.example" })).toContain("Path=/a");
  });

  test("a cookie that browsers would drop for its size is refused", () => {
    const rest = set("a", "")?.length ?? 0;
    expect(set("a", "x".repeat(MAX_COOKIE_SIZE - rest))).toHaveLength(4096);
    expect(() => set("a", "x".repeat(MAX_COOKIE_SIZE - rest + 1))).toThrow(RangeError);
    // What it is encoded to counts: three bytes each.
    expect(() => set("a", " ".repeat(1400))).toThrow("browsers keep no more than 4096");
  });
});

test("clearCookie ends it where it was set", () => {
  const options = { path: "/x", domain: "a.example", secure: true, partitioned: true };
  const line = new HttpResponse().clearCookie("a", options).headers.get("set-cookie");
  expect(line).toMatch(/^a=; Max-Age=0; /);
  for (const part of ["Expires=Thu, 01 Jan 1970", "Path=/x", "Domain=a.example", "Secure", "Partitioned"]) {
    expect(line).toContain(`; ${part}`);
  }
  expect(() => new HttpResponse().clearCookie("__Host-a")).toThrow("must be secure");
});
