/** Workers: real processes that serve, end, are replaced, and stop together. */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { Agent, get } from "node:http";
import net from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import type { ServerCounters, WorkerInfo } from "../../../src/index.ts";
import { buildProgram, endPrograms, Load, Program } from "./support.ts";

beforeAll(buildProgram);
afterEach(endPrograms);

/** Fetches without retrying anything: what fails, fails. */
function request(agent: Agent, url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    get(url, { agent }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (part) => {
        text += part;
      });
      response.on("end", () => resolve(text));
      response.on("error", reject);
    }).on("error", reject);
  });
}

/** What Node listens on itself. */
interface TCPHandle {
  readonly fd: number;
  getsockname?(place: object): number;
  close(): void;
}

/** A request on a connection of its own. */
const once = (url: string) => request(new Agent({ keepAlive: false }), url);

async function start(listen: object, more: object = {}): Promise<[program: Program, url: string]> {
  const program = new Program({ listen: { port: 0, ...listen }, ...more });
  const [url] = await program.until("listens");
  return [program, url];
}

const isListening = (workers: WorkerInfo[]) => workers.every(({ state }) => state === "listening");

test("the workers serve on one port, hooks run in each of them, and all stop together", async () => {
  const [program, url] = await start({ workers: 2 });
  expect(program.said("start").toSorted()).toEqual(["worker 1", "worker 2"]);
  const workers = (await program.ask("workers")) as WorkerInfo[];
  expect(workers.map(({ number, state, restarts }) => [number, state, restarts])).toEqual([
    [1, "listening", 0],
    [2, "listening", 0],
  ]);
  const pids = workers.map(({ pid }) => String(pid));
  expect(pids).not.toContain(String(program.child.pid));
  for (let n = 0; n < 10; ++n) expect(pids).toContain(await once(url));
  // A worker tells a last time when it stops.
  await program.ask("stop");
  expect(await program.ended).toEqual([0, null]);
  expect(program.said("stop").toSorted()).toEqual(["worker 1", "worker 2"]);
});

test("workers accept and serve on during drainDelay, until they are asked to stop again", async () => {
  const [program, url] = await start({ workers: 2 });
  const drainDelay = 60_000;
  const stopped = program.ask("stop", { drainDelay });
  await program.until("stopping", 2);
  const response = await fetch(url);
  expect([response.status, response.headers.get("connection")]).toEqual([200, "close"]);
  expect(program.said("stop")).toEqual([]);
  program.child.send({ do: "stop", with: { drainDelay }, id: 0 });
  await stopped;
  expect(await program.ended).toEqual([0, null]);
});

test("counters are those of all workers, also of those that are gone", async () => {
  const [program, url] = await start({ workers: 2 });
  for (let n = 0; n < 10; ++n) await once(url);
  const counted = await program.askUntil<ServerCounters>("counters", ({ requests }) => requests === 10);
  expect(counted.acceptedConnections).toBe(10);
  await program.ask("reload");
  const { requests, openConnections } = (await program.ask("counters")) as ServerCounters;
  expect([requests, openConnections]).toEqual([10, 0]);
});

test("reloads lose no request of clients that keep their connections", async () => {
  const [program, url] = await start({ workers: 2 });
  const agent = new Agent({ keepAlive: true, maxSockets: 16 });
  const load = new Load(url, 16, (at) => request(agent, at));
  const before = (await program.ask("workers")) as WorkerInfo[];
  for (let n = 0; n < 2; ++n) await program.ask("reload");
  const after = (await program.ask("workers")) as WorkerInfo[];
  const answered = load.answers;
  while (load.answers < answered + 100 && load.failures.length === 0) await new Promise(setImmediate);
  await load.end();
  agent.destroy();
  expect(load.failures).toEqual([]);
  expect(load.pids.size).toBeGreaterThanOrEqual(3);
  const old = new Set(before.map(({ pid }) => pid));
  expect(
    after.filter(({ pid, state, restarts }) => !old.has(pid) && state === "listening" && restarts === 0),
  ).toHaveLength(2);
});

