/** Applications of this framework, called as hosts of fetch call them. */
import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import {
  Application,
  type ApplicationOptions,
  BadRequestError,
  type Handler,
  type HttpRequest,
  HttpResponse,
  json,
} from "../../../src/app.ts";
import { type ToFetchOptions, toFetch } from "../../../src/gateway/fetch.ts";
import { upgrade } from "../../../src/index.ts";
import { deferred } from "../../support/deferred.ts";

const MIB = 1048576;

/** An application with one handler, and what it reports. */
function made(handler: Handler, options: ToFetchOptions = {}, more: ApplicationOptions = {}) {
  const errors: unknown[] = [];
  const app = new Application(more);
  app.on("error", (error) => errors.push(error));
  app.route("/{rest:path}", handler, { methods: ["GET", "POST", "PUT"] });
  app.get("/", handler);
  app.post("/", handler);
  return { app, errors, ...toFetch(app, options) };
}

/** What a handler sees of a request. */
async function seen(request: Request, look: (request: HttpRequest) => unknown): Promise<unknown> {
  let value: unknown = "nothing";
  const { fetch } = made(async (native) => {
    value = await look(native);
    return null;
  });
  await fetch(request);
  return value;
}

const post = (body: RequestInit["body"], headers: Record<string, string> = {}) =>
  new Request("http://a/", { method: "POST", body: body ?? null, headers, duplex: "half" } as RequestInit);

/** Content in pieces, and how many of them were asked for. */
function pieces(count: number, size: number) {
  const told = { pulled: 0, cancelled: false };
  const stream = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        if (told.pulled++ === count) controller.close();
        else controller.enqueue(new Uint8Array(size).fill(told.pulled));
      },
      cancel: () => {
        told.cancelled = true;
      },
    },
    { highWaterMark: 0 },
  );
  return { stream, told };
}

describe("a request", () => {
  const full = () =>
    new Request("https://user.example:8443/a%20b/c?d=e&f#g", {
      method: "PUT",
      headers: { "X-A": "1", Cookie: "a=b; c=d", "Content-Type": "text/plain" },
      body: "é",
    });

  it("is read where it lies", async () => {
    const read = await seen(full(), ({ method, target, path, query, host, version, secure, headers, cookies }) => [
      [method, target, path, query, host, version, secure],
      [headers.get("x-a"), headers.has("X-a"), headers.get("none"), headers.get("no name"), headers.get("Host")],
      { ...cookies },
    ]);
    expect(read).toEqual([
      ["PUT", "/a%20b/c?d=e&f", "/a%20b/c", "d=e&f", "user.example:8443", "1.1", true],
      ["1", true, null, null, "user.example:8443"],
      { a: "b", c: "d" },
    ]);
  });

  it("has a head in bytes, and all its fields", async () => {
    const [raw, fields, size, one] = (await seen(full(), (request) => [
      new TextDecoder().decode(request.rawHead()),
      request.headers.entries(),
      request.headers.size,
      request.headers.getAll("x-a"),
    ])) as [string, unknown, number, string[]];
    const lines = ["host: user.example:8443", "content-type: text/plain", "cookie: a=b; c=d", "x-a: 1"];
    expect(raw).toBe(`PUT /a%20b/c?d=e&f HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`);
    expect([fields, size, one]).toEqual([lines.map((line) => line.split(": ")), 4, ["1"]]);
  });

  it("can be detached", async () => {
    let detached: HttpRequest | undefined;
    await seen(full(), (request) => {
      detached = request.detach();
    });
    const { method, path, query, target, headers, done } = detached as HttpRequest;
    expect([method, path, query, target, done]).toEqual(["PUT", "/a%20b/c", "d=e&f", "/a%20b/c?d=e&f", false]);
    expect([headers.get("cookie"), headers.get("X-A"), headers.get("none")]).toEqual(["a=b; c=d", "1", null]);
  });

  it("is over when it is answered", async () => {
    let kept: HttpRequest | undefined;
    await seen(full(), (request) => {
      kept = request;
    });
    expect(kept?.done).toBe(true);
    for (const look of ["method", "path", "cookies", "host"] as const) {
      expect(() => (kept as HttpRequest)[look]).toThrow("its exchange is over");
    }
    expect(() => (kept as HttpRequest).headers.get("a")).toThrow("its exchange is over");
  });

  it("says where it comes from, as the host knows", async () => {
    const given: unknown[] = [];
    const remoteAddress = (request: Request, ...host: readonly unknown[]) => {
      given.push(request.url, ...host);
      return "192.0.2.1";
    };
    const { fetch } = made((native) => (native.path === "/" ? `${native.remoteAddress}` : "unasked"), {
      remoteAddress,
    });
    expect(await (await fetch(new Request("http://a/x"), 1)).text()).toBe("unasked");
    expect(given).toEqual([]);
    expect(await (await fetch(new Request("http://a/"), 1, "two")).text()).toBe("192.0.2.1");
    expect(given).toEqual(["http://a/", 1, "two"]);
    expect(await seen(new Request("http://a/"), (request) => [request.remoteAddress, request.secure])).toEqual([
      undefined,
      false,
    ]);
  });
});

