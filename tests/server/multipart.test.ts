/** Content of many parts, read one by one. */
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Application } from "../../src/app/index.ts";
import { openMultipart } from "../../src/http/multipart.ts";
import { App, HttpError, type HttpRequest, type MultipartOptions, type Part, type Server } from "../../src/index.ts";
import { exchange, RawClient } from "../support/client.ts";
import { deferred } from "../support/deferred.ts";
import { settled } from "../support/settled.ts";

const TYPE = "multipart/form-data; boundary=b";
const MIB = 1048576;

/** A part as it stands in the content, up to the next boundary. */
function part(disposition: string, content = "", more = ""): string {
  return `--b\r\nContent-Disposition: form-data; ${disposition}\r\n${more}\r\n${content}\r\n`;
}

/** Has a handler serve one request, with the content given. */
async function serve(handler: (request: HttpRequest) => unknown, body: unknown, type: string | null = TYPE) {
  const app = new App().on("error", () => {});
  app.post("/", handler as never);
  const headers: Record<string, string> = type === null ? {} : { "Content-Type": type };
  return app.inject({ method: "POST", headers, body });
}

async function readAll(request: HttpRequest, options?: MultipartOptions): Promise<unknown[]> {
  const all: unknown[] = [];
  for await (const { name, filename, type, text } of eachWithText(request.multipart(options))) {
    all.push([name, filename, type, text]);
  }
  return all;
}

async function* eachWithText(parts: AsyncIterable<Part>) {
  for await (const part of parts) {
    yield { name: part.name, filename: part.filename, type: part.type, text: await part.text() };
  }
}

async function refusal(body: string, options?: MultipartOptions): Promise<[number, string]> {
  const { status, text } = await serve((request) => readAll(request, options), body);
  return [status, text().trim()];
}

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "multipart-"));
});
afterAll(() => rm(folder, { recursive: true }));

test("parts come in order, with what their headers say", async () => {
  const body = [
    "a preamble that nobody reads\r\n",
    part('name="a"', "1"),
    part("name=b; x=y", "2", "Content-Type: Text/CSV; charset=utf-8\r\nX-More: é\r\n"),
    part('NAME="c"; FileName="c.png"', "\r\n--\r\n--B", "content-type:image/png\r\n"),
    part('name="ä"; filename=""', "", "Content-Type: application/octet-stream\r\n"),
    "--b--\r\nan epilogue\r\n--b\r\n",
  ].join("");
  expect((await serve((request) => readAll(request), body)).json()).toEqual([
    ["a", null, "text/plain", "1"],
    ["b", null, "text/csv", "2"],
    ["c", "c.png", "image/png", "\r\n--\r\n--B"],
    ["ä", "", "application/octet-stream", ""],
  ]);
  const headers = async (request: HttpRequest) => {
    const all = [];
    for await (const part of request.multipart()) all.push(Object.fromEntries(part.headers));
    return all[1];
  };
  expect((await serve(headers, body)).json()).toEqual({
    "content-disposition": "form-data; name=b; x=y",
    "content-type": "Text/CSV; charset=utf-8",
    "x-more": "é",
  });
});

test.each([
  ["../../etc/passwd", "passwd"],
  ["/etc/passwd", "passwd"],
  ["C:\\Users\\x\\file.txt", "file.txt"],
  ["..\\..\\boot.ini", "boot.ini"],
  ["a/b\\c", "c"],
  ["..", ""],
  ["x/..", ""],
  [".", ""],
  ["/", ""],
  [".htaccess", ".htaccess"],
  ["файл 1.txt", "файл 1.txt"],
  ["a%22b%2F.txt", 'a"b%2F.txt'],
  ['a\\"b', 'a"b'],
])("of a file name only the last segment is given: %s", async (sent, name) => {
  const { json } = await serve(readAll, `${part(`name="f"; filename="${sent}"`)}--b--`);
  expect(json()).toEqual([["f", name, "text/plain", ""]]);
});