test("a request that is at work when its worker is replaced is answered, and another of its connection", async () => {
  const [program, url] = await start({ workers: 1 });
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const [{ pid }] = (await program.ask("workers")) as WorkerInfo[];
  const slow = request(agent, `${url}slow?ms=300`);
  await program.until("slow");
  const reloaded = program.ask("reload");
  expect(await slow).toBe(String(pid));
  await reloaded;
  expect(await request(agent, url)).not.toBe(String(pid));
  agent.destroy();
});

test("where a new worker does not start the old ones go on, and reload says why", async () => {
  const broken = path.join(tmpdir(), `pyrois-broken-${process.pid}`);
  rmSync(broken, { force: true });
  const [program, url] = await start({ workers: 2 }, { broken });
  const before = (await program.ask("workers")) as WorkerInfo[];
  writeFileSync(broken, "");
  try {
    await expect(program.ask("reload")).rejects.toThrow("worker 1 did not start: there is a file that says no");
  } finally {
    rmSync(broken);
  }
  expect(await program.ask("workers")).toEqual(before);
  expect(before.map(({ pid }) => String(pid))).toContain(await once(url));
});

describe("a worker that is killed", () => {
  test("is replaced after a delay; its client sees a reset, those of others nothing", async () => {
    const [program, url] = await start({ workers: 2 });
    const lost = once(`${url}never`).then(
      () => "answered",
      (error) => error.code,
    );
    const pid = Number((await program.until("never"))[0]);
    const other = ((await program.ask("workers")) as WorkerInfo[]).find((worker) => worker.pid !== pid);
    process.kill(pid, "SIGKILL");
    expect(await lost).toBe("ECONNRESET");
    expect(await once(url)).toBe(String(other?.pid));
    // Its client may hear of its end before the primary does.
    const isBack = (all: WorkerInfo[]) => isListening(all) && all.some(({ restarts }) => restarts > 0);
    const workers = await program.askUntil<WorkerInfo[]>("workers", isBack);
    expect(workers.map(({ restarts }) => restarts).toSorted()).toEqual([0, 1]);
    expect(workers.find(({ restarts }) => restarts === 0)).toEqual(other);
    expect((await program.until("error"))[0]).toContain("it has ended with SIGKILL; another takes its place in 100 ms");
  });

  test("keeps nobody out, though it was the only one: who comes meanwhile waits", async () => {
    const [program, url] = await start({ workers: 1, restartDelay: 50 });
    const [{ pid }] = (await program.ask("workers")) as WorkerInfo[];
    process.kill(Number(pid), "SIGKILL");
    await program.until("error");
    const answer = await once(url);
    const [worker] = await program.askUntil<WorkerInfo[]>("workers", isListening);
    expect([answer, worker.restarts]).toEqual([String(worker.pid), 1]);
  });
});

test("a worker whose event loop stands still is killed and replaced", async () => {
  const [program, url] = await start({ workers: 1, workerTimeout: 2000, restartDelay: 1 });
  const lost = once(`${url}hang`).catch((error) => error.code);
  const [pid] = await program.until("hang");
  expect(await lost).toBe("ECONNRESET");
  expect((await program.until("error"))[0]).toContain(`(${pid}): it has shown no sign of life for 2000 ms`);
  const answer = await once(url);
  expect(answer).not.toBe(pid);
});

test("a worker is replaced after maxRequestsPerWorker requests, and not before", async () => {
  const [program, url] = await start({ workers: 1, maxRequestsPerWorker: 5, workerTimeout: 8000 });
  const [first] = (await program.ask("workers")) as WorkerInfo[];
  for (let n = 0; n < 4; ++n) expect(await once(url)).toBe(String(first.pid));
  await program.askUntil<ServerCounters>("counters", ({ requests }) => requests === 4);
  expect(await program.ask("workers")).toEqual([first]);
  expect(await once(url)).toBe(String(first.pid));
  const [next] = await program.askUntil<WorkerInfo[]>("workers", ([{ pid }]) => pid !== first.pid);
  expect([next.state, next.restarts]).toEqual(["listening", 0]);
  expect(await once(url)).toBe(String(next.pid));
});