describe("content", () => {
  it("is read as everywhere", async () => {
    expect(await seen(post("é"), (request) => request.text())).toBe("é");
    expect(await seen(post('{"a":1}'), (request) => request.json())).toEqual({ a: 1 });
    expect(await seen(post(new URLSearchParams({ a: "1" })), async (request) => [...(await request.form())])).toEqual([
      ["a", "1"],
    ]);
    expect(await seen(post(null), async (request) => (await request.bytes()).length)).toBe(0);
    expect(await seen(new Request("http://a/"), (request) => request.text())).toBe("");
  });

  it("streams, and what is not read is not asked for", async () => {
    const { stream, told } = pieces(1000, 65536);
    const read = await seen(post(stream as never), async (request) => {
      let count = 0;
      for await (const _ of request.body) if (++count === 3) break;
      return count;
    });
    expect(read).toBe(3);
    expect(told.pulled).toBeLessThan(10);
  });

  it("is not asked for by a handler that does not read", async () => {
    const { stream, told } = pieces(1000, 65536);
    expect(await seen(post(stream as never), () => 1)).toBe(1);
    expect(told.pulled).toBe(0);
  });

  it.each([
    ["announced", (size: number) => post("a".repeat(size), { "Content-Length": String(size) })],
    ["not announced", (size: number) => post(pieces(1, size).stream as never)],
  ])("that is %s is bounded", async (_, request) => {
    const { fetch, errors } = made(async (native) => String((await native.bytes()).length), { maxBodySize: 10 });
    expect(await (await fetch(request(10))).text()).toBe("10");
    expect((await fetch(request(11))).status).toBe(413);
    const plain = made(async (native) => String((await native.bytes()).length));
    expect(await (await plain.fetch(request(MIB))).text()).toBe(String(MIB));
    expect((await plain.fetch(request(MIB + 1))).status).toBe(413);
    expect(errors).toEqual([]);
  });

  it("may be more where its route says so", async () => {
    const { app, fetch } = made(() => null, { maxBodySize: 10 });
    app.post("/more", async (request) => String((await request.bytes()).length), { maxBodySize: 20 });
    const ask = (size: number, announced: boolean) => {
      const { stream } = pieces(1, size);
      const headers: Record<string, string> = announced ? { "Content-Length": String(size) } : {};
      return fetch(
        new Request("http://a/more", { method: "POST", body: stream, duplex: "half", headers } as RequestInit),
      );
    };
    for (const announced of [true, false]) {
      expect(await (await ask(20, announced)).text()).toBe("20");
      expect((await ask(21, announced)).status).toBe(413);
    }
  });

  it("that fails, fails for who reads it", async () => {
    const { fetch, errors } = made((request) => request.text());
    const body = new ReadableStream({ pull: () => Promise.reject(new Error("cut")) });
    expect((await fetch(post(body as never))).status).toBe(500);
    expect(String(errors)).toContain("cut");
  });

  it("has a bound that makes sense", () => {
    for (const maxBodySize of [-1, Number.NaN, "1" as never]) {
      expect(() => toFetch(new Application(), { maxBodySize })).toThrow(RangeError);
    }
  });
});

