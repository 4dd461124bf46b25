/** What caches are told. */
import { describe, expect, test } from "vitest";
import { App, HttpError, HttpResponse } from "../../src/index.ts";
import { type CacheControlOptions, cacheControl, cacheControlValue } from "../../src/middleware/cache-control.ts";

test.each<[CacheControlOptions, string]>([
  [{ public: true, maxAge: 60 }, "public, max-age=60"],
  [{ maxAge: 0 }, "max-age=0"],
  [{ maxAge: 2 ** 31, sMaxAge: 0 }, "max-age=2147483648, s-maxage=0"],
  [{ private: true, maxAge: 60 }, "private, max-age=60"],
  [{ private: ["Set-Cookie", "X-User"], public: true }, 'public, private="Set-Cookie, X-User"'],
  [{ noCache: true }, "no-cache"],
  [{ noCache: ["Set-Cookie"], staleIfError: 5 }, 'no-cache="Set-Cookie", stale-if-error=5'],
  [{ noStore: true, maxAge: 0 }, "no-store, max-age=0"],
  [{ noStore: true, mustUnderstand: true, maxAge: 5 }, "no-store, max-age=5, must-understand"],
  [
    { mustRevalidate: true, proxyRevalidate: true, noTransform: true },
    "must-revalidate, proxy-revalidate, no-transform",
  ],
  [{ maxAge: 31536000, immutable: true }, "max-age=31536000, immutable"],
  [
    { maxAge: 1, staleWhileRevalidate: 30, staleIfError: 60, public: false },
    "max-age=1, stale-while-revalidate=30, stale-if-error=60",
  ],
])("%j is %s", (options, value) => {
  expect(cacheControlValue(options)).toBe(value);
});

describe("what makes no sense is refused by name", () => {
  test.each<[object, string]>([
    [{}, "says nothing"],
    [{ public: false }, "says nothing"],
    [{ maxage: 5 }, "there is no directive maxage"],
    [{ toString: 5 }, "there is no directive toString"],
    [{ maxAge: -1 }, "maxAge must be a whole number of seconds"],
    [{ maxAge: 1.5 }, "maxAge"],
    [{ maxAge: "60" }, "maxAge"],
    [{ sMaxAge: 2 ** 31 + 1 }, "sMaxAge"],
    [{ noStore: "yes" }, "noStore must be true or false"],
    [{ public: ["a"] }, "public must be true or false"],
    [{ private: [] }, "private must be true, or a list of field names"],
    [{ noCache: ["a b"] }, "noCache"],
    [{ noCache: ['a", private="b'] }, "noCache"],
    [{ private: true, public: true }, "private and public contradict each other"],
    [{ private: true, sMaxAge: 5 }, "private and sMaxAge"],
    [{ private: true, proxyRevalidate: true }, "private and proxyRevalidate"],
    [{ noStore: true, maxAge: 5 }, "noStore and maxAge"],
    [{ noStore: true, public: true }, "noStore and public"],
    [{ noStore: true, staleIfError: 5 }, "noStore and staleIfError"],
    [{ noCache: true, staleWhileRevalidate: 5 }, "noCache and staleWhileRevalidate"],
    [{ noCache: true, immutable: true, maxAge: 5 }, "noCache and immutable"],
    [{ mustRevalidate: true, staleWhileRevalidate: 5 }, "mustRevalidate and staleWhileRevalidate"],
    [{ mustRevalidate: true, staleIfError: 5 }, "mustRevalidate and staleIfError"],
    [{ immutable: true }, "immutable says something only"],
    [{ immutable: true, maxAge: 0 }, "immutable says something only"],
    [{ mustUnderstand: true, maxAge: 5 }, "mustUnderstand is to be given with noStore"],
  ])("%j: %s", (options, message) => {
    expect(() => cacheControlValue(options as CacheControlOptions)).toThrow(message);
    expect(() => cacheControl(options as CacheControlOptions)).toThrow(message);
  });
});

test("answers get it that say nothing themselves, and errors do not", async () => {
  const app = new App();
  app.use(cacheControl({ maxAge: 60 }));
  app.get("/sync", () => "text");
  app.get("/async", async () => ({ a: 1 }));
  app.get("/own", () => new HttpResponse("x", { headers: { "cache-control": "no-store" } }));
  app.get("/not-modified", () => new HttpResponse(null, { status: 304 }));
  app.get("/returned", () => new HttpResponse("x", { status: 400 }));
  app.get("/thrown", () => {
    throw new HttpError(410);
  });
  const said: Record<string, string | null> = {};
  for (const name of ["sync", "async", "own", "not-modified", "returned", "thrown", "nowhere"]) {
    said[name] = (await app.inject({ path: `/${name}` })).headers.get("cache-control");
  }
  expect(said).toEqual({
    sync: "max-age=60",
    async: "max-age=60",
    own: "no-store",
    "not-modified": "max-age=60",
    returned: null,
    thrown: null,
    nowhere: null,
  });
});
