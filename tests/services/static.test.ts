/** The files of a folder, over sockets: real files, and requests that nothing normalises on their way. */
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { chmod, rename, stat, truncate, utimes, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { App, Router, type Server } from "../../src/index.ts";
import { type StaticOptions, staticFiles } from "../../src/services/static.ts";
import { exchange, RawClient, type RawResponse } from "../support/client.ts";
import { deferred } from "../support/deferred.ts";
import { openFiles } from "../support/files.ts";
import { settled } from "../support/settled.ts";

const outside = mkdtempSync(path.join(tmpdir(), "pyrois-static-"));
const root = path.join(outside, "public");
const file = (name: string) => path.join(root, name);
const errors: unknown[] = [];
const app = new App().on("error", (error) => errors.push(error));
let server: Server;
let port: number;

/** Before all that the tests do, so that what was written is settled. */
const LONG_AGO = new Date("2024-02-03T04:05:06.789Z");
const LARGE = 200_000;

async function write(name: string, content: string | Uint8Array): Promise<void> {
  mkdirSync(path.dirname(file(name)), { recursive: true });
  await writeFile(file(name), content);
  await utimes(file(name), LONG_AGO, LONG_AGO);
}

beforeAll(async () => {
  mkdirSync(root);
  await writeFile(path.join(outside, "secret.txt"), "secret");
  mkdirSync(path.join(outside, "public-too"));
  await writeFile(path.join(outside, "public-too", "secret.txt"), "secret");
  await write("a.txt", "0123456789");
  await write("empty.txt", "");
  await write("large.bin", "x".repeat(LARGE));
  await write("docs/index.html", "<p>docs");
  await write("docs/about.html", "about");
  await write("docs/home.htm", "home");
  await write("bare/x.txt", "x");
  await write(".hidden", "hidden");
  await write(".git/config", "hidden");
  await write("é ü.txt", "utf-8");
  await write("100%.txt", "percent");
  await write("x.constructor", "x");
  for (const [name, content] of Object.entries({ js: "plain", "js.br": "brotli", "js.zst": "zstd", "js.gz": "gz" })) {
    await write(`app.${name}`, content);
  }
  await write("one.css", "plain");
  await write("one.css.gz", "gz");
  symlinkSync("a.txt", file("inside.txt"));
  symlinkSync("../secret.txt", file("outside.txt"));
  symlinkSync("..", file("up"));
  symlinkSync("../public-too", file("beside"));
  symlinkSync("../secret.txt", file("a.txt.gz"));
  symlinkSync("loop", file("loop"));
  app.include(staticFiles(root), { prefix: "/s" });
  server = await app.listen({ port: 0 });
  port = server.address.port;
});
afterAll(async () => {
  await app.close();
  rmSync(outside, { recursive: true, force: true });
});

const request = (target: string, fields = "", method = "GET") =>
  `${method} ${target} HTTP/1.1\r\nHost: a\r\n${fields}\r\n`;

async function get(target: string, fields = "", method = "GET"): Promise<RawResponse> {
  const [response] = await exchange(port, request(target, fields, method), [method]);
  return response;
}

let prefixes = 0;
/** Serves the folder once more, with options; gives where. */
function served(options: StaticOptions): string {
  const prefix = `/o${++prefixes}`;
  app.include(staticFiles(root, options), { prefix });
  return prefix;
}

/** How many descriptors of this process are of a file; other tests open others. */
function descriptors(name: string): number {
  return openFiles().filter((opened) => opened === file(name)).length;
}

/** Resolves when a condition holds that nothing tells of. */
async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 10));
}

