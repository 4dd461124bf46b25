/**
 * What every router must do, for any test runner: `routerContract(create, test)`, where `create` makes an empty router
 * and `test` registers a test by its name. A test fails by throwing.
 */
import type { Found, PathRouterOptions, Query, Route, RouteDetails, RouteInit } from "../../src/router/index.ts";

/** What the contract needs of a router. */
export interface RouterLike {
  add(method: string, pattern: string, value: string, details?: RouteDetails): Route<string>;
  addAll(routes: Iterable<RouteInit<string>>): Route<string>[];
  replace(old: Iterable<Route<string>>, routes: Iterable<RouteInit<string>>): Route<string>[];
  find(method: string, path: string, host?: string): Found<string>;
  allowedMethods(path: string, host?: string): string[];
  url(name: string, params?: Record<string, unknown>, options?: { query?: Query }): string;
}

export type CreateRouter = (options?: PathRouterOptions) => RouterLike;
export type RegisterTest = (name: string, run: () => void) => void;

function text(value: unknown): string {
  return JSON.stringify(value, (_, part) => (Object.is(part, -0) ? "-0" : part));
}

function same(found: unknown, wanted: unknown, about: string): void {
  if (text(found) !== text(wanted)) throw new Error(`${about}: found ${text(found)}, not ${text(wanted)}`);
}

function throws(run: () => unknown, ...parts: string[]): void {
  let message: string | null = null;
  try {
    run();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    message = error.message;
  }
  if (message === null) throw new Error(`nothing was refused: ${parts.join(" … ")}`);
  for (const part of parts) if (!message.includes(part)) throw new Error(`${text(message)} does not say ${text(part)}`);
}

/** A find as text and parameters: `[pattern, params]`, or the kind of what else was found. */
function look(router: RouterLike, path: string, method = "GET", host?: string): unknown {
  const found = router.find(method, path, host);
  return found.kind === "found" ? [found.value, { ...found.params }] : found.kind;
}

const UUID = "6ba7b810-9dad-11d1-80b4-00c04fd430c8";

