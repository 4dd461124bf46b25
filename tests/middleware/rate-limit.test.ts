/** How many requests of a client pass, and what the others are told. */
import { describe, expect, test } from "vitest";
import { App, type HttpRequest, type Logger, NotFoundError } from "../../src/index.ts";
import { type RateLimitOptions, rateLimit, trustedProxies } from "../../src/middleware/index.ts";
import { memoryRateLimits, type RateLimitStore, redisRateLimits } from "../../src/services/rate-limits.ts";
import { deferred } from "../support/deferred.ts";
import { hasRedis, startRedis } from "../support/redis.ts";

const MINUTE = 60_000;
const START = 1_700_000_040_000;

function appWith(...limits: RateLimitOptions[]): App {
  const app = new App().on("error", () => {});
  for (const limit of limits) app.use(rateLimit(limit));
  app.get("/", () => "ok");
  app.get("/later", async () => "later");
  app.get("/404", () => Promise.reject(new NotFoundError()));
  return app;
}

async function ask(app: App, path = "/", headers: Record<string, string> = {}) {
  const { status, headers: fields } = await app.inject({ path, headers });
  return [status, fields.get("ratelimit"), fields.get("ratelimit-policy"), fields.get("retry-after")];
}

describe("a limit", () => {
  test("lets as many pass as it says, and tells the others when to come again", async () => {
    let time = START;
    const store = memoryRateLimits({ now: () => time });
    const app = appWith({ limit: 2, window: MINUTE, algorithm: "fixed", store });
    const policy = '"default";q=2;w=60';
    expect(await ask(app)).toEqual([200, '"default";r=1;t=60', policy, null]);
    time += 1500;
    expect(await ask(app, "/later")).toEqual([200, '"default";r=0;t=59', policy, null]);
    expect(await ask(app)).toEqual([429, '"default";r=0;t=59', policy, "59"]);
    time += MINUTE;
    expect(await ask(app, "/404")).toEqual([404, '"default";r=1;t=60', policy, null]);
  });

  test("counts each client by itself: by the address, or as it is told", async () => {
    const app = new App().use(trustedProxies(["loopback"]), rateLimit({ limit: 1, window: MINUTE }));
    app.get("/", () => "ok");
    const status = async (address: string) => (await ask(app, "/", { "X-Forwarded-For": address }))[0];
    expect([await status("192.0.2.1"), await status("192.0.2.2"), await status("192.0.2.1")]).toEqual([200, 200, 429]);

    const byKey = appWith({ limit: 1, window: MINUTE, key: ({ headers }: HttpRequest) => headers.get("x-key") });
    const keyed = async (key: string) => (await ask(byKey, "/", { "X-Key": key }))[0];
    expect([await keyed("a"), await keyed("b"), await keyed("a")]).toEqual([200, 200, 429]);
    expect(await ask(byKey)).toEqual([200, null, null, null]);
  });

  test("needs a key that is a text, or all that have none would be one client", async () => {
    for (const value of [undefined, 7, Promise.resolve("x")] as unknown[]) {
      const errors: unknown[] = [];
      const app = appWith({ limit: 1, window: MINUTE, key: () => value as string });
      app.on("error", (error) => void errors.push(error));
      expect((await app.inject()).status).toBe(500);
      expect(String(errors)).toBe(`TypeError: key must give a text or null, not ${String(value)}`);
    }
  });

  test.each([
    ["2001:db8:1:2::1", "2001:db8:1:2:3:4:5:6", "2001:db8:1:3::1"],
    ["::1", "::2:0:0:1", "0:0:0:1::1"],
    ["2001:db8::1", "2001:db8:0:0:ffff::", "2001:db8:0:1::"],
  ])("counts a network of IPv6 as one client: %s", async (one, same, other) => {
    const app = new App().use(trustedProxies(["127.0.0.1"]), rateLimit({ limit: 1, window: MINUTE }));
    app.get("/", () => "ok");
    const status = async (address: string) => (await ask(app, "/", { "X-Forwarded-For": address }))[0];
    expect([await status(one), await status(same), await status(other)]).toEqual([200, 429, 200]);
  });

  test("several are told of together, and a store may be shared", async () => {
    const store = memoryRateLimits();
    const app = appWith(
      { limit: 10, window: 1000, name: "burst", algorithm: "gcra", store },
      { limit: 100, window: MINUTE, name: "all, of them", algorithm: "fixed", store },
    );
    expect(await ask(app)).toEqual([
      200,
      '"all, of them";r=99;t=60, "burst";r=9;t=1',
      '"all, of them";q=100;w=60, "burst";q=10;w=1',
      null,
    ]);
  });

  test("says nothing in fields where it is not to, but when to come again", async () => {
    const app = appWith({ limit: 1, window: 1000, headers: false });
    expect(await ask(app)).toEqual([200, null, null, null]);
    expect((await ask(app)).slice(0, 3)).toEqual([429, null, null]);
  });

  test("stays synchronous where its store is", () => {
    const answer = rateLimit({ limit: 1, window: 1000 })(() => "ok")({ remoteAddress: "", state: {} } as HttpRequest);
    expect(answer).toBe("ok");
  });

  test.each([
    [{ limit: 0 }, "limit must be a whole number of at least 1, not 0"],
    [{ limit: 1.5 }, "limit must be"],
    [{ window: 0 }, "window must be"],
    [{ window: "1" }, 'window must be a whole number of at least 1, not "1"'],
    [{ algorithm: "leaky" }, 'algorithm is one of fixed, sliding, gcra, not "leaky"'],
    [{ name: 'a"' }, "name must be printable ASCII"],
    [{ name: "" }, "name must be printable ASCII"],
    [{ onFailure: "wait" }, "onFailure is one of allow, refuse"],
    [{ pause: -1 }, "pause must be a number of at least 0"],
  ])("refuses options that make no sense: %j", (options, message) => {
    expect(() => rateLimit({ limit: 1, window: 1000, ...options } as RateLimitOptions)).toThrow(message);
  });
});

