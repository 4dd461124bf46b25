/** Numbers for Prometheus. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { build } from "esbuild";
import { describe, expect, test } from "vitest";
import { App, NotFoundError } from "../../src/index.ts";
import { type MetricsOptions, metrics } from "../../src/services/metrics.ts";
import { exchange } from "../support/client.ts";

/** The samples that are read, by name and labels. */
async function read(app: App): Promise<Map<string, number>> {
  const answer = await app.inject({ path: "/metrics" });
  expect(answer.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
  const lines = answer.text().split("\n");
  return new Map(
    lines
      .filter((line) => line !== "" && !line.startsWith("#"))
      .map((line) => {
        const at = line.lastIndexOf(" ");
        return [line.slice(0, at), Number(line.slice(at + 1))];
      }),
  );
}

async function appWith(options: MetricsOptions = {}) {
  const measured = await metrics({ process: false, ...options });
  const app = new App().on("error", () => {}).use(measured.measure);
  app.get("/metrics", measured.handler);
  return { app, measured };
}

const labels = (method: string, route: string, status: number) =>
  `{method="${method}",route="${route}",status="${status}"}`;

describe("requests", () => {
  test("are counted by method, route and status, errors too", async () => {
    const { app } = await appWith();
    app.get("/users/{id:int}", ({ params }) => {
      if (params.id === 404) throw new NotFoundError();
      return "user";
    });
    app.post("/users/{id:int}", async () => undefined as never);
    app.route("/any", () => "any", { methods: "*" });
    app.route("/purge", () => "purged", { methods: ["PURGE"] });
    const asked: [string, string][] = [
      ["GET", "/users/1"],
      ["GET", "/users/2"],
      ["HEAD", "/users/3"],
      ["GET", "/users/404"],
      ["POST", "/users/1"],
      ["GET", "/nowhere"],
      ["GET", "/else/where"],
      ["PUT", "/users/1"],
      ["MADEUP", "/any"],
      ["DELETE", "/any"],
      ["PURGE", "/purge"],
      ["OTHER", "/nowhere"],
    ];
    for (const [method, path] of asked) await app.inject({ method, path });
    const found = await read(app);
    const counts = Object.fromEntries([...found].filter(([name]) => name.startsWith("http_requests_total")));
    const total = (method: string, route: string, status: number) =>
      `http_requests_total${labels(method, route, status)}`;
    expect(counts).toEqual({
      [total("GET", "/users/{id:int}", 200)]: 2,
      [total("HEAD", "/users/{id:int}", 200)]: 1,
      [total("GET", "/users/{id:int}", 404)]: 1,
      [total("POST", "/users/{id:int}", 500)]: 1,
      [total("GET", "(none)", 404)]: 2,
      [total("PUT", "(none)", 405)]: 1,
      [total("other", "(none)", 404)]: 1,
      [total("other", "/any", 200)]: 1,
      [total("DELETE", "/any", 200)]: 1,
      [total("PURGE", "/purge", 200)]: 1,
    });
  });

  test("and how long they took", async () => {
    const { app } = await appWith({ buckets: [0.02, 1000] });
    app.get("/slow", () => new Promise<string>((resolve) => setTimeout(() => resolve("slow"), 40)));
    await app.inject({ path: "/slow" });
    const found = await read(app);
    const name = "http_request_duration_seconds";
    const where = 'method="GET",route="/slow",status="200"';
    const bucket = (le: string) => found.get(`${name}_bucket{le="${le}",${where}}`);
    expect([bucket("0.02"), bucket("1000"), bucket("+Inf"), found.get(`${name}_count{${where}}`)]).toEqual([
      0, 1, 1, 1,
    ]);
    expect(found.get(`${name}_sum{${where}}`)).toBeGreaterThan(0.02);
  });

  test("a bound has what takes just as long", async () => {
    const { RequestSeries } = await import("../../src/services/metrics/requests.ts");
    const series = new RequestSeries([1, 2]);
    for (const seconds of [0.5, 1, 1.5, 2, 2.5]) series.add(series.of(undefined), "GET", 200, seconds);
    const { values } = (await series.histogram("h").get()) as { values: { value: number }[] };
    expect(values.map(({ value }) => value)).toEqual([2, 4, 5, 7.5, 5]);
  });

  test("are those of a group where it stands around that alone, and go on when routes change", async () => {
    const { app, measured } = await appWith();
    const other = await metrics({ process: false, prefix: "api_", registry: measured.registry });
    const group = app.group("/api", { middleware: [other.measure] });
    group.get("/a", () => "a");
    await app.inject({ path: "/api/a" });
    group.use((next) => next);
    await app.inject({ path: "/api/a" });
    const found = await read(app);
    for (const name of ["http_requests_total", "api_http_requests_total"]) {
      expect(found.get(name + labels("GET", "/api/a", 200))).toBe(2);
    }
    expect([...found.keys()].filter((name) => name.startsWith("api_http_requests_total"))).toHaveLength(1);
  });
});

test("servers tell of connections, of requests at work, and of what was wrong", async () => {
  const { app, measured } = await appWith();
  const server = await app.listen({ port: 0 });
  measured.observe(server);
  await exchange(server.address.port, "GET / HTTP/1.1\r\n\r\n");
  await exchange(server.address.port, "nonsense\r\n\r\n");
  const answer = await fetch(`${server.url}metrics`);
  const text = await answer.text();
  expect(text).toContain("\nhttp_parse_errors_total 2\n");
  expect(text).toContain("\nhttp_connections_accepted_total 3\n");
  expect(text).toContain("\nhttp_connections_refused_total 0\n");
  expect(text).toContain("\nhttp_requests_in_flight 1\n");
  expect(text).toMatch(/\nhttp_connections_open [1-3]\n/);
  // Read twice, it is the same and not its sum.
  expect((await read(app)).get("http_connections_accepted_total")).toBe(3);
  await app.close({ deadline: 0 });
});

test("the process is measured where it is not said otherwise", async () => {
  const { app, measured } = await appWith({ process: true, prefix: "p_" });
  const found = await read(app);
  expect([...found.keys()].some((name) => name.startsWith("p_nodejs_eventloop_lag"))).toBe(true);
  expect([...found.keys()].some((name) => name.startsWith("p_process_cpu"))).toBe(true);
  expect(measured.registry.getMetricsAsArray().some(({ name }) => name.includes("gc_duration"))).toBe(true);
});

test("bounds that make no sense are refused", async () => {
  for (const buckets of [[], [1, 1], [2, 1], [0], [Number.NaN]]) {
    await expect(metrics({ buckets })).rejects.toThrow("buckets must be numbers of seconds that rise");
  }
});

test("without prom-client it says what is missing", async () => {
  const folder = mkdtempSync(path.join(tmpdir(), "pyrois-metrics-"));
  try {
    const entry = path.join(import.meta.dirname, "..", "..", "src", "services", "metrics.ts");
    const outfile = path.join(folder, "metrics.mjs");
    const options = { bundle: true, format: "esm", platform: "node", entryPoints: [entry], outfile } as const;
    await build({ ...options, external: ["prom-client"], entryPoints: [entry] });
    writeFileSync(
      path.join(folder, "run.mjs"),
      `import { metrics } from "./metrics.mjs"; await metrics().catch((error) => console.log(error.message));`,
    );
    const said = execFileSync(process.execPath, [path.join(folder, "run.mjs")], { encoding: "utf8" });
    expect(said).toBe("pyrois/metrics needs prom-client: npm install prom-client\n");
  } finally {
    rmSync(folder, { recursive: true });
  }
});
