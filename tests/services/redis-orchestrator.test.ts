/** Tasks that processes share: a real Redis, and processes that die. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setImmediate } from "node:timers/promises";
import { Worker } from "bullmq";
import { afterAll, afterEach, beforeAll, describe, expect, expectTypeOf, test } from "vitest";
import { App, type Logger } from "../../src/index.ts";
import { defineTask, type TaskContext } from "../../src/services/orchestrator.ts";
import { RedisOrchestrator, type RedisOrchestratorOptions } from "../../src/services/redis-orchestrator.ts";
import { deferred } from "../support/deferred.ts";
import { linesOf } from "../support/lines.ts";
import { hasRedis, type Redis, startRedis } from "../support/redis.ts";

type Tasks = typeof import("../support/tasks.js");
const support = new URL("../support/", import.meta.url);
const module = new URL("tasks.js", support);
const add = defineTask<Tasks["add"]>(module, "add");
const echo = defineTask<(value: unknown) => Promise<unknown>>(module, "echo");
const count = defineTask<Tasks["count"]>(module, "count");
const noteAndWait = defineTask<Tasks["noteAndWait"]>(module, "noteAndWait");

const folder = mkdtempSync(path.join(tmpdir(), "pyrois-redis-tasks-"));
let files = 0;
const newFile = () => path.join(folder, String(++files));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What a promise rejects with. */
async function rejection(promise: Promise<unknown>): Promise<Error & Record<string, unknown>> {
  try {
    await promise;
  } catch (error) {
    return error as Error & Record<string, unknown>;
  }
  throw new Error("it did not reject");
}

const silent: Logger = { debug() {}, info() {}, warn() {}, error() {} };
const made: RedisOrchestrator[] = [];
let names = 0;