/** Pattern, path, and the parameters found in it; "none" or "invalid" where there are none. */
const FORMS: readonly [pattern: string, path: string, wanted: object | "none" | "invalid"][] = [
  ["/", "/", {}],
  ["/", "", "none"],
  ["/a", "/a", {}],
  ["/a", "/a/", "none"],
  ["/a/", "/a/", {}],
  ["/a/", "/a", "none"],
  ["/a", "a", "none"],
  ["/a", "/A", "none"],
  ["/caf%C3%A9", "/caf%C3%A9", {}],
  ["*", "*", {}],
  ["*", "/", "none"],
  ["/{a}", "/x", { a: "x" }],
  ["/{a}", "/", "none"],
  ["/{a}", "/x/", "none"],
  ["/{a}", "/x/y", "none"],
  ["/{a}/{b}", "/x//", "none"],
  ["/{a}/{b}", "//y", "none"],
  ["/{a}", "/a%20b", { a: "a b" }],
  ["/{a}", "/a%2Fb", { a: "a/b" }],
  ["/{a}", "/%E2%82%AC", { a: "€" }],
  ["/{a}", "/+", { a: "+" }],
  ["/{a}", "/..", { a: ".." }],
  ["/{a}", "/%", "invalid"],
  ["/{a}", "/%zz", "invalid"],
  ["/{a}", "/%ff", "invalid"],
  ["/{a}", "/%c0%ae", "invalid"],
  ["/{a}", "/%ed%a0%80", "invalid"],
  ["/{a}", "/x%00", "invalid"],
  ["/{a}", "/x\0", "invalid"],
  ["/{a:int}", "/%ff", "invalid"],
  ["/{a:path}", "/x/%ff", "invalid"],
  ["/a", "/%ff", "none"],
  ["/:a", "/x", { a: "x" }],
  ["/:a/:b", "/x/y", { a: "x", b: "y" }],
  ["/:a-:b", "/x-y", { a: "x", b: "y" }],
  ["/:name.:ext", "/a.b.c", { name: "a.b", ext: "c" }],
  ["/users:batch", "/users:batch", {}],
  ["/:id:batch", "/7:batch", { id: "7" }],
  ["/{n:int}", "/7", { n: 7 }],
  ["/{n:int}", "/-7", { n: -7 }],
  ["/{n:int}", "/0", { n: 0 }],
  ["/{n:int}", "/%37", { n: 7 }],
  ["/{n:int}", "/-0", "none"],
  ["/{n:int}", "/-", "none"],
  ["/{n:int}", "/07", "none"],
  ["/{n:int}", "/+7", "none"],
  ["/{n:int}", "/7.0", "none"],
  ["/{n:int}", "/1e3", "none"],
  ["/{n:int}", "/9007199254740991", { n: 9007199254740991 }],
  ["/{n:int}", "/9007199254740992", "none"],
  ["/{n:int}", "/-9007199254740991", { n: -9007199254740991 }],
  ["/{n:int}", "/99999999999999999999", "none"],
  ["/{n:int}", "/٣", "none"],
  ["/{x:float}", "/1.5", { x: 1.5 }],
  ["/{x:float}", "/-2", { x: -2 }],
  ["/{x:float}", "/.5", "none"],
  ["/{x:float}", "/1.", "none"],
  ["/{x:float}", "/Infinity", "none"],
  ["/{x:float}", `/${"9".repeat(400)}`, "none"],
  ["/{b:bool}", "/true", { b: true }],
  ["/{b:bool}", "/false", { b: false }],
  ["/{b:bool}", "/True", "none"],
  ["/{b:bool}", "/1", "none"],
  ["/{u:uuid}", `/${UUID}`, { u: UUID }],
  ["/{u:uuid}", `/${UUID.toUpperCase()}`, { u: UUID }],
  ["/{u:uuid}", `/${UUID.slice(1)}`, "none"],
  ["/{a:alpha}", "/aZ", { a: "aZ" }],
  ["/{a:alpha}", "/a1", "none"],
  ["/{a:alpha}", "/é", "none"],
  ["/{a:alnum}", "/a1", { a: "a1" }],
  ["/{a:alnum}", "/a-1", "none"],
  ["/{a:slug}", "/a-1-b", { a: "a-1-b" }],
  ["/{a:slug}", "/a--b", "none"],
  ["/{a:slug}", "/-a", "none"],
  ["/{a:slug}", "/A", "none"],
  ["/{a:hex}", "/00fF", { a: "00fF" }],
  ["/{a:hex}", "/0g", "none"],
  ["/{d:date}", "/2024-02-29", { d: new Date("2024-02-29T00:00:00Z") }],
  ["/{d:date}", "/2023-02-29", "none"],
  ["/{d:date}", "/2024-2-9", "none"],
  ["/{d:date}", "/2024-13-01", "none"],
  ["/{c:re([A-Z]{3})}", "/ABC", { c: "ABC" }],
  ["/{c:re([A-Z]{3})}", "/ABCD", "none"],
  ["/{c:re(a|b)}", "/b", { c: "b" }],
  ["/{c:re(a|b)}", "/bb", "none"],
  ["/{k:int|uuid}", "/7", { k: 7 }],
  ["/{k:int|uuid}", `/${UUID}`, { k: UUID }],
  ["/{k:int|uuid}", "/x", "none"],
  ["/{k:int|string}", "/7", { k: 7 }],
  ["/{k:int|string}", "/x", { k: "x" }],
  ["/{k:hex|int}", "/7", { k: "7" }],
  ["/{k:int|path}", "/7", { k: 7 }],
  ["/{k:int|path}", "/a/7", { k: "a/7" }],
  ["/p/{n:int?}", "/p", {}],
  ["/p/{n:int?}", "/p/7", { n: 7 }],
  ["/p/{n:int?}", "/p/", "none"],
  ["/p/{n:int?}", "/p/x", "none"],
  ["/{n?}", "/", {}],
  ["/{n?}", "/x", { n: "x" }],
  ["/{l:alpha?}/about", "/about", {}],
  ["/{l:alpha?}/about", "/de/about", { l: "de" }],
  ["/{y:int?}/{m:int?}", "/", {}],
  ["/{y:int?}/{m:int?}", "/2024", { y: 2024 }],
  ["/{y:int?}/{m:int?}", "/2024/5", { y: 2024, m: 5 }],
  ["/p/{n:int=1}", "/p", { n: 1 }],
  ["/p/{n:int=1}", "/p/7", { n: 7 }],
  ["/p/{s=all}", "/p", { s: "all" }],
  ["/{a}/p/{n:int=1}", "/x/p", { a: "x", n: 1 }],
  ["/p/{d:date=2024-01-01}", "/p", { d: new Date("2024-01-01T00:00:00Z") }],
  ["/f/{p:path}", "/f/a", { p: "a" }],
  ["/f/{p:path}", "/f/a/b/", { p: "a/b/" }],
  ["/f/{p:path}", "/f/a%2Fb", { p: "a/b" }],
  ["/f/{p:path}", "/f/", "none"],
  ["/f/{p:path}", "/f//etc", "none"],
  ["/f/{p:path}", "/f/%2Fetc", "none"],
  ["/f/{p:path?}", "/f", {}],
  ["/f/v-{p:path}", "/f/v-a/b", { p: "a/b" }],
  ["/f/v-{p:path}", "/f/v-", "none"],
  ["/{name}.{ext:alpha}", "/a.b.tar", { name: "a.b", ext: "tar" }],
  ["/{name}.{ext:alpha}", "/a.", "none"],
  ["/{name}.{ext:alpha}", "/.a", "none"],
  ["/{name}.{ext:alpha}", "/a.7", "none"],
  ["/{id:int}-{title}", "/7-on-the-road-8", { id: 7, title: "on-the-road-8" }],
  ["/{a:int}.{b:int}.{c:int}", "/1.2.3", { a: 1, b: 2, c: 3 }],
  ["/{a:int}.{b:int}.{c:int}", "/1.2", "none"],
  ["/v{n:int}/x", "/v2/x", { n: 2 }],
  ["/v{n:int}", "/v", "none"],
  ["/({a})", "/(x)", { a: "x" }],
  ["/({a})", "/()", "none"],
  ["/{a}-{b}", "/%20-%2D", { a: " ", b: "-" }],
  ["/{__proto__}", "/x", JSON.parse('{"__proto__": "x"}')],
];