test("a part is read in pieces, whole, as text, or not at all", async () => {
  const read = async (request: HttpRequest) => {
    const seen: unknown[] = [];
    for await (const part of request.multipart()) {
      if (part.name === "skip") continue;
      if (part.name === "pieces") for await (const piece of part.body) seen.push(Buffer.from(piece).toString());
      else if (part.name === "first") seen.push((await part.body.next()).done);
      else seen.push(await part.text(), (await part.bytes()).length, await part.text());
    }
    return seen;
  };
  const body = ["skip", "pieces", "skip", "first", "whole", "skip"]
    .map((name) => part(`name="${name}"`, "abc"))
    .join("");
  expect((await serve(read, `${body}--b--`)).json()).toEqual(["abc", false, "abc", 3, "abc"]);
});

test("a part is read in one way, and before the next", async () => {
  const read = async (request: HttpRequest) => {
    const parts: Part[] = [];
    const says: string[] = [];
    const failed = (error: Error) => says.push(error.message);
    for await (const part of request.multipart()) {
      parts.push(part);
      if (parts.length > 1) continue;
      part.body;
      await part.bytes().catch(failed);
    }
    await parts[1].text().catch(failed);
    return says;
  };
  expect((await serve(read, `${part('name="a"', "1")}${part('name="b"', "2")}--b--`)).json()).toEqual([
    'the part "a" is being read already',
    'the part "b" was left for the next one',
  ]);
});

test("what is read beside the iteration fails, and ends nothing", async () => {
  const read = async (request: HttpRequest) => {
    const reads: Promise<unknown>[] = [];
    for await (const part of request.multipart()) reads.push(part.bytes());
    return (await Promise.allSettled(reads)).map(({ status }) => status);
  };
  async function* body() {
    for (const byte of Buffer.from(`${part('name="a"', "123")}${part('name="b"', "456")}--b--`))
      yield Uint8Array.of(byte);
  }
  expect((await serve(read, body())).json()).toEqual(["rejected", "rejected"]);
});

test("text is UTF-8", async () => {
  const bad = Buffer.from(`${part('name="a"', "\xff")}--b--`, "latin1");
  const { status, text } = await serve(readAll, bad);
  expect([status, text()]).toEqual([400, 'the part "a" is not valid UTF-8\n']);
  const other = `${part('name="a"', "x", "Content-Type: text/plain; charset=latin1\r\n")}--b--`;
  expect(await refusal(other)).toEqual([415, 'the charset of the part "a" must be utf-8, not latin1']);
});

test.each<[keyof MultipartOptions, number, string, string, RegExp]>([
  ["maxParts", 2, part("name=a").repeat(2), part("name=a").repeat(3), /^the content has more parts than maxParts, 2$/],
  [
    "maxPartSize",
    3,
    part("name=a", "123"),
    part("name=a", "1234"),
    /^the part "a" is larger than maxPartSize, 3 bytes$/,
  ],
  ["maxPartNameSize", 3, part("name=aé"), part("name=éé"), /^the header of a part is beyond maxPartNameSize, 3$/],
  [
    "maxPartHeaders",
    2,
    part("name=a", "", "A: 1\r\n"),
    part("name=a", "", "A: 1\r\nA: 2\r\n"),
    /beyond maxPartHeaders, 2$/,
  ],
  // Content-Disposition: form-data; name=a
  [
    "maxPartHeaderSize",
    39,
    part("name=a", "", "A:12\r\n"),
    part("name=a", "", "A:123\r\n"),
    /beyond maxPartHeaderSize, 39$/,
  ],
])("at %s, and one past it", async (limit, value, most, more, says) => {
  const options = { [limit]: value };
  expect((await refusal(`${most}--b--`, options))[0]).toBe(200);
  expect(await refusal(`${more}--b--`, options)).toEqual([413, expect.stringMatching(says)]);
  const app = new App({ ...options }).on("error", () => {});
  app.post("/", (request) => readAll(request));
  const post = (body: string) => app.inject({ method: "POST", headers: { "Content-Type": TYPE }, body });
  expect([(await post(`${most}--b--`)).status, (await post(`${more}--b--`)).status]).toEqual([200, 413]);
});