describe("a file", () => {
  test("has its type, its validators and its length", async () => {
    const { status, headers, body } = await get("/s/a.txt");
    expect([status, body]).toEqual([200, "0123456789"]);
    expect(Object.fromEntries(headers)).toEqual({
      date: expect.any(String),
      connection: "close",
      "content-type": "text/plain; charset=utf-8",
      "accept-ranges": "bytes",
      "last-modified": "Sat, 03 Feb 2024 04:05:06 GMT",
      etag: expect.stringMatching(/^W\/"[\w-]+"$/),
      "content-length": "10",
      "cache-control": "no-cache",
      "x-content-type-options": "nosniff",
    });
  });

  test.each(["a.txt", "large.bin", "empty.txt"])("HEAD tells of %s what GET does", async (name) => {
    const [first, again, next] = await exchange(
      port,
      request(`/s/${name}`) + request(`/s/${name}`, "", "HEAD") + request("/s/a.txt"),
      ["GET", "HEAD", "GET"],
    );
    for (const { headers } of [first, again]) headers.delete("date");
    expect([...again.headers]).toEqual([...first.headers]);
    expect([again.status, again.body, next.body]).toEqual([200, "", "0123456789"]);
  });

  test("of tomorrow was changed today", async () => {
    await write("future.txt", "x");
    await utimes(file("future.txt"), 4_000_000_000, 4_000_000_000);
    const { headers } = await get("/s/future.txt");
    const [changed, sent] = ["last-modified", "date"].map((name) => Date.parse(headers.get(name) ?? ""));
    expect(changed).toBeLessThanOrEqual(sent);
  });

  test("from memory and from the disk it is the same", async () => {
    for (const prefix of ["/s", served({ maxCacheSize: 0 }), served({ maxStale: 0 })]) {
      for (let time = 0; time < 3; ++time) expect((await get(`${prefix}/a.txt`)).body).toBe("0123456789");
    }
    expect((await get("/s/large.bin")).body).toBe("x".repeat(LARGE));
  });

  test.each([
    ["%C3%A9%20%C3%BC.txt", "utf-8"],
    ["100%25.txt", "percent"],
    ["%61.txt", "0123456789"],
    ["inside.txt", "0123456789"],
  ])("is found by the name %s", async (name, content) => {
    expect((await get(`/s/${name}`)).body).toBe(content);
  });

  test("of no known type is octets", async () => {
    expect((await get("/s/x.constructor")).headers.get("content-type")).toBe("application/octet-stream");
    expect((await get("/s/large.bin")).headers.get("content-type")).toBe("application/octet-stream");
    expect((await get("/s/app.js")).headers.get("content-type")).toBe("text/javascript; charset=utf-8");
  });

  test("is served by no other method", async () => {
    const { status, headers } = await get("/s/a.txt", "Content-Length: 0\r\n", "POST");
    expect([status, headers.get("allow")]).toEqual([405, "GET, HEAD, OPTIONS"]);
  });

  test("that is missing is the application's to answer", async () => {
    const own = new App();
    own.use((next) => async (request) => {
      try {
        return await next(request);
      } catch (error) {
        return `${(error as { status: number }).status} my own`;
      }
    });
    own.include(staticFiles(root));
    expect((await own.inject({ path: "/nothing" })).text()).toBe("404 my own");
    expect((await own.inject({ path: "/docs/" })).text()).toBe("<p>docs");
    expect((await own.inject({ path: "/a.txt" })).text()).toBe("0123456789");
  });
});

describe("conditions", () => {
  test("what the client has is not sent again, nor described", async () => {
    const { headers } = await get("/s/a.txt");
    const tag = headers.get("etag") as string;
    for (const condition of [
      `If-None-Match: ${tag}`,
      `If-None-Match: "x", ${tag.slice(2)}`,
      "If-None-Match: *",
      `If-Modified-Since: ${headers.get("last-modified")}`,
      `If-None-Match: ${tag}\r\nIf-Modified-Since: Thu, 01 Jan 1970 00:00:00 GMT`,
      `If-None-Match: ${tag}\r\nRange: bytes=0-1`,
    ]) {
      const answer = await get("/s/a.txt", `${condition}\r\n`);
      expect([answer.status, [...answer.headers.keys()].sort()], condition).toEqual([
        304,
        ["cache-control", "connection", "date", "etag"],
      ]);
    }
  });

  test.each([
    'If-None-Match: "x"',
    'If-None-Match: "x"\r\nIf-Modified-Since: Sat, 03 Feb 2024 04:05:06 GMT',
    "If-Modified-Since: Sat, 03 Feb 2024 04:05:05 GMT",
    "If-Modified-Since: yesterday",
    "If-Match: *",
    "If-Match: *\r\nIf-Unmodified-Since: Sat, 03 Feb 2024 04:05:05 GMT",
    "If-Unmodified-Since: Sat, 03 Feb 2024 04:05:06 GMT",
  ])("the whole file is the answer to %j", async (condition) => {
    const { status, body } = await get("/s/a.txt", `${condition}\r\n`);
    expect([status, body]).toEqual([200, "0123456789"]);
  });

  test("a condition that is not met is 412", async () => {
    const tag = (await get("/s/a.txt")).headers.get("etag");
    for (const condition of [`If-Match: ${tag}`, "If-Unmodified-Since: Sat, 03 Feb 2024 04:05:05 GMT"]) {
      expect((await get("/s/a.txt", `${condition}\r\n`)).status, condition).toBe(412);
    }
  });
});

