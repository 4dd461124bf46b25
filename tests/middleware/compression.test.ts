/** Responses that are compressed, as their clients see them. */
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { request as ask, type IncomingMessage } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { Readable } from "node:stream";
import zlib from "node:zlib";
import { afterAll, describe, expect, test } from "vitest";
import { App, file, HttpError, HttpResponse, type InjectResponse } from "../../src/index.ts";
import { CODECS, type Coding } from "../../src/middleware/codings.ts";
import { type CompressionOptions, compression } from "../../src/middleware/compression.ts";
import { KeptResponse } from "../../src/services/kept.ts";
import { deferred } from "../support/deferred.ts";

const TEXT = "some words that come again and again, ".repeat(100);
const folder = mkdtempSync(path.join(tmpdir(), "pyrois-compression-"));
const open: App[] = [];
afterAll(async () => {
  for (const app of open) await app.close({ deadline: 0 });
  rmSync(folder, { recursive: true });
});

async function unpacked(coding: Coding, bytes: Uint8Array): Promise<string> {
  const unpacker = CODECS.get(coding)?.unpacker();
  if (unpacker === undefined) throw new Error(`no ${coding}`);
  const pieces = await Readable.from([bytes]).pipe(unpacker).toArray();
  return Buffer.concat(pieces).toString();
}

function appOf(answer: () => unknown, options?: CompressionOptions): App {
  const app = new App().on("error", () => {});
  app.on("response", compression(options));
  app.get("/", answer as () => string);
  return app;
}

function ask1(app: App, acceptEncoding: string | null, method = "GET"): Promise<InjectResponse> {
  return app.inject({ method, headers: acceptEncoding === null ? {} : { "Accept-Encoding": acceptEncoding } });
}

const encodingOf = ({ headers }: InjectResponse) => headers.get("content-encoding");

test.each([...CODECS.keys()])("%s: text, bytes, large content and streams come back as they were", async (coding) => {
  const large = TEXT.repeat(40);
  const answers = {
    text: [() => TEXT, TEXT],
    umlauts: [() => "äöü".repeat(300), "äöü".repeat(300)],
    bytes: [() => new HttpResponse(Buffer.from(TEXT), { headers: { "Content-Type": "text/css" } }), TEXT],
    json: [() => ({ TEXT }), JSON.stringify({ TEXT })],
    large: [() => large, large],
    stream: [() => new HttpResponse(Readable.from([TEXT, "", "end"]), {}, "text/plain"), `${TEXT}end`],
    "large pieces": [() => new HttpResponse(Readable.from([large, large]), {}, "text/plain"), large + large],
    blob: [() => new Blob([TEXT], { type: "text/plain" }), TEXT],
  } as const;
  for (const [name, [answer, wanted]] of Object.entries(answers)) {
    const response = await ask1(appOf(answer), coding);
    expect(encodingOf(response), name).toBe(coding);
    expect(response.headers.get("vary"), name).toBe("Accept-Encoding");
    expect(await unpacked(coding, response.body), name).toBe(wanted);
    expect(response.body.length, name).toBeLessThan(wanted.length / 2);
  }
});

describe("what a client gets", () => {
  const app = appOf(() => TEXT, { codings: ["br", "gzip", "deflate"] });
  test.each([
    [null, null],
    ["", null],
    ["gzip", "gzip"],
    ["GZIP", "gzip"],
    ["gzip, deflate, br, zstd", "br"],
    ["gzip, br;q=0.5", "gzip"],
    ["gzip;q=0.5, br;q=0.5", "br"],
    ["*", "br"],
    ["*;q=0.5, gzip", "gzip"],
    ["br;q=0, *", "gzip"],
    ["identity, gzip;q=0.9", null],
    ["identity;q=0.5, gzip;q=0.6", "gzip"],
    ["gzip;q=0", null],
    ["*;q=0", null],
    ["compress, x-unknown", null],
    ["gzip;q=abc", null],
    [",,;;=", null],
  ])("for Accept-Encoding %j is %j", async (accept, wanted) => {
    const response = await ask1(app, accept);
    expect([encodingOf(response), response.headers.get("vary")]).toEqual([wanted, "Accept-Encoding"]);
    expect(wanted === null ? response.text() : await unpacked(wanted as Coding, response.body)).toBe(TEXT);
  });
});

