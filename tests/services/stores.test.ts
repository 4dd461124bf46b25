/** Stores: what all of them do, and what each does when it is full, damaged or down. Time is what the test says it is. */
import { execFile } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { createClient } from "@keyv/redis";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { FileStore, MemoryStore, RedisStore, type Store } from "../../src/services/stores.ts";
import { hasRedis, type Redis, startRedis } from "../support/redis.ts";

const folder = mkdtempSync(path.join(tmpdir(), "pyrois-stores-"));
let time = 1_700_000_000_000;
const now = () => time;
let redis: Redis;
let count = 0;
const newFolder = () => path.join(folder, String(++count));
const TTL = 60_000;

beforeAll(async () => {
  if (hasRedis) redis = await startRedis();
});
afterAll(async () => {
  await redis?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Files below a folder. */
function filesOf(directory: string): string[] {
  if (!existsSync(directory)) return [];
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name));
}

const kinds: { kind: string; make: () => Store; ready: boolean }[] = [
  { kind: "MemoryStore", make: () => new MemoryStore({ now }), ready: true },
  { kind: "FileStore", make: () => new FileStore(newFolder(), { now }), ready: true },
  { kind: "RedisStore", make: () => new RedisStore(redis.url, { prefix: `test${++count}` }), ready: hasRedis },
];

describe.each(kinds)("$kind", ({ make, ready }) => {
  let store: Store;
  beforeAll(() => {
    if (ready) store = make();
  });
  afterAll(() => store?.close?.());

  test
    .runIf(ready)
    .each([
      "text",
      ":text",
      "::",
      ":",
      "é 😀",
      "",
      0,
      false,
      null,
      [1, { a: [":b"] }],
      { ":a": 1, "": 2 },
      Buffer.from([0, 255, 58]),
      Buffer.alloc(0),
      { bytes: Buffer.from("x"), more: [Buffer.from("y")] },
    ])("keeps %j", async (value) => {
    await store.set("a", value, TTL);
    expect(await store.get("a")).toEqual(value);
  });

  test.runIf(ready)("keeps views of bytes as bytes", async () => {
    await store.set("a", new Uint8Array([1, 2, 3, 4]).subarray(1, 3), TTL);
    expect([...((await store.get("a")) as Uint8Array)]).toEqual([2, 3]);
  });

  test.runIf(ready)("gives undefined where there is nothing, and forgets", async () => {
    expect(await store.get("none")).toBeUndefined();
    await store.set("gone", 1, TTL);
    await store.delete("gone");
    await store.delete("gone");
    expect(await store.get("gone")).toBeUndefined();
  });

  test.runIf(ready)("takes any text for a key, and each for another", async () => {
    const keys = [
      "",
      ".",
      "..",
      "../a",
      "a/b",
      "a\\b",
      "a:b",
      "a::b",
      "A",
      "*",
      "\0",
      "\ud800",
      "\ufffd",
      "é",
      "e\u0301",
    ];
    const all = [...keys, "x".repeat(10_000), `${"x".repeat(10_000)}y`, "__proto__", "constructor"];
    for (const [index, key] of all.entries()) await store.set(key, index, TTL);
    for (const [index, key] of all.entries()) expect(await store.get(key), JSON.stringify(key)).toBe(index);
  });

  test.runIf(ready)("clears its own values", async () => {
    const other = make();
    await other.set("a", "kept", TTL);
    await store.set("a", 1, TTL);
    await store.set("b", 2, TTL);
    await store.clear();
    expect([await store.get("a"), await store.get("b"), await other.get("a")]).toEqual([undefined, undefined, "kept"]);
    await store.set("a", 3, TTL);
    expect(await store.get("a")).toBe(3);
    await other.close?.();
  });

  test.runIf(ready)("keeps the last of many that are set at once", async () => {
    await Promise.all(Array.from({ length: 50 }, (_, index) => store.set("many", "x".repeat(index * 1000), TTL)));
    expect(await store.get("many")).toMatch(/^x+$/);
  });

  test.runIf(ready).each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])("refuses the time %s", async (ttl) => {
    await expect((async () => store.set("a", 1, ttl))()).rejects.toThrow("ttlMs must be a whole number of at least 1");
  });

  test.runIf(ready)("counts, each for itself", async () => {
    if (store.increment === undefined) return expect(store).toBeInstanceOf(FileStore);
    const increment = store.increment.bind(store);
    const sums = await Promise.all(Array.from({ length: 20 }, () => increment("n", TTL)));
    expect([...sums].sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
    expect(await store.get("n")).toBe(20);
    await store.delete("n");
    expect(await increment("n", TTL)).toBe(1);
  });
});