/** Patterns of which the first that matches is found, whatever the order of registration, and paths for each. */
const SPECIFICITY: readonly [patterns: string[], paths: Record<string, string>][] = [
  [["/a", "/{x:int}", "/{x}", "/{x:path}"], { "/a": "/a", "/7": "/{x:int}", "/b": "/{x}", "/b/c": "/{x:path}" }],
  [["/{x:bool}", "/{x:alpha}", "/{x:alnum}"], { "/true": "/{x:bool}", "/x": "/{x:alpha}", "/x1": "/{x:alnum}" }],
  [["/{x:int}", "/{x:float}", "/{x:hex}"], { "/1": "/{x:int}", "/1.5": "/{x:float}", "/1f": "/{x:hex}" }],
  [["/v{x:int}", "/v{x}", "/{x:alnum}"], { "/v1": "/v{x:int}", "/vx": "/v{x}", "/w1": "/{x:alnum}" }],
  [["/{a}.tar.gz", "/{a}.gz", "/{a}"], { "/x.tar.gz": "/{a}.tar.gz", "/x.gz": "/{a}.gz", "/x.tar": "/{a}" }],
  [["/a/{x}", "/{x}/b"], { "/a/b": "/a/{x}", "/c/b": "/{x}/b" }],
  [["/a/{x}/c", "/{x}/b/d"], { "/a/b/c": "/a/{x}/c", "/a/b/d": "/{x}/b/d" }],
  [["/a/b/c", "/a/{x}/d", "/{p:path}"], { "/a/b/c": "/a/b/c", "/a/b/d": "/a/{x}/d", "/a/b/e": "/{p:path}" }],
  [["/{x:int}/a", "/{x}/b", "/{p:path}"], { "/7/a": "/{x:int}/a", "/7/b": "/{x}/b", "/7/c": "/{p:path}" }],
  [["/s/f-{p:path}", "/s/{p:path}"], { "/s/f-a/b": "/s/f-{p:path}", "/s/a/b": "/s/{p:path}" }],
  [
    ["/users", "/user", "/us/{x}", "/{x}"],
    { "/users": "/users", "/user": "/user", "/us/a": "/us/{x}", "/use": "/{x}" },
  ],
  [["/{x:int|uuid}", "/{x:int|string}"], { "/7": "/{x:int|uuid}", "/a": "/{x:int|string}" }],
  [["/{x:re(a+)}", "/{x:re(a+|b+)}"], { "/aa": "/{x:re(a+)}", "/bb": "/{x:re(a+|b+)}" }],
];