describe("ranges", () => {
  test.each([
    ["bytes=0-0", "0", "0-0"],
    ["bytes=2-4", "234", "2-4"],
    ["bytes=7-", "789", "7-9"],
    ["bytes=-3", "789", "7-9"],
    ["bytes=-11", "0123456789", "0-9"],
    ["bytes=-99999999999999999999999", "0123456789", "0-9"],
    ["bytes=8-99999999999999999999999", "89", "8-9"],
    ["BYTES= 1-2 ", "12", "1-2"],
    ["bytes=0-3,2-5", "012345", "0-5"],
    ["bytes=5-6,99-", "56", "5-6"],
  ])("%s", async (range, content, part) => {
    const { status, headers, body } = await get("/s/a.txt", `Range: ${range}\r\n`);
    expect([status, body]).toEqual([206, content]);
    expect([headers.get("content-range"), headers.get("content-length")]).toEqual([
      `bytes ${part}/10`,
      String(content.length),
    ]);
    expect(headers.get("content-type")).toBe("text/plain; charset=utf-8");
  });

  test.each(["bytes=-0", "bytes=10-", "bytes=9999999999999-", "bytes=10-20,30-40"])("416 for %s", async (range) => {
    const { status, headers } = await get("/s/a.txt", `Range: ${range}\r\n`);
    expect([status, headers.get("content-range")]).toEqual([416, "bytes */10"]);
  });

  test.each([
    "bytes=",
    "bytes=-",
    "bytes=5-2",
    "bytes=1",
    "bytes=1x-2",
    "bytes=--2",
    "bytes=0-1,x",
    "bytes=0-1,,2-3",
    "bytes=0-1=2",
    "bytes=0x1-2",
    "lines=0-1",
    "0-1",
    "bytes=0-1,5-6",
  ])("the whole file for %s", async (range) => {
    const { status, headers, body } = await get("/s/a.txt", `Range: ${range}\r\n`);
    expect([status, body, headers.get("content-range")]).toEqual([200, "0123456789", undefined]);
  });

  test("a thousand of them are read in one pass", async () => {
    const same = await get("/s/a.txt", `Range: bytes=${"1-2,".repeat(999)}1-2\r\n`);
    expect([same.status, same.body]).toEqual([206, "12"]);
    const apart = Array.from({ length: 1000 }, (_, at) => `${2 * at}-${2 * at}`).join(",");
    expect((await get("/s/large.bin", `Range: bytes=${apart}\r\n`)).body).toHaveLength(LARGE);
  });

  test("have no meaning for HEAD, and of a file that is empty", async () => {
    const { status, headers } = await get("/s/a.txt", "Range: bytes=0-1\r\n", "HEAD");
    expect([status, headers.get("content-length")]).toEqual([200, "10"]);
    for (const range of ["bytes=0-", "bytes=-1"]) {
      expect((await get("/s/empty.txt", `Range: ${range}\r\n`)).status).toBe(200);
    }
  });

  test("of a large file", async () => {
    await write("counted.bin", Buffer.alloc(LARGE, "0123456789"));
    const { status, body } = await get("/s/counted.bin", "Range: bytes=65530-131080\r\n");
    expect([status, body.length, body.slice(0, 3), body.slice(-3)]).toEqual([206, 65551, "012", "890"]);
  });

  test("If-Range lets them be where it is the very date, and never where it is a tag, which is weak", async () => {
    const tag = (await get("/s/a.txt")).headers.get("etag") as string;
    for (const [value, status] of [
      ["Sat, 03 Feb 2024 04:05:06 GMT", 206],
      ["Sat, 03 Feb 2024 04:05:07 GMT", 200],
      ["Sat, 03 Feb 2024 04:05:05 GMT", 200],
      [tag, 200],
      [tag.slice(2), 200],
      ["x", 200],
    ] as const) {
      expect((await get("/s/a.txt", `Range: bytes=0-1\r\nIf-Range: ${value}\r\n`)).status, value).toBe(status);
    }
  });
});

