/** How requests are counted: the same in memory and in Redis. Time is what the test says it is. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  type Algorithm,
  memoryRateLimits,
  type Policy,
  type RateLimitStore,
  redisRateLimits,
} from "../../src/services/rate-limits.ts";
import { hasRedis, type Redis, startRedis } from "../support/redis.ts";

const ALGORITHMS: Algorithm[] = ["fixed", "sliding", "gcra"];
/** The beginning of a window of every length that is used here. */
const START = 1_700_000_040_000;
/** Milliseconds that Redis may take where it is not what is tested. */
const PATIENT = 15_000;

let redis: Redis;
beforeAll(async () => {
  if (hasRedis) redis = await startRedis();
});
afterAll(() => redis?.stop());

let made = 0;
const stores: [name: string, make: (now: () => number) => RateLimitStore][] = [
  ["memory", (now) => memoryRateLimits({ now })],
  ["Redis", (now) => redisRateLimits({ url: redis.url, timeout: PATIENT, prefix: `test-${++made}:`, now })],
];

describe.each(stores)("in %s", (name, make) => {
  const skipped = name === "Redis" && !hasRedis;

  /** Takes at times after the start; gives whether each was allowed, or what is asked for. */
  async function take(policy: Policy, times: readonly number[], what: "allowed" | "remaining" | "reset" | "retry") {
    let time = 0;
    const store = make(() => START + time);
    const found: unknown[] = [];
    for (time of times) found.push((await store.take("key", policy))[what]);
    await store.close?.();
    return found;
  }

  test.skipIf(skipped)("a fixed window begins with the first request", async () => {
    const policy: Policy = { algorithm: "fixed", limit: 2, window: 1000 };
    const times = [500, 600, 700, 1499, 1500, 1500, 2499];
    expect(await take(policy, times, "allowed")).toEqual([true, true, false, false, true, true, false]);
    expect(await take(policy, times, "remaining")).toEqual([1, 0, 0, 0, 1, 0, 0]);
    expect(await take(policy, times, "reset")).toEqual([1000, 900, 800, 1, 1000, 1000, 1]);
    expect(await take(policy, times, "retry")).toEqual([0, 0, 800, 1, 0, 0, 1]);
  });

  test.skipIf(skipped)("a sliding window has what is left of the one before", async () => {
    const policy: Policy = { algorithm: "sliding", limit: 4, window: 1000 };
    // Four in the first: of them 4, 3, 2, 1, 0 count as the second passes.
    const times = [0, 0, 0, 0, 0, 1000, 1249, 1250, 1250, 1500, 2000, 4000];
    const allowed = [true, true, true, true, false, false, false, true, false, true, true, true];
    expect(await take(policy, times, "allowed")).toEqual(allowed);
    expect(await take(policy, times, "retry")).toEqual([0, 0, 0, 0, 1250, 250, 1, 0, 250, 0, 0, 0]);
    expect(await take(policy, [0, 0, 4000], "remaining")).toEqual([3, 2, 3]);
  });

  test.skipIf(skipped)("gcra lets one pass each interval, and a window's at once", async () => {
    const policy: Policy = { algorithm: "gcra", limit: 4, window: 1000 };
    const times = [0, 0, 0, 0, 0, 249, 250, 250, 1000, 1000, 1000, 1000, 9000];
    const allowed = [true, true, true, true, false, false, true, false, true, true, true, false, true];
    expect(await take(policy, times, "allowed")).toEqual(allowed);
    expect(await take(policy, times, "remaining")).toEqual([3, 2, 1, 0, 0, 0, 0, 0, 2, 1, 0, 0, 3]);
    expect(await take(policy, times, "retry")).toEqual([0, 0, 0, 0, 250, 1, 0, 250, 0, 0, 0, 250, 0]);
  });

  test.skipIf(skipped).each(ALGORITHMS)("keys are counted by themselves: %s", async (algorithm) => {
    const store = make(() => START);
    const policy: Policy = { algorithm, limit: 1, window: 1000 };
    const allowed = async (key: string) => (await store.take(key, policy)).allowed;
    expect([await allowed("a"), await allowed("b"), await allowed("a")]).toEqual([true, true, false]);
    await store.close?.();
  });

  test.skipIf(skipped).each(ALGORITHMS)("a limit of one, and of what divides no window: %s", async (algorithm) => {
    for (const limit of [1, 3, 7]) {
      const policy: Policy = { algorithm, limit, window: 1000 };
      const found = await take(policy, new Array(limit + 1).fill(0), "allowed");
      expect(found, `${limit}`).toEqual([...new Array(limit).fill(true), false]);
    }
  });
});

describe.each(ALGORITHMS)("%s", (algorithm) => {
  const cases = fc.record({
    limit: fc.integer({ min: 1, max: 20 }),
    window: fc.integer({ min: 1, max: 5000 }),
    steps: fc.array(fc.integer({ min: 0, max: 2000 }), { maxLength: 60 }),
  });

  test("who waits as long as is said is served, and who waits less is not", () => {
    const property = fc.property(cases, ({ limit, window, steps }) => {
      let time = START;
      const store = memoryRateLimits({ now: () => time });
      const take = () => store.take("key", { algorithm, limit, window }) as { allowed: boolean; retry: number };
      for (const step of steps) {
        time += step;
        const { allowed, retry } = take();
        if (allowed) continue;
        time += retry - 1;
        if (retry > 1) expect(take().allowed).toBe(false);
        time += 1;
        expect(take().allowed).toBe(true);
      }
    });
    fc.assert(property, { seed: 7, numRuns: 500 });
  });

  test.skipIf(!hasRedis)("Redis counts as the memory does", async () => {
    let time = START;
    const now = () => time;
    const [memory, shared] = [memoryRateLimits({ now }), redisRateLimits({ url: redis.url, timeout: PATIENT, now })];
    let run = 0;
    const property = fc.asyncProperty(cases, async ({ limit, window, steps }) => {
      const key = `${algorithm}-${++run}`;
      for (const step of steps) {
        time += step;
        const policy: Policy = { algorithm, limit, window };
        expect(await shared.take(key, policy)).toEqual(memory.take(key, policy));
      }
    });
    await fc.assert(property, { seed: 7, numRuns: 60 });
    await shared.close?.();
  });
});

