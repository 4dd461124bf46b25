/** Tasks in threads: real ones, which loop, crash and run out of memory. */
import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { Socket } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, afterEach, describe, expect, expectTypeOf, test } from "vitest";
import { App } from "../../src/index.ts";
import {
  DEFAULT_ORCHESTRATOR_OPTIONS,
  defineTask,
  Orchestrator,
  type OrchestratorOptions,
  offload,
  type TaskContext,
  TaskError,
  TaskRefusedError,
} from "../../src/services/orchestrator.ts";
import { deferred } from "../support/deferred.ts";
import { linesOf } from "../support/lines.ts";

const folder = mkdtempSync(path.join(tmpdir(), "pyrois-tasks-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;
const newFile = () => path.join(folder, String(++files));

type Tasks = typeof import("../support/tasks.js");
const module = new URL("../support/tasks.js", import.meta.url);
const add = defineTask<Tasks["add"]>(module, "add");
const echo = defineTask<(value: unknown) => Promise<unknown>>(module, "echo");
const loop = defineTask<Tasks["loop"]>(module, "loop");
const count = defineTask<Tasks["count"]>(module, "count");
const waitForFile = defineTask<(this: TaskContext, file: string, value: number) => Promise<number>>(
  module,
  "waitForFile",
);

const made: Orchestrator[] = [];
function orchestrator(options: OrchestratorOptions = {}): Orchestrator {
  const one = new Orchestrator({ maxWorkers: 1, ...options });
  made.push(one);
  return one;
}
afterEach(async () => {
  await Promise.all(made.splice(0).map((one) => one.stop({ deadline: 0 })));
});

/** What a promise rejects with. */
async function rejection(promise: Promise<unknown>): Promise<Error & Record<string, unknown>> {
  try {
    await promise;
  } catch (error) {
    return error as Error & Record<string, unknown>;
  }
  throw new Error("it did not reject");
}

/** A task at work, which ends with its value when it is told to. */
async function atWork(one: Orchestrator, value: number) {
  const file = newFile();
  const begun = deferred();
  const done = one.with({ onProgress: () => begun.resolve() }).submit(waitForFile, file, value);
  done.catch(() => {});
  await begun.promise;
  return { done, finish: () => writeFileSync(file, "") };
}

describe("a task", () => {
  test("is a function of a module, and its types are those of the function", async () => {
    const result = orchestrator().submit(add, 1, 2);
    expectTypeOf(result).toEqualTypeOf<Promise<number>>();
    expect(await result).toBe(3);
    // @ts-expect-error: it takes numbers
    expect(await orchestrator().submit(add, "1", 2)).toBe("12");
  });

  test("is named by a path too, relative to the working directory, and may be of Node", async () => {
    const one = orchestrator();
    const relative = path.relative(process.cwd(), path.join(import.meta.dirname, "../support/tasks.js"));
    expect(await one.submit({ module: relative, name: "add" }, ...([1, 2] as never[]))).toBe(3);
    const gzip = defineTask<(text: string) => Uint8Array>("node:zlib", "gzipSync");
    expect((await one.submit(gzip, "x")).subarray(0, 2)).toEqual(new Uint8Array([0x1f, 0x8b]));
  });

  test("is a function by itself, of any form that is an expression", async () => {
    const one = orchestrator();
    expect(await one.submit((a: number, b: number) => a * b, 6, 7)).toBe(42);
    expect(await one.submit(async (a: number) => [a], 1)).toEqual([1]);
    const anonymous = one.submit(function (this: TaskContext, text: string) {
      return `${text} ${this.attempt} ${this.scheduledFor}`;
    }, "attempt");
    expectTypeOf(anonymous).toEqualTypeOf<Promise<string>>();
    expect(await anonymous).toBe("attempt 1 null");
    // With a comment at its end.
    expect(await one.submit(new Function("return 1 // one") as () => number)).toBe(1);
  });

  test("takes and gives whatever can be copied", async () => {
    const value = { map: new Map([[1, new Date(0)]]), bytes: new Uint8Array([1, 2]), nothing: undefined, n: 1n };
    expect(await orchestrator().submit(echo, value)).toEqual(value);
  });

  test("runs in another thread, and one thread does one after the other", async () => {
    const one = orchestrator();
    const task = defineTask<Tasks["whichThread"]>(module, "whichThread");
    const ids = await Promise.all([one.submit(task), one.submit(task), one.submit(task)]);
    expect(ids[0]).toBeGreaterThan(0);
    expect(new Set(ids).size).toBe(1);
  });

  test("tells its progress, all of it and before its result", async () => {
    const told: unknown[] = [];
    const result = await orchestrator()
      .with({ onProgress: (value) => told.push(value) })
      .submit(count, 100);
    expect([result, told]).toEqual([100, Array.from({ length: 100 }, (_, index) => index + 1)]);
    expect(await orchestrator().submit(count, 2)).toBe(2);
  });

  test("goes on where who is told of its progress throws", async () => {
    const errors: unknown[] = [];
    const one = orchestrator();
    one.start({ logger: { ...console, error: (error) => errors.push(error) } });
    const onProgress = () => {
      throw new Error("mine");
    };
    expect(await one.with({ onProgress }).submit(count, 2)).toBe(2);
    expect(errors.map(String)).toEqual(["Error: mine", "Error: mine"]);
  });

  test.each([
    [null, "a task is a function, or the module and the name of one"],
    ["text", "a task is a function, or the module and the name of one"],
    [{ module: "x" }, "a task is a function, or the module and the name of one"],
    [Math.max, "a function without source is no task"],
    [add.toString.bind(add), "a function without source is no task"],
  ])("is not %s", async (task, message) => {
    const error = await rejection(orchestrator().submit(task as () => void));
    expect([error.name, error.message]).toEqual(["TypeError", message]);
  });
});

describe("an error", () => {
  test("of a task comes back with its name, message, stack and data", async () => {
    const error = await rejection(orchestrator().submit(defineTask<Tasks["fail"]>(module, "fail"), "no"));
    expect(error).toBeInstanceOf(Error);
    expect({ ...error }).toEqual({ name: "RangeError", code: "E_OWN", detail: { a: 1 } });
    expect([error.message, error.stack]).toEqual(["no", expect.stringMatching(/tasks\.js:\d+/)]);
  });

  test("that is none comes back as one", async () => {
    const error = await rejection(orchestrator().submit(defineTask<Tasks["throwText"]>(module, "throwText")));
    expect(error.message).toBe("a task has thrown text");
  });

  test("says that the module has no such function, and which it has", async () => {
    const error = await rejection(orchestrator().submit(defineTask(module, "nothing")));
    expect([error.code, error.message]).toEqual([
      "NO_SUCH_TASK",
      expect.stringMatching(/no function "nothing", but add, /),
    ]);
    expect(error).toBeInstanceOf(TaskError);
    const missing = await rejection(orchestrator().submit(defineTask(new URL("nowhere.js", module), "x")));
    expect(missing.code).toBe("ERR_MODULE_NOT_FOUND");
  });

  test("says that a function uses what is around it", async () => {
    const around = 1;
    const error = await rejection(orchestrator().submit(() => around + 1));
    expect(error).toMatchObject({
      code: "NOT_SELF_CONTAINED",
      message: expect.stringMatching(/^around is not defined: /),
    });
    const shorthand = { "a b"() {} };
    expect(await rejection(orchestrator().submit(shorthand["a b"]))).toMatchObject({ code: "NOT_SELF_CONTAINED" });
  });

  test("of a ReferenceError in a module stays what it is", async () => {
    const broken = defineTask(new URL("data:text/javascript,export const f = () => nowhere"), "f");
    expect(await rejection(orchestrator().submit(broken))).toMatchObject({ name: "ReferenceError" });
  });

  test("says which argument cannot be sent", async () => {
    const one = orchestrator();
    const error = await rejection(one.submit<(...values: unknown[]) => unknown>(echo, 1, () => {}));
    expect(error).toMatchObject({
      code: "NOT_SENDABLE",
      message: expect.stringMatching(/^argument 2 of echo of file:.* cannot be sent/),
    });
    const socket = new Socket();
    expect(await rejection(one.submit(echo, socket))).toMatchObject({ code: "NOT_SENDABLE" });
    socket.destroy();
    expect(await one.submit(echo, 1)).toBe(1);
  });

  test("says that a result cannot be sent back, and the thread goes on", async () => {
    const one = orchestrator();
    const task = defineTask<Tasks["whichThread"]>(module, "whichThread");
    const before = await one.submit(task);
    const error = await rejection(one.submit(defineTask(module, "giveFunction")));
    expect(error).toMatchObject({
      code: "NOT_SENDABLE",
      message: expect.stringMatching(/^what a task gives cannot be sent back/),
    });
    expect(await one.submit(task)).toBe(before);
  });
});

describe("a worker", () => {
  test.each([
    ["exits", "exit", [7], /has ended: worker exited with code: 7/],
    ["leaves an error uncaught", "throwLater", [], /has ended: thrown later/],
  ] as const)("that %s fails its task alone", async (_, name, values, message) => {
    const one = orchestrator({ maxWorkers: 2 });
    const other = await atWork(one, 1);
    const crash = one.submit(defineTask(module, name), ...(values as readonly unknown[] as never[]));
    const waiting = one.submit(add, 1, 2);
    expect(await rejection(crash)).toMatchObject({ code: "CRASHED", message: expect.stringMatching(message) });
    expect(await waiting).toBe(3);
    other.finish();
    expect(await other.done).toBe(1);
  });

  test("that a rejected promise ends fails the task that left it alone, and not the next", async () => {
    const one = orchestrator({ maxWorkers: 1 });
    const crash = one.submit(defineTask<Tasks["rejectAlone"]>(module, "rejectAlone"));
    expect(await rejection(crash)).toMatchObject({ code: "CRASHED", message: expect.stringMatching(/rejected alone/) });
    expect(await one.submit(add, 1, 2)).toBe(3);
  });

  test("that fills its heap fails its task alone, and says why", async () => {
    const one = orchestrator({ maxHeapSize: 33_554_432 });
    const fill = one.submit(defineTask<Tasks["fill"]>(module, "fill"));
    const waiting = one.submit(add, 1, 2);
    expect(await rejection(fill)).toMatchObject({
      code: "CRASHED",
      message: expect.stringMatching(/maxHeapSize \(33554432 bytes\)$/),
    });
    expect(await waiting).toBe(3);
  });

  test("that cannot start fails what waits for it", async () => {
    const one = orchestrator({ maxHeapSize: 1 });
    expect(await rejection(one.submit(add, 1, 2))).toMatchObject({ code: "CRASHED" });
    expect(await rejection(one.submit(add, 1, 2))).toMatchObject({ code: "CRASHED" });
  });

  test("that loops is ended at its timeout, and the pool goes on", async () => {
    const one = orchestrator();
    const looping = one.with({ timeout: 300 }).submit(loop);
    const waiting = one.submit(add, 1, 2);
    expect(await rejection(looping)).toMatchObject({
      code: "TIMEOUT",
      message: expect.stringMatching(/^loop of file:.*tasks\.js took longer than 300 ms$/),
    });
    expect(await waiting).toBe(3);
  });

  test("that loops is ended where its signal is aborted", async () => {
    const one = orchestrator();
    const controller = new AbortController();
    const looping = one.with({ signal: controller.signal, onProgress: () => controller.abort("enough") }).submit(loop);
    expect(await looping.catch((reason) => reason)).toBe("enough");
    expect(await one.submit(add, 1, 2)).toBe(3);
  });
});

describe("a signal", () => {
  test("that is aborted already has nothing begun", async () => {
    const file = newFile();
    const note = defineTask<Tasks["note"]>(module, "note");
    await rejection(orchestrator().with({ signal: AbortSignal.abort() }).submit(note, file, "begun"));
    expect(existsSync(file)).toBe(false);
  });

  test("takes a task that waits out of the queue", async () => {
    const one = orchestrator({ maxQueue: 1 });
    const first = await atWork(one, 1);
    const controller = new AbortController();
    const waiting = one.with({ signal: controller.signal }).submit(add, 1, 2);
    controller.abort(new Error("gone"));
    expect((await rejection(waiting)).message).toBe("gone");
    const next = one.submit(add, 3, 4);
    first.finish();
    expect(await next).toBe(7);
  });

  test("ends the wait for another attempt", async () => {
    const controller = new AbortController();
    const backoff = () => {
      setImmediate(() => controller.abort("enough"));
      return 1e9;
    };
    const task = orchestrator()
      .with({ signal: controller.signal, retries: 1, backoff })
      .submit(defineTask(module, "fail"));
    expect(await task.catch((reason) => reason)).toBe("enough");
  });
});

describe("attempts", () => {
  const succeedAt = defineTask<Tasks["succeedAt"]>(module, "succeedAt");

  test("are made until one succeeds, or there are none left", async () => {
    const one = orchestrator();
    expect(await one.with({ retries: 2, backoff: 0 }).submit(succeedAt, 3)).toBe(3);
    expect((await rejection(one.with({ retries: 1, backoff: 0 }).submit(succeedAt, 3))).message).toBe("attempt 2");
    expect((await rejection(one.submit(succeedAt, 2))).message).toBe("attempt 1");
  });

  test("have a wait between them that is asked for, or doubles", async () => {
    const { backoffAfter } = await import("../../src/services/orchestrator/options.ts");
    expect([1, 2, 3, 20].map((attempt) => backoffAfter(attempt, 100))).toEqual([100, 200, 400, 60_000]);
    const asked: number[] = [];
    const backoff = (attempt: number) => asked.push(attempt);
    await orchestrator().with({ retries: 3, backoff }).submit(succeedAt, 3);
    expect(asked).toEqual([1, 2]);
  });

  test("are made after a crash, and after a timeout", async () => {
    const flaky = function (this: TaskContext, how: string) {
      if (this.attempt === 1 && how === "exit") process.exit(1);
      while (this.attempt === 1);
      return this.attempt;
    };
    const one = orchestrator().with({ retries: 1, backoff: 0, timeout: 2000 });
    expect(await one.submit(flaky, "exit")).toBe(2);
    expect(await one.submit(flaky, "loop")).toBe(2);
  });

  test("are not made where the next would fail too", async () => {
    const asked: number[] = [];
    const one = orchestrator().with({ retries: 9, backoff: (attempt) => asked.push(attempt) });
    expect(await rejection(one.submit(defineTask(module, "nothing")))).toMatchObject({ code: "NO_SUCH_TASK" });
    expect(asked).toEqual([]);
  });

  test("after the first are not refused by the queue", async () => {
    const one = orchestrator({ maxQueue: 0 });
    let first: { done: Promise<number>; finish(): void } | undefined;
    const backoff = () => {
      // Taken by another, before the next attempt is made.
      void atWork(one, 1).then((task) => {
        first = task;
        task.finish();
      });
      return 1;
    };
    expect(await one.with({ retries: 1, backoff }).submit(succeedAt, 2)).toBe(2);
    expect(await first?.done).toBe(1);
  });
});

describe("the queue", () => {
  test("has a bound: as many wait, the next is refused with 503", async () => {
    const one = orchestrator({ maxQueue: 2 });
    const first = await atWork(one, 1);
    const waiting = [one.submit(add, 1, 1), one.submit(add, 2, 2)];
    const refused = await rejection(one.submit(add, 3, 3));
    expect(refused).toBeInstanceOf(TaskRefusedError);
    expect(refused).toMatchObject({ status: 503, code: "QUEUE_FULL", message: "too many tasks wait: maxQueue is 2" });
    first.finish();
    expect(await Promise.all(waiting)).toEqual([2, 4]);
    expect(await one.submit(add, 3, 3)).toBe(6);
  });

  test("is drained when nothing is at work, or waits", async () => {
    const one = orchestrator();
    await one.drain();
    const over: number[] = [];
    const first = await atWork(one, 1);
    void first.done.then((value) => over.push(value));
    void one.submit(add, 1, 1).then((value) => over.push(value));
    const drained = one.drain();
    first.finish();
    await drained;
    expect(over).toEqual([1, 2]);
  });
});

describe("stop", () => {
  test("waits for what is at work, and refuses what waits and what comes", async () => {
    const one = orchestrator();
    const first = await atWork(one, 1);
    const waiting = rejection(one.submit(add, 1, 1));
    const stopped = one.stop({ deadline: Number.POSITIVE_INFINITY });
    expect(await waiting).toMatchObject({ status: 503, code: "STOPPED" });
    expect(await rejection(one.submit(add, 1, 1))).toMatchObject({ code: "STOPPED" });
    first.finish();
    expect(await first.done).toBe(1);
    await stopped;
  });

  test("ends what is not over at the deadline", async () => {
    const one = orchestrator({ retries: 5 });
    const begun = deferred();
    const looping = rejection(one.with({ onProgress: () => begun.resolve() }).submit(loop));
    await begun.promise;
    await one.stop({ deadline: 1 });
    expect(await looping).toMatchObject({ code: "STOPPED" });
  });

  test("makes no further attempts, and can be undone", async () => {
    const one = orchestrator();
    let stopped: Promise<void> | undefined;
    const backoff = () => {
      stopped = one.stop();
      return 1e9;
    };
    const failed = one.with({ retries: 1, backoff }).submit(defineTask(module, "fail"));
    expect(await rejection(failed)).toMatchObject({ code: "STOPPED" });
    await stopped;
    one.start();
    expect(await one.submit(add, 1, 2)).toBe(3);
  });

  test("comes with that of the server, which does tasks for requests", async () => {
    const one = orchestrator({ maxQueue: 0 });
    const app = new App({ orchestrator: one });
    app.get("/add/{a:int}", async (request) => String(await request.submitTask(add, request.params.a, 1)));
    const server = await app.listen({ port: 0 });
    expect(await (await fetch(`${server.url}add/2`)).text()).toBe("3");
    const first = await atWork(one, 1);
    expect((await fetch(`${server.url}add/2`)).status).toBe(503);
    const closed = app.close();
    first.finish();
    await closed;
    expect(await rejection(one.submit(add, 1, 1))).toMatchObject({ code: "STOPPED" });
  });
});

describe("schedules", () => {
  const note = defineTask<(this: TaskContext, file: string) => void>(module, "note");
  const noteAndWait = defineTask<Tasks["noteAndWait"]>(module, "noteAndWait");
  /** An orchestrator that is started, and what it logs. */
  const started = () => {
    const lines: string[] = [];
    const log = (...values: unknown[]) => lines.push(values.map(String).join(" "));
    const one = orchestrator({ maxWorkers: 3 });
    one.start({ logger: { debug() {}, info() {}, warn: log, error: log } });
    return { one, lines };
  };
  const times = async (when: Parameters<Orchestrator["schedule"]>[1], from: string, n = 3) => {
    const one = orchestrator();
    await one.schedule("x", when, () => {});
    return (await one.nextRuns("x", n, new Date(from))).map((date) => date.toISOString().slice(0, 19));
  };

  test.each([
    ["*/15 * * * *", ["2025-01-01T00:15:00", "2025-01-01T00:30:00", "2025-01-01T00:45:00"]],
    ["30 0 3 * * 1", ["2025-01-06T03:00:30", "2025-01-13T03:00:30", "2025-01-20T03:00:30"]],
    [{ second: "*/1" }, ["2025-01-01T00:00:01", "2025-01-01T00:00:02", "2025-01-01T00:00:03"]],
    [{ hour: 3 }, ["2025-01-01T03:00:00", "2025-01-02T03:00:00", "2025-01-03T03:00:00"]],
    [{ month: "feb", hour: 1 }, ["2025-02-01T01:00:00", "2025-02-02T01:00:00", "2025-02-03T01:00:00"]],
    [{ dayOfWeek: "mon" }, ["2025-01-06T00:00:00", "2025-01-13T00:00:00", "2025-01-20T00:00:00"]],
    [{ day: 13, dayOfWeek: "fri" }, ["2025-06-13T00:00:00", "2026-02-13T00:00:00", "2026-03-13T00:00:00"]],
    [{ year: 2030 }, ["2030-01-01T00:00:00"]],
    [{ year: "2030,2031", minute: "59" }, ["2030-01-01T00:59:00", "2030-01-01T01:59:00", "2030-01-01T02:59:00"]],
    [{ cron: "0 12 * * *", runs: 2 }, ["2025-01-01T12:00:00", "2025-01-02T12:00:00"]],
  ] as const)("%j", async (when, wanted) => {
    expect(
      await times(
        typeof when === "string" ? { cron: when, timezone: "UTC" } : { ...when, timezone: "UTC" },
        "2025-01-01T00:00:00Z",
      ),
    ).toEqual(wanted);
  });

  test("know where clocks are changed", async () => {
    const when = { hour: 2, minute: 30, timezone: "Europe/Berlin" };
    expect(await times(when, "2025-03-28T12:00:00Z")).toEqual([
      "2025-03-29T01:30:00",
      "2025-03-30T01:00:00",
      "2025-03-31T00:30:00",
    ]);
    expect(await times(when, "2025-10-25T12:00:00Z", 2)).toEqual(["2025-10-26T00:30:00", "2025-10-27T01:30:00"]);
  });

  test.each([
    [{ minutes: "*" }, /^a schedule has no "minutes", but year, month, /],
    [{ cron: "* * * * *", minute: "1" }, /^a schedule has no "minute", but cron, timezone/],
    [{}, /^a schedule needs an expression, or year, /],
    [{ minute: "1 2" }, /^minute of a schedule is one field, not "1 2"/],
    ["* * * *", /^a cron expression has five or six fields, not 4/],
    ["* * * * * * *", /^a cron expression has five or six fields, not 7/],
    ["61 * * * *", /^"61 \* \* \* \*" is no schedule: /],
    [{ month: 2, day: 30 }, /it is never due$/],
    [{ year: 2001 }, /it is never due$/],
    [{ hour: 1, timezone: "Mars/Base" }, /is no schedule: /],
    [{ hour: 1, overlap: "never" }, /^overlap is skip, queue, allow, not never/],
    [{ hour: 1, runs: 0 }, /^runs must be a whole number of at least 1, not 0/],
    [{ hour: 1, timeout: 0 }, /^timeout must be a number of more than 0, not 0/],
  ])("%j is refused", async (when, message) => {
    const one = orchestrator();
    await expect(one.schedule("x", when as never, () => {})).rejects.toThrow(message as RegExp);
    await expect(one.nextRuns("x")).rejects.toThrow('there is no schedule "x"');
  });

  test("have names of their own", async () => {
    const one = orchestrator();
    await one.schedule("x", "* * * * *", () => {});
    await expect(one.schedule("x", "* * * * *", () => {})).rejects.toThrow('there is a schedule "x" already');
    expect([await one.unschedule("x"), await one.unschedule("x")]).toEqual([true, false]);
    await one.schedule("x", "* * * * *", () => {});
    await expect(one.schedule("y", "* * * * *", null as unknown as () => void)).rejects.toThrow("a task is a function");
  });

  test("are due from start to stop, with the server", async () => {
    const [file, late] = [newFile(), newFile()];
    const one = orchestrator();
    await one.schedule("tick", { second: "*" }, note, file);
    const app = new App({ orchestrator: one });
    await app.listen({ port: 0 });
    await one.schedule("late", { second: "*" }, note, late);
    const due = await linesOf(file, 2);
    // One, or two already.
    expect((await linesOf(late, 1))[0]).toMatch(/^\d+000$/);
    await app.close();
    expect(Number(due[1]) - Number(due[0])).toBe(1000);
    const count = (await linesOf(file, 2)).length;
    // Another that is due when they would be.
    const other = newFile();
    await started().one.schedule("other", { second: "*" }, note, other);
    await linesOf(other, 1);
    expect(await linesOf(file, 2)).toHaveLength(count);
  });

  test("keep no process from its end", async () => {
    const timers = () => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
    const { one } = started();
    const before = timers();
    await one.schedule("x", { second: "*" }, () => {});
    expect(timers()).toBe(before);
  });

  test("are due no more often than they may be, and tell of what fails", async () => {
    const { one, lines } = started();
    const done = newFile();
    await one.schedule("bad", { second: "*", runs: 1 }, () => {
      throw new Error("no");
    });
    await one.schedule("good", { second: "*" }, note, done);
    await linesOf(done, 3);
    expect(lines.filter((line) => line.startsWith("schedule bad"))).toEqual(["schedule bad: Error: no"]);
    expect(await one.nextRuns("bad")).toEqual([]);
  });

  test("are skipped while the run before is at work", async () => {
    const { one, lines } = started();
    const [begun, end, clock] = [newFile(), newFile(), newFile()];
    await one.schedule("slow", { second: "*" }, noteAndWait, begun, end);
    await linesOf(begun, 1);
    await one.schedule("clock", { second: "*" }, note, clock);
    await linesOf(clock, 2);
    expect(await linesOf(begun, 1)).toHaveLength(1);
    expect(lines[0]).toBe("schedule slow: a run was skipped, 1 before it are not over");
    writeFileSync(end, "");
    await linesOf(begun, 2);
  });

  test("wait in turn with queue, and do not with allow", async () => {
    const { one, lines } = started();
    const [queued, allowed, end] = [newFile(), newFile(), newFile()];
    await one.schedule("queue", { second: "*", overlap: "queue", runs: 2 }, noteAndWait, queued, end);
    await one.schedule("allow", { second: "*", overlap: "allow", runs: 2 }, noteAndWait, allowed, end);
    await linesOf(allowed, 2);
    expect(await one.nextRuns("queue")).toEqual([]);
    expect(await linesOf(queued, 1)).toHaveLength(1);
    writeFileSync(end, "");
    await linesOf(queued, 2);
    expect(lines).toEqual([]);
  });
});

describe("an option that makes no sense is refused by name", () => {
  test.each([
    [{ maxWorkers: 0 }, "maxWorkers must be a whole number of at least 1, not 0"],
    [{ maxWorkers: 1.5 }, "maxWorkers must be a whole number of at least 1, not 1.5"],
    [{ maxQueue: -1 }, "maxQueue must be a whole number of at least 0, not -1"],
    [{ idleTimeout: Number.NaN }, "idleTimeout must be a number of at least 0, not NaN"],
    [{ maxHeapSize: 0 }, "maxHeapSize must be a number of at least 1, not 0"],
    [{ timeout: 0 }, "timeout must be a number of more than 0, not 0"],
    [{ retries: 0.5 }, "retries must be a whole number of at least 0, not 0.5"],
    [{ backoff: -1 }, "backoff must be a number of at least 0, not -1"],
    [{ deadline: -1 }, "deadline must be a number of at least 0, not -1"],
  ])("%j", (options, message) => {
    expect(() => new Orchestrator(options)).toThrow(new RangeError(message));
    if (!("timeout" in options || "retries" in options || "backoff" in options)) return;
    expect(() => orchestrator().with(options)).toThrow(new RangeError(message));
  });

  test("and the defaults make sense", () => {
    expect(DEFAULT_ORCHESTRATOR_OPTIONS.maxWorkers).toBeGreaterThan(0);
    expect(() => new Orchestrator()).not.toThrow();
  });
});

describe("offload", () => {
  test("gives a function that has its work done in a thread", async () => {
    const one = orchestrator();
    const plus = one.offload((a: number, b: number) => a + b);
    expectTypeOf(plus).toEqualTypeOf<(a: number, b: number) => Promise<number>>();
    const sums = [plus(1, 2), plus(3, 4)];
    expect(await Promise.all(sums)).toEqual([3, 7]);
    const where = one.offload(defineTask<Tasks["whichThread"]>(module, "whichThread"));
    expect(await where()).toBeGreaterThan(0);
  });

  test("takes the options of submitting, and refuses at once what makes no sense", async () => {
    const one = orchestrator();
    const hang = one.offload(
      () => {
        for (;;);
      },
      { timeout: 50 },
    );
    await expect(hang()).rejects.toMatchObject({ code: "TIMEOUT" });
    expect(() => one.offload(() => {}, { retries: -1 })).toThrow(RangeError);
    expect(() => one.offload("text" as never)).toThrow(TypeError);
    expect(() => offload(Math.max)).toThrow("a function without source is no task");
  });

  test("by itself has one orchestrator for all, which keeps no process alive", async () => {
    const { idleTimeout } = DEFAULT_ORCHESTRATOR_OPTIONS;
    const entry = new URL("../../src/services/orchestrator.ts", import.meta.url).href;
    const script = `
      import { offload } from ${JSON.stringify(entry)};
      const double = offload((n) => 2 * n);
      console.log(await double(21), await offload((n) => n + 1)(1));
      process.on("exit", () => console.log("over"));`;
    const file = `${newFile()}.mjs`;
    writeFileSync(file, script);
    const args = ["--import", "tsx", file];
    // Its threads would wait for more, for as long as this has to be over by.
    const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: idleTimeout });
    expect(stdout).toBe("42 2\nover\n");
  });
});