describe("what is left as it is", () => {
  const html = "text/html";
  const long = (headers: Record<string, string>, status = 200) => new HttpResponse(TEXT, { status, headers });
  test.each<[name: string, answer: () => unknown]>([
    ["less than minSize", () => "x".repeat(499)],
    ["a type that is compressed already", () => long({ "Content-Type": "image/png" })],
    ["an archive", () => new Blob([TEXT], { type: "application/zip" })],
    ["a type that nobody knows", () => long({ "Content-Type": "x/y" })],
    ["what is encoded", () => long({ "Content-Encoding": "aes128gcm" })],
    ["what must not be transformed", () => long({ "Cache-Control": "public, No-Transform", "Content-Type": html })],
    ["a part", () => long({ "Content-Range": "bytes 0-3799/9999" }, 206)],
    ["a part with another status", () => long({ "Content-Range": "bytes 0-3799/9999" })],
    ["what has a digest", () => long({ "Content-Digest": "sha-256=:AA==:" })],
    ["nothing", () => null],
    ["a short stream", () => new HttpResponse(Readable.from(["x"]), { headers: { "Content-Length": "1" } }, html)],
  ])("%s", async (_, answer) => {
    const [packed, plain] = [await ask1(appOf(answer), "gzip"), await ask1(appOf(answer), null)];
    expect([...packed.headers].filter(([name]) => name !== "Date")).toEqual(
      [...plain.headers].filter(([name]) => name !== "Date"),
    );
    expect(packed.headers.has("vary")).toBe(false);
    expect(packed.text()).toBe(plain.text());
  });

  test("an empty answer, even where minSize is 0", async () => {
    for (const answer of [() => "", () => new HttpResponse(), () => new HttpResponse(null, { status: 205 })]) {
      const response = await ask1(appOf(answer, { minSize: 0 }), "gzip");
      expect([encodingOf(response), response.headers.get("content-length")]).toEqual([null, "0"]);
    }
  });

  test("what gets no smaller", async () => {
    const response = await ask1(
      appOf(() => "0123456789", { minSize: 1 }),
      "gzip",
    );
    expect([encodingOf(response), response.text(), response.headers.get("vary")]).toEqual([
      null,
      "0123456789",
      "Accept-Encoding",
    ]);
  });

  test("304, but for what 200 would vary by", async () => {
    const app = appOf(() => new HttpResponse(null, { status: 304, headers: { ETag: '"a"', Vary: "Accept" } }));
    const { status, headers } = await ask1(app, "gzip");
    expect([status, headers.get("etag"), headers.get("vary")]).toEqual([304, '"a"', "Accept, Accept-Encoding"]);
  });
});

test("content of minSize is compressed, one byte less is not", async () => {
  for (const [options, size] of [
    [{}, 500],
    [{ minSize: 1000 }, 1000],
  ] as const) {
    expect(
      encodingOf(
        await ask1(
          appOf(() => "x".repeat(size), options),
          "gzip",
        ),
      ),
    ).toBe("gzip");
    expect(
      encodingOf(
        await ask1(
          appOf(() => "x".repeat(size - 1), options),
          "gzip",
        ),
      ),
    ).toBeNull();
    expect(
      encodingOf(
        await ask1(
          appOf(() => "ä".repeat(size / 2), options),
          "gzip",
        ),
      ),
    ).toBe("gzip");
  }
});

test("what is larger than maxSyncSize has another thread work, and other answers do not wait for it", async () => {
  const hook = compression({ maxSyncSize: 1000 });
  const app = new App();
  const results: unknown[] = [];
  app.on("response", (response, request) => {
    const result = hook(response, request);
    results.push(result instanceof Promise);
    return result;
  });
  app.get("/{size:int}", ({ params }) => "x".repeat(params.size));
  await app.inject({ path: "/1000", headers: { "Accept-Encoding": "gzip" } });
  results.length = 0;
  for (const path of ["/1000", "/1001"]) await app.inject({ path, headers: { "Accept-Encoding": "gzip" } });
  expect(results).toEqual([false, true]);
});

test("types may be a list or a function, and get no parameters", async () => {
  const answer = () => new HttpResponse(TEXT, { headers: { "Content-Type": "Model/X; a=b" } });
  expect(encodingOf(await ask1(appOf(answer), "gzip"))).toBeNull();
  expect(encodingOf(await ask1(appOf(answer, { types: ["model/x"] }), "gzip"))).toBe("gzip");
  expect(encodingOf(await ask1(appOf(answer, { types: (type) => type === "model/x" }), "gzip"))).toBe("gzip");
  expect(
    encodingOf(
      await ask1(
        appOf(() => TEXT, { types: ["model/x"] }),
        "gzip",
      ),
    ),
  ).toBeNull();
});