/** Patterns that are refused, and what the error says beside them. */
const REFUSED: readonly [pattern: string, says: string][] = [
  ["", "begins with"],
  ["users", "begins with"],
  ["/*é", "percent-encoded"],
  ["/a b", "percent-encoded"],
  ["/a?b", "percent-encoded"],
  ["/%zz", "percent-encoded"],
  ["/%ff", "UTF-8"],
  ["/a%00", "NUL"],
  ["/a//b", "empty segment"],
  ["/{a}//b", "empty segment"],
  ["/{}", "{} has no name"],
  ["/{1a}", "{1a} has no name"],
  ["/{a", "not closed"],
  ["/a}", "percent-encoded"],
  ["/{a}/{a}", "{a} stands twice"],
  ["/{a}{b}", "nothing between {a} and {b}"],
  ["/{a}:b", "nothing between {a} and :b"],
  ["/{a:itn}", 'unknown converter "itn" in {a:itn}'],
  ["/{a:}", 'unknown converter ""'],
  ["/{a:int|}", 'unknown converter ""'],
  ["/{a:int|int}", "stands twice"],
  ["/{a:int!}", '"!"'],
  ["/{a:int?=1}", '"?=1"'],
  ["/{a:int=x}", "default"],
  ["/{a=}", "default"],
  ["/{a:re([)}", "regular expression"],
  ["/{a:re((x)}", "parenthesis"],
  ["/x{a?}", "may be missing"],
  ["/x{a=b}", "may be missing"],
  ["/{a:path}/b", "not the last"],
  ["/{a:path}b", "text after"],
  ["/{a}-{b:path}", "another parameter"],
  ["/{a?}/{b}/{c?}", "itself"],
  [`/${Array.from({ length: 33 }, (_, index) => `{p${index}}`).join("/")}`, "more than 32"],
  ["/{a?}/x/{b?}/x/{c?}/x/{d?}/x/{e?}", "too many"],
];

/** Pairs of patterns that match the same paths. */
const CONFLICTS: readonly [string, string][] = [
  ["/a", "/a"],
  ["/{a}", "/{b}"],
  ["/{a}", "/:b"],
  ["/{a}", "/{b:string}"],
  ["/{a:int|uuid}/x", "/{b:uuid|int}/x"],
  ["/{a:int|string}", "/{b}"],
  ["/{a:path}", "/{b:int|path}"],
  ["/x/{a:int?}", "/x"],
  ["/x/{a:int=1}", "/x/{b:int}"],
  ["/{a}.{b}", "/{c}.{d}"],
];

function rotations<T>(list: readonly T[]): T[][] {
  const all = list.map((_, index) => [...list.slice(index), ...list.slice(0, index)]);
  return [...all, ...all.map((order) => order.toReversed())];
}

