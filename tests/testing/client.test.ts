/** Clients that keep cookies, and the jar they keep them in. */
import { describe, expect, test } from "vitest";
import { App, json } from "../../src/index.ts";
import { CookieJar, client, fetchOf, inject, record } from "../../src/testing.ts";

const app = new App();
app.post("/login", async (request) => {
  const { name } = (await request.json()) as { name: string };
  return json({ name }).setCookie("session", name, { secure: true });
});
app.get("/me", ({ cookies, headers }) => ({ name: cookies.session ?? null, from: headers.get("x-from") }));
app.route("/method", ({ method }) => method, { methods: "*" });

test("asks by method and path, keeps cookies, and sends its fields", async () => {
  const user = client(app, { headers: { "X-From": "tests" } });
  const login = await user.post("/login", { body: { name: "Ada" } });
  expect([login.status, await login.json()]).toEqual([200, { name: "Ada" }]);
  expect(user.cookies.get("session")).toBe("Ada");
  expect(await (await user.get("/me")).json()).toEqual({ name: "Ada", from: "tests" });
  expect(await (await user.get("/me", { headers: { "x-from": "own" } })).json()).toEqual({ name: "Ada", from: "own" });
  const other = client(app, { cookies: false });
  await other.post("/login", { body: { name: "Bob" } });
  expect([await (await other.get("/me")).json(), other.cookies.all()]).toEqual([{ name: null, from: null }, []]);
});

test("has a function for each method, and any other", async () => {
  const { request, head, options, ...user } = client(app);
  for (const method of ["get", "post", "put", "patch", "delete"] as const) {
    expect(await (await user[method]("/method")).text()).toBe(method.toUpperCase());
  }
  expect((await head("/method")).status).toBe(200);
  expect(await (await options("/method")).text()).toBe("OPTIONS");
  expect(await (await request("PURGE", "/method")).text()).toBe("PURGE");
});

test("a client of a server is the same", async () => {
  const { url } = await app.listen({ port: 0 });
  const user = client(url);
  await user.post("/login", { body: { name: "Ada" } });
  expect(await (await user.get("/me")).json()).toEqual({ name: "Ada", from: null });
  await app.close();
});

test("inject takes whatever can be served", async () => {
  expect((await inject(app, { path: "/method" })).text()).toBe("GET");
});

test("what cannot be sent is refused", async () => {
  expect(() => client(app, { headers: { "X A": "" } })).toThrow(TypeError);
  await expect(client(app).post("/", { body: () => 1 })).rejects.toThrow("function has no JSON");
  expect(typeof record).toBe("function");
  expect(typeof fetchOf).toBe("function");
});

describe("a jar", () => {
  const headerOf = (lines: string[], from: string, to: string) => {
    const jar = new CookieJar();
    for (const line of lines) jar.set(line, from);
    return jar.header(to);
  };
  test.each([
    ["a host of its own", ["a=1"], "https://x.org/", "https://x.org/", "a=1"],
    ["a host below it", ["a=1"], "https://x.org/", "https://www.x.org/", ""],
    ["a domain and below", ["a=1; Domain=.x.org"], "https://www.x.org/", "https://y.x.org/", "a=1"],
    ["the domain itself", ["a=1; Domain=x.org"], "https://www.x.org/", "https://x.org/", "a=1"],
    ["a domain that only ends so", ["a=1; Domain=x.org"], "https://x.org/", "https://evilx.org/", ""],
    ["a domain of others", ["a=1; Domain=y.org"], "https://x.org/", "https://y.org/", ""],
    ["a path", ["a=1; Path=/a"], "https://x.org/", "https://x.org/a/b", "a=1"],
    ["a path that only begins so", ["a=1; Path=/a"], "https://x.org/", "https://x.org/ab", ""],
    ["the path of the request", ["a=1"], "https://x.org/a/b", "https://x.org/a/c", "a=1"],
    ["above the path of the request", ["a=1"], "https://x.org/a/b", "https://x.org/", ""],
    ["longer paths first", ["a=1", "b=2; Path=/p"], "https://x.org/", "https://x.org/p", "b=2; a=1"],
    ["the last of a name", ["a=1", "a=2"], "https://x.org/", "https://x.org/", "a=2"],
    ["secure ones by TLS", ["a=1; Secure"], "https://x.org/", "http://x.org/", ""],
    ["secure ones of this machine", ["a=1; secure"], "http://localhost/", "http://localhost/", "a=1"],
    ["what is forgotten", ["a=1", "a=; Max-Age=0"], "https://x.org/", "https://x.org/", ""],
    ["what has expired", ["a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT"], "https://x.org/", "https://x.org/", ""],
    [
      "Max-Age before Expires",
      ["a=1; Max-Age=9; Expires=Thu, 01 Jan 1970 00:00:00 GMT"],
      "https://x/",
      "https://x/",
      "a=1",
    ],
    ["a value with =", ["a=b=c"], "https://x.org/", "https://x.org/", "a=b=c"],
    ["no name", ["=1", "2"], "https://x.org/", "https://x.org/", ""],
  ])("keeps %s", (_, lines, from, to, wanted) => {
    expect(headerOf(lines, from, to)).toBe(wanted);
  });

  test("tells what it keeps, and forgets it", () => {
    const jar = new CookieJar();
    jar.set("a=1; HttpOnly; Path=/x");
    expect(jar.all()).toMatchObject([{ name: "a", value: "1", domain: "localhost", path: "/x", httpOnly: true }]);
    jar.clear();
    expect(jar.get("a")).toBe(undefined);
  });
});