describe.skipIf(!hasRedis)("tasks in Redis (redis-server)", () => {
  let redis: Redis;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis.stop());
  afterEach(() => Promise.all(made.splice(0).map((one) => one.stop({ deadline: 0 }))));

  /** An orchestrator on a queue of its own. */
  function orchestrator(options: Partial<RedisOrchestratorOptions> = {}): RedisOrchestrator {
    const name = `test${++names}`;
    const one = new RedisOrchestrator({ url: redis.url, root: support, maxWorkers: 1, name, ...options });
    made.push(one);
    return one;
  }
  async function started(options: Partial<RedisOrchestratorOptions> = {}, logger = silent): Promise<RedisOrchestrator> {
    const one = orchestrator(options);
    await one.start({ logger });
    return one;
  }

  test("are done, with the types of the function and whatever can be copied", async () => {
    const one = await started();
    const result = one.submit(add, 1, 2);
    expectTypeOf(result).toEqualTypeOf<Promise<number>>();
    expect(await result).toBe(3);
    const value = { map: new Map([[1, new Date(0)]]), nothing: undefined, n: 1n };
    expect(await one.submit(echo, value)).toEqual(value);
    expect(await one.submit(echo, undefined)).toBe(undefined);
  });

  test("are done by another process than submits them", async () => {
    const name = `test${++names}`;
    const submits = await started({ name, maxWorkers: 0 });
    const pending = submits.submit(add, 1, 2);
    await started({ name });
    expect(await pending).toBe(3);
  });

  test("tell their progress, all of it and before their result", async () => {
    const told: unknown[] = [];
    const one = await started();
    expect(await one.with({ onProgress: (value) => told.push(value) }).submit(count, 20)).toBe(20);
    expect(told).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
  });

  test("know which attempt it is, and are attempted until one succeeds", async () => {
    const one = (await started()).with({ retries: 2, backoff: 1 });
    expect(await one.submit(defineTask<Tasks["succeedAt"]>(module, "succeedAt"), 3)).toBe(3);
    expect((await rejection(one.submit(defineTask<Tasks["succeedAt"]>(module, "succeedAt"), 4))).message).toBe(
      "attempt 3",
    );
    expect(await one.submit(defineTask<Tasks["context"]>(module, "context"))).toEqual({
      attempt: 1,
      scheduledFor: null,
    });
  });

  test("fail with their error, or with why there is none", async () => {
    const one = await started({ retries: 1, backoff: 0 });
    const error = await rejection(one.submit(defineTask<Tasks["fail"]>(module, "fail"), "no"));
    expect({ ...error }).toEqual({ name: "RangeError", code: "E_OWN", detail: { a: 1 } });
    expect([error.message, error.stack]).toEqual(["no", expect.stringMatching(/tasks\.js:\d+/)]);
    expect(await rejection(one.submit(defineTask<Tasks["exit"]>(module, "exit"), 1))).toMatchObject({
      code: "CRASHED",
    });
    expect(await rejection(one.submit(defineTask(module, "nothing")))).toMatchObject({ code: "NO_SUCH_TASK" });
    const looping = one.with({ timeout: 200, retries: 0 }).submit(defineTask<Tasks["loop"]>(module, "loop"));
    expect(await rejection(looping)).toMatchObject({ name: "TaskError", code: "TIMEOUT" });
    expect(await one.submit(add, 1, 2)).toBe(3);
  });

  test("fail with whatever data their error has", async () => {
    const one = await started();
    const data: Record<string, unknown> = { count: 1n, when: new Date(0), map: new Map([[1, 2]]) };
    data.self = data;
    const error = await rejection(one.submit(defineTask<Tasks["failWith"]>(module, "failWith"), data));
    expect(error).toMatchObject({ name: "Error", message: "no", count: 1n, when: new Date(0), map: new Map([[1, 2]]) });
    expect(error.self).toHaveProperty("self.self.count", 1n);
  });

  test("reject where what they gave cannot be read", async () => {
    const name = `test${++names}`;
    const one = await started({ name, maxWorkers: 0 });
    const connection = { port: redis.port };
    const foreign = new Worker(name, async () => "bm90IGEgdmFsdWU=", { connection, prefix: "pyrois" });
    expect(await rejection(one.submit(add, 1, 2))).toMatchObject({
      code: "NOT_SENDABLE",
      message: expect.stringContaining("cannot be read here"),
    });
    await foreign.close();
  });

  test("cannot be what does not travel", async () => {
    const one = await started();
    const refused = async (task: unknown, ...values: unknown[]) =>
      (await rejection(one.submit(task as (...all: unknown[]) => unknown, ...values))).message;
    expect(await refused(() => 1)).toMatch(/^a task on Redis is the module and the name of a function/);
    expect(await refused(defineTask("node:zlib", "gzipSync"))).toMatch(
      /^the module of a task on Redis is a file, not node:zlib/,
    );
    expect(await refused(defineTask(new URL("../x.js", support), "x"))).toMatch(/below the root, not at \.\.\/x\.js$/);
    expect(await refused(add, 1, () => {})).toMatch(/^argument 2 of add of file:.* cannot be sent/);
    expect(await refused(defineTask(module, "giveShared"))).toMatch(/^what giveShared gives cannot be kept/);
    expect(() => one.with({ backoff: () => 1 })).toThrow("backoff on Redis is a number");
  });

  test("are given up where their signal is aborted, at work and waiting", async () => {
    const one = await started();
    const [notes, end] = [newFile(), newFile()];
    const controllers = [new AbortController(), new AbortController()];
    const [first, second] = controllers.map(({ signal }) => one.with({ signal }).submit(noteAndWait, notes, end));
    await linesOf(notes, 1);
    controllers[1].abort("waiting");
    expect(await second.catch((reason) => reason)).toBe("waiting");
    controllers[0].abort("at work");
    expect(await first.catch((reason) => reason)).toBe("at work");
    // Its thread is free again, and the one that waited was not begun.
    expect(await one.submit(add, 1, 2)).toBe(3);
    expect(await linesOf(notes, 1)).toHaveLength(1);
    expect(await rejection(one.with({ signal: AbortSignal.abort() }).submit(add, 1, 2))).toMatchObject({
      name: "AbortError",
    });
  });

  test("are refused where too many are not over", async () => {
    const one = await started({ maxQueue: 2 });
    const [notes, end] = [newFile(), newFile()];
    const both = [one.submit(noteAndWait, notes, end), one.submit(add, 1, 2)];
    expect(await rejection(one.submit(add, 3, 4))).toMatchObject({ status: 503, code: "QUEUE_FULL" });
    writeFileSync(end, "");
    expect(await Promise.all(both)).toEqual([process.pid, 3]);
    expect(await one.submit(add, 3, 4)).toBe(7);
  });

  describe("when it is stopped", () => {
    test("what is at work ends, and what waits is refused and kept for others", async () => {
      const name = `test${++names}`;
      const one = await started({ name });
      const [notes, end] = [newFile(), newFile()];
      const first = one.submit(noteAndWait, notes, end);
      const second = rejection(one.submit(noteAndWait, notes, end));
      await linesOf(notes, 1);
      const stopped = one.stop({ deadline: 10_000 });
      expect(await rejection(one.submit(add, 1, 2))).toMatchObject({ code: "STOPPED" });
      writeFileSync(end, "");
      expect(await first).toBe(process.pid);
      await stopped;
      expect(await second).toMatchObject({ code: "STOPPED" });
      await started({ name });
      await linesOf(notes, 2);
    });

    test("what is not over at the deadline is put back", async () => {
      const name = `test${++names}`;
      const submits = await started({ name, maxWorkers: 0 });
      const one = await started({ name });
      const [notes, end] = [newFile(), newFile()];
      const result = submits.submit(noteAndWait, notes, end);
      await linesOf(notes, 1);
      await one.stop({ deadline: 1 });
      writeFileSync(end, "");
      await started({ name });
      expect(await result).toBe(process.pid);
      expect(await linesOf(notes, 2)).toEqual([`${process.pid} 1`, `${process.pid} 1`]);
    });

    test("it can be started again, and its server goes with it", async () => {
      const one = orchestrator();
      const app = new App({ orchestrator: one, logger: silent });
      app.get("/", async (request) => String(await request.submitTask(add, 1, 2)));
      for (let time = 0; time < 2; ++time) {
        const server = await app.listen({ port: 0 });
        expect(await (await fetch(server.url)).text()).toBe("3");
        await app.close();
      }
    });
  });

  describe("between processes", () => {
    const children: ChildProcess[] = [];
    afterEach(async () => {
      for (const child of children.splice(0)) {
        if (child.exitCode !== null || child.signalCode !== null) continue;
        const gone = once(child, "exit");
        child.kill("SIGKILL");
        await gone;
      }
    });
    /** A process that does tasks of a queue; with a file, and notes there what is due each second. */
    async function worker(name: string, lockDuration: number, file?: string): Promise<ChildProcess> {
      const script = new URL("redis-worker.ts", support);
      const args = [redis.url, name, String(lockDuration), ...(file === undefined ? [] : [file])];
      const child = fork(script, args, { execArgv: ["--import", "tsx"], stdio: "inherit" });
      children.push(child);
      await once(child, "message");
      return child;
    }

    test("a task survives the death of the one that is at work on it", async () => {
      const name = `test${++names}`;
      const lockDuration = 1000;
      const submits = await started({ name, maxWorkers: 0, lockDuration });
      const [notes, end] = [newFile(), newFile()];
      const first = await worker(name, lockDuration);
      const result = submits.submit(noteAndWait, notes, end);
      expect(await linesOf(notes, 1)).toEqual([`${first.pid} 1`]);
      const second = await worker(name, lockDuration);
      first.kill("SIGKILL");
      expect(await linesOf(notes, 2)).toEqual([`${first.pid} 1`, `${second.pid} 2`]);
      writeFileSync(end, "");
      expect(await result).toBe(second.pid);
    });

    test("a task that was taken over too often is given up", async () => {
      const name = `test${++names}`;
      const lockDuration = 500;
      const submits = await started({ name, maxWorkers: 0, lockDuration });
      const notes = newFile();
      const first = await worker(name, lockDuration);
      const result = rejection(submits.submit(noteAndWait, notes, newFile()));
      await linesOf(notes, 1);
      first.kill("SIGKILL");
      await started({ name, lockDuration, maxTakeovers: 0 });
      expect(await result).toMatchObject({
        code: "CRASHED",
        message: expect.stringMatching(/^the task was given up: /),
      });
      expect(await linesOf(notes, 1)).toHaveLength(1);
    });

    test("a schedule is due once, and goes on where one dies", async () => {
      const name = `test${++names}`;
      const file = newFile();
      const both = [await worker(name, 1000, file), await worker(name, 1000, file)];
      const before = (await linesOf(file, 3)).length;
      both[0].kill("SIGKILL");
      const lines = (await linesOf(file, before + 3)).map((line) => line.split(" ").map(Number));
      // What the dead one was at work on is taken over, as another attempt.
      const due = lines.filter(([, , attempt]) => attempt === 1).map(([, time]) => time);
      expect(new Set(due).size).toBe(due.length);
      expect(due.every((time) => time % 1000 === 0)).toBe(true);
      expect(lines.at(-1)?.[0]).toBe(both[1].pid);
    });
  });

  describe("schedules", () => {
    const note = defineTask<(this: TaskContext, file: string) => void>(module, "note");

    test("stay as they are where the same is added again, and are replaced by another", async () => {
      const name = `test${++names}`;
      const file = newFile();
      const one = await started({ name });
      await one.schedule("x", { second: "*", runs: 2 }, note, file);
      await linesOf(file, 2);
      const two = await started({ name });
      const other = newFile();
      await two.schedule("clock", { second: "*" }, note, other);
      await two.schedule("x", { second: "*", runs: 2 }, note, file);
      await linesOf(other, 2);
      expect(await linesOf(file, 2)).toHaveLength(2);
      await two.unschedule("clock");
      const third = await started({ name });
      await third.schedule("x", { second: "*" }, note, file);
      await linesOf(file, 3);
    });

    test("are replaced where only their attempts are others", async () => {
      const [name, file] = [`test${++names}`, newFile()];
      const task = defineTask<Tasks["noteAndFail"]>(module, "noteAndFail");
      await (await started({ name })).schedule("x", { second: "*" }, task, file);
      await (await started({ name })).schedule("x", { second: "*", retries: 1, backoff: 0 }, task, file);
      expect(await linesOf(file, 4)).toContain("2");
    });

    test("are refused where they make no sense", async () => {
      const one = orchestrator();
      await expect(one.schedule("x", { minutes: 1 } as never, note, "")).rejects.toThrow('no "minutes"');
      await expect(one.schedule("x", { hour: 1, backoff: () => 1 }, note, "")).rejects.toThrow("backoff on Redis");
      await expect(one.schedule("x", "* * * * *", () => {})).rejects.toThrow("use defineTask");
      await one.schedule("x", { hour: 3, timezone: "UTC" }, note, "");
      await expect(one.schedule("x", { hour: 3 }, note, "")).rejects.toThrow('there is a schedule "x" already');
      expect(await one.nextRuns("x", 1, new Date("2025-01-01T00:00:00Z"))).toEqual([new Date("2025-01-01T03:00:00Z")]);
      await expect(one.nextRuns("y")).rejects.toThrow('there is no schedule "y"');
      expect([await one.unschedule("x"), await one.unschedule("x")]).toEqual([true, false]);
    });

    test("are skipped while the run before is at work in any process, or wait in turn", async () => {
      const name = `test${++names}`;
      const warned = deferred<string>();
      const logger = { ...silent, warn: (text: unknown) => warned.resolve(String(text)) };
      const one = await started({ name, maxWorkers: 2 }, logger);
      const two = await started({ name, maxWorkers: 2 }, logger);
      const [skipped, queued, end, other] = [newFile(), newFile(), newFile(), newFile()];
      await one.schedule("skip", { second: "*" }, noteAndWait, skipped, end);
      expect(await warned.promise).toBe("schedule skip: a run was skipped, the one before it is not over");
      expect(await linesOf(skipped, 1)).toHaveLength(1);
      await one.unschedule("skip");
      await two.schedule("queue", { second: "*", overlap: "queue", runs: 2 }, noteAndWait, queued, end);
      await linesOf(queued, 1);
      await two.schedule("clock", { second: "*" }, note, other);
      await linesOf(other, 2);
      expect(await linesOf(queued, 1)).toHaveLength(1);
      writeFileSync(end, "");
      await linesOf(queued, 2);
    });

    test("tell of what fails", async () => {
      const told = deferred<unknown[]>();
      const one = await started({}, { ...silent, error: (...values: unknown[]) => told.resolve(values) });
      await one.schedule("bad", { second: "*" }, defineTask<Tasks["fail"]>(module, "fail"), "no");
      expect((await told.promise).map(String)).toEqual(["schedule bad:", "RangeError: no"]);
    });
  });
});

