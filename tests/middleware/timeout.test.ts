/** How long a handler may take. What is awaited comes, or the test ends: no time is measured. */
import { describe, expect, test } from "vitest";
import { App, type HttpRequest, type Logger, NotFoundError } from "../../src/index.ts";
import { timeout } from "../../src/middleware/index.ts";
import { RawClient } from "../support/client.ts";
import { deferred } from "../support/deferred.ts";

const SOON = 20;

function appWith(...warnings: unknown[][]): App {
  const [warned = []] = warnings;
  const logger: Logger = { debug() {}, info() {}, warn: (value) => void warned.push(value), error() {} };
  return new App({ logger });
}

describe("a handler that takes too long", () => {
  test("is answered for with 503, and told by the deadline", async () => {
    const app = appWith().use(timeout(SOON, { retryAfter: 7 }));
    const aborted = deferred<unknown>();
    app.get("/", ({ state }) => {
      state.deadline?.addEventListener("abort", () => aborted.resolve(state.deadline?.reason));
      return new Promise<string>(() => {});
    });
    const { status, headers } = await app.inject();
    expect([status, headers.get("retry-after")]).toEqual([503, "7"]);
    expect(await aborted.promise).toMatchObject({ status: 503, message: "this takes too long" });
  });

  test("is told by the deadline of whoever stands further out, too", async () => {
    const app = appWith().use(timeout(SOON));
    const aborted = deferred<unknown>();
    const stop = ({ state: { deadline } }: HttpRequest) =>
      new Promise<string>(() => deadline?.addEventListener("abort", () => aborted.resolve(deadline.reason)));
    app.get("/", stop, { middleware: [timeout(600_000)] });
    expect((await app.inject()).status).toBe(503);
    expect(await aborted.promise).toMatchObject({ status: 503, message: "this takes too long" });
  });

  test("may give what it likes later: content is let go of, and errors go to the log", async () => {
    const warned: unknown[] = [];
    const app = appWith(warned).use(timeout(SOON));
    const late = deferred();
    const [left, failure] = [deferred(), new Error("late")];
    const content = { next: async () => ({ done: true, value: "" }), return: async () => left.resolve() };
    const handlers: Record<string, () => unknown> = {
      "/value": () => "late",
      "/stream": () => ({ [Symbol.asyncIterator]: () => content }),
      "/undefined": () => undefined,
      "/error": () => {
        throw failure;
      },
    };
    for (const [path, give] of Object.entries(handlers))
      app.get(path, () => late.promise.then(give) as Promise<string>);
    for (const path of Object.keys(handlers)) expect((await app.inject({ path })).status, path).toBe(503);
    late.resolve();
    await left.promise;
    await expect.poll(() => warned).toEqual([failure]);
  });

  test("that stops by the deadline has nothing logged", async () => {
    const warned: unknown[] = [];
    const app = appWith(warned).use(timeout(SOON));
    app.get("/", ({ state }) => {
      return new Promise<string>((_, reject) => {
        state.deadline?.addEventListener("abort", () => reject(state.deadline?.reason));
      });
    });
    expect((await app.inject()).status).toBe(503);
    await new Promise((resolve) => setImmediate(resolve));
    expect(warned).toEqual([]);
  });
});

test("answers in time are as ever, now and later, errors too", async () => {
  const app = appWith().use(timeout(60_000));
  app.get("/now", () => "now");
  app.get("/later", async () => "later");
  app.get("/error", async () => {
    throw new NotFoundError();
  });
  const found = ["/now", "/later", "/error"].map(async (path) => (await app.inject({ path })).status);
  expect(await Promise.all(found)).toEqual([200, 200, 404]);
  const request = { state: {} } as never;
  expect(timeout(1000)(() => "ok")(request)).toBe("ok");
});

test("content may take longer than its handler", async () => {
  const app = appWith().use(timeout(SOON));
  const over = deferred();
  app.get("/", async ({ state }) => {
    state.deadline?.addEventListener("abort", () => over.resolve());
    return (async function* () {
      yield "first";
      await new Promise((resolve) => setTimeout(resolve, 3 * SOON));
      yield `, second: ${state.deadline?.aborted}`;
    })();
  });
  expect((await app.inject()).text()).toBe("first, second: false");
});

test("the deadline comes when the client goes", async () => {
  const app = appWith().use(timeout(60_000));
  const [begun, gone] = [deferred(), deferred()];
  app.get("/", ({ state }) => {
    state.deadline?.addEventListener("abort", () => gone.resolve());
    begun.resolve();
    return new Promise<string>(() => {});
  });
  const { address } = await app.listen({ port: 0 });
  const client = new RawClient(address.port);
  await client.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  await begun.promise;
  client.socket.resetAndDestroy();
  await gone.promise;
  await app.close({ deadline: 0 });
});

test.each([0, -1, Number.NaN, "1", 2 ** 31])("a time that is none is refused: %j", (time) => {
  expect(() => timeout(time as number)).toThrow(RangeError);
});

test("seconds that are none are refused", () => {
  expect(() => timeout(1, { retryAfter: -1 })).toThrow("retryAfter must be a whole number of at least 0, not -1");
});