test("a limit holds for what nobody reads", async () => {
  const skip = async (request: HttpRequest) => {
    for await (const part of request.multipart({ maxPartSize: 3 })) void part;
    return "ok";
  };
  expect((await serve(skip, `${part("name=a", "123")}--b--`)).status).toBe(200);
  expect((await serve(skip, `${part("name=a", "1234")}--b--`)).status).toBe(413);
});

test("limits have defaults", async () => {
  expect((await refusal(`${part("name=a").repeat(100)}--b--`))[0]).toBe(200);
  expect((await refusal(`${part("name=a").repeat(101)}--b--`))[0]).toBe(413);
  expect((await refusal(`${part(`name=${"a".repeat(100)}`)}--b--`))[0]).toBe(200);
  expect((await refusal(`${part(`name=${"a".repeat(101)}`)}--b--`))[0]).toBe(413);
  expect((await refusal(`${part("name=a", "", "A:\r\n".repeat(19))}--b--`))[0]).toBe(200);
  expect((await refusal(`${part("name=a", "", "A:\r\n".repeat(20))}--b--`))[0]).toBe(413);
  const used = "Content-Disposition".length + "form-data; name=a".length + "A".length;
  expect((await refusal(`${part("name=a", "", `A:${"x".repeat(4096 - used)}\r\n`)}--b--`))[0]).toBe(200);
  expect((await refusal(`${part("name=a", "", `A:${"x".repeat(4097 - used)}\r\n`)}--b--`))[0]).toBe(413);
});

test.each<[MultipartOptions]>([
  [{ maxParts: 0 }],
  [{ maxParts: Number.POSITIVE_INFINITY }],
  [{ maxPartSize: -1 }],
  [{ maxPartSize: 1.5 }],
  [{ maxPartNameSize: Number.NaN }],
  [{ maxPartHeaderSize: "9" as never }],
])("an option out of its range is an error: %o", async (options) => {
  const says: unknown[] = [];
  const attempt = (request: HttpRequest) => {
    try {
      request.multipart(options);
    } catch (error) {
      says.push(error);
    }
    return "ok";
  };
  await serve(attempt, "--b--");
  expect(says).toEqual([expect.any(RangeError)]);
  expect(() => new App(options)).toThrow(RangeError);
});

test.each([
  ["no content", "", "the content ends before its closing boundary"],
  ["no boundary", "abc", "the content ends before its closing boundary"],
  ["another boundary", "--c\r\n--c--", "the content ends before its closing boundary"],
  ["no end", part("name=a", "123"), "the content ends before its closing boundary"],
  ["half an end", `${part("name=a", "123")}--b-`, "the content ends before its closing boundary"],
  ["the end of a header missing", "--b\r\nContent-Disposition: form-data; name=a\r\n", "no empty line ends it"],
  ["a boundary in a header", "--b\r\nContent-Disposition: form-data; name=a\r\n--b--", "no empty line ends it"],
  ["a header of nothing", "--b\r\n\r\nabc\r\n--b--", "it has no Content-Disposition"],
  [
    "a longer boundary",
    "--bc\r\nContent-Disposition: form-data; name=a\r\n\r\n\r\n--b--",
    "it has no Content-Disposition",
  ],
  ["no colon", "--b\r\nContent-Disposition form-data; name=a\r\n\r\n\r\n--b--", "it has no Content-Disposition"],
  ["a space before the colon", "--b\r\nContent-Disposition : form-data; name=a\r\n\r\n\r\n--b--", "is not a token"],
  ["a bare LF", "--b\nContent-Disposition: form-data; name=a\n\n1\n--b--", "closing boundary|no empty line"],
  ["another disposition", "--b\r\nContent-Disposition: attachment; name=a\r\n\r\n\r\n--b--", "is not form-data"],
  [
    "two dispositions",
    `${part("name=a", "", "Content-Disposition: form-data; name=b\r\n")}--b--`,
    "more than one content-d",
  ],
  [
    "two types",
    `${part("name=a", "", "Content-Type: a/b\r\nContent-Type: a/c\r\n")}--b--`,
    "more than one content-type",
  ],
  ["a type that is none", `${part("name=a", "", "Content-Type: text\r\n")}--b--`, "its Content-Type is none"],
  ["no name", `${part("filename=a")}--b--`, "it has no name"],
  ["two names", `${part("name=a; name=b")}--b--`, "more than one name"],
  ["a quote that stays open", `${part('name="a')}--b--`, "cannot be read"],
  ["something behind a quote", `${part('name="a"b')}--b--`, "cannot be read"],
  ["a control byte", `${part('name="a\0"')}--b--`, "control byte"],
])("what is no such content is refused: %s", async (_, body, says) => {
  expect(await refusal(body)).toEqual([400, expect.stringMatching(says)]);
});

