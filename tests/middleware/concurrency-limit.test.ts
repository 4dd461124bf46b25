/** How many requests are at work at once, and what becomes of the others. */
import { describe, expect, test } from "vitest";
import { App, NotFoundError } from "../../src/index.ts";
import { type ConcurrencyLimitOptions, concurrencyLimit } from "../../src/middleware/index.ts";
import { RawClient } from "../support/client.ts";
import { type Deferred, deferred } from "../support/deferred.ts";

/** An application whose requests end when they are told to, in any order. */
function serving(options: ConcurrencyLimitOptions) {
  const app = new App().on("error", () => {}).use(concurrencyLimit(options));
  const work: { path: string; end: Deferred<string> }[] = [];
  app.get("/{name}", ({ path }) => {
    const end = deferred<string>();
    work.push({ path, end });
    return end.promise;
  });
  app.get("/now/{status:int}", ({ params }) => {
    if (params.status === 404) throw new NotFoundError();
    return "now";
  });
  app.get("/later/404", async () => {
    throw new NotFoundError();
  });
  const ask = async (path: string) => {
    const { status, headers } = await app.inject({ path });
    return [status, headers.get("retry-after")];
  };
  const paths = () => work.map(({ path }) => path);
  const until = (count: number) => expect.poll(() => work.length).toBe(count);
  return { app, work, ask, paths, until };
}

describe("a limit", () => {
  test("has requests wait in the order they came, and refuses those past the queue", async () => {
    const { work, ask, paths, until } = serving({ max: 2, queue: 2, retryAfter: 3 });
    const answers = ["/a", "/b", "/c", "/d"].map(ask);
    await until(2);
    expect(await ask("/e")).toEqual([503, "3"]);
    expect(await ask("/now/200")).toEqual([503, "3"]);
    work[1].end.resolve("ok");
    await until(3);
    expect(paths()).toEqual(["/a", "/b", "/c"]);
    answers.push(ask("/f"));
    work[0].end.resolve("ok");
    work[2].end.resolve("ok");
    await until(5);
    // The one that waited is called a little later than it is let in, and the other may have come between.
    expect(paths().slice(3).sort()).toEqual(["/d", "/f"]);
    for (const { end } of work) end.resolve("ok");
    expect(await Promise.all(answers)).toEqual(new Array(5).fill([200, null]));
    expect(await ask("/now/200")).toEqual([200, null]);
  });

  test("gives places back whatever a handler does", async () => {
    const { ask } = serving({ max: 1, queue: 0 });
    for (const path of ["/now/404", "/later/404", "/now/200", "/nowhere/1/2"]) {
      expect((await ask(path))[0]).toBe(path === "/now/200" ? 200 : 404);
    }
  });

  test("without a queue refuses at once", async () => {
    const { work, ask, until } = serving({ max: 1, queue: 0 });
    const first = ask("/a");
    await until(1);
    expect(await ask("/b")).toEqual([503, "1"]);
    work[0].end.resolve("ok");
    expect(await first).toEqual([200, null]);
  });

  test("lets nobody wait for ever", async () => {
    const { work, ask, until } = serving({ max: 1, queue: 1, maxWait: 20 });
    const first = ask("/a");
    await until(1);
    expect(await ask("/b")).toEqual([503, "1"]);
    // Its place in the queue is free again.
    expect(await ask("/c")).toEqual([503, "1"]);
    work[0].end.resolve("ok");
    expect(await first).toEqual([200, null]);
    expect(work).toHaveLength(1);
  });

  test("forgets a client that goes while it waits", async () => {
    const waiting = deferred();
    const gone = deferred();
    const { app, work, ask, until } = serving({ max: 1, queue: 1, maxWait: 60_000 });
    app.on("request", ({ path, signal }) => {
      if (path !== "/b") return;
      signal.addEventListener("abort", () => gone.resolve());
      waiting.resolve();
    });
    const { address } = await app.listen({ port: 0 });
    const first = ask("/a");
    await until(1);
    const client = new RawClient(address.port);
    await client.write("GET /b HTTP/1.1\r\nHost: a\r\n\r\n");
    await waiting.promise;
    expect((await ask("/full"))[0]).toBe(503);
    client.socket.resetAndDestroy();
    await gone.promise;
    // Its place in the queue is had by the next, whose turn comes after the first.
    const next = ask("/c");
    work[0].end.resolve("ok");
    await until(2);
    work[1].end.resolve("ok");
    expect([await first, await next, work.map(({ path }) => path)]).toEqual([
      [200, null],
      [200, null],
      ["/a", "/c"],
    ]);
    await app.close({ deadline: 0 });
  });

  test("is one for all that it stands around, and stays synchronous where there is room", async () => {
    const limit = concurrencyLimit({ max: 1, queue: 0 });
    const never = limit(() => new Promise<string>(() => {}));
    const other = limit(() => "ok");
    expect(other({} as never)).toBe("ok");
    void never({} as never);
    expect(() => other({ signal: new AbortController().signal } as never)).toThrow("Service Unavailable");
  });
});

test.each([
  [{ max: 0 }, "max must be a whole number of at least 1, not 0"],
  [{ max: 1.5 }, "max must be"],
  [{ max: 1, queue: -1 }, "queue must be a whole number of at least 0"],
  [{ max: 1, maxWait: 0 }, "maxWait must be a number of at least 1"],
  [{ max: 1, retryAfter: 0.5 }, "retryAfter must be"],
])("options that make no sense are refused: %j", (options, message) => {
  expect(() => concurrencyLimit(options)).toThrow(message);
});
