/** Routes of an application, through everything but a socket. */
import { expect, test } from "vitest";
import { App } from "../../src/index.ts";

test("parameters have the types that their converters say", async () => {
  const app = new App({ converters: { year: { pattern: /\d{4}/, parse: (text: string) => Number(text) } } });
  app.get("/users/{id:int}/{tab:alpha?}", ({ params }) => ({ next: params.id + 1, tab: params.tab ?? "none" }));
  app.get("/files/{file:path}", ({ params }) => params.file.toUpperCase());
  app.get("/in/{year:year}/{day:date=2026-01-01}", ({ params }) => [params.year - 1, params.day.getUTCFullYear()]);
  // @ts-expect-error: it is a number
  app.get("/wrong/{id:int}", ({ params }) => params.id.toUpperCase());
  const get = async (path: string) => (await app.inject({ path })).text();
  expect(await get("/users/41")).toBe('{"next":42,"tab":"none"}');
  expect(await get("/users/41/posts")).toBe('{"next":42,"tab":"posts"}');
  expect(await get("/files/a/b%20c")).toBe("A/B C");
  expect(await get("/in/2026")).toBe("[2025,2026]");
  for (const path of ["/users/x", "/users/1/2", "/in/26", "/users/9007199254740993"]) {
    expect((await app.inject({ path })).status, path).toBe(404);
  }
  expect((await app.inject({ path: "/files/%00" })).status).toBe(400);
});

test("each method has its own handler, and what is left is told in Allow", async () => {
  const app = new App();
  const path = "/things/{id}";
  app.get(path, ({ method }) => method).post(path, ({ method }) => method);
  app.put(path, ({ method }) => method).patch(path, ({ method }) => method);
  app.delete(path, () => null);
  for (const method of ["GET", "POST", "PUT", "PATCH"]) {
    expect((await app.inject({ method, path: "/things/1" })).text()).toBe(method);
  }
  expect((await app.inject({ method: "DELETE", path: "/things/1" })).status).toBe(204);
  const other = await app.inject({ method: "PROPFIND", path: "/things/1" });
  expect([other.status, other.headers.get("allow")]).toEqual([405, "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"]);
});

test("a named route gives its path", () => {
  const app = new App();
  app.get("/users/{id:int}/{tab?}", () => null, { name: "user" });
  expect([
    app.url("user", { id: 7 }),
    app.url("user", { id: 7, tab: "a b/c" }),
    app.url("user", { id: 7 }, { q: "ä", page: 2 }),
  ]).toEqual(["/users/7", "/users/7/a%20b%2Fc", "/users/7?q=%C3%A4&page=2"]);
  expect(() => app.url("user", { id: "x" })).toThrow("id");
  expect(() => app.url("user")).toThrow("id");
  expect(() => app.url("nobody")).toThrow('no route is called "nobody"');
});

test("a route may serve one host alone", async () => {
  const app = new App();
  app.get("/", () => "any");
  app.get("/", () => "api", { host: "api.example.org" });
  app.get("/", () => "below", { host: "*.example.org" });
  const get = async (host: string, path = "/") => (await app.inject({ path, headers: { host } })).text();
  expect([await get("api.example.org"), await get("API.example.org:8080"), await get("x.example.org")]).toEqual([
    "api",
    "api",
    "below",
  ]);
  expect([await get("example.org"), await get("other")]).toEqual(["any", "any"]);
  // The authority of an absolute target outranks Host (RFC 9112 §3.2.2).
  expect(await get("other", "http://api.example.org/")).toBe("api");
});

test.each([
  ["strict", 404, null],
  ["ignore", 200, null],
  ["redirect", 308, "/a/b?q=1"],
] as const)("slashes at the end: %s", async (slashes, status, location) => {
  const app = new App({ slashes });
  app.get("/a/b", () => "here");
  const response = await app.inject({ path: "/a/b/?q=1" });
  expect([response.status, response.headers.get("location")]).toEqual([status, location]);
});

test.each([
  ["an unknown converter", "/{id:itn}", 'unknown converter "itn"'],
  ["a path that is taken", "/taken/{b}", "is taken by GET /taken/{a}"],
  ["no slash", "x", 'a path begins with "/"'],
  ["a parameter twice", "/{a}/{a}", "stands twice"],
])("nonsense is refused at once: %s", (_, path, message) => {
  const app = new App();
  app.get("/taken/{a}", () => null);
  expect(() => app.get(path, () => null)).toThrow(message);
});

test("options that make no sense are refused at once", () => {
  expect(() => new App({ slashes: "both" as "strict" })).toThrow("slashes");
  expect(() => new App({ converters: { "a b": { pattern: /x/, parse: String } } })).toThrow(TypeError);
});

test("the query is read by name, in order, however it is written", async () => {
  const app = new App();
  app.get("/", ({ query, searchParams }) => [query, ...searchParams]);
  const get = async (query: string) => (await app.inject({ path: `/${query}` })).json();
  expect(await get("?a=1&b=x+y&a=%C3%A9&c")).toEqual([
    "a=1&b=x+y&a=%C3%A9&c",
    ["a", "1"],
    ["b", "x y"],
    ["a", "é"],
    ["c", ""],
  ]);
  expect(await get("?%&a=%ff&__proto__=1&=2")).toEqual([
    "%&a=%ff&__proto__=1&=2",
    ["%", ""],
    ["a", "\ufffd"],
    ["__proto__", "1"],
    ["", "2"],
  ]);
  expect(await get("")).toEqual([""]);
  expect((await get(`?${"a&".repeat(4000)}`)) as unknown[]).toHaveLength(4001);
});