function forms(create: CreateRouter, test: RegisterTest): void {
  for (const [pattern, path, wanted] of FORMS) {
    test(`${pattern} and ${path.slice(0, 40)}`, () => {
      const router = create();
      router.add("GET", pattern, pattern);
      same(look(router, path), typeof wanted === "string" ? wanted : [pattern, wanted], path);
    });
  }
  for (const [patterns, paths] of SPECIFICITY) {
    test(`the most specific of ${patterns.join(" ")}`, () => {
      for (const order of rotations(patterns)) {
        const router = create();
        for (const pattern of order) router.add("GET", pattern, pattern);
        for (const [path, wanted] of Object.entries(paths)) same((look(router, path) as string[])[0], wanted, path);
      }
    });
  }
  test("parameters inherit nothing", () => {
    const router = create();
    router.add("GET", "/{a}", "");
    const found = router.find("GET", "/x");
    if (found.kind !== "found" || found.params === null) throw new Error(found.kind);
    for (const name of ["toString", "constructor", "__proto__"]) same(name in found.params, false, name);
  });
  test("a default that can be changed is a new one for each request", () => {
    const router = create();
    router.add("GET", "/{d:date=2024-01-01}", "");
    const [a, b] = [0, 1].map(() => (look(router, "/") as [string, { d: Date }])[1].d);
    same(a === b, false, "the same Date");
  });
}

function refusals(create: CreateRouter, test: RegisterTest): void {
  for (const [pattern, says] of REFUSED) {
    test(`refuses ${pattern.slice(0, 40)}`, () => {
      const router = create();
      throws(() => router.add("GET", pattern, "", { origin: "here.ts:1" }), says, `GET ${pattern} (here.ts:1)`);
      router.add("GET", "/{any:path?}", "any");
      same(look(router, "/x/y"), ["any", { any: "x/y" }], "nothing is left of what was refused");
    });
  }
  for (const [first, second] of CONFLICTS) {
    test(`refuses ${second} beside ${first}, and names both`, () => {
      for (const [a, b] of [
        [first, second],
        [second, first],
      ]) {
        const router = create();
        router.add("GET", a, "", { origin: "a.ts:1" });
        throws(() => router.add("GET", b, "", { origin: "b.ts:2" }), `GET ${b} (b.ts:2) is taken by GET ${a} (a.ts:1)`);
        router.add("POST", b, "");
      }
    });
  }
  test("refuses a method that is none", () => {
    for (const method of ["", "GET ", "a/b"]) throws(() => create().add(method, "/a", ""), "/a", "no method");
  });
}

function methods(create: CreateRouter, test: RegisterTest): void {
  test("methods", () => {
    const router = create();
    for (const [method, pattern] of [
      ["GET", "/a"],
      ["POST", "/a"],
      ["PUT", "/{x}"],
      ["*", "/any/{x}"],
      ["GET", "/any/b"],
    ]) {
      router.add(method, pattern, `${method} ${pattern}`);
    }
    same(look(router, "/a", "POST"), ["POST /a", {}], "POST");
    same(look(router, "/a", "HEAD"), ["GET /a", {}], "HEAD is served by GET");
    same(look(router, "/a", "PUT"), ["PUT /{x}", { x: "a" }], "a less specific route that has the method");
    same(router.find("DELETE", "/a"), { kind: "method", allowed: ["GET", "HEAD", "POST", "PUT"] }, "DELETE");
    same(router.find("GET", "/b"), { kind: "method", allowed: ["PUT"] }, "of a parameter");
    same(look(router, "/any/b", "PURGE"), ["* /any/{x}", { x: "b" }], "a method that only * has");
    same(look(router, "/any/b", "HEAD"), ["GET /any/b", {}], "GET before * of a less specific route");
    same(router.allowedMethods("/a"), ["GET", "HEAD", "POST", "PUT"], "allowed");
    same(router.allowedMethods("/any/b"), ["*", "GET", "HEAD"], "allowed by *");
    same(router.allowedMethods("/a/b/c"), [], "unknown");
    router.add("HEAD", "/a", "HEAD /a");
    same(look(router, "/a", "HEAD"), ["HEAD /a", {}], "HEAD of its own");
  });
  test("HEAD that GET does not serve", () => {
    const router = create({ head: false });
    router.add("GET", "/a", "");
    same(router.find("HEAD", "/a"), { kind: "method", allowed: ["GET"] }, "HEAD");
    same(router.allowedMethods("/a"), ["GET"], "allowed");
  });
}

