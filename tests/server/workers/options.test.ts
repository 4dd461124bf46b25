/** What options of workers may say, and how long the place of a dead one stays empty. */
import { availableParallelism } from "node:os";
import { describe, expect, test } from "vitest";
import { App, Router, ServerBuilder, serve } from "../../../src/index.ts";
import { checkReusePort, checkWorkerOptions, delayAfter } from "../../../src/server/workers/options.ts";

test.each([0, 1.5, -1, Number.NaN, Number.POSITIVE_INFINITY, "many"])(
  "workers: %s is refused everywhere",
  async (count) => {
    const workers = count as number;
    const says = /^workers must be a whole number of at least 1, or "auto", not /;
    await expect(new App().listen({ workers })).rejects.toThrow(says);
    await expect(serve(() => "", { workers })).rejects.toThrow(says);
    const builder = new ServerBuilder().withRouter(new Router()).withOptions({ workers });
    expect(() => builder.build()).toThrow(RangeError);
  },
);

test("workers are as many as are said, or as there are processors", () => {
  expect(checkWorkerOptions({ workers: 3 }).workers).toBe(3);
  expect(checkWorkerOptions({ workers: "auto" }).workers).toBe(availableParallelism());
});

describe("each number has its range", () => {
  test.each([
    [{ restartDelay: 0 }, { restartDelay: -1 }],
    [{ restartDelay: 30_000 }, { restartDelay: 30_001 }],
    [{ maxRestartDelay: 100 }, { maxRestartDelay: 99 }],
    [{ maxRestartDelay: 2 ** 31 - 1 }, { maxRestartDelay: 2 ** 31 }],
    [{ workerTimeout: 1 }, { workerTimeout: 0 }],
    [{ maxRequestsPerWorker: 1 }, { maxRequestsPerWorker: 0 }],
    [{ retireTimeout: 0 }, { retireTimeout: -1 }],
    [{ retireTimeout: 2 ** 31 - 1 }, { retireTimeout: 2 ** 31 }],
  ])("%o, but not %o", (good, bad) => {
    expect(checkWorkerOptions(good)).toMatchObject(good);
    expect(() => checkWorkerOptions(bad)).toThrow(RangeError);
    expect(() => checkWorkerOptions(bad)).toThrow(/must be a number (of at least|from)/);
  });
});

test("what is undefined has its default", () => {
  expect(checkWorkerOptions({ restartDelay: undefined as never }).restartDelay).toBe(100);
});

test("the delay doubles up to its limit, and begins anew with one that lived longer than that", () => {
  const options = { restartDelay: 100, maxRestartDelay: 350 };
  const delays: number[] = [];
  for (let last = 0; delays.length < 5; delays.push(last)) last = delayAfter(last, 0, options);
  expect(delays).toEqual([100, 200, 350, 350, 350]);
  expect([delayAfter(350, 350, options), delayAfter(350, 351, options)]).toEqual([350, 100]);
  expect(delayAfter(0, 0, { restartDelay: 0, maxRestartDelay: 0 })).toBe(0);
});

test("reusePort is said to Node where it has it, else refused", async () => {
  expect(checkReusePort({})).toEqual({});
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major > 22 || (major === 22 && minor >= 12))
    expect(checkReusePort({ reusePort: true })).toEqual({ reusePort: true });
  else {
    const says = `reusePort needs Node 22.12 or later, and this is ${process.version}: leave it out`;
    await expect(new App().listen({ port: 0, reusePort: true })).rejects.toThrow(says);
  }
});

test("a process alone has no workers", async () => {
  const server = await serve(() => "", { port: 0 });
  expect(server.workers).toEqual([]);
  await expect(server.reload()).rejects.toThrow("this process has no workers to replace");
  await server.stop();
});