test("a program that cannot start is refused with its reason, once", async () => {
  const program = new Program({ listen: { port: 0, workers: 2 }, broken: import.meta.filename });
  expect(await program.until("refused")).toEqual([" worker 1 did not start: there is a file that says no"]);
  expect(await program.ended).toEqual([1, null]);
  expect(program.said("start")).toEqual(["worker 1"]);
});

test("an address that is taken is refused by its name", async () => {
  const [, url] = await start({ workers: 1 });
  const program = new Program({ listen: { port: Number(new URL(url).port), workers: 1 } });
  expect((await program.until("refused"))[0]).toMatch(
    /^EADDRINUSE .*cannot listen on 127\.0\.0\.1:\d+: another program listens there already/,
  );
});

/** A request by a Unix socket. */
function onceAt(socketPath: string): Promise<string> {
  return new Promise((resolve, reject) => {
    get({ socketPath, path: "/" }, (response) => response.setEncoding("utf8").on("data", resolve)).on("error", reject);
  });
}

test.runIf(process.platform !== "win32")("workers share a Unix socket", async () => {
  const at = path.join(tmpdir(), `pyrois-workers-${process.pid}.sock`);
  const [program] = await start({ path: at, workers: 2 });
  const pids = ((await program.ask("workers")) as WorkerInfo[]).map(({ pid }) => String(pid));
  expect(pids).toContain(await onceAt(at));
  await program.ask("stop");
  expect(await program.ended).toEqual([0, null]);
});

describe.runIf(process.platform !== "win32")("a socket that systemd has opened for the primary", () => {
  for (const [name, at] of [
    ["of a port", null],
    ["of a path", path.join(tmpdir(), `pyrois-activated-${process.pid}.sock`)],
  ] as const) {
    test(`${name} is that of all workers, and outlives them`, async () => {
      // Nothing reads from it here: it only listens.
      const { _createServerHandle: open } = net as unknown as {
        _createServerHandle(at: string, port: number, family: number): TCPHandle;
      };
      const handle = at === null ? open("127.0.0.1", 0, 4) : open(at, -1, -1);
      const place: { port?: number } = {};
      handle.getsockname?.(place);
      // The port is not to be listened on.
      const program = new Program({ listen: { port: 1, workers: 1 }, activated: at ? "path" : "port" }, [handle.fd]);
      await program.until("listens");
      // That of a path takes it away.
      if (at === null) handle.close();
      const ask = () => (at === null ? once(`http://127.0.0.1:${place.port}`) : onceAt(at));
      const before = await ask();
      process.kill(Number(before), "SIGKILL");
      await program.until("error");
      const after = await ask();
      const [worker] = (await program.ask("workers")) as WorkerInfo[];
      expect([after, worker.restarts]).toEqual([String(worker.pid), 1]);
      await program.ask("stop");
      expect(await program.ended).toEqual([0, null]);
      if (at !== null) handle.close();
    });
  }
});

test("a worker that is just starting when all are asked to stop does so, too", async () => {
  const [program] = await start({ workers: 1 });
  const reloaded = program.ask("reload").catch((error) => error.message);
  // When this is answered there is a process, whose program is still to be loaded.
  await program.ask("workers");
  // Much longer than this test may take: none has to be killed.
  await program.ask("stop", { deadline: 600_000 });
  expect(await program.ended).toEqual([0, null]);
  await reloaded;
  expect(program.said("stop")).toEqual(["worker 1", "worker 1"]);
});

describe("where the system gives no process", () => {
  for (const [name, what, broken, mended] of [
    ["later", "cluster", { cwd: path.join(tmpdir(), "pyrois-there-is-none") }, {}],
    ["at once", "environment", { HUGE: "x".repeat(2 ** 22) }, { HUGE: "" }],
  ] as const) {
    test(`and says so ${name}, the place of a worker is filled when there is one again`, async () => {
      const [program, url] = await start({ workers: 1, restartDelay: 20 });
      const [{ pid }] = (await program.ask("workers")) as WorkerInfo[];
      await program.ask(what, broken);
      await expect(program.ask("reload")).rejects.toThrow("spawn");
      process.kill(Number(pid), "SIGKILL");
      expect((await program.until("error", 2))[1]).toMatch(/^worker 1: there can be no process: .*spawn.*in 40 ms$/);
      await program.ask(what, mended);
      const answer = await once(url);
      const [worker] = await program.askUntil<WorkerInfo[]>("workers", isListening);
      expect(answer).toBe(String(worker.pid));
      await program.ask("stop");
      expect(await program.ended).toEqual([0, null]);
    });
  }
});