function changes(create: CreateRouter, test: RegisterTest): void {
  test("a route can be taken away", () => {
    const router = create();
    const routes = ["/a", "/ab/{x}", "/ab/c", "/{x}", "/{p:path}"].map((each) => router.add("GET", each, each));
    routes[3].remove();
    routes[3].remove();
    same(look(router, "/b"), ["/{p:path}", { p: "b" }], "after its removal");
    for (const route of routes) route.remove();
    for (const path of ["/a", "/ab/c", "/ab/x", "/x"]) same(look(router, path), "none", path);
    router.add("GET", "/{other}", "again");
    same(look(router, "/b"), ["again", { other: "b" }], "what was free again");
  });
  test("several routes come and go in one step, or none does", () => {
    const router = create();
    const init = (pattern: string, name?: string) => ({ method: "GET", pattern, value: pattern, name });
    const old = router.addAll([init("/a", "a"), init("/b/{x}")]);
    throws(() => router.addAll([init("/c", "c"), init("/b/{y}")]), "GET /b/{y} is taken by GET /b/{x}");
    throws(() => router.replace(old, [init("/c", "c"), init("/d/{x:nix}")]), "nix");
    throws(() => router.replace([...old, ...old], [init("/c", "c"), init("/c")]), "GET /c is taken by GET /c");
    throws(() => router.url("c"), '"c"');
    same(look(router, "/c"), "none", "of a step that was refused");
    same(look(router, "/b/1"), ["/b/{x}", { x: "1" }], "after steps that were refused");
    same(router.url("a"), "/a", "its name");
    router.replace(old, [init("/b/{y}"), init("/c", "a")]);
    same(look(router, "/a"), "none", "what was replaced");
    same(look(router, "/b/1"), ["/b/{y}", { y: "1" }], "what replaces it");
    same(router.url("a"), "/c", "its new name");
  });
}