describe.each(kinds.slice(0, 2))("the time of $kind", ({ make }) => {
  test("ends when it was said to, and not before", async () => {
    const store = make();
    await store.set("a", 1, 1000);
    await store.set("b", 2, 1001);
    time += 999;
    expect(await store.get("a")).toBe(1);
    time += 1;
    expect([await store.get("a"), await store.get("b")]).toEqual([undefined, 2]);
  });
});

describe("MemoryStore", () => {
  test("gives what it has at once, and itself", async () => {
    const store = new MemoryStore();
    const value = {};
    await store.set("a", value, TTL);
    expect(store.get("a")).toBe(value);
  });

  test("keeps maxEntries, and then those that were asked for last", async () => {
    const store = new MemoryStore({ maxEntries: 3 });
    for (const key of ["a", "b", "c"]) await store.set(key, key, TTL);
    expect([await store.get("b"), await store.get("c"), await store.get("a")]).toEqual(["b", "c", "a"]);
    await store.set("d", "d", TTL);
    expect([await store.get("a"), await store.get("b"), await store.get("d")]).toEqual(["a", undefined, "d"]);
  });

  test("the time of a number begins with the first", async () => {
    const store = new MemoryStore({ now });
    expect(await store.increment("n", 1000)).toBe(1);
    time += 999;
    expect(await store.increment("n", 1000)).toBe(2);
    time += 1;
    expect(await store.increment("n", 1000)).toBe(1);
  });

  test.each([0, 1.5, -1])("refuses maxEntries of %s", (maxEntries) => {
    expect(() => new MemoryStore({ maxEntries })).toThrow("maxEntries must be a whole number of at least 1");
  });
});

