/** Answers and values that are made once. Time is what a test says it is. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { Readable } from "node:stream";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { App, Blueprint, get, HttpError, type HttpRequest, HttpResponse, type Logger, use } from "../../src/index.ts";
import { compression } from "../../src/middleware/compression.ts";
import { etag } from "../../src/middleware/etag.ts";
import { Cache, type CachedOptions, type CacheOptions, cached } from "../../src/services/cache.ts";
import { FileStore, MemoryStore, RedisStore, type Store } from "../../src/services/stores.ts";
import { deferred } from "../support/deferred.ts";
import { hasRedis, type Redis, startRedis } from "../support/redis.ts";

/** Notes what is written down. */
class Notes implements Logger {
  readonly warnings: unknown[][] = [];
  debug(): void {}
  info(): void {}
  warn(...values: unknown[]): void {
    this.warnings.push(values);
  }
  error(): void {}
}

/** An application that counts how often its handler is called, with the cache around it. */
function counting(
  options: CachedOptions = {},
  cacheOptions: CacheOptions = {},
  answer?: (request: HttpRequest) => unknown,
) {
  const clock = { time: 1_700_000_000_000 };
  const logger = new Notes();
  const cache = new Cache({ now: () => clock.time, logger, ...cacheOptions });
  const middleware = cache.middleware(options);
  const app = new App({ logger }).on("error", () => {});
  const state = { calls: 0 };
  const handler = (request: HttpRequest) => {
    ++state.calls;
    return (answer ? answer(request) : `answer ${state.calls}`) as string;
  };
  app.route("/{rest:path?}", handler, { methods: "*", middleware: [middleware] });
  const ask = async (path = "/", headers: Record<string, string> = {}, method = "GET") =>
    (await app.inject({ path, headers, method })).text();
  return { app, cache, clock, logger, middleware, state, ask };
}

const folder = mkdtempSync(path.join(tmpdir(), "pyrois-cache-"));
let redis: Redis | undefined;
const stores: RedisStore[] = [];
beforeAll(async () => {
  if (hasRedis) redis = await startRedis();
});
afterAll(async () => {
  for (const store of stores) await store.close();
  await redis?.stop();
  rmSync(folder, { recursive: true, force: true });
});

let folders = 0;
const KINDS: Record<string, () => Store> = {
  memory: () => new MemoryStore(),
  files: () => new FileStore(path.join(folder, String(++folders))),
  redis: () => {
    const store = new RedisStore(redis?.url as string, { prefix: `test${++folders}`, timeout: 10_000 });
    stores.push(store);
    return store;
  },
};

describe.each(Object.keys(KINDS))("in %s", (kind) => {
  const here = kind !== "redis" || hasRedis;
  const storeTimeout = 10_000;

  test.runIf(here)("answers of every kind come back as they were, fields and all", async () => {
    const answers: Record<string, () => unknown> = {
      text: () => "äöü 😀",
      ascii: () => ":plain",
      html: () => "<p>",
      json: () => ({ a: [1, null] }),
      bytes: () => Buffer.from([0, 255, 13, 10]),
      empty: () => new HttpResponse(null),
      fields: () =>
        new HttpResponse("x", {
          headers: [
            ["X-A", "1"],
            ["X-A", "2"],
            ["Content-Type", "text/css"],
          ],
        }),
      stream: () => new HttpResponse(Readable.from(["ä", "b"]), {}, "text/plain"),
    };
    const store = KINDS[kind]();
    for (const [name, answer] of Object.entries(answers)) {
      const made = counting({}, { store, storeTimeout }, answer);
      const { app, state } = made;
      const bare = new App();
      bare.get("/{name}", answer as () => string);
      const found = [await app.inject({ path: `/${name}` })];
      await settled(store, made, `/${name}`);
      found.push(await app.inject({ path: `/${name}` }), await app.inject({ path: `/${name}` }));
      const plain = await bare.inject({ path: `/${name}` });
      const said = ({ headers }: typeof plain) =>
        [...headers].filter(([field]) => !/^(?:date|content-length|transfer-encoding)$/i.test(field));
      for (const response of found) {
        expect(response.status, name).toBe(200);
        expect(response.body, name).toEqual(plain.body);
        expect(said(response), name).toEqual(said(plain));
      }
      expect(state.calls, name).toBe(1);
    }
  });

  test.runIf(here)(
    "answers are stale in time, are forgotten by tag and all at once, for all who share the store",
    async () => {
      const store = KINDS[kind]();
      const a = counting({ tags: ["x", "y"] }, { store, storeTimeout });
      const b = counting({ tags: ["x", "y"] }, { store, storeTimeout });
      expect(await a.ask()).toBe("answer 1");
      await settled(store, a);
      expect(await b.ask()).toBe("answer 1");
      a.clock.time += 300_000 - 1;
      expect(await a.ask()).toBe("answer 1");
      await b.cache.invalidate("z");
      expect(await a.ask()).toBe("answer 1");
      await b.cache.invalidate("y");
      expect(await a.ask()).toBe("answer 2");
      await settled(store, a);
      await a.cache.clear();
      expect(await a.ask()).toBe("answer 3");
      expect(b.state.calls).toBe(0);
    },
  );

  test.runIf(here)("values of functions come back as they were", async () => {
    const cache = new Cache({ store: KINDS[kind](), storeTimeout });
    let calls = 0;
    const twice = cache.wrap(async (value: unknown) => ({ value, call: ++calls }), { name: "twice" });
    for (const value of [1, "text", ":", null, [1, { a: true }], Buffer.from([1, 2])]) {
      const first = await twice(value);
      expect(await twice(value)).toEqual(first);
    }
    const nothing = cache.wrap((): undefined => void ++calls, { name: "nothing" });
    const before = calls;
    expect([await nothing(), await nothing()]).toEqual([undefined, undefined]);
    expect(calls - before).toBe(1);
  });
});