describe("encoded files", () => {
  test.each([
    [null, "plain"],
    ["", "plain"],
    ["identity", "plain"],
    ["gzip", "gz"],
    ["x-gzip", "gz"],
    ["GZIP", "gz"],
    ["gzip, deflate, br, zstd", "brotli"],
    ["gzip;q=1, br;q=0.5", "gz"],
    ["gzip;q=0.001", "gz"],
    ["br;q=0, zstd;q=0.2", "zstd"],
    ["br;q=0", "plain"],
    ["*", "brotli"],
    ["*;q=0.5, br;q=0", "zstd"],
    ["*;q=0, gzip;q=0.1", "gz"],
    ["identity, gzip;q=0.9", "plain"],
    ["gzip;q=0.5, identity;q=0.5", "gz"],
    ["identity;q=0, gzip", "gz"],
    ["gzip;q=2", "plain"],
    ["gzip;q=0.1234, zstd ; q=0.9", "zstd"],
    ["compress, ,;q=1,gzip;level=3", "plain"],
  ])("Accept-Encoding: %s", async (field, content) => {
    const { status, headers, body } = await get("/s/app.js", field === null ? "" : `Accept-Encoding: ${field}\r\n`);
    expect([status, body, headers.get("vary")]).toEqual([200, content, "Accept-Encoding"]);
    const coding = { plain: undefined, brotli: "br", zstd: "zstd", gz: "gzip" }[content];
    expect(headers.get("content-encoding")).toBe(coding);
    expect(headers.get("content-type")).toBe("text/javascript; charset=utf-8");
  });

  test.each(["identity;q=0", "*;q=0", "identity;q=0, br;q=0, gzip;q=0, zstd;q=0"])("406 for %s", async (field) => {
    const { status, headers } = await get("/s/a.txt", `Accept-Encoding: ${field}\r\n`);
    expect([status, headers.get("vary")]).toEqual([406, "Accept-Encoding, Accept"]);
  });

  test("have tags of their own, and conditions and ranges are about them", async () => {
    const tags = new Set<string>();
    for (const coding of ["identity", "br", "zstd"]) {
      const fields = `Accept-Encoding: ${coding}\r\n`;
      const tag = (await get("/s/app.js", fields)).headers.get("etag") as string;
      const again = await get("/s/app.js", `${fields}If-None-Match: ${tag}\r\n`);
      expect([again.status, again.headers.get("vary"), again.headers.get("content-encoding")]).toEqual([
        304,
        "Accept-Encoding",
        undefined,
      ]);
      tags.add(tag);
    }
    expect(tags.size).toBe(3);
    const part = await get("/s/app.js", "Accept-Encoding: br\r\nRange: bytes=0-2\r\n");
    expect([part.status, part.body, part.headers.get("content-encoding")]).toEqual([206, "bro", "br"]);
  });

  test("those that are not there do not count", async () => {
    const { body, headers } = await get("/s/one.css", "Accept-Encoding: br, gzip;q=0.1\r\n");
    expect([body, headers.get("content-encoding")]).toEqual(["gz", "gzip"]);
    const plain = await get("/s/large.bin", "Accept-Encoding: br, gzip\r\n");
    expect([plain.headers.get("vary"), plain.headers.get("content-encoding")]).toEqual([undefined, undefined]);
  });

  test("a link beside a file that leads outside is none", async () => {
    expect((await get("/s/a.txt", "Accept-Encoding: gzip\r\n")).body).toBe("0123456789");
  });

  test("are not looked for where that is not wanted, and in the order that is", async () => {
    const fields = "Accept-Encoding: gzip, br\r\n";
    const { body, headers } = await get(`${served({ precompressed: [] })}/app.js`, fields);
    expect([body, headers.get("vary")]).toEqual(["plain", undefined]);
    expect((await get(`${served({ precompressed: ["gzip", "br"] })}/app.js`, fields)).body).toBe("gz");
  });
});