test("names that are no UTF-8 are refused", async () => {
  const { status } = await serve(readAll, Buffer.from(`${part('name="\xff"')}--b--`, "latin1"));
  expect(status).toBe(400);
});

test.each([
  [null, 415],
  ["text/plain", 415],
  ["multipart/mixed; boundary=b", 415],
  ["multipart/form-data; boundary=b; boundary=b", 415],
  ["multipart/form-data", 400],
  ['multipart/form-data; boundary=""', 400],
  ['multipart/form-data; boundary="a "', 400],
  ['multipart/form-data; boundary="a@b"', 400],
  [`multipart/form-data; boundary=${"b".repeat(71)}`, 400],
  [`multipart/form-data; boundary=${"b".repeat(10_240)}`, 400],
])("a Content-Type that does not fit: %s", async (type, status) => {
  const answer = await serve(readAll, "--b--", type);
  expect(answer.status).toBe(status);
  expect(answer.headers.get("Accept")).toBe(status === 415 ? "multipart/form-data" : null);
});

test("boundaries of every character and length that they may have", async () => {
  for (const boundary of ["'()+_,-./:=? x", "b".repeat(70), "-", "--"]) {
    const body = `--${boundary}\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n--${boundary}--`;
    const { json } = await serve(readAll, body, `multipart/form-data; boundary="${boundary}"`);
    expect(json()).toEqual([["a", null, "text/plain", "1"]]);
  }
});

test("a host that has no reader says so", () => {
  const { environment } = new Application();
  const attempt = () => openMultipart(() => (async function* () {})(), TYPE, environment);
  expect(attempt).toThrow("this host has no reader of multipart content");
  expect(attempt).not.toThrow(HttpError);
});

test("save writes a file, and leaves alone what is there", async () => {
  const file = path.join(folder, "saved");
  await writeFile(path.join(folder, "there"), "old");
  const save = async (request: HttpRequest) => {
    const seen: unknown[] = [];
    for await (const part of request.multipart()) {
      seen.push(await part.save(path.join(folder, part.name)).catch((error) => error.code));
    }
    return seen;
  };
  const content = "0123456789".repeat(30_000);
  const body = part("name=saved", content) + part("name=there", "new") + part("name=empty");
  expect((await serve(save, `${body}--b--`)).json()).toEqual([300_000, "EEXIST", 0]);
  expect(await readFile(file, "utf8")).toBe(content);
  expect(await readFile(path.join(folder, "there"), "utf8")).toBe("old");
  expect((await readdir(folder)).sort()).toEqual(["empty", "saved", "there"]);
});

test("save leaves nothing of what is too large or cut off", async () => {
  const inside = await mkdtemp(path.join(folder, "x"));
  const save = async (request: HttpRequest) => {
    for await (const part of request.multipart({ maxPartSize: 100_000 })) await part.save(path.join(inside, "a"));
    return "ok";
  };
  expect((await serve(save, `${part("name=a", "1".repeat(100_001))}--b--`)).status).toBe(413);
  expect((await serve(save, part("name=a", "1".repeat(90_000)))).status).toBe(400);
  expect(await readdir(inside)).toEqual([]);
  expect((await serve(save, `${part("name=a", "1".repeat(100_000))}--b--`)).status).toBe(200);
});