/** The key of the answer to GET of a path. */
async function keyOf({ middleware, app }: ReturnType<typeof counting>, path = "/"): Promise<string> {
  let key = "";
  app.get("/key", (request) => {
    key = middleware.makeCacheKey(request).replace("/key", path);
    return null;
  });
  await app.inject({ path: "/key" });
  app.remove("/key");
  return key;
}

/** Waits until what was made is in the store: who asks then is given it from there. */
async function settled(store: Store, made: ReturnType<typeof counting>, path?: string): Promise<void> {
  const key = await keyOf(made, path);
  while ((await store.get(key)) === undefined) await new Promise((resolve) => setImmediate(resolve));
}

describe("how long", () => {
  test("300 s by default, and what a route or a cache says", async () => {
    for (const [options, cacheOptions, time] of [
      [{}, {}, 300_000],
      [{}, { timeout: 5 }, 5000],
      [{ timeout: 0.5 }, { timeout: 5 }, 500],
    ] as const) {
      const { ask, clock } = counting(options, cacheOptions);
      await ask();
      clock.time += time - 1;
      expect(await ask()).toBe("answer 1");
      clock.time += 1;
      expect(await ask()).toBe("answer 2");
    }
  });

  test("cacheTimeout tells it, and sets it for what comes", async () => {
    const { ask, clock, middleware } = counting();
    expect(middleware.cacheTimeout).toBe(300);
    middleware.cacheTimeout = 1;
    await ask();
    clock.time += 1000;
    expect(await ask()).toBe("answer 2");
    expect(() => {
      middleware.cacheTimeout = 0;
    }).toThrow("cacheTimeout must be a number of seconds above 0, not 0");
  });

  test("a stale answer is given while it is made anew, by a request that outlasts its exchange", async () => {
    const go = deferred<void>();
    const made = deferred<string>();
    let calls = 0;
    const { ask, clock } = counting({ staleWhileRevalidate: 10, query: true }, {}, async (request) => {
      if (++calls === 1) return "old";
      await go.promise;
      made.resolve(`${request.path}?${request.query} ${request.headers.get("x-a")} ${await request.text()}.`);
      return "new";
    });
    const headers = { "X-A": "b" };
    expect(await ask("/a?b=c", headers)).toBe("old");
    clock.time += 300_000;
    // The second finds it being made already.
    expect(await ask("/a?b=c", headers)).toBe("old");
    expect(await ask("/a?b=c", headers)).toBe("old");
    go.resolve();
    expect(await made.promise).toBe("/a?b=c b .");
    await new Promise((resolve) => setImmediate(resolve));
    expect([await ask("/a?b=c", headers), calls]).toEqual(["new", 2]);
    clock.time += 310_000;
    expect([await ask("/a?b=c", headers), calls]).toEqual(["new", 3]);
  });

  test("HEAD is given what is stale, and has nothing made; other methods wait, for their content", async () => {
    const options = { staleWhileRevalidate: 10, methods: ["GET", "QUERY"] };
    const { app, ask, clock, state } = counting(
      options,
      {},
      async (request) => `${await request.text()} ${state.calls}`,
    );
    await ask();
    clock.time += 300_000;
    expect((await app.inject({ method: "HEAD" })).headers.get("content-length")).toBe("2");
    await new Promise((resolve) => setImmediate(resolve));
    expect(state.calls).toBe(1);
    const query = async () => (await app.inject({ method: "QUERY", body: "a" })).text();
    expect(await query()).toBe("a 2");
    clock.time += 300_000;
    expect(await query()).toBe("a 3");
  });

  test("what is stale for too long is not given, nor what fails to be made anew for ever", async () => {
    let fails = false;
    const { ask, clock, logger } = counting({ staleWhileRevalidate: 10 }, {}, () => {
      if (fails) throw new HttpError(503, "no");
      return new HttpResponse(Readable.from(["answer"]), {}, "text/plain");
    });
    await ask();
    fails = true;
    clock.time += 309_999;
    expect(await ask()).toBe("answer");
    await new Promise((resolve) => setImmediate(resolve));
    expect(logger.warnings.map(([message]) => message)).toEqual(["an answer of the cache could not be made anew"]);
    clock.time += 1;
    expect(await ask()).toBe("no\n");
    fails = false;
    await ask();
    clock.time += 300_000;
    await ask();
    await new Promise((resolve) => setTimeout(resolve, 5));
    clock.time += 299_999;
    // What was iterated in the background is kept as well.
    fails = true;
    expect(await ask()).toBe("answer");
  });

  test("Age is told where caches further out are told how long", async () => {
    const fields = { "Cache-Control": "max-age=60", Date: "Thu, 01 Jan 1970 00:00:00 GMT" };
    const { app, clock } = counting({}, {}, () => new HttpResponse("x", { headers: fields }));
    expect((await app.inject()).headers.get("age")).toBeNull();
    clock.time += 1999;
    const { headers } = await app.inject();
    expect([headers.get("age"), headers.get("date") === fields.Date]).toEqual(["1", false]);
    const other = counting();
    await other.ask();
    expect((await other.app.inject()).headers.has("age")).toBe(false);
  });
});