function policies(create: CreateRouter, test: RegisterTest): void {
  test("slashes that are ignored", () => {
    const router = create({ slashes: "ignore" });
    for (const each of ["/", "/a", "/b/{x}/", "/f/{p:path}"]) router.add("GET", each, each);
    same(look(router, "/"), ["/", {}], "/");
    same(look(router, "/a/"), ["/a", {}], "/a/");
    same(look(router, "/b/1"), ["/b/{x}/", { x: "1" }], "/b/1");
    same(look(router, "/a//"), "none", "two slashes");
    same(look(router, "//"), "none", "//");
    same(look(router, "/f/a/"), ["/f/{p:path}", { p: "a/" }], "of a rest");
    same(router.find("PUT", "/a/"), { kind: "method", allowed: ["GET", "HEAD"] }, "PUT");
    same(router.allowedMethods("/a/"), ["GET", "HEAD"], "allowed");
    throws(() => router.add("GET", "/a/", ""), "GET /a/ is taken by GET /a");
    throws(() => router.add("GET", "/b/{y}", ""), "is taken by GET /b/{x}/");
    router.add("PUT", "/{x}/", "");
    throws(() => router.add("PUT", "/{y}", ""), "PUT /{y} is taken by PUT /{x}/");
  });
  test("slashes that redirect", () => {
    const router = create({ slashes: "redirect" });
    for (const each of ["/a", "/b/{x}/", "/{x}"]) router.add("GET", each, each);
    same(look(router, "/a"), ["/a", {}], "/a");
    same(router.find("GET", "/a/"), { kind: "redirect", location: "/a" }, "/a/");
    same(router.find("GET", "/b/%20"), { kind: "redirect", location: "/b/%20/" }, "/b/%20");
    same(router.find("GET", "/c/d"), { kind: "none" }, "/c/d");
    same(router.find("GET", "//evil.example/"), { kind: "none" }, "another host");
    same(router.find("GET", "/\\evil.example/"), { kind: "redirect", location: "/%5Cevil.example" }, "a backslash");
  });
  test("case that does not count", () => {
    const router = create({ caseSensitive: false });
    for (const each of ["/Users", "/Users/{Name}", "/V{n:int}-{Tag}"]) router.add("GET", each, each);
    same(look(router, "/uSERS"), ["/Users", {}], "/uSERS");
    same(look(router, "/USERS/Ann"), ["/Users/{Name}", { Name: "Ann" }], "/USERS/Ann");
    same(look(router, "/v2-Beta"), ["/V{n:int}-{Tag}", { n: 2, Tag: "Beta" }], "/v2-Beta");
    throws(() => router.add("GET", "/USERS", ""), "is taken by GET /Users");
  });
  test("hosts", () => {
    const router = create();
    const hosts = [undefined, "example.org", "*.example.org", "*.a.example.org"];
    for (const host of hosts) router.add("GET", "/{x}", String(host), { host });
    router.add("PUT", "/a", "put", { host: "Example.org" });
    router.add("GET", "/a", "any host");
    const at = (host?: string) => (look(router, "/x", "GET", host) as string[])[0];
    same(at(), "undefined", "no host");
    same(at("other.org"), "undefined", "other.org");
    same(at("EXAMPLE.org:8080"), "example.org", "a port");
    same(at("example.org."), "example.org", "a dot");
    same(at("b.example.org"), "*.example.org", "below");
    same(at("c.b.a.example.org"), "*.a.example.org", "far below");
    same(at("evilexample.org"), "undefined", "evilexample.org");
    same(at(`${"a.".repeat(40000)}example.org`), "undefined", "what is too long for a host");
    same(look(router, "/a", "GET", "example.org"), ["example.org", { x: "a" }], "a host beats a path");
    same(router.find("POST", "/a", "example.org"), { kind: "method", allowed: ["GET", "HEAD", "PUT"] }, "POST");
    same(router.allowedMethods("/a", "example.org"), ["GET", "HEAD", "PUT"], "allowed");
    throws(
      () => router.add("PUT", "/a", "", { host: "example.org" }),
      "PUT example.org/a is taken by PUT example.org/a",
    );
    for (const host of ["", "*", "*.*.org", "a..b", "a b", "a:80"])
      throws(() => router.add("GET", "/h", "", { host }), "host");
  });
  test("converters of one's own", () => {
    const year = {
      pattern: /\d{4}/,
      parse: (digits: string) => ({ year: Number(digits) }),
      format: (of: { year: number }) => String(of.year),
    };
    const router = create({
      converters: { year, even: { parse: (digits) => (Number(digits) % 2 === 0 ? digits : undefined) } },
    });
    router.add("GET", "/{y:year}/{n:even}", "", { name: "y" });
    same(look(router, "/2024/8"), ["", { y: { year: 2024 }, n: "8" }], "/2024/8");
    for (const path of ["/20245/8", "/2024/7"]) same(look(router, path), "none", path);
    same(router.url("y", { y: { year: 1999 }, n: "2" }), "/1999/2", "url");
    throws(() => router.add("GET", "/{a:month}", ""), "known are", "year, even");
    for (const name of ["int", "re", "a-b"]) throws(() => create({ converters: { [name]: year } }), name);
    throws(() => create({ converters: { nothing: {} } }), "nothing");
  });
  test("a converter that searches itself disturbs nothing", () => {
    const inner = {
      parse: (part: string): string => (part === "x" ? part : (look(router, `/x/${part}/c`) as string[])[0]),
    };
    const router: RouterLike = create({ converters: { inner } });
    router.add("GET", "/{a:alnum}/{b:inner}/{c}", "outer");
    router.add("GET", "/x/{d}/c", "found");
    same(look(router, "/1/2/3"), ["outer", { a: "1", b: "found", c: "3" }], "/1/2/3");
  });
}