describe("a store that fails", () => {
  function failing(how: "throw" | "reject") {
    const store = { failing: true, asked: 0 };
    const memory = memoryRateLimits();
    const take: RateLimitStore["take"] = (key, policy) => {
      ++store.asked;
      if (!store.failing) return memory.take(key, policy);
      if (how === "throw") throw new Error("down");
      return Promise.reject(new Error("down"));
    };
    return Object.assign(store, { take });
  }
  const logging = () => {
    const said: string[] = [];
    const note = (level: string) => (text: unknown) => void said.push(`${level}: ${text}`);
    const logger: Logger = { debug() {}, info: note("info"), warn: note("warn"), error: note("error") };
    return { said, logger };
  };

  test.each(["throw", "reject"] as const)(
    "lets requests pass, is told of once, and is not asked all the time: %s",
    async (how) => {
      const { said, logger } = logging();
      const store = failing(how);
      const app = new App({ logger }).use(rateLimit({ limit: 1, window: 1000, store, pause: MINUTE }));
      app.get("/", () => "ok");
      for (let count = 0; count < 3; ++count) expect(await ask(app)).toEqual([200, null, null, null]);
      expect([store.asked, said]).toEqual([1, ["error: the store of the rate limit default fails"]]);
    },
  );

  test("is asked again after the pause, and its return is told of", async () => {
    const { said, logger } = logging();
    const store = failing("reject");
    const app = new App({ logger }).use(rateLimit({ limit: 1, window: MINUTE, store, pause: 0 }));
    app.get("/", () => "ok");
    await ask(app);
    await ask(app);
    store.failing = false;
    expect([(await ask(app))[0], (await ask(app))[0]]).toEqual([200, 429]);
    expect(said).toEqual([
      "error: the store of the rate limit default fails",
      "info: the store of the rate limit default is there again",
    ]);
  });

  test("is asked by one after the pause, however many come", async () => {
    const { logger } = logging();
    const late = deferred();
    const fail = (): never => {
      throw new Error("down");
    };
    const store = { asked: 0, take: () => (++store.asked === 1 ? fail() : late.promise.then(fail)) };
    const app = new App({ logger }).use(rateLimit({ limit: 1, window: MINUTE, store, pause: 500 }));
    app.get("/", () => "ok");
    await ask(app);
    const all: Promise<unknown>[] = [];
    while (store.asked === 1) {
      all.push(ask(app));
      await new Promise((resolve) => setImmediate(resolve));
    }
    all.push(ask(app), ask(app));
    await new Promise((resolve) => setImmediate(resolve));
    expect(store.asked).toBe(2);
    late.resolve();
    for (const answer of await Promise.all(all)) expect(answer).toEqual([200, null, null, null]);
  });

  test("has requests refused where that is said", async () => {
    const { logger } = logging();
    const store = failing("reject");
    const app = new App({ logger }).use(rateLimit({ limit: 1, window: 1000, store, onFailure: "refuse", pause: 2500 }));
    app.get("/", () => "ok");
    expect(await ask(app)).toEqual([503, null, null, "3"]);
    expect(await ask(app)).toEqual([503, null, null, "3"]);
  });
});

test.skipIf(!hasRedis)("applications that share a Redis share a limit, and go on without it", async () => {
  const redis = await startRedis();
  const stores = [
    redisRateLimits({ url: redis.url, timeout: 15_000 }),
    redisRateLimits({ url: redis.url, timeout: 15_000 }),
  ];
  const quiet = { debug() {}, info() {}, warn() {}, error() {} };
  const apps = stores.map((store) => {
    const app = new App({ logger: quiet }).use(rateLimit({ limit: 5, window: MINUTE, store, pause: MINUTE }));
    app.get("/", () => "ok").on("stop", () => store.close?.());
    return app;
  });
  const servers = await Promise.all(apps.map((app) => app.listen({ port: 0 })));
  const statuses = async (count: number) => {
    const asked = Array.from({ length: count }, (_, index) => fetch(servers[index % 2].url));
    const answers = await Promise.all(asked);
    await Promise.all(answers.map((answer) => answer.text()));
    return answers.map(({ status }) => status).sort();
  };
  expect(await statuses(8)).toEqual([200, 200, 200, 200, 200, 429, 429, 429]);
  await redis.stop();
  expect(await statuses(4)).toEqual([200, 200, 200, 200]);
  await Promise.all(apps.map((app) => app.close({ deadline: 0 })));
});