describe("what counts", () => {
  const distinct = async (options: CachedOptions, requests: [path: string, headers?: Record<string, string>][]) => {
    const { ask } = counting(options);
    const answers: string[] = [];
    for (const [path, headers] of requests) answers.push((await ask(path, headers)).replace("answer ", ""));
    return answers.join("");
  };

  test("path, host and query by default", async () => {
    expect(
      await distinct({}, [["/"], ["/a"], ["/a?"], ["/a?b"], ["/a?c"], ["/a?b"], ["/A"], ["/", { Host: "b" }]]),
    ).toBe("12234356");
  });

  test("no query, or only some of its names, whatever their order", async () => {
    expect(await distinct({ query: false }, [["/?a"], ["/?b"], ["/"]])).toBe("111");
    const names = { query: ["b", "a"] };
    expect(await distinct(names, [["/?a=1&b=2"], ["/?b=2&a=1&c=3"], ["/?a=1"], ["/?a=1&a=1"], ["/?a="], ["/"]])).toBe(
      "112345",
    );
    expect(await distinct(names, [["/?a=1%22,%22b"], ["/?a=1&a=b"], ["/?b=1"], ["/?a=1"]])).toBe("1234");
  });

  test("fields of the request, with their absence", async () => {
    const vary = { vary: ["X-A", "X-B"] };
    expect(await distinct(vary, [["/"], ["/", { "x-a": "null" }]])).toBe("12");
    expect(await distinct(vary, [["/"], ["/", { "x-a": "" }], ["/", { "X-A": "1" }], ["/", { "X-B": "1" }]])).toBe(
      "1234",
    );
    expect(
      await distinct(vary, [
        ["/", { "X-A": "1", "X-C": "1" }],
        ["/", { "X-A": "1", "X-C": "2" }],
      ]),
    ).toBe("11");
  });

  test("a key of one's own in place of host and path", async () => {
    expect(await distinct({ key: "view%s" }, [["/a"], ["/b"], ["/a", { Host: "b" }], ["/a?b"]])).toBe("1213");
    expect(await distinct({ key: "all" }, [["/a"], ["/b"]])).toBe("11");
    const key = (request: HttpRequest) => request.headers.get("x-user") ?? "";
    expect(
      await distinct({ key, query: false }, [["/a", { "X-User": "u" }], ["/b?c", { "X-User": "u" }], ["/a"]]),
    ).toBe("112");
  });

  test("keys of different kinds do not meet", async () => {
    const cache = new Cache();
    const app = new App();
    const keys = new Set<string>();
    const kinds: CachedOptions[] = [
      {},
      { query: false },
      { query: [] },
      { query: ["a"] },
      { vary: ["accept"] },
      { vary: ["accept-language"] },
      { key: "/" },
      { key: "path\nlocalhost\n/" },
      { key: "" },
      { key: "%s" },
    ];
    const makers = kinds.map((options) => cache.middleware(options).makeCacheKey);
    app.get("/", (request) => {
      for (const make of makers) keys.add(make(request));
      return null;
    });
    await app.inject({ headers: { Accept: "x", "Accept-Language": "x" } });
    // The path is what "/" and "%s" both say.
    expect(keys.size).toBe(kinds.length - 1);
  });

  test("a key is a text, or all that have none would be given the same", async () => {
    const errors: unknown[] = [];
    for (const value of [undefined, null, 7, Promise.resolve("x")] as unknown[]) {
      const { app, ask, state } = counting({ key: () => value as string });
      app.on("error", (error) => void errors.push(error));
      await ask();
      expect(state.calls).toBe(0);
      const wrapped = new Cache().wrap(() => 1, { name: "one", key: () => value as string });
      await expect(wrapped()).rejects.toThrow("key must give a text, not");
    }
    expect(errors.map(String)).toEqual(
      ["undefined", "null", "7", "[object Promise]"].map((shown) => `TypeError: key must give a text, not ${shown}`),
    );
  });
});

