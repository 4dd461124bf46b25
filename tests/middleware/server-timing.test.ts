/** Server-Timing: what it says, and what it leaves out. */
import { expect, test } from "vitest";
import { App, HttpResponse } from "../../src/index.ts";
import { type ServerTimingOptions, serverTiming, type Timing } from "../../src/middleware/index.ts";

/** What a response says that is made with these marks. */
async function said(work: (timing: Timing) => unknown, options?: ServerTimingOptions): Promise<string | null> {
  const app = new App().use(serverTiming(options));
  app.get("/", async ({ state }) => {
    if (state.timing) await work(state.timing);
    return "ok";
  });
  const { status, headers } = await app.inject();
  expect(status).toBe(200);
  return headers.get("Server-Timing");
}

test("the whole, and what was marked before it", async () => {
  expect(await said(() => {})).toMatch(/^total;dur=\d+(\.\d+)?$/);
  const marked = await said((timing) => {
    timing.mark("db", 12.345678);
    timing.mark("cache", 1, 'the "near" \\ one');
  });
  expect(marked).toMatch(/^db;dur=12\.35, cache;dur=1;desc="the \\"near\\" \\\\ one", total;dur=[\d.]+$/);
});

test("work is measured, at once, later, and where it fails", async () => {
  const marked = await said(async (timing) => {
    expect(timing.measure("sync", () => 7)).toBe(7);
    expect(await timing.measure("async", async () => 8)).toBe(8);
    expect(() =>
      timing.measure("throws", () => {
        throw new Error("x");
      }),
    ).toThrow("x");
    await expect(timing.measure("rejects", () => Promise.reject(new Error("y")))).rejects.toThrow("y");
  });
  expect(marked?.replace(/;dur=[\d.]+/g, "")).toBe("sync, async, throws, rejects, total");
});

test("adds to what a handler says", async () => {
  const app = new App().use(serverTiming({ total: "all" }));
  app.get("/", () => new HttpResponse("", { headers: { "Server-Timing": "own;dur=1" } }));
  expect((await app.inject()).headers.get("server-timing")).toMatch(/^own;dur=1, all;dur=/);
});

test("as many marks as allowed, and not one more", async () => {
  const marks = (count: number) => (timing: Timing) => {
    for (let at = 0; at < count; ++at) timing.mark(`m${at}`, at);
  };
  expect((await said(marks(32), { total: false }))?.split(", ")).toHaveLength(32);
  expect((await said(marks(33), { total: false }))?.split(", ")).toHaveLength(32);
  expect(await said(marks(2), { total: false, maxMarks: 1 })).toBe("m0;dur=0");
  expect(await said(marks(2), { total: false, maxMarks: 0 })).toBe(null);
});

test("says nothing where that is to be skipped, and measures all the same", async () => {
  const app = new App().use(serverTiming({ skip: ({ query }) => query === "quiet" }));
  app.get("/", ({ state }) => state.timing?.measure("x", () => "done") ?? "");
  expect((await app.inject({ path: "/?quiet" })).headers.has("server-timing")).toBe(false);
  expect((await app.inject({ path: "/?quiet" })).text()).toBe("done");
  expect((await app.inject()).headers.has("server-timing")).toBe(true);
});

test.each<[values: [string, number, string?], says: string]>([
  [["two words", 1], "the name of a mark is a token"],
  [["", 1], "the name of a mark is a token"],
  [["x", Number.NaN], "x has taken no number"],
  [["x", 1, "\r\nX: 1"], "a description is plain ASCII"],
])("%j is refused", async (values, says) => {
  await said((timing) => expect(() => timing.mark(...values)).toThrow(says));
});

test.each<[options: object, says: string]>([
  [{ total: "the whole" }, "total is a token"],
  [{ maxMarks: -1 }, "maxMarks must be"],
  [{ skip: true }, "skip is a function"],
])("%j is refused", (options, says) => {
  expect(() => serverTiming(options)).toThrow(says);
});
