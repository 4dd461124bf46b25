/** Whether a server lives, and whether it is ready to serve. */
import { describe, expect, test } from "vitest";
import { App, type Logger } from "../../src/index.ts";
import { type HealthOptions, health } from "../../src/services/health.ts";
import { deferred } from "../support/deferred.ts";

async function appWith(options: HealthOptions = {}) {
  const warned: unknown[] = [];
  const logger: Logger = { debug() {}, info() {}, warn: (text) => void warned.push(text), error() {} };
  const app = new App({ logger });
  await app.load(health(options));
  const ask = async (path: string) => {
    const answer = await app.inject({ path });
    return [answer.status, path === "/livez" ? answer.text() : answer.json()];
  };
  return { app, ask, warned };
}

const READY = [200, { status: "ready", checks: {} }];

describe("health", () => {
  test("is alive all the time, and ready from start to stop", async () => {
    const { app, ask } = await appWith();
    expect([await ask("/livez"), await ask("/readyz")]).toEqual([
      [200, "ok\n"],
      [503, { status: "starting", checks: {} }],
    ]);
    const { url } = await app.listen({ port: 0 });
    const answer = await fetch(`${url}readyz`);
    expect([answer.status, await answer.json(), answer.headers.get("cache-control")]).toEqual([...READY, "no-store"]);
    const stopping = deferred();
    app.on("stopping", () => stopping.promise);
    const closed = app.close();
    expect(await ask("/readyz")).toEqual([503, { status: "stopping", checks: {} }]);
    expect(await ask("/livez")).toEqual([200, "ok\n"]);
    stopping.resolve();
    await closed;
  });

  test("is ready again with the next server", async () => {
    const { app, ask } = await appWith();
    for (let round = 0; round < 2; ++round) {
      await app.listen({ port: 0 });
      expect(await ask("/readyz")).toEqual(READY);
      await app.close({ deadline: 0 });
    }
  });

  test("has paths of one's own, or none", async () => {
    const app = new App();
    await app.load(health({ live: "/alive", ready: false }));
    expect((await app.inject({ path: "/alive" })).status).toBe(200);
    for (const path of ["/livez", "/readyz"]) expect((await app.inject({ path })).status).toBe(404);
  });

  test("can be unloaded", async () => {
    const app = new App();
    const module = health();
    await app.load(module);
    await app.unload(module);
    expect((await app.inject({ path: "/livez" })).status).toBe(404);
  });
});

describe("checks", () => {
  test("must all pass; what they fail with is logged, and not told", async () => {
    const module = health({
      checks: {
        fine: () => {},
        true: async () => true,
        false: () => false,
        throws: () => {
          throw new Error("secret");
        },
        rejects: () => Promise.reject(new Error("secret")),
      },
    });
    const warned: unknown[] = [];
    const logger: Logger = { debug() {}, info() {}, warn: (text) => void warned.push(text), error() {} };
    const app = new App({ logger });
    await app.load(module);
    await app.listen({ port: 0 });
    const answer = await app.inject({ path: "/readyz" });
    const checks = { fine: "ok", true: "ok", false: "failing", throws: "failing", rejects: "failing" };
    expect([answer.status, answer.json()]).toEqual([503, { status: "failing", checks }]);
    expect(await module.ready()).toBe(false);
    expect(warned.sort()).toEqual([
      "the health check false does not pass",
      "the health check rejects fails",
      "the health check throws fails",
    ]);
    await app.close({ deadline: 0 });
  });

  test("that take too long fail, and are told", async () => {
    const aborted = deferred<unknown>();
    const { app, ask } = await appWith({
      timeout: 20,
      checks: {
        slow: (signal) => {
          signal.addEventListener("abort", () => aborted.resolve(signal.reason));
          return new Promise(() => {});
        },
      },
    });
    await app.listen({ port: 0 });
    expect(await ask("/readyz")).toEqual([503, { status: "failing", checks: { slow: "failing" } }]);
    expect(await aborted.promise).toMatchObject({ name: "TimeoutError" });
    await app.close({ deadline: 0 });
  });

  test("are done once for all that ask in a time, and anew after it", async () => {
    let count = 0;
    const checks = { counted: () => ++count };
    const often = await appWith({ checks, maxAge: 60_000 });
    await often.app.listen({ port: 0 });
    await Promise.all([often.ask("/readyz"), often.ask("/readyz")]);
    await often.ask("/readyz");
    expect(count).toBe(1);
    await often.app.close({ deadline: 0 });
    const each = await appWith({ checks, maxAge: 0 });
    await each.app.listen({ port: 0 });
    for (let round = 0; round < 3; ++round) expect((await each.ask("/readyz"))[0]).toBe(200);
    expect(count).toBe(4);
    await each.app.close({ deadline: 0 });
  });

  test("are not done where the server does not serve", async () => {
    let count = 0;
    const { ask } = await appWith({ checks: { counted: () => ++count } });
    await ask("/readyz");
    expect(count).toBe(0);
  });
});

test.each([
  [{ timeout: 0 }, "timeout must be a whole number from 1 to 2147483647, not 0"],
  [{ timeout: 1.5 }, "timeout must be a whole number from 1 to 2147483647, not 1.5"],
  [{ timeout: 2 ** 31 }, "timeout must be a whole number from 1 to 2147483647, not 2147483648"],
  [{ timeout: Number.POSITIVE_INFINITY }, "timeout must be a whole number from 1 to 2147483647, not Infinity"],
  [{ maxAge: -1 }, "maxAge must be a number of at least 0, not -1"],
  [{ checks: { a: 1 } }, "the check a is no function"],
] as [HealthOptions, string][])("options that make no sense are refused: %j", (options, message) => {
  expect(() => health(options)).toThrow(message);
});