describe("what is not kept", () => {
  const twice = async (answer: () => unknown, options?: CachedOptions, headers?: Record<string, string>) => {
    const { ask, state } = counting(options, {}, answer);
    await ask("/", headers);
    await ask("/", headers);
    return state.calls;
  };
  const fields = (headers: Record<string, string>) => () => new HttpResponse("x", { headers });

  test.each<[name: string, answer: () => unknown]>([
    ["another status", () => new HttpResponse("x", { status: 201 })],
    ["an error", () => Promise.reject(new HttpError(500))],
    ["what sets a cookie", () => new HttpResponse("x").setCookie("a", "b")],
    ["private", fields({ "Cache-Control": "max-age=5, Private" })],
    ["private fields", fields({ "Cache-Control": 'private="X-A"' })],
    ["no-store", fields({ "Cache-Control": "no-store" })],
    ["no-cache", fields({ "Cache-Control": "max-age=0,no-cache" })],
    ["what varies by what does not count", fields({ Vary: "Accept-Language" })],
    ["what varies by everything", fields({ Vary: "*" })],
    ["a part", fields({ "Content-Range": "bytes 0-0/1" })],
    ["what has trailers", () => new HttpResponse("x", { trailers: () => ({ "X-A": "b" }) })],
  ])("%s", async (_, answer) => {
    expect(await twice(answer)).toBe(2);
  });

  test("and what may be, next to it", async () => {
    expect(await twice(fields({ "Cache-Control": "public, max-age=5, x-private-store" }))).toBe(1);
    expect(await twice(fields({ Vary: "Accept-Language, accept" }), { vary: ["accept-language", "Accept"] })).toBe(1);
    expect(await twice(() => new HttpResponse("x", { status: 404 }), { statuses: [200, 404] })).toBe(1);
  });

  test("requests with Authorization, unless told; and with Range", async () => {
    const headers = { Authorization: "Bearer x" };
    expect(await twice(() => "x", {}, headers)).toBe(2);
    expect(await twice(() => "x", { authorized: true }, headers)).toBe(1);
    expect(await twice(() => "x", { vary: ["authorization"] }, headers)).toBe(1);
    expect(await twice(() => "x", { vary: ["authorization"], authorized: false }, headers)).toBe(2);
    expect(await twice(() => "x", {}, { Range: "bytes=0-1" })).toBe(2);
    // Not even what others were given.
    const { ask } = counting();
    expect([await ask(), await ask("/", headers), await ask()]).toEqual(["answer 1", "answer 2", "answer 1"]);
  });

  test("other methods, unless told; HEAD is given what GET has, and gives nothing", async () => {
    const { ask, state, app } = counting();
    await ask("/", {}, "HEAD");
    expect(await ask()).toBe("answer 2");
    expect((await app.inject({ method: "HEAD" })).headers.get("content-length")).toBe("8");
    expect(state.calls).toBe(2);
    await ask("/", {}, "POST");
    await ask("/", {}, "POST");
    expect(state.calls).toBe(4);
    const query = counting({ methods: ["QUERY"] });
    expect([await query.ask("/", {}, "QUERY"), await query.ask("/", {}, "QUERY")]).toEqual(["answer 1", "answer 1"]);
    expect([await query.ask(), await query.ask()]).toEqual(["answer 2", "answer 3"]);
    const both = counting({ methods: ["GET", "QUERY"] });
    expect([await both.ask(), await both.ask("/", {}, "QUERY"), await both.ask()]).toEqual([
      "answer 1",
      "answer 2",
      "answer 1",
    ]);
  });

  test("unless, forcedUpdate and responseFilter", async () => {
    const unless = counting({ unless: (request) => request.headers.has("x-skip") });
    const skip = { "X-Skip": "1" };
    expect([await unless.ask(), await unless.ask("/", skip), await unless.ask()]).toEqual([
      "answer 1",
      "answer 2",
      "answer 1",
    ]);
    const forced = counting({ forcedUpdate: (request) => request.headers.has("x-skip") });
    expect([await forced.ask(), await forced.ask("/", skip), await forced.ask()]).toEqual([
      "answer 1",
      "answer 2",
      "answer 2",
    ]);
    expect(await twice(() => "x", { responseFilter: (response) => response.body !== "x" })).toBe(2);
  });

  test("more than maxEntrySize, to the byte, in one piece or iterated", async () => {
    const size = (answer: () => unknown) => async (maxEntrySize: number) => {
      const { ask, state } = counting({}, { maxEntrySize }, answer);
      expect([await ask(), await ask()]).toEqual(["äbc", "äbc"]);
      return state.calls;
    };
    for (const answer of [
      size(() => "äbc"),
      size(() => Buffer.from("äbc")),
      size(() => new HttpResponse(Readable.from(["ä", "bc"]), {}, "text/plain")),
    ]) {
      expect([await answer(4), await answer(3)]).toEqual([1, 2]);
    }
  });

  test("content that fails, or that is cut short", async () => {
    const { app, ask, state } = counting({}, {}, () =>
      state.calls === 1
        ? new HttpResponse(Readable.from([Promise.resolve("x"), Promise.reject(new Error("broken"))]), {}, "text/plain")
        : "whole",
    );
    await expect(app.inject()).rejects.toThrow();
    expect(await ask()).toBe("whole");
  });

  test("bytes that are changed behind it", async () => {
    const bytes = Buffer.from("abc");
    const { ask } = counting({}, {}, () => bytes);
    await ask();
    bytes.fill("x");
    expect(await ask()).toBe("abc");
  });
});