describe("content of parts", () => {
  const parts = (sizes: Record<string, number>) => {
    const form = new FormData();
    for (const [name, size] of Object.entries(sizes)) form.append(name, new File(["x".repeat(size)], "f.txt"));
    return form;
  };

  it("is a form", async () => {
    const read = await seen(post(parts({ a: 1, b: 2 })), async (request) =>
      [...(await request.form())].map(([name, file]) => [name, (file as File).name, (file as File).size]),
    );
    expect(read).toEqual([
      ["a", "f.txt", 1],
      ["b", "f.txt", 2],
    ]);
  });

  it("has parts, which cannot be saved", async () => {
    const read = await seen(post(parts({ a: 3 })), async (request) => {
      for await (const part of request.multipart()) {
        await expect(part.save("/nowhere")).rejects.toThrow("no files");
        for await (const piece of part.body) return [part.name, part.filename, part.headers.size, piece.length];
      }
      return null;
    });
    expect(read).toEqual(["a", "f.txt", 1, 3]);
  });

  it.each([
    ["maxParts", 2, { a: 1, b: 1 }, { a: 1, b: 1, c: 1 }],
    ["maxPartNameSize", 2, { ab: 1 }, { abc: 1 }],
    ["maxPartSize", 2, { a: 2 }, { a: 3 }],
  ])("has at most %s", async (limit, max, within, beyond) => {
    const { fetch } = made(async (request) => {
      let count = 0;
      for await (const _ of request.multipart({ [limit]: max })) ++count;
      return String(count);
    });
    expect((await fetch(post(parts(within as never)))).status).toBe(200);
    const refused = await fetch(post(parts(beyond as never)));
    expect([refused.status, await refused.text()]).toEqual([413, expect.stringContaining(`${limit}, ${max}`)]);
  });

  it("that is none is refused", async () => {
    const { fetch, errors } = made(async (request) => [...(await request.form())].length);
    const refused = await fetch(post("nothing", { "Content-Type": "multipart/form-data; boundary=x" }));
    expect([refused.status, errors]).toEqual([400, []]);
  });
});