test("fields follow: a tag becomes weak, ranges are not offered, Vary is added once", async () => {
  const fields = { ETag: '"a"', "Accept-Ranges": "bytes", Vary: "Origin", "Content-Length": String(TEXT.length) };
  const { headers, body } = await ask1(
    appOf(() => new HttpResponse(TEXT, { headers: fields })),
    "gzip",
  );
  expect(headers.get("etag")).toBe('W/"a"');
  expect(headers.has("accept-ranges")).toBe(false);
  expect(headers.getAll("vary")).toEqual(["Origin, Accept-Encoding"]);
  expect(headers.get("content-length")).toBe(String(body.length));
  for (const vary of ["accept, ACCEPT-ENCODING", "*"]) {
    const other = await ask1(
      appOf(() => new HttpResponse(TEXT, { headers: { Vary: vary, ETag: 'W/"b"' } })),
      "gzip",
    );
    expect([other.headers.get("vary"), other.headers.get("etag")]).toEqual([vary, 'W/"b"']);
  }
});

test("HEAD says what GET says", async () => {
  for (const answer of [
    () => TEXT,
    () => TEXT.repeat(20),
    () => new HttpResponse(Readable.from([TEXT]), {}, "text/css"),
  ]) {
    const app = appOf(answer);
    const [get, head] = [await ask1(app, "gzip"), await ask1(app, "gzip", "HEAD")];
    const fields = ({ headers }: InjectResponse) => [...headers].filter(([name]) => name !== "Date");
    expect(encodingOf(head)).toBe("gzip");
    expect(fields(head)).toEqual(fields(get));
    expect(head.body.length).toBe(0);
  }
  // What has a length and no content says nothing of how long it would be.
  const app = appOf(
    () => new HttpResponse(null, { headers: { "Content-Length": "1000", "Content-Type": "text/css" } }),
  );
  const head = await ask1(app, "gzip", "HEAD");
  expect([encodingOf(head), head.headers.has("content-length")]).toEqual(["gzip", false]);
});

test("errors, and what no route serves, are compressed too", async () => {
  const app = new App().on("error", () => {});
  app.on("response", compression());
  app.get("/thrown", () => {
    throw new HttpError(409, TEXT);
  });
  app.get("/rejected", () => Promise.reject(new HttpError(409, TEXT)));
  for (const path of ["/thrown", "/rejected"]) {
    const response = await app.inject({ path, headers: { "Accept-Encoding": "gzip" } });
    expect([response.status, encodingOf(response), response.headers.get("vary")]).toEqual([
      409,
      "gzip",
      "Accept, Accept-Encoding",
    ]);
    expect(await unpacked("gzip", response.body)).toBe(`${TEXT}\n`);
  }
  expect((await app.inject({ path: "/nowhere", headers: { "Accept-Encoding": "gzip" } })).status).toBe(404);
});

async function listen(app: App): Promise<number> {
  open.push(app);
  return (await app.listen({ port: 0 })).address.port;
}

async function get(port: number, coding = "gzip"): Promise<IncomingMessage> {
  const request = ask({ port, headers: { "Accept-Encoding": coding } });
  request.end();
  const [response] = await once(request, "response");
  return response;
}

test.each([...CODECS.keys()])("%s: each piece of a stream can be read before the next one is made", async (coding) => {
  const read = [deferred<void>(), deferred<void>()];
  async function* events() {
    yield "data: 1\n\n";
    await read[0].promise;
    yield "data: 2\n\n";
    await read[1].promise;
  }
  const port = await listen(appOf(() => new HttpResponse(events(), {}, "text/event-stream")));
  const response = await get(port, coding);
  const unpacker = CODECS.get(coding)?.unpacker();
  if (unpacker === undefined) throw new Error("no unpacker");
  const pieces: string[] = [];
  for await (const piece of response.pipe(unpacker)) {
    read[pieces.length]?.resolve();
    pieces.push(piece.toString());
  }
  expect(pieces).toEqual(["data: 1\n\n", "data: 2\n\n"]);
});