describe("many at once", () => {
  test("wait for who makes the same, and not for another", async () => {
    const go = deferred<void>();
    const { ask, state } = counting({}, {}, async (request) => {
      await go.promise;
      return `${request.path} ${state.calls}`;
    });
    const all = [..."aaabab"].map((name) => ask(`/${name}`));
    go.resolve();
    expect(await Promise.all(all)).toEqual(["/a 2", "/a 2", "/a 2", "/b 2", "/a 2", "/b 2"]);
  });

  test("wait as well where a store takes time to say what is known of tags", async () => {
    const memory = new MemoryStore();
    const store = Object.assign(Object.create(memory) as Store, {
      get: async (key: string) => memory.get(key),
      set: async (key: string, value: unknown, ttlMs: number) => memory.set(key, value, ttlMs),
    });
    const { ask, state } = counting({ tags: ["x"] }, { store }, async () => {
      await new Promise((resolve) => setImmediate(resolve));
      return `answer ${state.calls}`;
    });
    expect(await Promise.all([1, 2, 3].map(() => ask()))).toEqual(["answer 1", "answer 1", "answer 1"]);
    expect(state.calls).toBe(1);
  });

  test("make their own where what was made is for nobody else, and where it failed", async () => {
    for (const answer of [
      () => new HttpResponse("x", { headers: { "Cache-Control": "private" } }),
      () => new HttpError(404),
    ]) {
      const go = deferred<void>();
      const { ask, state } = counting({}, {}, async () => {
        await go.promise;
        const made = answer();
        if (made instanceof Error) throw made;
        return made;
      });
      const all = [1, 2, 3].map(() => ask());
      go.resolve();
      await Promise.all(all);
      expect(state.calls).toBe(3);
    }
  });

  test("do not wait for content that a slow client reads", async () => {
    const go = deferred<void>();
    const { ask, state } = counting({}, {}, () => {
      const slow = state.calls === 1;
      return new HttpResponse(
        (async function* () {
          yield "a";
          if (slow) await go.promise;
          yield "b";
        })(),
        {},
        "text/plain",
      );
    });
    const first = ask();
    expect(await ask()).toBe("ab");
    expect(await ask()).toBe("ab");
    expect(state.calls).toBe(2);
    go.resolve();
    expect(await first).toBe("ab");
  });

  test("the cache may stand around a route twice", async () => {
    const cache = new Cache();
    const app = new App();
    app.use(cache.middleware());
    let calls = 0;
    const answer = async () => `answer ${++calls}`;
    app.get("/", answer, { middleware: [cache.middleware({ timeout: 1 })] });
    expect([(await app.inject()).text(), (await app.inject()).text()]).toEqual(["answer 1", "answer 1"]);
  });

  test.each<[name: string, forget: (cache: Cache) => Promise<void>, options?: CachedOptions]>([
    ["clear", (cache) => cache.clear()],
    ["delete", (cache) => cache.delete("any key")],
    ["invalidate", (cache) => cache.invalidate("t"), { tags: ["t"] }],
  ])("what was begun before %s is not kept, and nobody else gets it", async (_, forget, options) => {
    const go = [deferred<void>(), deferred<void>()];
    const begun = deferred<void>();
    const { ask, cache, state } = counting(options, {}, async () => {
      const call = state.calls;
      if (call === 1) begun.resolve();
      await go[call - 1].promise;
      return `answer ${call}`;
    });
    const first = ask();
    await begun.promise;
    await forget(cache);
    const second = ask();
    go[1].resolve();
    expect(await second).toBe("answer 2");
    // What comes late does not take the place of what is newer.
    go[0].resolve();
    expect(await first).toBe("answer 1");
    expect(await ask()).toBe("answer 2");
  });
});