describe("ways out", () => {
  test.each([
    "/s/../secret.txt",
    "/s/docs/../a.txt",
    "/s/docs/../../secret.txt",
    "/s/%2e%2e/secret.txt",
    "/s/%2e%2e%2fsecret.txt",
    "/s/..%2fsecret.txt",
    "/s/docs/..%2F..%2Fsecret.txt",
    "/s/..%5csecret.txt",
    "/s/..%5Csecret.txt",
    "/s/..\\secret.txt",
    "/s/docs%2fabout.html",
    "/s/docs%5cabout.html",
    "/s/%252e%252e%252fsecret.txt",
    "/s/..%252fsecret.txt",
    "/s/%c0%ae%c0%ae/secret.txt",
    "/s//etc/passwd",
    "/s/%2fetc/passwd",
    "/s/docs//about.html",
    "/s/docs/./about.html",
    "/s/./a.txt",
    "/s/.",
    "/s/..",
    "/s/../",
    "/s/docs/..",
    "/s/a.txt%00",
    "/s/a.txt%00.html",
    "/s/..;/secret.txt",
    "/s/a.txt/",
    "/s/a.txt/x",
    "/s/outside.txt",
    "/s/up/secret.txt",
    "/s/up/public/a.txt/",
    "/s/beside/secret.txt",
    "/s/beside",
    "/s/up",
    "/s/loop",
    "/s/.hidden",
    "/s/.git/config",
    "/s/.git",
    "/s/%2ehidden",
    "/s/bare/",
  ])("%s", async (target) => {
    const { status, body } = await get(target);
    expect([400, 404]).toContain(status);
    expect(body).not.toMatch(/secret|hidden|0123|about|root:/);
  });

  test("a name that is too long for the system is that of nothing", async () => {
    for (const name of ["x".repeat(300), "x/".repeat(3000)]) expect((await get(`/s/${name}`)).status).toBe(404);
  });

  test("what is a path by the rules is 404, and what is none is 400", async () => {
    expect((await get("/s/a.txt%00")).status).toBe(400);
    expect((await get("/s/%2e%2e%2fsecret.txt")).status).toBe(404);
  });

  test.skipIf(process.platform === "win32")("a pipe is no file, and nobody waits for it", async () => {
    execFileSync("mkfifo", [file("pipe")]);
    expect((await get("/s/pipe")).status).toBe(404);
  });

  test("dot files and links are served where that is wanted", async () => {
    const prefix = served({ dotfiles: true, symlinks: "follow" });
    expect((await get(`${prefix}/.hidden`)).body).toBe("hidden");
    expect((await get(`${prefix}/.git/config`)).body).toBe("hidden");
    expect((await get(`${prefix}/outside.txt`)).body).toBe("secret");
    for (const target of ["../secret.txt", "%2e%2e/secret.txt", "docs/../../secret.txt", "./a.txt"]) {
      expect((await get(`${prefix}/${target}`)).status).toBe(404);
    }
  });

  test("what may not be read is 403", async () => {
    await write("closed.txt", "closed");
    await write("closed.bin", "x".repeat(LARGE));
    for (const name of ["closed.txt", "closed.bin"]) await chmod(file(name), 0);
    // The superuser may read everything: the others are served as somebody else.
    const superuser = process.getuid?.() === 0;
    await chmod(outside, 0o755);
    if (superuser) process.seteuid?.(65534);
    try {
      for (const name of ["closed.txt", "closed.bin"]) expect((await get(`/s/${name}`)).status).toBe(403);
      expect((await get("/s/a.txt")).status).toBe(200);
    } finally {
      if (superuser) process.seteuid?.(0);
    }
  });
});