describe("run", () => {
  for (const [name, whole] of [
    ["the primary", false],
    ["all of its group", true],
  ] as const) {
    test(`ends in order by a signal to ${name}`, async () => {
      const [program, url] = await start({ workers: 2 }, { run: true });
      const slow = once(`${url}slow`);
      const [pid] = await program.until("slow");
      process.kill((whole ? -1 : 1) * (program.child.pid as number), whole ? "SIGINT" : "SIGTERM");
      expect(await slow).toBe(pid);
      expect(await program.ended).toEqual([0, null]);
      expect(program.said("stop").toSorted()).toEqual(["worker 1", "worker 2"]);
      expect(program.said("over").toSorted()).toEqual(["primary", "worker 1", "worker 2"]);
    });
  }

  test("hears signals in a worker before that has said that it listens", async () => {
    const [program, url] = await start({ workers: 1 }, { run: true, signalled: true });
    await once(url);
    process.kill(program.child.pid as number, "SIGTERM");
    expect(await program.ended).toEqual([0, null]);
    expect([program.said("error"), program.said("stop")]).toEqual([[], ["worker 1"]]);
  });

  test("reloads by SIGHUP", async () => {
    const [program, url] = await start({ workers: 1, retireTimeout: 50 }, { run: true });
    const before = await once(url);
    process.kill(program.child.pid as number, "SIGHUP");
    await program.until("stop");
    expect(await once(url)).not.toBe(before);
  });

  test("kills at the deadline what does not end", async () => {
    const [program, url] = await start({ workers: 1 }, { run: true, deadline: 50 });
    const lost = once(`${url}hang`).catch((error) => error.code);
    await program.until("hang");
    process.kill(program.child.pid as number, "SIGTERM");
    expect(await lost).toBe("ECONNRESET");
    expect(await program.ended).toEqual([0, null]);
    expect(program.said("stop")).toEqual([]);
  });
});

test("workers end with a primary that is killed", async () => {
  const [program] = await start({ workers: 2 });
  const workers = (await program.ask("workers")) as WorkerInfo[];
  process.kill(program.child.pid as number, "SIGKILL");
  await program.ended;
  const isThere = ({ pid }: WorkerInfo) => {
    try {
      return process.kill(Number(pid), 0);
    } catch {
      return false;
    }
  };
  while (workers.some(isThere)) await new Promise(setImmediate);
});

test("messages of topics reach all workers, though the primary has no topics", async () => {
  const [program, url] = await start({ workers: 2 });
  await once(`${url}publish`);
  const got = await program.until("news", 2);
  expect(got.map((line) => line[0]).toSorted()).toEqual(["1", "2"]);
});

test("metrics are those of all workers, whichever is asked", async () => {
  const [, url] = await start({ workers: 2 });
  for (let n = 0; n < 10; ++n) await once(url);
  for (let n = 0; n < 4; ++n) {
    expect(await once(`${url}metrics`)).toContain('http_requests_total{method="GET",route="/",status="200"} 10\n');
  }
});

test("schedules are due in the first worker only", async () => {
  const notes = path.join(tmpdir(), `pyrois-schedules-${process.pid}`);
  writeFileSync(notes, "");
  await start({ workers: 2 }, { schedule: notes });
  const noted = () => readFileSync(notes, "utf8").split("\n").slice(0, -1);
  while (noted().length < 2) await new Promise(setImmediate);
  expect(noted()).toEqual(["1", "1"]);
  rmSync(notes);
});

test("a second server with workers is refused, and the first goes on", async () => {
  const [program, url] = await start({ workers: 1 }, { twice: true });
  expect(await program.until("twice")).toEqual(["this process has a server with workers already; stop that first"]);
  expect(await once(url)).toMatch(/^\d+$/);
  await program.ask("reload");
});