test("tags may follow from the request, and single keys can be forgotten", async () => {
  const made = counting({ tags: (request) => [`of ${request.path}`] });
  const { ask, cache } = made;
  await ask("/a");
  await ask("/b");
  await cache.invalidate("of /a", "of /c");
  expect([await ask("/a"), await ask("/b")]).toEqual(["answer 3", "answer 2"]);
  await cache.delete(await keyOf(made, "/b"));
  expect([await ask("/a"), await ask("/b")]).toEqual(["answer 3", "answer 4"]);
});

test("what a store has lost of its tags is outdated", async () => {
  const store = new MemoryStore({ maxEntries: 2 });
  const { ask } = counting({ tags: ["t"] }, { store });
  await ask();
  await store.set("other", 1, 1000);
  await store.set("another", 1, 1000);
  expect(await ask()).toBe("answer 2");
});

test("no more than threshold are kept in memory", async () => {
  const { ask } = counting({}, { threshold: 2 });
  for (const path of ["/a", "/b", "/a", "/c"]) await ask(path);
  expect([await ask("/a"), await ask("/c"), await ask("/b")]).toEqual(["answer 1", "answer 3", "answer 4"]);
});

test("hooks change an answer and not what is kept", async () => {
  const { app, ask } = counting();
  let count = 0;
  app.on("response", (response) => {
    response.headers.set("X-Count", String(++count));
    response.body = `${response.body}!`;
  });
  expect([await ask(), await ask()]).toEqual(["answer 1!", "answer 1!"]);
});

test("with etag and compression around it, a kept answer has tag and coding", async () => {
  const { app, state } = counting({}, {}, () => "text ".repeat(500));
  app.use(etag());
  app.on("response", compression());
  const headers = { "Accept-Encoding": "gzip" };
  const [first, second] = [await app.inject({ headers }), await app.inject({ headers })];
  expect(second.headers.get("content-encoding")).toBe("gzip");
  expect(second.body).toEqual(first.body);
  const tag = second.headers.get("etag") ?? "";
  expect((await app.inject({ headers: { ...headers, "If-None-Match": tag } })).status).toBe(304);
  expect(state.calls).toBe(1);
});

test("methods of blueprints, and the cache that all share", async () => {
  let calls = 0;
  class Views extends Blueprint {
    @get("/view")
    @use(cached({ timeout: 60 }))
    view() {
      return `view ${++calls}`;
    }
  }
  const app = new App();
  app.addBlueprint(new Views());
  expect([(await app.inject({ path: "/view" })).text(), (await app.inject({ path: "/view" })).text()]).toEqual([
    "view 1",
    "view 1",
  ]);
  const handler = () => "x";
  expect(cached()(handler).uncached).toBe(handler);
});