describe("folders", () => {
  test("are redirected to their slash, with the query", async () => {
    for (const [target, location] of [
      ["/s/docs", "/s/docs/"],
      ["/s/docs?a=b&c", "/s/docs/?a=b&c"],
      ["/s/d%6Fcs", "/s/d%6Fcs/"],
      ["/s/.well-known/..", undefined],
    ] as const) {
      expect((await get(target)).headers.get("location")).toBe(location);
    }
    expect((await get("/s/docs")).status).toBe(308);
  });

  test("never to another host", async () => {
    const own = new App();
    own.include(staticFiles(root), { prefix: "/{tenant}" });
    expect((await own.inject({ path: "/x/docs" })).headers.get("location")).toBe("/x/docs/");
    for (const target of ["/\\evil.example/docs", "//evil.example/docs", "/%5cevil.example/docs"]) {
      expect((await own.inject({ path: target })).status).toBe(404);
    }
  });

  test("have an index of the name that is wanted, or none", async () => {
    const { body, headers } = await get("/s/docs/");
    expect([body, headers.get("content-type")]).toEqual(["<p>docs", "text/html; charset=utf-8"]);
    expect((await get(`${served({ index: "about.html" })}/docs/`)).body).toBe("about");
    expect((await get(`${served({ index: false })}/docs/`)).status).toBe(404);
    expect((await get("/s/")).status).toBe(404);
  });

  test("the one at the prefix too, as the application's slashes say", async () => {
    for (const [slashes, status] of [
      ["strict", 404],
      ["redirect", 308],
      ["ignore", 308],
    ] as const) {
      const own = new App({ slashes });
      own.include(new Router().include(staticFiles(file("docs"))), { prefix: "/docs" });
      const answer = await own.inject({ path: "/docs" });
      expect([answer.status, answer.headers.get("location")], slashes).toEqual([
        status,
        status === 308 ? "/docs/" : null,
      ]);
      expect((await own.inject({ path: "/docs/" })).text()).toBe("<p>docs");
      const outer = new App({ slashes });
      outer.include(staticFiles(root), { prefix: "/s" });
      expect((await outer.inject({ path: "/s/docs/" })).text(), slashes).toBe("<p>docs");
      expect((await outer.inject({ path: "/s/docs" })).headers.get("location"), slashes).toBe("/s/docs/");
    }
  });

  test("extensions are tried where a name leads nowhere", async () => {
    const prefix = served({ extensions: ["html", "htm"] });
    expect((await get(`${prefix}/docs/about`)).body).toBe("about");
    expect((await get(`${prefix}/docs/home`)).headers.get("content-type")).toBe("text/html; charset=utf-8");
    expect((await get(`${prefix}/docs`)).status).toBe(308);
    expect((await get(`${prefix}/docs/nothing`)).status).toBe(404);
    expect((await get("/s/docs/about")).status).toBe(404);
  });
});

describe("options", () => {
  test("Cache-Control and nosniff", async () => {
    for (const [cacheControl, value] of [
      [{ maxAge: 3600 }, "max-age=3600"],
      [{ maxAge: 31536000, immutable: true }, "max-age=31536000, immutable"],
      ["public, s-maxage=1", "public, s-maxage=1"],
    ] as const) {
      const { headers } = await get(`${served({ cacheControl, nosniff: false })}/a.txt`);
      expect([headers.get("cache-control"), headers.has("x-content-type-options")]).toEqual([value, false]);
    }
  });

  test("a root that is no folder is refused by its name, and so are options that make no sense", () => {
    expect(() => staticFiles(file("nowhere"))).toThrow(file("nowhere"));
    expect(() => staticFiles(file("a.txt"))).toThrow(`${file("a.txt")} is no folder`);
    expect(() => staticFiles(pathToFileURL(root))).not.toThrow();
    for (const [options, message] of [
      [{ maxCacheSize: -1 }, "maxCacheSize must be"],
      [{ maxCachedFileSize: Number.NaN }, "maxCachedFileSize must be"],
      [{ maxStale: -1 }, "maxStale must be"],
      [{ cacheControl: { maxAge: 1.5 } }, "maxAge must be"],
      [{ cacheControl: { maxAge: -1 } }, "maxAge must be"],
      [{ cacheControl: "a\r\nb" }, "Cache-Control"],
      [{ index: "../secret.txt" }, '"../secret.txt" is no part'],
      [{ extensions: ["a/b"] }, '"a/b" is no part'],
      [{ precompressed: ["deflate" as "br"] }, "not deflate"],
      [{ symlinks: "never" as "inside" }, "symlinks is"],
    ] as const) {
      expect(() => staticFiles(root, options)).toThrow(message);
    }
  });
});

