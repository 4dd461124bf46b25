/** Files as responses, on real sockets: what is sent, and that nothing stays open. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { App, type FileInit, file, HttpResponse, NotFoundError } from "../../src/index.ts";
import { exchange, RawClient } from "../support/client.ts";
import { openFiles } from "../support/files.ts";

const folder = mkdtempSync(path.join(tmpdir(), "pyrois-files-"));
const at = (name: string) => path.join(folder, name);
const errors: unknown[] = [];
const app = new App().on("error", (error) => errors.push(error));
/** Options of the next response. */
let init: FileInit = {};
let port: number;

app.get("/bare", async () => {
  const { body } = await file(at("page.html"));
  return new HttpResponse(body, { status: 204 });
});
app.get("/dropped", async () => {
  await file(at("page.html"));
  throw new NotFoundError();
});
app.get("/{name:path}", ({ params }) => file(at(params.name), init));

beforeAll(async () => {
  writeFileSync(at("page.html"), "<p>é");
  utimesSync(at("page.html"), 1_700_000_000, 1_700_000_000);
  writeFileSync(at("empty.txt"), "");
  writeFileSync(at("future.bin"), "x");
  utimesSync(at("future.bin"), 4_000_000_000, 4_000_000_000);
  for (const name of ["a.PNG", "a.svg", "a.constructor", "noextension", "json"]) writeFileSync(at(name), "x");
  writeFileSync(at("big.bin"), "");
  truncateSync(at("big.bin"), 64 * 1048576);
  mkdirSync(at("folder.txt"));
  port = (await app.listen({ port: 0 })).address.port;
});
afterAll(async () => {
  await app.close();
  rmSync(folder, { recursive: true });
});
beforeEach(() => {
  errors.length = 0;
  init = {};
});

const get = (name: string, method = "GET") => `${method} /${name} HTTP/1.1\r\nHost: a\r\n\r\n`;
const answer = async (name: string) => (await exchange(port, get(name)))[0];

/** How many descriptors of this process lead to files of the folder; where they cannot be seen, none. */
const open = () => openFiles().filter((opened) => opened.startsWith(folder)).length;

describe("what is sent", () => {
  test("content, length, date and type", async () => {
    const { status, headers, body } = await answer("page.html");
    expect([status, body, headers.get("content-length")]).toEqual([200, "<p>\xc3\xa9", "5"]);
    expect(headers.get("last-modified")).toBe("Tue, 14 Nov 2023 22:13:20 GMT");
    expect(headers.get("content-type")).toBe("text/html; charset=utf-8");
    expect(headers.has("content-disposition")).toBe(false);
    expect(open()).toBe(0);
  });

  test.each([
    ["a.PNG", "image/png"],
    ["a.svg", "image/svg+xml"],
    ["a.constructor", "application/octet-stream"],
    ["noextension", "application/octet-stream"],
    ["json", "application/octet-stream"],
    ["empty.txt", "text/plain; charset=utf-8"],
  ])("the type of %s", async (name, type) => {
    expect((await answer(name)).headers.get("content-type")).toBe(type);
  });

  test("a file without content", async () => {
    const { status, headers, body } = await answer("empty.txt");
    expect([status, headers.get("content-length"), body, open()]).toEqual([200, "0", "", 0]);
  });

  test("a file of tomorrow was changed today", async () => {
    const { headers } = await answer("future.bin");
    expect(Date.parse(headers.get("last-modified") ?? "")).toBeLessThanOrEqual(Date.now());
  });

  test("a file that grows is sent as far as its length was told", async () => {
    writeFileSync(at("grows.txt"), "abc");
    const growing = new App();
    growing.get("/", async () => {
      const response = await file(at("grows.txt"));
      writeFileSync(at("grows.txt"), "abcdef");
      return response;
    });
    expect((await growing.inject()).text()).toBe("abc");
  });

  test("status and fields of its own, and a URL for a path", async () => {
    const headers = { "Content-Type": "text/x", "Last-Modified": "then", "X-A": "1" };
    const response = await file(pathToFileURL(at("empty.txt")), { status: 404, headers });
    expect([response.status, response.contentType]).toEqual([404, null]);
    expect([...response.headers]).toEqual([...Object.entries(headers), ["Content-Length", "0"]]);
  });
});

