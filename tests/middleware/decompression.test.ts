/** Requests whose content is compressed, as handlers read it. */
import { Readable } from "node:stream";
import zlib from "node:zlib";
import { describe, expect, test } from "vitest";
import { App, HttpRequest, ParseError } from "../../src/index.ts";
import { CODECS, type Coding } from "../../src/middleware/codings.ts";
import { type DecompressionOptions, decompression } from "../../src/middleware/decompression.ts";
import { RawClient } from "../support/client.ts";
import { deferred } from "../support/deferred.ts";

const VALUE = { a: "ä 😀", list: [1, 2, 3] };
const JSON_TYPE = "application/json";

const pack = (coding: Coding, content: string | Uint8Array) =>
  CODECS.get(coding)?.pack(Buffer.from(content), 2) as Uint8Array;

async function collect(pieces: AsyncIterable<Uint8Array>): Promise<string> {
  const all: Uint8Array[] = [];
  for await (const piece of pieces) all.push(piece);
  return Buffer.concat(all).toString();
}

/** Reads the content in every way there is. */
const READERS: Record<string, (request: HttpRequest) => unknown> = {
  bytes: async (request) => Buffer.from(await request.bytes()).toString(),
  text: (request) => request.text(),
  json: async (request) => JSON.stringify(await request.json()),
  parse: async (request) => JSON.stringify(await request.parse()),
  body: (request) => collect(request.body),
  stream: (request) => collect(request.stream() as unknown as AsyncIterable<Uint8Array>),
  again: async (request) => (await request.bytes()) && request.text(),
};

function appOf(options?: DecompressionOptions): App {
  const app = new App().on("error", () => {});
  app.use(decompression(options));
  for (const [name, read] of Object.entries(READERS)) app.post(`/${name}`, read as () => string);
  app.post("/length", async (request) => String((await request.bytes()).length));
  app.post("/form", async (request) => [...(await request.form())]);
  app.post("/parts", async (request) => {
    const parts: string[] = [];
    for await (const part of request.multipart()) parts.push(`${part.name}=${await part.text()}`);
    return parts;
  });
  return app;
}

function send(app: App, path: string, body: unknown, encoding: string, type = JSON_TYPE) {
  return app.inject({ method: "POST", path, body, headers: { "Content-Encoding": encoding, "Content-Type": type } });
}

describe.each([...CODECS.keys()])("%s", (coding) => {
  test.each(Object.keys(READERS))("read by %s", async (reader) => {
    const packed = pack(coding, JSON.stringify(VALUE));
    expect((await send(appOf(), `/${reader}`, packed, coding)).text()).toBe(JSON.stringify(VALUE));
    const cut = Readable.from([...packed].map((byte) => Uint8Array.of(byte)));
    expect((await send(appOf(), `/${reader}`, cut, coding.toUpperCase())).text()).toBe(JSON.stringify(VALUE));
  });

  test("forms", async () => {
    const form = pack(coding, "a=1&b=%C3%A4");
    const answer = await send(appOf(), "/form", form, coding, "application/x-www-form-urlencoded");
    expect(answer.json()).toEqual([
      ["a", "1"],
      ["b", "ä"],
    ]);
    const parts = pack(coding, '--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--x--\r\n');
    const type = "multipart/form-data; boundary=x";
    expect((await send(appOf(), "/form", parts, coding, type)).json()).toEqual([["a", "1"]]);
    expect((await send(appOf(), "/parts", parts, coding, type)).json()).toEqual(["a=1"]);
  });

  test("what is broken is 400: cut anywhere, changed, or followed by something", async () => {
    const packed = pack(coding, JSON.stringify(VALUE));
    for (let size = 1; size < packed.length; ++size) {
      expect((await send(appOf(), "/bytes", packed.subarray(0, size), coding)).status, `${size}`).toBe(400);
    }
    const followed = Buffer.concat([packed, Buffer.from("x")]);
    for (const body of [followed, Buffer.from("no such thing"), Readable.from([packed, Buffer.from("more")])]) {
      const answer = await send(appOf(), "/bytes", body, coding);
      expect([answer.status, answer.text()]).toEqual([400, expect.stringContaining("coding")]);
    }
  });

  test("maxSize holds, to the byte", async () => {
    const body = pack(coding, Buffer.from(Array.from({ length: 1000 }, (_, index) => (index * index) % 251)));
    expect((await send(appOf({ maxSize: 1000 }), "/length", body, coding)).text()).toBe("1000");
    const past = await send(appOf({ maxSize: 999 }), "/length", body, coding);
    expect([past.status, past.text()]).toEqual([413, "the content unpacks to more than maxSize, 999 bytes\n"]);
  });

  test("maxRatio holds, to the byte, from 64 KiB on", async () => {
    const [small, large] = [pack(coding, Buffer.alloc(65_536)), pack(coding, Buffer.alloc(70_000))];
    expect((await send(appOf({ maxRatio: 1 }), "/length", small, coding)).text()).toBe("65536");
    const ratio = 70_000 / large.length;
    expect((await send(appOf({ maxRatio: ratio }), "/length", large, coding)).text()).toBe("70000");
    expect((await send(appOf({ maxRatio: 69_999 / large.length }), "/length", large, coding)).status).toBe(413);
  });

  test("a bomb is 413, and is not unpacked first", async () => {
    const bomb = pack(coding, Buffer.alloc(64 * 1024 * 1024));
    for (const reader of ["bytes", "body"]) {
      expect((await send(appOf(), `/${reader}`, bomb, coding)).status).toBe(413);
      expect((await send(appOf({ maxSize: 1e9 }), `/${reader}`, bomb, coding)).status).toBe(413);
    }
  });
});