describe.skipIf(!hasRedis)("where Redis is away (redis-server)", () => {
  let redis: Redis;
  afterEach(async () => {
    await Promise.all(made.splice(0).map((one) => one.stop({ deadline: 0 })));
    await redis.stop();
  });
  function orchestrator(options: Partial<RedisOrchestratorOptions> = {}): RedisOrchestrator {
    const one = new RedisOrchestrator({ url: redis.url, root: support, maxWorkers: 1, replyTimeout: 300, ...options });
    made.push(one);
    return one;
  }

  /** 7, once tasks are taken again. */
  async function sumOnceBack(one: RedisOrchestrator): Promise<number> {
    for (;;) {
      try {
        return await one.submit(add, 3, 4);
      } catch {
        // What is refused at once leaves no time for anything else.
        await setImmediate();
      }
    }
  }

  test("a server starts and serves, and tasks are done once it is there", async () => {
    redis = await startRedis();
    await redis.stop();
    const app = new App({ orchestrator: orchestrator(), logger: silent });
    app.get("/", () => "here");
    app.get("/add", async (request) => String(await request.submitTask(add, 1, 2)));
    const server = await app.listen({ port: 0 });
    expect(await (await fetch(server.url)).text()).toBe("here");
    expect((await fetch(`${server.url}add`)).status).toBe(503);
    redis = await startRedis(redis.port);
    let answer = await fetch(`${server.url}add`);
    while (answer.status === 503) answer = await fetch(`${server.url}add`);
    expect(await answer.text()).toBe("3");
    await app.close();
  });

  test("a task is refused, whether Redis is gone or does not answer, and is done when it is back", async () => {
    redis = await startRedis();
    const one = orchestrator();
    await one.start({ logger: silent });
    expect(await one.submit(add, 1, 2)).toBe(3);
    redis.pause();
    expect(await rejection(one.submit(add, 1, 2))).toMatchObject({ status: 503, code: "UNREACHABLE" });
    redis.resume();
    expect(await sumOnceBack(one)).toBe(7);
    await redis.stop();
    expect(await rejection(one.submit(add, 1, 2))).toMatchObject({ status: 503, code: "UNREACHABLE" });
    redis = await startRedis(redis.port);
    expect(await sumOnceBack(one)).toBe(7);
  });

  test("who waits is told where Redis stays away", async () => {
    redis = await startRedis();
    const one = orchestrator({ maxWorkers: 0, maxOutage: 300 });
    await one.start({ logger: silent });
    const added = deferred<boolean>();
    const pending = rejection(one.submit(add, 1, 2));
    void one.unschedule("none").then(added.resolve);
    await added.promise;
    await redis.stop();
    expect(await pending).toMatchObject({ code: "LOST", message: "Redis was away for longer than 300 ms" });
  });

  test("who waits is told where Redis has lost the task, and schedules are kept anew", async () => {
    redis = await startRedis();
    const [file, notes] = [newFile(), newFile()];
    const one = orchestrator({ maxOutage: 60_000, maxWorkers: 2 });
    await one.start({ logger: silent });
    await one.schedule(
      "tick",
      { second: "*" },
      defineTask<(this: TaskContext, file: string) => void>(module, "note"),
      file,
    );
    const pending = rejection(one.submit(noteAndWait, notes, newFile()));
    const before = (await linesOf(file, 1)).length;
    await redis.stop();
    redis = await startRedis(redis.port);
    expect(await pending).toMatchObject({ code: "LOST", message: "Redis has lost the task" });
    await linesOf(file, before + 2);
  });

  test("stop ends in time", async () => {
    redis = await startRedis();
    const one = orchestrator();
    await one.start({ logger: silent });
    expect(await one.submit(add, 1, 2)).toBe(3);
    redis.pause();
    await one.stop({ deadline: 10 });
    redis.resume();
  });
});

describe("an option of Redis that makes no sense is refused by name", () => {
  test.each([
    [{ url: "http://x" }, "url is that of a Redis"],
    [{ name: "a:b" }, "name has no colon"],
    [{ maxWorkers: -1 }, "maxWorkers must be a whole number of at least 0, not -1"],
    [{ maxQueue: 0 }, "maxQueue must be a whole number of at least 1, not 0"],
    [{ maxTakeovers: -1 }, "maxTakeovers must be a whole number of at least 0, not -1"],
    [{ maxOutage: -1 }, "maxOutage must be a number of at least 0, not -1"],
    [{ replyTimeout: 0 }, "replyTimeout must be a number of at least 1, not 0"],
    [{ lockDuration: 0 }, "lockDuration must be a number of at least 1, not 0"],
    [{ retries: -1 }, "retries must be a whole number of at least 0, not -1"],
  ])("%j", (options, message) => {
    expect(() => new RedisOrchestrator({ url: "redis://127.0.0.1", ...options })).toThrow(message);
  });
});