describe("what changes", () => {
  /** Long enough ago for the time of the last change to tell. */
  const FOREVER = { maxStale: 3_600_000 };

  test("is seen at once where the disk is asked each time, also by those who have the old one", async () => {
    const prefix = served({ maxStale: 0 });
    await write("changing.txt", "old");
    const old = await get(`${prefix}/changing.txt`);
    await write("changing.txt", "new");
    await utimes(file("changing.txt"), new Date(), new Date());
    const fields = `If-None-Match: ${old.headers.get("etag")}\r\n`;
    expect([old.body, (await get(`${prefix}/changing.txt`)).body]).toEqual(["old", "new"]);
    expect((await get(`${prefix}/changing.txt`, fields)).body).toBe("new");
    rmSync(file("changing.txt"));
    expect((await get(`${prefix}/changing.txt`)).status).toBe(404);
  });

  test("is seen at once even within what times of files can tell apart", async () => {
    const prefix = served({ maxStale: 0 });
    for (let round = 0; round < 100; ++round) {
      writeFileSync(file("twin.txt"), String(round % 10));
      utimesSync(file("twin.txt"), LONG_AGO, LONG_AGO);
      expect((await app.inject({ path: `${prefix}/twin.txt` })).text()).toBe(String(round % 10));
    }
  });

  test("is seen after maxStale", async () => {
    const prefix = served({ maxStale: 50 });
    await write("late.txt", "old");
    await get(`${prefix}/late.txt`);
    await write("late.txt", "new");
    await until(async () => (await get(`${prefix}/late.txt`)).body === "new");
  });

  /** Changes a file behind the server's back; gives whether it still has what was there before. */
  async function isKept(prefix: string, name: string): Promise<boolean> {
    const before = (await get(`${prefix}/${name}`)).body;
    await write(
      name,
      before.replace(/^./, (first) => (first === "a" ? "b" : "a")),
    );
    return (await get(`${prefix}/${name}`)).body === before;
  }

  test("files up to maxCachedFileSize are kept", async () => {
    await write("at.bin", "x".repeat(65_536));
    await write("past.bin", "x".repeat(65_537));
    const prefix = served(FOREVER);
    expect([await isKept(prefix, "at.bin"), await isKept(prefix, "past.bin")]).toEqual([true, false]);
    const own = served({ ...FOREVER, maxCachedFileSize: 9 });
    await write("nine.txt", "123456789");
    await write("ten.txt", "1234567890");
    expect([await isKept(own, "nine.txt"), await isKept(own, "ten.txt")]).toEqual([true, false]);
  });

  test("no more is kept than maxCacheSize, and what was not asked for the longest goes first", async () => {
    for (const name of ["m1", "m2", "m3"]) await write(`${name}.bin`, "x".repeat(10_000));
    // Each takes 1024 bytes beside its content.
    for (const [maxCacheSize, kept] of [
      [22_048, [true, true]],
      [22_047, [false, true]],
    ] as const) {
      const prefix = served({ ...FOREVER, maxCacheSize, precompressed: [] });
      for (const name of ["m1", "m2"]) await get(`${prefix}/${name}.bin`);
      const before = (await get("/s/m1.bin")).body;
      await write("m1.bin", before.replace(/^./, "y"));
      expect((await get(`${prefix}/m1.bin`)).body === before).toBe(kept[0]);
      await write("m1.bin", before);
    }
    const prefix = served({ ...FOREVER, maxCacheSize: 22_048, precompressed: [] });
    for (const name of ["m1", "m2", "m1", "m3"]) await get(`${prefix}/${name}.bin`);
    await write("m1.bin", "y".repeat(10_000));
    await write("m2.bin", "y".repeat(10_000));
    const first = async (name: string) => (await get(`${prefix}/${name}.bin`)).body[0];
    expect([await first("m1"), await first("m2")]).toEqual(["x", "y"]);
  });

  test("a part of it goes with no date of what was there before", async () => {
    const prefix = served(FOREVER);
    await write("part.txt", "0123456789");
    const { headers } = await get(`${prefix}/part.txt`);
    await writeFile(file("part.txt"), "abcdefghij");
    // Older than what it replaces, as what comes out of an archive may be.
    const before = new Date(LONG_AGO.getTime() - 86_400_000);
    await utimes(file("part.txt"), before, before);
    const fields = `Range: bytes=5-\r\nIf-Range: ${headers.get("last-modified")}\r\n`;
    const { status, body } = await get(`${prefix}/part.txt`, fields);
    expect([status, body]).toEqual([200, "abcdefghij"]);
  });
});