describe("FileStore", () => {
  test("outlasts whoever wrote, in files that nobody else may read", async () => {
    const directory = newFolder();
    await new FileStore(directory).set("../../a", { a: 1 }, TTL);
    expect(await new FileStore(pathToFileURL(directory)).get("../../a")).toEqual({ a: 1 });
    const files = filesOf(directory);
    expect(files.map((file) => path.relative(directory, file))).toEqual([expect.stringMatching(/^(\w\w)\/\1\w{62}$/)]);
    expect(statSync(files[0]).mode & 0o777).toBe(0o600);
  });

  test("keeps maxEntries files, those of before among them", async () => {
    const directory = newFolder();
    const before = new FileStore(directory, { maxEntries: 5 });
    for (const key of ["1", "2", "3", "4", "5"]) await before.set(key, key, TTL);
    expect(filesOf(directory)).toHaveLength(5);
    await before.get("1");
    await before.set("6", "6", TTL);
    await expect.poll(() => filesOf(directory).length).toBe(5);
    expect([await before.get("1"), await before.get("2"), await before.get("6")]).toEqual(["1", undefined, "6"]);
    await new FileStore(directory, { maxEntries: 2 }).set("7", "7", TTL);
    await expect.poll(() => filesOf(directory).length).toBe(2);
  });

  test("keeps what is written while what was there before is found to be over", async () => {
    const store = new FileStore(newFolder(), { now });
    for (let round = 0; round < 50; ++round) {
      await store.set("a", "old", 1);
      ++time;
      await Promise.all([store.get("a"), store.set("a", "new", TTL), store.get("a")]);
      expect(await store.get("a")).toBe("new");
    }
  });

  test("takes what is damaged for nothing, and away", async () => {
    const directory = newFolder();
    const store = new FileStore(directory);
    await store.set("a", "some value", TTL);
    const [file] = filesOf(directory);
    const whole = readFileSync(file, "utf8");
    for (let length = 0; length < whole.length; ++length) {
      writeFileSync(file, whole.slice(0, length));
      expect(await store.get("a"), whole.slice(0, length)).toBeUndefined();
      expect(filesOf(directory)).toEqual([]);
    }
    for (const text of ["null", '"x"', "{}", '["x","y"]']) {
      writeFileSync(file, text);
      expect(await store.get("a"), text).toBeUndefined();
    }
    await store.set("a", "again", TTL);
    expect(await store.get("a")).toBe("again");
  });

  test("takes what was left half written away, and leaves alone what is not its own", async () => {
    const directory = newFolder();
    await new FileStore(directory).set("a", 1, TTL);
    const [file] = filesOf(directory);
    const [old, fresh, own] = [`${file}.old`, `${file}.new`, path.join(directory, "notes.txt")];
    for (const name of [old, fresh, own]) writeFileSync(name, "");
    utimesSync(old, 0, 0);
    const store = new FileStore(directory);
    await store.set("a", 2, TTL);
    expect(filesOf(directory).sort()).toEqual([file, fresh, own].sort());
    await store.clear();
    expect(filesOf(directory)).toEqual([own]);
  });

  test("rejects where the disk does, and goes on when it works again", async () => {
    const directory = newFolder();
    writeFileSync(directory, "a file");
    const store = new FileStore(directory);
    await expect(store.set("a", 1, TTL)).rejects.toThrow("ENOTDIR");
    await expect(store.get("a")).rejects.toThrow("ENOTDIR");
    rmSync(directory);
    await store.set("a", 1, TTL);
    expect(await store.get("a")).toBe(1);
    await expect(store.set("a", undefined, TTL)).rejects.toThrow(TypeError);
    await expect(store.set("a", 1n, TTL)).rejects.toThrow(TypeError);
    expect(filesOf(directory)).toHaveLength(1);
  });

  test.each([{ maxEntries: 0 }, { timeout: 0 }])("refuses %j", (options) => {
    expect(() => new FileStore(folder, options)).toThrow(`${Object.keys(options)[0]} must be a whole number`);
  });
});