describe("an answer", () => {
  const answered = async (handler: Handler, init: RequestInit = {}) => {
    const response = await made(handler).fetch(new Request("http://a/", init));
    return { response, status: response.status, text: await response.text(), headers: response.headers };
  };

  it.each<[string, Handler, number, string | null, string]>([
    ["text", () => "é", 200, "text/plain; charset=utf-8", "é"],
    ["HTML", () => "<p>", 200, "text/html; charset=utf-8", "<p>"],
    ["JSON", async () => json({ a: 1 }, { status: 201 }), 201, "application/json", '{"a":1}'],
    ["bytes", () => new Uint8Array([97]), 200, "application/octet-stream", "a"],
    ["a type of its own", () => new HttpResponse("a", { headers: { "Content-Type": "a/b" } }), 200, "a/b", "a"],
    ["nothing", () => null, 204, null, ""],
    ["a Blob", () => new Blob(["a"], { type: "a/b" }), 200, "a/b", "a"],
    ["a Response", () => new Response("a", { status: 202, headers: { "content-type": "a/b" } }), 202, "a/b", "a"],
    ["an error", () => Promise.reject(new BadRequestError("why")), 400, "text/plain; charset=utf-8", "why\n"],
    ["a stream of Node", () => Readable.from(["a", Buffer.from("b")]), 200, "application/octet-stream", "ab"],
  ])("of %s", async (_, handler, status, type, text) => {
    const answer = await answered(handler);
    expect([answer.status, answer.headers.get("content-type"), answer.text]).toEqual([status, type, text]);
  });

  it("has each cookie in a line of its own", async () => {
    const { headers } = await answered(() => new HttpResponse("").setCookie("a", "1").setCookie("b", "2"));
    expect(headers.getSetCookie().map((line) => line.slice(0, 3))).toEqual(["a=1", "b=2"]);
  });

  it("to HEAD has no content, and its length where that is known", async () => {
    let iterated = false;
    async function* content() {
      iterated = true;
      yield "a";
    }
    const whole = await answered(() => "abc", { method: "HEAD" });
    const streamed = await answered(content, { method: "HEAD" });
    expect([whole.response.body, whole.headers.get("content-length")]).toEqual([null, "3"]);
    expect([streamed.response.body, streamed.headers.get("content-length"), iterated]).toEqual([null, null, false]);
  });

  it.each([
    ["that of HEAD", 200, "5", null, "HEAD", [200, "5"]],
    ["that of 304", 304, "5", null, "GET", [304, "5"]],
    ["that of 204", 204, "0", null, "GET", [204, null]],
    ["what is none", 200, "some", null, "HEAD", [500, "22"]],
    ["what is none, of a stream", 200, "some", pieces(1, 1).stream as never, "GET", [500, null]],
  ])("has a length where there may be one, as on a server: %s", async (_, status, length, body, method, expected) => {
    const { response, headers } = await answered(
      () => new HttpResponse(body, { status, headers: { "Content-Length": length } }),
      { method },
    );
    expect([response.status, headers.get("content-length")]).toEqual(expected);
  });

  it("leaves trailers out, and information", async () => {
    const { text } = await answered((request) => {
      request.inform(103, { Link: "</a>; rel=preload" });
      return new HttpResponse("a", { trailers: () => ({ "X-A": "b" }) });
    });
    expect(text).toBe("a");
  });

  it.each([
    ["a wrong length", () => new HttpResponse("a", { headers: { "Content-Length": "2" } }), "Content-Length says 2"],
    ["a wrong status", () => new HttpResponse("a", { status: 600 }), "from 200 to 599"],
    ["content that may not be", () => new HttpResponse("a", { status: 204 }), "204 has no content"],
    ["a stream that may not be", () => new HttpResponse(pieces(1, 1).stream, { status: 304 }), "304 has no content"],
    ["a field of the connection", () => new HttpResponse("a", { headers: { Connection: "close" } }), "Connection is"],
    ["what is no content", () => new HttpResponse(5 as never), "a body is text"],
  ])("with %s is reported, and 500", async (_, handler, says) => {
    const { fetch, errors } = made(handler as Handler);
    const response = await fetch(new Request("http://a/"));
    expect([response.status, errors.length]).toEqual([500, 1]);
    expect(String(errors)).toContain(says);
  });

  it("that needs the connection is 501, and says why", async () => {
    const { fetch, errors } = made(() => upgrade("x", () => {}));
    expect((await fetch(new Request("http://a/", { headers: { Upgrade: "x" } }))).status).toBe(501);
    expect(String(errors)).toContain("cannot hand a connection over");
  });
});

describe("a stream", () => {
  it("gives as fast as it is read, and an empty piece is none", async () => {
    let given = 0;
    const { fetch } = made(async function* () {
      for (;;) yield given++ % 2 ? "" : `${given}`;
    } as Handler);
    const reader = ((await fetch(new Request("http://a/"))).body as ReadableStream<Uint8Array>).getReader();
    expect(given).toBe(0);
    expect([(await reader.read()).value, (await reader.read()).value]).toEqual([
      new Uint8Array([49]),
      new Uint8Array([51]),
    ]);
    expect(given).toBe(3);
    await reader.cancel();
  });

  it("is left when nobody reads on, and the request is over then", async () => {
    const left = deferred<boolean>();
    let native: HttpRequest | undefined;
    const { fetch } = made((request) => {
      native = request;
      return (async function* () {
        try {
          for (;;) yield request.path;
        } finally {
          left.resolve(request.done);
        }
      })();
    });
    const { body } = await fetch(new Request("http://a/x"));
    const reader = (body as ReadableStream<Uint8Array>).getReader();
    await reader.read();
    expect(native?.done).toBe(false);
    await reader.cancel();
    await left.promise;
    expect(native?.done).toBe(true);
  });

  it("that fails is cut, and reported", async () => {
    const { fetch, errors } = made(async function* () {
      yield "a";
      throw new Error("source");
    } as Handler);
    await expect((await fetch(new Request("http://a/"))).text()).rejects.toThrow("source");
    expect(String(errors)).toContain("source");
  });

  it("can be made of the content as it comes", async () => {
    const { fetch } = made(({ body }) => body);
    const answer = await fetch(post(pieces(3, 2).stream as never));
    expect([...(await answer.bytes())]).toEqual([1, 1, 2, 2, 3, 3]);
  });
});