describe("download", () => {
  const disposition = async (download: boolean | string) => {
    const response = await file(at("empty.txt"), { download });
    return response.headers.get("content-disposition");
  };

  test.each<[boolean | string, string | null]>([
    [false, null],
    [true, 'attachment; filename="empty.txt"'],
    ["my report.pdf", 'attachment; filename="my report.pdf"'],
    ['a"b\\c', 'attachment; filename="a\\"b\\\\c"; filename*=UTF-8\'\'a%22b%5Cc'],
    ["a\r\nX: y\0", 'attachment; filename="a__X: y_"'],
    ["../a/b", 'attachment; filename=".._a_b"'],
    ["100%.txt", "attachment; filename=\"100%.txt\"; filename*=UTF-8''100%25.txt"],
    ["naïve 😀'.txt", "attachment; filename=\"na_ve _'.txt\"; filename*=UTF-8''na%C3%AFve%20%F0%9F%98%80%27.txt"],
    ["\ud800", "attachment; filename=\"_\"; filename*=UTF-8''%EF%BF%BD"],
  ])("%j", async (name, value) => {
    expect(await disposition(name)).toBe(value);
  });
});

describe("what cannot be sent", () => {
  test.each(["none.txt", "folder.txt", "page.html/x", "x".repeat(300)])("%j is not found", async (name) => {
    const { status } = await answer(name);
    expect([status, errors, open()]).toEqual([404, [], 0]);
  });

  test("nor is what no file can be called", async () => {
    await expect(file("a\0b")).rejects.toMatchObject({ status: 404 });
  });

  test.skipIf(process.platform === "win32")("what is no plain file is not found, and nobody waits for it", async () => {
    await expect(file("/dev/zero")).rejects.toMatchObject({ status: 404 });
    execFileSync("mkfifo", [at("pipe")]);
    await expect(file(at("pipe"))).rejects.toMatchObject({ status: 404 });
    expect(open()).toBe(0);
  });

  test.skipIf(process.platform === "win32")("what cannot be opened is a bare 500, and told", async () => {
    symlinkSync(at("loop"), at("loop"));
    const { status, body } = await answer("loop");
    expect([status, body]).toEqual([500, "Internal Server Error\n"]);
    expect(errors).toMatchObject([{ code: "ELOOP" }]);
  });

  test("what is wrong with the fields leaves nothing open", async () => {
    init = { headers: { "Content-Length": "7" } };
    await expect(file(at("page.html"), { headers: { "X\r\n": "y" } })).rejects.toThrow(TypeError);
    expect((await answer("page.html")).headers.get("content-length")).toBe("5");
    expect(open()).toBe(0);
  });
});

describe("a file that is not read is closed", () => {
  test.each([
    ["HEAD", "page.html", 200, ""],
    ["GET", "bare", 500, "Internal Server Error\n"],
    ["GET", "dropped", 404, "Not Found\n"],
  ])("%s /%s", async (method, name, status, content) => {
    const [response] = await exchange(port, get(name, method), [method]);
    expect([response.status, response.body]).toEqual([status, content]);
    await expect.poll(open).toBe(0);
  });

  test("when the client goes in the middle", async () => {
    const client = new RawClient(port);
    await client.write(get("big.bin"));
    await client.until(() => client.received.length > 65536);
    client.socket.pause();
    if (process.platform === "linux") expect(open()).toBe(1);
    client.socket.resetAndDestroy();
    await expect.poll(open).toBe(0);
    expect(errors).toEqual([]);
  });
});