// On sockets.

const released = deferred();
const began = deferred();
const failures: Error[] = [];
const failed = deferred();
const app = new App().on("error", () => {});
app.post("/slow", async (request) => {
  let size = 0;
  for await (const part of request.multipart()) {
    for await (const piece of part.body) {
      size += piece.length;
      if (size > MIB) await released.promise;
    }
  }
  return String(size);
});
app.post("/first", async (request) => {
  for await (const part of request.multipart()) return (await part.body.next()).done ? "empty" : part.name;
  return "none";
});
app.post("/all", async (request) => (await readAll(request)) as object);
app.post("/save", async (request) => {
  try {
    for await (const part of request.multipart()) {
      const saved = part.save(path.join(folder, "cut"));
      began.resolve();
      await saved;
    }
  } catch (error) {
    failures.push(error as Error);
    failed.resolve();
  }
  return "ok";
});
app.get("/", () => "ok");
let server: Server;
let port: number;
beforeAll(async () => {
  server = await app.listen({ port: 0, maxBodySize: 60 * MIB, bodyTimeout: 1000 });
  port = server.address.port;
});
afterAll(() => app.close({ deadline: 0 }));

const head = (target: string, framing: string) =>
  `POST ${target} HTTP/1.1\r\nHost: a\r\nContent-Type: ${TYPE}\r\n${framing}\r\n\r\n`;
const length = (size: number) => `Content-Length: ${size}`;
const get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

test("while a part is not read, the client is not read from", async () => {
  const client = new RawClient(port);
  const [start, end] = [Buffer.from(part("name=a").slice(0, -2)), Buffer.from("\r\n--b--")];
  const content = Buffer.alloc(50 * MIB, "x");
  const before = process.memoryUsage();
  client.socket.write(head("/slow", length(start.length + content.length + end.length)));
  for (const piece of [start, content, end]) client.socket.write(piece);
  await settled(() => client.socket.bytesWritten - client.socket.writableLength);
  expect(client.socket.writableLength).toBeGreaterThan(0);
  expect(process.memoryUsage().arrayBuffers - before.arrayBuffers).toBeLessThan(8 * MIB);
  released.resolve();
  expect((await client.responses(1))[0].body).toBe(String(content.length));
  client.destroy();
});

test("whoever leaves the iteration has the rest dropped, and the next request served", async () => {
  const body = `${part("name=a", "x".repeat(500_000))}${part("name=b")}--b--`;
  const answers = await exchange(port, `${head("/first", length(body.length))}${body}${get}`);
  expect(answers.map(({ body }) => body)).toEqual(["a", "ok"]);
});

test("a client that goes away: the reader is told, and no file is left", async () => {
  const client = new RawClient(port);
  await client.write(`${head("/save", length(MIB))}${part("name=a", "x".repeat(200_000))}`);
  await began.promise;
  client.destroy();
  await failed.promise;
  expect(failures).toEqual([expect.objectContaining({ name: "IncompleteMessage" })]);
  expect(await readdir(folder)).not.toContain("cut");
});

test("content without end is bounded in size and time", async () => {
  const large = new App().on("error", () => {});
  large.post("/all", async (request) => (await readAll(request)) as object);
  const { address } = await large.listen({ port: 0, maxBodySize: 100_000 });
  const chunk = `${(60_000).toString(16)}\r\n${part("name=a", "x".repeat(60_000)).slice(0, 60_000)}\r\n`;
  const [tooLarge] = await exchange(address.port, head("/all", "Transfer-Encoding: chunked") + chunk + chunk);
  expect(tooLarge.status).toBe(413);
  await large.close({ deadline: 0 });
  const client = new RawClient(port);
  await client.write(head("/all", length(1000)) + part("name=a", "x"));
  expect((await client.responses(1))[0].status).toBe(408);
  client.destroy();
});
