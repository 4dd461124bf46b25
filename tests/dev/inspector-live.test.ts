/** What an inspector tells as it happens, and the numbers of routes and of the process. */
import { afterEach, expect, test } from "vitest";
import { Durations, type RouteDurations } from "../../src/dev/inspector/durations.ts";
import type { Summary } from "../../src/dev/inspector/entries.ts";
import { type ProcessNumbers, ProcessWatch } from "../../src/dev/inspector/process.ts";
import { inspector } from "../../src/dev/inspector.ts";
import { App, type RouteInfo } from "../../src/index.ts";
import { metrics } from "../../src/services/metrics.ts";

const open: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

/** An application that listens, and the events of its inspector, one after the other. */
async function watched() {
  const app = new App({ logger: { debug() {}, info() {}, warn() {}, error() {} } });
  const routes = inspector(app);
  app.include(routes);
  app.get("/", () => "");
  app.get("/fail", () => {
    throw new Error("fails");
  });
  const server = await app.listen({ port: 0 });
  open.push(
    () => routes.close(),
    () => app.close({ deadline: 0 }),
  );
  const response = await fetch(`${server.url}_dev/events`);
  const decoder = new TextDecoder();
  const pieces = (response.body as ReadableStream<Uint8Array>).getReader();
  let pending = "";
  /** The data of the next event of a name; others are passed by. */
  const next = async <T>(name: string): Promise<T> => {
    for (;;) {
      const end = pending.indexOf("\n\n");
      if (end >= 0) {
        const event = pending.slice(0, end);
        pending = pending.slice(end + 2);
        if (event.includes(`event: ${name}\n`)) return JSON.parse(event.slice(event.indexOf("data: ") + 6)) as T;
        continue;
      }
      const { done, value } = await pieces.read();
      if (done) throw new Error(`the stream has ended without ${name}`);
      pending += decoder.decode(value, { stream: true });
    }
  };
  return { app, routes, next };
}

interface Numbers {
  readonly process: ProcessNumbers;
  readonly routes: RouteDurations[];
}

test("exchanges, what becomes of them, and that they are forgotten", async () => {
  const { app, next } = await watched();
  await app.inject();
  await app.inject({ path: "/fail" });
  const states = new Map<string, Summary>();
  while (![...states.values()].some(({ target, over }) => target === "/fail" && over)) {
    for (const entry of await next<Summary[]>("entries")) states.set(entry.target, entry);
  }
  expect(states.get("/")).toMatchObject({ status: 200, over: true, failed: false });
  expect(states.get("/fail")).toMatchObject({ status: 500, over: true, failed: true });
  await app.inject({ method: "POST", path: "/_dev/clear" });
  const { revision } = await next<{ revision: number }>("cleared");
  expect(revision).toBeGreaterThan(states.get("/fail")?.revision ?? Number.POSITIVE_INFINITY);
  expect((await next<Numbers>("numbers")).routes).toEqual([]);
});

test("numbers, at once and each second, of routes and of the process", async () => {
  const { app, next } = await watched();
  const first = await next<Numbers>("numbers");
  expect(first.routes).toEqual([]);
  for (const path of ["/", "/", "/fail", "/nowhere"]) await app.inject({ path });
  const { process: now, routes } = await next<Numbers>("numbers");
  expect(routes.map(({ method, route, count, errors }) => [method, route, count, errors])).toEqual([
    ["GET", "/", 2, 0],
    ["GET", "/fail", 1, 1],
    ["GET", "(none)", 1, 0],
  ]);
  for (const { p50, p90, p99, max } of routes) {
    expect(p50).toBeGreaterThan(0);
    expect([p50, p90, p99, max]).toEqual([p50, p90, p99, max].sort((a, b) => a - b));
  }
  const { delay, busy, cpu, heapUsed, heapTotal, resident, uptime } = now;
  expect([delay.min, delay.mean, delay.max]).toEqual([delay.min, delay.mean, delay.max].sort((a, b) => a - b));
  for (const share of [busy, cpu]) expect(share).toBeGreaterThanOrEqual(0);
  expect(heapUsed).toBeLessThanOrEqual(heapTotal);
  expect(resident).toBeGreaterThan(heapUsed);
  expect(uptime).toBeGreaterThan(0);
});

test("what was closed ends its streams", async () => {
  const { routes, next } = await watched();
  await next("numbers");
  routes.close();
  await expect(next("nothing")).rejects.toThrow("the stream has ended");
});

test("how long requests take, to two digits, and no longer than an hour", () => {
  const durations = new Durations();
  const route = { method: "GET", pattern: "/a" } as RouteInfo;
  for (let milliseconds = 1; milliseconds <= 100; ++milliseconds) durations.add(route, "GET", 200, milliseconds);
  const [{ count, p50, p90, p99, max }] = durations.all();
  const about = (value: number, wanted: number) => expect(Math.abs(value - wanted) / wanted).toBeLessThan(0.01);
  expect(count).toBe(100);
  about(p50, 50);
  about(p90, 90);
  about(p99, 99);
  about(max, 100);
  const hour = 3_600_000;
  for (const [took, shown] of [
    [hour, hour],
    [hour + 1, hour],
    [0, 0.001],
  ]) {
    durations.clear();
    durations.add(null, "MADE-UP", 0, took);
    const [{ method, route, max }] = durations.all();
    expect([method, route]).toEqual(["other", "(none)"]);
    about(max, shown);
  }
});

test("a loop that was kept from its work was late", async () => {
  const watch = new ProcessWatch();
  expect(watch.numbers().delay).toEqual({ min: 0, mean: 0, p99: 0, max: 0 });
  watch.start();
  while (watch.numbers().delay.max < 100) {
    const until = performance.now() + 150;
    while (performance.now() < until);
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
  watch.clear();
  expect(watch.numbers().delay.max).toBe(0);
  watch.stop();
});

test("the metrics have these numbers for Prometheus, too", async () => {
  const measured = await metrics();
  const app = new App();
  app.use(measured.measure).get("/metrics", measured.handler);
  await app.inject({ path: "/metrics" });
  const text = (await app.inject({ path: "/metrics" })).text();
  expect(text).toContain(
    'http_request_duration_seconds_bucket{le="+Inf",method="GET",route="/metrics",status="200"} 1',
  );
  for (const name of ["min", "max", "mean", "p50", "p90", "p99"]) {
    expect(text).toMatch(new RegExp(`^nodejs_eventloop_lag_${name}_seconds `, "m"));
  }
  for (const name of ["process_cpu_seconds_total", "nodejs_heap_size_used_bytes", "process_resident_memory_bytes"]) {
    expect(text).toMatch(new RegExp(`^${name} `, "m"));
  }
});