describe("the memory", () => {
  const policy: Policy = { algorithm: "fixed", limit: 1, window: 1000 };

  test("has no more keys than it may: those are forgotten that came the longest ago", () => {
    const store = memoryRateLimits({ maxKeys: 3, now: () => START });
    const allowed = (key: string) => (store.take(key, policy) as { allowed: boolean }).allowed;
    for (const key of ["a", "b", "c"]) expect(allowed(key)).toBe(true);
    // All three are known, and "a" came last.
    for (const key of ["b", "c", "a"]) expect(allowed(key)).toBe(false);
    expect(allowed("d")).toBe(true);
    expect(allowed("c")).toBe(false);
    expect(allowed("b")).toBe(true);
  });

  test("keeps what counts still, though many come in between", () => {
    let time = START;
    const store = memoryRateLimits({ now: () => time });
    const sliding: Policy = { algorithm: "sliding", limit: 4, window: 1000 };
    const left = (key: string) => (store.take(key, sliding) as { remaining: number }).remaining;
    for (let count = 0; count < 4; ++count) left("a");
    time += 1500;
    for (let count = 0; count < 10; ++count) left(`other ${count}`);
    // Two of the window before, and this one.
    expect(left("a")).toBe(1);
  });

  test("refuses a number of keys that is none", () => {
    for (const maxKeys of [0, 1.5, Number.NaN]) {
      expect(() => memoryRateLimits({ maxKeys })).toThrow("maxKeys must be a whole number of at least 1");
    }
  });
});

describe.skipIf(!hasRedis)("Redis", () => {
  test("counts for all at once, by its own clock, and forgets", async () => {
    const [one, two] = [
      redisRateLimits({ url: redis.url, timeout: PATIENT }),
      redisRateLimits({ url: redis.url, timeout: PATIENT }),
    ];
    const policy: Policy = { algorithm: "fixed", limit: 10, window: 60_000 };
    const taken = await Promise.all(
      Array.from({ length: 50 }, (_, index) => (index % 2 ? one : two).take("both", policy)),
    );
    expect(taken.filter(({ allowed }) => allowed)).toHaveLength(10);
    await Promise.all([one.close?.(), two.close?.()]);
    const { Redis: Client } = await import("ioredis");
    const client = new Client(redis.url);
    const left = await client.pttl("pyrois:rate-limit:both");
    client.disconnect();
    expect(left).toBeGreaterThan(60_000);
    expect(left).toBeLessThanOrEqual(120_000);
  });

  test("may be reached by a client that there is, which stays open", async () => {
    const { Redis: Client } = await import("ioredis");
    const client = new Client(redis.url);
    await client.script("FLUSH");
    const store = redisRateLimits({ client });
    const taken = await store.take("mine", { algorithm: "gcra", limit: 2, window: 1000 });
    expect([taken.allowed, taken.remaining]).toEqual([true, 1]);
    await store.close?.();
    expect(await client.ping()).toBe("PONG");
    client.disconnect();
  });

  test("that is not there, or does not answer, rejects", async () => {
    const other = await startRedis();
    const store = redisRateLimits({ url: other.url, timeout: 1000 });
    const take = () => store.take("key", { algorithm: "fixed", limit: 2, window: 60_000 });
    expect(await take()).toMatchObject({ allowed: true });
    other.pause();
    await expect(take()).rejects.toThrow();
    other.resume();
    await other.stop();
    await expect(take()).rejects.toThrow();
    const again = await startRedis(other.port);
    const back = async () => (await take()).allowed;
    await expect.poll(() => back().catch(() => false), { timeout: 10_000 }).toBe(true);
    await store.close?.();
    await again.stop();
  });
});

test("options of Redis that make no sense are refused", () => {
  expect(() => redisRateLimits({})).toThrow("redisRateLimits takes a url or a client");
  expect(() => redisRateLimits({ url: "redis://a", client: {} as never })).toThrow("takes a url or a client");
  expect(() => redisRateLimits({ url: "redis://a", timeout: 0 })).toThrow("timeout must be a number of at least 1");
});

test("without ioredis says what to install, and closes all the same", async () => {
  const folder = mkdtempSync(path.join(tmpdir(), "pyrois-rate-limits-"));
  const outfile = path.join(folder, "alone.mjs");
  const entryPoints = [path.join(import.meta.dirname, "../../src/services/rate-limits.ts")];
  await build({ entryPoints, outfile, bundle: true, format: "esm", platform: "node", packages: "external" });
  const script = `
    import { redisRateLimits } from ${JSON.stringify(pathToFileURL(outfile))};
    const store = redisRateLimits({ url: "redis://127.0.0.1" });
    await store.take("a", {}).catch((error) => console.log(error.message));
    await store.close();`;
  const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8" });
  rmSync(folder, { recursive: true });
  expect(stdout + stderr).toBe("redisRateLimits needs the package ioredis; install it with: npm install ioredis\n");
});