test("a client that reads nothing has the source wait, and one that goes has it end", async () => {
  let made = 0;
  const ended = deferred<void>();
  async function* endless() {
    try {
      for (;;) {
        ++made;
        // What cannot be packed: the sockets hold some of it.
        yield Buffer.from(Array.from({ length: 65_536 }, () => Math.random() * 256));
      }
    } finally {
      ended.resolve();
    }
  }
  const port = await listen(appOf(() => new HttpResponse(endless(), {}, "text/plain")));
  const response = await get(port);
  response.pause();
  let before = -1;
  while (made !== before) {
    before = made;
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
  expect(made).toBeLessThan(1000);
  response.destroy();
  await ended.promise;
});

test("a source that waits is told at once that its client has gone", async () => {
  const returned = deferred<void>();
  const source = {
    asked: 0,
    [Symbol.asyncIterator]() {
      return this;
    },
    next() {
      return ++this.asked === 1 ? Promise.resolve({ done: false, value: "data: 1\n\n" }) : new Promise<never>(() => {});
    },
    return() {
      returned.resolve();
      return Promise.resolve({ done: true, value: undefined });
    },
  };
  const port = await listen(appOf(() => new HttpResponse(source as never, {}, "text/event-stream")));
  const response = await get(port);
  await once(response, "data");
  response.socket.resetAndDestroy();
  await returned.promise;
});

async function* endless() {
  for (;;) yield TEXT;
}

test.each([
  ["fails", () => Readable.from([Promise.resolve(TEXT), Promise.reject(new Error("broken"))])],
  ["has less than was announced", () => Readable.from([TEXT])],
  ["has more than was announced", () => Readable.from([TEXT, TEXT, TEXT])],
  ["does not end where it was said to", () => endless()],
])("a source that %s has the connection cut", async (_, source) => {
  const headers = { "Content-Length": String(2 * TEXT.length) };
  const port = await listen(appOf(() => new HttpResponse(source(), { headers }, "text/plain")));
  const response = await get(port);
  response.resume();
  const error = await once(response, "end").catch((reason) => reason);
  expect(error.code).toBe("ECONNRESET");
});

test("a file leaves packed, and one that cannot be read ends nothing but its answer", async () => {
  const name = path.join(folder, "a.txt");
  writeFileSync(name, TEXT);
  const response = await ask1(
    appOf(() => file(name)),
    "gzip",
  );
  expect([encodingOf(response), await unpacked("gzip", response.body)]).toEqual(["gzip", TEXT]);
  // It fails before it is iterated: hooks that are called after this one take their time.
  const app = new App().on("error", () => {});
  app.on("response", () => new Promise((resolve) => setTimeout(resolve, 20)));
  app.on("response", compression());
  app.get("/", () => {
    const stream = new Readable({ read() {} });
    setImmediate(() => stream.destroy(new Error("broken")));
    return new HttpResponse(stream, {}, "text/plain");
  });
  await expect(ask1(app, "gzip")).rejects.toThrow("in the middle of a message");
});

test("what is made of kept content is made once, and not taken for that of other content", async () => {
  const kept = () => new KeptResponse(keeper, {}, "text/plain");
  const keeper = { body: TEXT };
  const app = new App();
  app.on("response", compression());
  app.get("/", kept);
  app.get("/changed", () => Object.assign(kept(), { body: `${TEXT}!` }));
  expect(await unpacked("gzip", (await ask1(app, "gzip")).body)).toBe(TEXT);
  expect(kept().made?.get("gzip 2")).toEqual(zlib.gzipSync(TEXT, { level: 2 }));
  // Told from what would be made anew.
  const marked = zlib.gzipSync("marked");
  kept().made?.set("gzip 2", marked);
  expect((await ask1(app, "gzip")).body).toEqual(new Uint8Array(marked));
  const changed = await app.inject({ path: "/changed", headers: { "Accept-Encoding": "gzip" } });
  expect(await unpacked("gzip", changed.body)).toBe(`${TEXT}!`);
});

test("options that make no sense are refused by name", () => {
  expect(() => compression({ minSize: -1 })).toThrow("minSize must be a number of bytes, not -1");
  expect(() => compression({ maxSyncSize: Number.NaN })).toThrow("maxSyncSize");
  for (const level of [0, 10, 1.5, "2"]) expect(() => compression({ level: level as number })).toThrow("level");
  expect(() => compression({ codings: ["compress" as "gzip"] })).toThrow("codings knows");
  expect(() => compression({ types: "text/html" as never })).toThrow("types");
  for (const level of [1, 9]) expect(compression({ level })).toBeTypeOf("function");
});