describe.runIf(hasRedis)("RedisStore", () => {
  test("has values end by themselves", async () => {
    const client = createClient({ url: redis.url });
    await client.connect();
    const store = new RedisStore(client as never, { prefix: "app:x" });
    await store.set("a", 1, 60_000);
    await store.increment("n", 30_000);
    await store.increment("n", 90_000);
    const names = (await client.keys("app:x::*")).sort();
    const times = await Promise.all(names.map((name) => client.pTTL(name)));
    expect(names).toHaveLength(2);
    for (const left of times) expect(left).toBeGreaterThan(0);
    expect(Math.min(...times)).toBeLessThanOrEqual(30_000);
    expect(Math.max(...times)).toBeGreaterThan(30_000);
    await store.set("short", 1, 1);
    await expect.poll(() => store.get("short")).toBeUndefined();
    await store.close();
    expect(client.isReady).toBe(true);
    await client.close();
  });

  test("takes what others have put there for nothing", async () => {
    const client = createClient({ url: redis.url });
    await client.connect();
    const store = new RedisStore(client as never, { prefix: "damaged" });
    await store.set("a", 1, TTL);
    const [name] = await client.keys("damaged::*");
    await client.set(name, "[1,");
    expect(await store.get("a")).toBeUndefined();
    await store.set("a", 2, TTL);
    expect(await store.get("a")).toBe(2);
    await client.close();
  });

  test("fails at once while the server is away, and works when it is back", async () => {
    const first = await startRedis();
    const store = new RedisStore(first.url, { timeout: 600_000 });
    await store.set("a", 1, TTL);
    await first.stop();
    for (const attempt of [
      store.get("a"),
      store.set("a", 1, TTL),
      store.delete("a"),
      store.clear(),
      store.increment("n", 1),
    ]) {
      await expect(attempt).rejects.toThrow();
    }
    const second = await startRedis(first.port);
    await expect
      .poll(
        () =>
          store.set("a", 2, TTL).then(
            () => store.get("a"),
            () => null,
          ),
        { timeout: 10_000 },
      )
      .toBe(2);
    await store.close();
    expect(await store.get("a")).toBe(2);
    await store.close();
    await second.stop();
  });

  test("fails at once where the server was never there, and works when it is", async () => {
    const place = await startRedis();
    await place.stop();
    const store = new RedisStore(place.url, { timeout: 600_000 });
    await expect(store.get("a")).rejects.toThrow();
    await expect(store.set("a", 1, TTL)).rejects.toThrow();
    const server = await startRedis(place.port);
    const works = () =>
      store.set("a", 2, TTL).then(
        () => true,
        () => false,
      );
    await expect.poll(works, { timeout: 10_000 }).toBe(true);
    await store.close();
    await server.stop();
  });

  test("waits for no server longer than its timeout", async () => {
    const slow = await startRedis();
    const store = new RedisStore(slow.url, { timeout: 50 });
    await expect
      .poll(() =>
        store.set("a", 1, TTL).then(
          () => true,
          () => false,
        ),
      )
      .toBe(true);
    slow.pause();
    await expect(store.get("a")).rejects.toThrow("the Redis store has not answered within 50 ms");
    slow.resume();
    await expect.poll(() => store.get("a").catch(() => null)).toBe(1);
    await store.close();
    await slow.stop();
  });

  test("closes though the server answers nothing any more, and can be used again", async () => {
    const slow = await startRedis();
    const store = new RedisStore(slow.url, { timeout: 500 });
    await expect.poll(() => store.set("a", 1, TTL).then(() => true)).toBe(true);
    slow.pause();
    await expect(store.get("a")).rejects.toThrow("the Redis store has not answered within 500 ms");
    const sockets = () => process.getActiveResourcesInfo().filter((name) => name === "TCPSocketWrap").length;
    const before = sockets();
    await store.close();
    // One that stayed open would keep the process alive.
    await expect.poll(sockets).toBe(before - 1);
    slow.resume();
    await expect.poll(() => store.get("a").catch(() => null)).toBe(1);
    await store.close();
    await slow.stop();
  });
});

test("RedisStore: nobody is there, or nobody who speaks Redis", async () => {
  const mute = createServer((socket) => socket.on("error", () => {}).resume()).listen(0, "127.0.0.1");
  await once(mute, "listening");
  const { port } = mute.address() as { port: number };
  const store = new RedisStore(`redis://127.0.0.1:${port}`, { timeout: 50 });
  await expect(store.get("a")).rejects.toThrow("within 50 ms");
  await store.close();
  mute.close();
  await once(mute, "close");
  const nobody = new RedisStore(`redis://127.0.0.1:${port}`, { timeout: 50 });
  await expect(nobody.get("a")).rejects.toThrow("offline");
  await nobody.close();
});

test("RedisStore refuses prefixes that others could be below", () => {
  for (const prefix of ["", "a*", "a::b", ":a", "a:", "a b", "[a]"]) {
    expect(() => new RedisStore("redis://localhost", { prefix }), prefix).toThrow(TypeError);
  }
  expect(() => new RedisStore("redis://localhost", { timeout: 0 })).toThrow("timeout must be a whole number");
});

test("RedisStore says which package is missing", async () => {
  const outfile = path.join(folder, "alone.mjs");
  const entryPoints = [path.join(import.meta.dirname, "../../src/services/stores.ts")];
  await build({ entryPoints, outfile, bundle: true, format: "esm", platform: "node", packages: "external" });
  const script = `
    const { RedisStore } = await import(${JSON.stringify(pathToFileURL(outfile).href)});
    await new RedisStore("redis://localhost").get("a").catch((error) => console.log(error.message));`;
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", script]);
  expect(stdout).toBe("RedisStore needs the packages @keyv/redis and keyv, which are not installed\n");
});