describe("a store that is down", () => {
  /** Fails or hangs as it is told. */
  class Failing implements Store {
    mode: "works" | "throws" | "rejects" | "hangs" = "works";
    readonly asked: string[] = [];
    readonly #store = new MemoryStore();

    #do<T>(what: string, work: () => T): T | Promise<never> {
      this.asked.push(what);
      if (this.mode === "throws") throw new Error("down");
      if (this.mode === "rejects") return Promise.reject(new Error("down"));
      return this.mode === "hangs" ? new Promise<never>(() => {}) : work();
    }

    get(key: string): unknown {
      return this.#do("get", () => this.#store.get(key));
    }

    set(key: string, value: unknown, ttlMs: number): void | Promise<void> {
      return this.#do("set", () => this.#store.set(key, value, ttlMs));
    }

    delete(key: string): void | Promise<void> {
      return this.#do("delete", () => this.#store.delete(key));
    }

    clear(): void | Promise<void> {
      return this.#do("clear", () => this.#store.clear());
    }
  }

  test.each(["throws", "rejects", "hangs"] as const)(
    "one that %s is left alone, and asked again by one",
    async (mode) => {
      const store = new Failing();
      const { ask, clock, logger, cache, state } = counting(
        { tags: ["t"] },
        { store, storeTimeout: 20, storeRetry: 10 },
      );
      expect([await ask(), await ask()]).toEqual(["answer 1", "answer 1"]);
      store.mode = mode;
      store.asked.length = 0;
      for (const _ of [1, 2, 3]) await ask();
      expect([state.calls, store.asked]).toEqual([4, ["get"]]);
      expect(logger.warnings.map(([message]) => message)).toEqual([
        "the store of the cache has failed; it is left alone for 10000 ms",
      ]);
      clock.time += 9999;
      await ask();
      expect(store.asked.length).toBe(1);
      clock.time += 1;
      await Promise.all([ask(), ask(), ask()]);
      expect(store.asked.length).toBe(2);
      if (mode !== "hangs") await expect(cache.clear()).rejects.toThrow("down");
      store.mode = "works";
      clock.time += 10_000;
      expect(await ask()).toBe("answer 1");
      expect(logger.warnings.length).toBe(1);
    },
  );

  test("what a store cannot keep says nothing about the store", async () => {
    const { logger, cache } = counting({}, { store: new FileStore(path.join(folder, "kept")), storeTimeout: 5000 });
    const big = cache.wrap(() => 1n, { name: "big" });
    expect([await big(), await big()]).toEqual([1n, 1n]);
    expect(logger.warnings[0][0]).toBe("the cache cannot keep a value");
    let calls = 0;
    const small = cache.wrap(() => ++calls, { name: "small" });
    await small();
    expect(await small()).toBe(1);
  });

  test("one that rejects with a TypeError as fetch does is left alone all the same", async () => {
    const store = new Failing();
    const { ask, logger } = counting({}, { store });
    store.get = () => {
      store.asked.push("get");
      return Promise.reject(new TypeError("fetch failed"));
    };
    await ask();
    await ask();
    expect(store.asked).toEqual(["get"]);
    expect(logger.warnings[0][0]).toBe("the store of the cache has failed; it is left alone for 10000 ms");
  });

  test("what others have put there is passed over", async () => {
    const store = new MemoryStore();
    const made = counting({}, { store });
    const key = await keyOf(made);
    for (const value of ["text", null, {}, { v: 2 }]) {
      await store.set(key, value, 1000);
      const before = made.state.calls;
      expect(await made.ask(), String(value)).toBe(`answer ${before + 1}`);
    }
  });

  test.runIf(hasRedis)("Redis that goes away and comes back", async () => {
    const own = await startRedis();
    const store = new RedisStore(own.url, { timeout: 10_000 });
    const { ask, clock, state } = counting({}, { store, storeTimeout: 5000 });
    await ask();
    while ((await ask()) !== "answer 1") await null;
    await own.stop();
    const before = state.calls;
    for (const _ of [1, 2, 3]) expect(await ask()).toMatch(/^answer/);
    expect(state.calls).toBe(before + 3);
    const again = await startRedis(own.port);
    let last = "";
    do {
      clock.time += 10_000;
      last = await ask();
      await new Promise((resolve) => setTimeout(resolve, 20));
    } while ((await ask()) !== last);
    await store.close();
    await again.stop();
  });
});