describe("content on its way", () => {
  const SIZE = 50 * 1_048_576;

  beforeAll(() => write("huge.bin", Buffer.alloc(SIZE, "x")));

  /** A client that has asked for a file and reads nothing. */
  async function waiting(target: string) {
    const socket = connect(port, "127.0.0.1");
    await once(socket, "connect");
    socket.pause();
    socket.write(request(target, "Connection: close\r\n"));
    return socket;
  }

  test("a file comes whole to a slow reader, and is not read faster than that reads", async () => {
    const before = process.memoryUsage().arrayBuffers;
    const socket = await waiting("/s/huge.bin");
    await once(socket, "readable");
    const taken = () => process.memoryUsage().arrayBuffers - before;
    await settled(taken);
    // What the system holds for a connection was in memory, too, and may still be there.
    expect(taken()).toBeLessThan(SIZE / 2);
    let received = 0;
    socket.on("data", (chunk: Buffer) => {
      received += chunk.length;
      socket.pause();
      setImmediate(() => socket.resume());
    });
    await once(socket.resume(), "close");
    expect(received).toBeGreaterThan(SIZE);
    expect(received).toBeLessThan(SIZE + 1000);
  });

  test.runIf(process.platform === "linux")(
    "a client that goes, or asks by HEAD, leaves no descriptor open",
    async () => {
      const sockets = await Promise.all(Array.from({ length: 5 }, () => waiting("/s/huge.bin")));
      await until(() => descriptors("huge.bin") === 5);
      for (const socket of sockets) socket.resetAndDestroy();
      await until(() => descriptors("huge.bin") === 0);
      for (let time = 0; time < 5; ++time) await get("/s/huge.bin", "", "HEAD");
      expect(descriptors("huge.bin")).toBe(0);
      expect((await get("/s/huge.bin", "Range: bytes=-5\r\n")).body).toBe("xxxxx");
      await until(() => descriptors("huge.bin") === 0);
    },
  );

  test("a file that is cut short while it is sent cuts the connection", async () => {
    errors.length = 0;
    await write("short.bin", Buffer.alloc(SIZE, "x"));
    const socket = await waiting("/s/short.bin");
    await once(socket, "readable");
    await truncate(file("short.bin"), 1_000_000);
    let received = 0;
    socket.on("data", (chunk: Buffer) => {
      received += chunk.length;
    });
    await once(socket.resume(), "close");
    expect(received).toBeLessThan(SIZE);
    expect(errors).toEqual([expect.objectContaining({ message: expect.stringContaining("cut short") })]);
  });

  test("a file that grows is sent as long as it was said to be", async () => {
    await write("grows.bin", Buffer.alloc(SIZE, "x"));
    const socket = await waiting("/s/grows.bin");
    await once(socket, "readable");
    await writeFile(file("grows.bin"), "more", { flag: "a" });
    let [received, last] = [0, ""];
    socket.on("data", (chunk: Buffer) => {
      received += chunk.length;
      last = chunk.toString("latin1", chunk.length - 1);
    });
    await once(socket.resume(), "close");
    expect(received).toBeGreaterThan(SIZE);
    expect([received < SIZE + 1000, last]).toEqual([true, "x"]);
  });

  test("another file in its place is not sent under its name", async () => {
    errors.length = 0;
    const gate = deferred();
    app.get("/gate", async () => {
      await gate.promise;
      return "ok";
    });
    await write("swap.bin", "a".repeat(LARGE));
    await write("swap.new", "b".repeat(LARGE));
    const decided = deferred();
    app.include(
      new Router()
        .use((next) => async (request) => {
          const response = await next(request);
          decided.resolve();
          return response;
        })
        .include(staticFiles(root)),
      { prefix: "/swap" },
    );
    const client = new RawClient(port);
    await client.write(request("/gate") + request("/swap/swap.bin"));
    await decided.promise;
    await rename(file("swap.new"), file("swap.bin"));
    gate.resolve();
    await client.end();
    expect(client.received).not.toContain("bbb");
    expect(errors).toEqual([expect.objectContaining({ message: expect.stringContaining("replaced") })]);
    expect((await get("/swap/swap.bin")).body.startsWith("bbb")).toBe(true);
    expect((await stat(file("swap.bin"))).size).toBe(LARGE);
  });
});