function urls(create: CreateRouter, test: RegisterTest): void {
  const made = () => {
    const router = create();
    router.add("GET", "/", "", { name: "home" });
    router.add("GET", "/u/{id:int}/{tab:alpha?}", "", { name: "user" });
    router.add("GET", "/l/{page:int=1}/{size:int=20}", "", { name: "list" });
    router.add("GET", "/f/{file:path}", "", { name: "file" });
    router.add("GET", "/{name}.{ext:alpha}", "", { name: "named" });
    router.add("GET", "/d/{day:date}", "", { name: "day" });
    router.add("GET", "/k/{key:int|uuid}", "", { name: "key" });
    router.add("GET", "/r/{from}-{to}", "", { name: "range" });
    router.add("GET", "/.{a}", "", { name: "dotted" });
    router.add("OPTIONS", "*", "", { name: "all" });
    return router;
  };
  const good: [name: string, params: Record<string, unknown>, url: string][] = [
    ["home", {}, "/"],
    ["user", { id: 7 }, "/u/7"],
    ["user", { id: "7", tab: "x" }, "/u/7/x"],
    ["user", { id: -7, tab: undefined }, "/u/-7"],
    ["list", {}, "/l"],
    ["list", { page: 3 }, "/l/3"],
    ["list", { size: 5 }, "/l/1/5"],
    ["file", { file: "a b/c%/é.txt" }, "/f/a%20b/c%25/%C3%A9.txt"],
    ["named", { name: "a.b/c", ext: "tar" }, "/a.b%2Fc.tar"],
    ["day", { day: new Date("2024-02-29T12:00:00Z") }, "/d/2024-02-29"],
    ["key", { key: UUID }, `/k/${UUID}`],
    ["all", {}, "*"],
  ];
  for (const [name, params, url] of good) {
    test(`url of ${name} with ${text(params)}`, () => same(made().url(name, params), url, name));
  }
  const bad: [name: string, params: Record<string, unknown>, ...says: string[]][] = [
    ["nobody", {}, '"nobody"'],
    ["user", {}, "id is missing", "GET /u/{id:int}/{tab:alpha?}"],
    ["user", { id: 1.5, tab: "7", x: 1 }, "no parameter x", "id is 1.5", "no int", 'tab is "7"', "no alpha"],
    ["user", { id: null }, "id is missing"],
    ["file", { file: "/etc" }, "file"],
    ["file", { file: "a/../b" }, "file"],
    ["file", { file: "" }, "file"],
    ["file", { file: "a\0" }, "file"],
    ["file", { file: "\ud800" }, "file"],
    ["range", { from: "a", to: "b-c" }, "from and to cannot be told apart in a-b-c"],
    ["dotted", { a: "." }, "a cannot be told apart"],
    ["user", { id: 1, tab: Symbol.iterator }, "tab"],
    ["day", { day: new Date(Number.NaN) }, "day", "no date"],
    ["key", { key: "x" }, "no int|uuid"],
    ["key", { key: {} }, "no int|uuid"],
  ];
  for (const [name, params, ...says] of bad) {
    test(`no url of ${name} with ${text(params)}`, () => throws(() => made().url(name, params), ...says));
  }
  test("queries of urls", () => {
    const query = { q: "a b&c", page: 2, tag: ["x", "y"], none: undefined, nil: null, on: true };
    same(made().url("home", {}, { query }), "/?q=a+b%26c&page=2&tag=x&tag=y&on=true", "query");
    same(made().url("home", {}, { query: {} }), "/", "an empty query");
  });
  test("names are taken once", () => {
    const router = made();
    throws(() => router.add("GET", "/x", "", { name: "home" }), '"home"', "GET /x", "GET /");
    same(look(router, "/x"), "none", "what was refused");
  });
}

/** Registers all tests of the contract. */
export function routerContract(create: CreateRouter, test: RegisterTest): void {
  for (const part of [forms, refusals, methods, changes, policies, urls]) part(create, test);
}
