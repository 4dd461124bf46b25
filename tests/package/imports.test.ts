/** Imports point one way: every folder of src/ may import itself and the folders named for it, and nothing else. */
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";

const root = path.join(import.meta.dirname, "..", "..", "src");

const FLOORS: Record<string, { imports: string[]; types?: string[]; node: boolean; packages?: string[] }> = {
  parser: { imports: [], node: false },
  h1: { imports: ["parser"], node: false },
  // `cookie` is plain JavaScript, which any host runs.
  http: { imports: ["parser", "h1"], node: false, packages: ["cookie"] },
  router: { imports: [], node: false },
  app: { imports: ["router", "http", "parser"], node: false },
  // What serves Node's own interface may name it; what serves fetch may not, as is tested below.
  services: {
    imports: ["app", "http", "h1", "parser"],
    node: true,
    packages: [
      "@fastify/send",
      "@keyv/redis",
      "bullmq",
      "croner",
      "eta",
      "ioredis",
      "ipaddr.js",
      "iron-webcrypto",
      "liquidjs",
      "lru-cache",
      "mrmime",
      "nunjucks",
      "nunjucks/src/transformer.js",
      "pino",
      "pino-pretty",
      "piscina",
      "prom-client",
    ],
  },
  middleware: {
    imports: ["services", "app", "http", "h1", "parser"],
    node: true,
    packages: ["compressible", "negotiator"],
  },
  audit: { imports: ["server", "services", "app", "http", "h1", "parser"], node: true },
  // Of servers only the types of what they tell those who listen.
  dev: { imports: ["services", "app", "router", "http", "h1", "parser"], types: ["server"], node: true },
  server: {
    imports: ["dev", "services", "app", "router", "http", "h1", "parser"],
    node: true,
    packages: ["ws", "@fastify/busboy"],
  },
  gateway: {
    imports: ["server", "services", "app", "router", "http", "h1", "parser"],
    node: true,
  },
  cli: {
    imports: [
      "index.ts",
      "audit.ts",
      "dev",
      "gateway",
      "server",
      "middleware",
      "services",
      "app",
      "router",
      "http",
      "h1",
      "parser",
    ],
    node: true,
    // What projects import that it makes.
    packages: ["pyrois", "pyrois/engine"],
  },
  testing: { imports: ["server", "services", "app", "http", "h1", "parser"], node: true, packages: ["ws"] },
};

function sources(): string[] {
  return readdirSync(root, { recursive: true, encoding: "utf8" }).filter(
    (file) => file.endsWith(".ts") && file.includes(path.sep) && !file.includes("generated"),
  );
}

test.each(sources())("%s imports only what lies below it", (file) => {
  const floor = file.split(path.sep)[0];
  const rules = FLOORS[floor];
  expect(rules, `${floor} has no place among the floors`).toBeDefined();
  const text = readFileSync(path.join(root, file), "utf8");
  for (const [, type, from] of text.matchAll(/(import type [^;]*?|)(?:from|import)\s*\(?\s*"([^"]+)"/g)) {
    if (from.startsWith("node:")) {
      expect(rules.node, `${file} imports ${from}`).toBe(true);
      continue;
    }
    if (rules.packages?.includes(from)) continue;
    expect(from, `${file} imports ${from}`).toMatch(/^\.\.?\//);
    const target = path.relative(root, path.resolve(root, path.dirname(file), from)).split(path.sep)[0];
    const allowed = type === "" ? rules.imports : [...rules.imports, ...(rules.types ?? [])];
    if (target !== floor) expect(allowed, `${file} imports ${from}`).toContain(target);
  }
});

test("fetch needs nothing of Node", () => {
  const gateway = sources().filter((file) => file.startsWith(path.join("gateway", "fetch")));
  expect(gateway.length).toBeGreaterThan(1);
  for (const file of gateway) expect(readFileSync(path.join(root, file), "utf8"), file).not.toContain('"node:');
});

test("one file knows WebAssembly", () => {
  const knowing = sources().filter((file) => /\bWebAssembly\b/.test(readFileSync(path.join(root, file), "utf8")));
  expect(knowing).toEqual([path.join("parser", "module.ts")]);
});