test("the default of maxSize is that of the server's maxBodySize", async () => {
  const noise = (size: number) => Buffer.from(Array.from({ length: size }, () => Math.random() * 64));
  expect((await send(appOf(), "/length", zlib.gzipSync(noise(1_048_576)), "gzip")).text()).toBe("1048576");
  expect((await send(appOf(), "/length", zlib.gzipSync(noise(1_048_577)), "gzip")).status).toBe(413);
});

test("codings around one another are undone in turn, up to maxCodings", async () => {
  const twice = zlib.gzipSync(zlib.brotliCompressSync("text"));
  const thrice = zlib.deflateSync(twice);
  expect((await send(appOf(), "/text", twice, "br, identity,, x-gzip")).text()).toBe("text");
  expect((await send(appOf(), "/text", thrice, "br, gzip, deflate")).status).toBe(415);
  expect((await send(appOf({ maxCodings: 3 }), "/text", thrice, "br, gzip, deflate")).text()).toBe("text");
  expect((await send(appOf({ maxCodings: 1 }), "/text", twice, "br, gzip")).status).toBe(415);
  expect((await send(appOf(), "/text", zlib.gzipSync("text"), "br, gzip")).status).toBe(400);
  // The ratio is that of all of them.
  const bomb = zlib.gzipSync(zlib.gzipSync(Buffer.alloc(1_000_000)));
  expect((await send(appOf(), "/length", bomb, "gzip, gzip")).status).toBe(413);
});

test("an unknown coding is 415, with those that are known", async () => {
  const answer = await send(appOf(), "/text", "text", "compress");
  expect([answer.status, answer.headers.get("accept-encoding")]).toEqual([415, [...CODECS.keys()].join(", ")]);
});

test("no content, content as it is, and identity are left alone", async () => {
  const app = appOf();
  expect((await app.inject({ method: "POST", path: "/text", body: "text" })).text()).toBe("text");
  expect((await send(app, "/text", "text", "identity")).text()).toBe("text");
  expect((await send(app, "/bytes", "", "gzip")).text()).toBe("");
  expect((await send(app, "/parse", null, "gzip")).text()).toBe("null");
});

test("put around twice it unpacks once", async () => {
  const app = new App();
  app.use(decompression(), decompression());
  app.post("/", (request) => request.text());
  expect((await send(app, "/", zlib.gzipSync("text"), "gzip")).text()).toBe("text");
});

test("content is read one way: beside a piecewise reader there is no other", async () => {
  const app = new App();
  app.use(decompression());
  app.post("/", async (request) => {
    const pieces = request.body;
    await pieces.next();
    const after = await request.text().catch((error) => error.message);
    const second = await request.body.next().catch((error) => error.message);
    return [after, second];
  });
  app.post("/bytes", async (request) => {
    await request.bytes();
    return request.body.next().catch((error) => error.message);
  });
  const body = zlib.gzipSync("text");
  expect((await send(app, "/", body, "gzip")).json()).toEqual([
    "this content is read piece by piece",
    "this content is being read already",
  ]);
  expect((await send(app, "/bytes", body, "gzip")).text()).toBe("this content is being read already");
});

test("once the exchange is over nothing is read any more", async () => {
  let kept: HttpRequest | undefined;
  const app = new App();
  app.use(decompression());
  app.post("/", async (request) => {
    kept = request;
    return (await request.text()) + (await request.text());
  });
  expect((await send(app, "/", zlib.gzipSync("text"), "gzip")).text()).toBe("texttext");
  expect(kept).toBeInstanceOf(HttpRequest);
  await expect(kept?.text()).rejects.toThrow("its exchange is over");
});

test("content that is cut off on its way is an error of its own", async () => {
  const failed = deferred<unknown>();
  const app = new App().on("error", () => {});
  app.use(decompression());
  app.post("/", async (request) => {
    await request.text().catch(failed.resolve);
    return null;
  });
  const server = await app.listen({ port: 0 });
  const client = new RawClient(server.address.port);
  await client.write("POST / HTTP/1.1\r\nHost: a\r\nContent-Encoding: gzip\r\nContent-Length: 1000\r\n\r\n\x1f\x8b");
  client.socket.end();
  expect(await failed.promise).toBeInstanceOf(ParseError);
  client.destroy();
  await app.close({ deadline: 0 });
});

test("options that make no sense are refused by name", () => {
  for (const name of ["maxSize", "maxRatio", "maxCodings"] as const) {
    for (const value of [0, -1, Number.NaN, "x" as unknown as number]) {
      expect(() => decompression({ [name]: value })).toThrow(`${name} must be a number of at least 1, not ${value}`);
    }
    expect(decompression({ [name]: 1 })).toBeTypeOf("function");
  }
});