describe("functions", () => {
  test("are called once for the same arguments, also by many at once", async () => {
    const cache = new Cache();
    const go = deferred<void>();
    let calls = 0;
    const add = cache.wrap(async function add(a: number, b: number) {
      await go.promise;
      ++calls;
      return a + b;
    });
    const all = [add(1, 2), add(1, 2), add(2, 1)];
    go.resolve();
    expect([await Promise.all(all), await add(1, 2), calls]).toEqual([[3, 3, 3], 3, 2]);
    expect(await add.uncached(1, 2)).toBe(3);
    expect(calls).toBe(3);
  });

  test("arguments are told apart", () => {
    const key = new Cache().wrap((..._: unknown[]) => 1, { name: "f" }).makeCacheKey;
    const calls = [
      [],
      [undefined],
      [null],
      ["1"],
      [1],
      [[1]],
      [1, 2],
      ["1,2"],
      [{ a: 1 }],
      [{ a: undefined }],
      [{}],
      [1n],
    ];
    expect(new Set(calls.map((values) => key(...values))).size).toBe(calls.length);
    expect(key({ a: 1 })).toBe(key({ a: 1 }));
  });

  test("options: key, unless, forcedUpdate, responseFilter, tags, cacheTimeout, stale values", async () => {
    const clock = { time: 1_700_000_000_000 };
    const logger = new Notes();
    const cache = new Cache({ now: () => clock.time, logger });
    let calls = 0;
    const user = cache.wrap((id: number, how?: string) => `${id} ${how ?? ""} ${++calls}`, {
      name: "user",
      key: (id) => String(id),
      unless: (_, how) => how === "unless",
      forcedUpdate: (_, how) => how === "forced",
      responseFilter: (value) => !value.includes("bad"),
      tags: (id) => [`user ${id}`],
      staleWhileRevalidate: 5,
    });
    expect([await user(1), await user(1, "other"), await user(2)]).toEqual(["1  1", "1  1", "2  2"]);
    expect([await user(1, "unless"), await user(1)]).toEqual(["1 unless 3", "1  1"]);
    expect([await user(1, "forced"), await user(1)]).toEqual(["1 forced 4", "1 forced 4"]);
    await cache.invalidate("user 1");
    expect([await user(1, "bad"), await user(1), await user(2)]).toEqual(["1 bad 5", "1  6", "2  2"]);
    user.cacheTimeout = 1;
    expect([user.cacheTimeout, await user(1, "forced")]).toEqual([1, "1 forced 7"]);
    clock.time += 1000;
    expect([await user(1), await user(1)]).toEqual(["1 forced 7", "1 forced 7"]);
    await new Promise((resolve) => setImmediate(resolve));
    expect([await user(1), calls]).toEqual(["1  8", 8]);
    clock.time += 6000;
    expect(await user(1)).toBe("1  9");
  });

  test("a stale value is made anew once, however many ask", async () => {
    const clock = { time: 1_700_000_000_000 };
    const cache = new Cache({ now: () => clock.time, staleWhileRevalidate: 5 });
    const go = deferred<void>();
    let calls = 0;
    const value = cache.wrap(
      async () => {
        if (++calls > 1) await go.promise;
        return calls;
      },
      { name: "value" },
    );
    await value();
    clock.time += 300_000;
    expect([await value(), await value(), await value(), calls]).toEqual([1, 1, 1, 2]);
    go.resolve();
    await new Promise((resolve) => setImmediate(resolve));
    expect([await value(), calls]).toEqual([2, 2]);
  });

  test("an error is that of all who wait, and is not kept", async () => {
    const cache = new Cache({ logger: new Notes() });
    let calls = 0;
    const fail = cache.wrap(
      async () => {
        if (++calls === 1) throw new Error("first");
        return calls;
      },
      { name: "fail" },
    );
    const all = await Promise.allSettled([fail(), fail()]);
    expect(all.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    expect(await fail()).toBe(2);
  });

  test("need a name of their own", () => {
    const cache = new Cache();
    expect(() =>
      cache.wrap(
        (
          () => () =>
            1
        )(),
      ),
    ).toThrow("name: a function without a name");
    cache.wrap(function one() {});
    expect(() => cache.wrap(function one() {})).toThrow("another function of this cache has the name one");
  });
});

test("options that make no sense are refused by name", () => {
  const wrong: [CacheOptions, string][] = [
    [{ timeout: 0 }, "timeout must be a number of seconds above 0, not 0"],
    [{ timeout: Number.POSITIVE_INFINITY }, "timeout"],
    [{ staleWhileRevalidate: -1 }, "staleWhileRevalidate must be a number of seconds, not -1"],
    [{ threshold: 0 }, "threshold"],
    [{ maxEntrySize: 0.5 }, "maxEntrySize"],
    [{ storeTimeout: 0 }, "storeTimeout"],
    [{ storeRetry: 0 }, "storeRetry"],
    [{ store: { get() {}, delete() {} } as never }, "store lacks set, clear"],
  ];
  for (const [options, message] of wrong) expect(() => new Cache(options)).toThrow(message);
  const cache = new Cache();
  const none = 5 as never;
  const refused: [CachedOptions, string][] = [
    [{ timeout: -1 }, "timeout"],
    [{ staleWhileRevalidate: Number.NaN }, "staleWhileRevalidate"],
    [{ vary: ["a b"] }, "a b"],
    [{ vary: none }, "vary"],
    [{ query: [none] }, "query"],
    [{ query: "a" as never }, "query"],
    [{ key: none }, "key must be a text or a function"],
    [{ methods: "GET" as never }, "methods"],
    [{ statuses: 200 as never }, "statuses must be a list of numbers"],
    [{ statuses: ["200" as never] }, "statuses must be a list of numbers"],
    [{ unless: none }, "unless must be a function"],
    [{ forcedUpdate: none }, "forcedUpdate"],
    [{ responseFilter: none }, "responseFilter"],
    [{ tags: "a" as never }, "tags"],
  ];
  for (const [options, message] of refused) expect(() => cache.middleware(options)).toThrow(message);
  expect(() => cache.wrap(() => 1, { name: "a", timeout: 0 })).toThrow("timeout");
});