describe("a client that goes", () => {
  it("aborts the signal, and the answer is dropped", async () => {
    const controller = new AbortController();
    const answer = deferred<ReadableStream<Uint8Array>>();
    const dropped = deferred();
    const aborted = deferred();
    const { fetch, errors } = made(({ signal }) => {
      signal.addEventListener("abort", () => aborted.resolve());
      return answer.promise as never;
    });
    const response = fetch(new Request("http://a/", { signal: controller.signal }));
    await Promise.resolve();
    controller.abort();
    await aborted.promise;
    answer.resolve(new ReadableStream({ cancel: () => dropped.resolve() }));
    await dropped.promise;
    expect([(await response).status, errors]).toEqual([499, []]);
  });

  it("ends a stream that waits", async () => {
    const controller = new AbortController();
    const ended = deferred();
    const stream = new ReadableStream({ pull: () => new Promise(() => {}), cancel: () => ended.resolve() });
    const { fetch } = made(() => new Response(stream));
    const response = await fetch(new Request("http://a/", { signal: controller.signal }));
    quietly((response.body as ReadableStream).getReader().read());
    controller.abort();
    await ended.promise;
  });
});

/** What nobody waits for. */
function quietly(promise: Promise<unknown>): void {
  promise.catch(() => {});
}

describe("the life of an application", () => {
  it("begins before the first request, once, and is ended by close", async () => {
    const told: string[] = [];
    const { app, fetch, close } = made(() => {
      told.push("request");
      return null;
    });
    for (const event of ["start", "stopping", "stop"] as const) {
      app.on(event, async () => {
        await Promise.resolve();
        told.push(event);
      });
    }
    await close();
    expect(told).toEqual([]);
    await Promise.all([fetch(new Request("http://a/")), fetch(new Request("http://a/"))]);
    expect(fetch(new Request("http://a/"))).toBeInstanceOf(Response);
    expect(told).toEqual(["start", "request", "request", "request"]);
    await close();
    await close();
    expect(told.slice(4)).toEqual(["stopping", "stop"]);
  });

  it("that does not begin answers 500, and begins with another request", async () => {
    let attempts = 0;
    const { app, fetch, errors } = made(() => null);
    app.on("start", () => {
      if (++attempts === 1) throw new Error("not yet");
    });
    expect((await fetch(new Request("http://a/"))).status).toBe(500);
    expect(String(errors)).toContain("not yet");
    expect((await fetch(new Request("http://a/"))).status).toBe(204);
  });

  it("starts the orchestrator, and stops it", async () => {
    const told: unknown[] = [];
    const orchestrator = {
      submit: async () => null,
      start: () => void told.push("start"),
      stop: (options: object) => void told.push(options),
    };
    const { fetch, close } = made(() => null, {}, { orchestrator });
    await fetch(new Request("http://a/"));
    await close();
    expect(told).toEqual(["start", { deadline: 10_000 }]);
  });

  it.each(["stopping", "orchestrator"])("is ended to its end, where %s fails, and close rejects", async (failing) => {
    const told: string[] = [];
    const fail = async (what: string) => {
      told.push(what);
      if (what === failing) throw new Error(what);
    };
    const orchestrator = { submit: async () => null, stop: () => fail("orchestrator") };
    const { app, fetch, close } = made(() => null, {}, { orchestrator });
    app.on("stopping", () => fail("stopping"));
    app.on("stop", () => fail("stop"));
    await fetch(new Request("http://a/"));
    await expect(close()).rejects.toThrow(failing);
    expect(told).toEqual(["stopping", "orchestrator", "stop"]);
  });

  it("has its hooks told of requests and responses", async () => {
    const { app, fetch } = made(() => "a");
    app.on("request", ({ path }) => void told.push(path));
    app.on("response", (response) => void response.headers.set("X-A", "b"));
    const told: string[] = [];
    const response = await fetch(new Request("http://a/x"));
    expect([told, response.headers.get("x-a")]).toEqual([["/x"], "b"]);
  });
});
