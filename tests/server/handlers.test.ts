/** Handlers that misbehave, beyond errors that are thrown: what they return, what that does when it is used. */
import { once } from "node:events";
import { gzipSync } from "node:zlib";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Answer, App, type BodyStream, HttpError, HttpResponse } from "../../src/index.ts";
import { exchange, RawClient } from "../support/client.ts";
import { deferred } from "../support/deferred.ts";

const get = (path: string, more = "") => `GET ${path} HTTP/1.1\r\nHost: a\r\n${more}\r\n`;
const errors: unknown[] = [];
const unhandled: unknown[] = [];
const note = (error: unknown) => unhandled.push(error);
let app: App;
let port: number;

beforeAll(() => void process.on("unhandledRejection", note));
afterAll(() => void process.off("unhandledRejection", note));
beforeEach(async () => {
  errors.length = 0;
  app = new App().on("error", (error) => errors.push(error));
  app.get("/", () => "ok");
  port = (await app.listen({ port: 0, maxConnections: 2 })).address.port;
});
afterEach(async () => {
  await app.close({ deadline: 0 });
  expect(unhandled).toEqual([]);
});

/** Types forbid much of what is returned here; nothing forbids it at run time. */
const serve = (path: `/${string}`, handler: () => unknown) => app.get(path, handler as () => Answer);

/** What throws when it is asked for anything. */
const trap = (): never => {
  throw new Error("trapped");
};
const cycle: unknown[] = [];
cycle.push(cycle);
const mistrustful = new Proxy({}, { get: trap, has: trap, ownKeys: trap });

/** All bytes that come back for a request, until the server closes. */
async function raw(request: string): Promise<string> {
  const client = new RawClient(port);
  await client.write(request);
  await client.end();
  client.destroy();
  return client.received;
}

describe("what is thrown", () => {
  const thrown: [string, unknown][] = [
    ["undefined", undefined],
    ["null", null],
    ["a string", "text"],
    ["a number", 0],
    ["a symbol", Symbol("thrown")],
    ["an object", Object.freeze({ status: 200 })],
    ["what throws itself", mistrustful],
    ["a promise", Promise.resolve("thrown")],
  ];

  test.each(thrown)("%s is a 500, and reported as it is", async (_, value) => {
    serve("/throws", () => {
      throw value;
    });
    serve("/rejects", () => Promise.reject(value));
    const answers = await exchange(port, get("/throws") + get("/rejects") + get("/"));
    expect(answers.map(({ status, body }) => [status, body])).toEqual([
      [500, "Internal Server Error\n"],
      [500, "Internal Server Error\n"],
      [200, "ok"],
    ]);
    expect(errors.length === 2 && errors[0] === value && errors[1] === value).toBe(true);
  });

  test("an HttpError that cannot be sent is a bare 500", async () => {
    for (const headers of [{ "Content-Length": "3" }, { "Transfer-Encoding": "chunked" }]) {
      const path = `/${Object.keys(headers)[0]}` as const;
      serve(path, () => {
        throw new HttpError(400, "wrong", { headers: headers as Record<string, string> });
      });
      const answers = await exchange(port, get(path) + get("/"));
      expect(answers.map(({ status }) => status)).toEqual([500, 200]);
    }
    expect(errors).toHaveLength(2);
  });
});

describe("what is returned", () => {
  test("content that throws, as it is begun, an HttpError that cannot be sent is a bare 500", async () => {
    serve("/begins", () => ({
      [Symbol.asyncIterator]() {
        throw new HttpError(400, "wrong", { headers: { "Content-Length": "3" } });
      },
    }));
    serve("/later", async () => ({
      [Symbol.asyncIterator]() {
        throw new HttpError(400, "wrong", { headers: { "Content-Length": "3" } });
      },
    }));
    const answers = await exchange(port, get("/begins") + get("/later") + get("/"));
    expect(answers.map(({ status }) => status)).toEqual([500, 500, 200]);
  });

  const broken: [string, () => unknown][] = [
    [
      "an object whose toJSON throws",
      () => ({
        toJSON() {
          throw new Error("in toJSON");
        },
      }),
    ],
    [
      "an object whose getter throws",
      () => ({
        get a() {
          return trap();
        },
      }),
    ],
    ["an object that throws whatever is asked", () => mistrustful],
    ["a promise of what throws", async () => [mistrustful]],
    ["a cycle", () => cycle],
    ["a BigInt", () => 1n],
    ["a symbol", () => Symbol("a")],
    ["a function", () => () => "called by nobody"],
    [
      "a response whose status throws",
      () =>
        Object.defineProperty(new HttpResponse("a"), "status", {
          get: trap,
        }),
    ],
    ["a response whose body throws", () => Object.defineProperty(new HttpResponse("a"), "body", { get: trap })],
    ["a response whose fields throw", () => Object.defineProperty(new HttpResponse("a"), "fields", { get: trap })],
  ];

  test.each(broken)("%s becomes a 500", async (_, handler) => {
    serve("/broken", handler);
    const answers = await exchange(port, get("/broken") + get("/"));
    expect(answers.map(({ status }) => status)).toEqual([500, 200]);
    expect(errors).toHaveLength(1);
  });

  const thenable = (then: (resolve: (value: unknown) => void, reject: (error: unknown) => void) => void) => ({ then });
  const thenables: [string, () => unknown, number][] = [
    ["settles twice", () => thenable((resolve) => [resolve("first"), resolve("second")]), 200],
    ["resolves, then rejects", () => thenable((resolve, reject) => [resolve("first"), reject("no")]), 200],
    ["resolves, then throws", () => thenable((resolve) => [resolve("first"), trap()]), 200],
    ["throws", () => thenable(trap), 500],
    ["rejects with undefined", () => thenable((_, reject) => reject(undefined)), 500],
    ["resolves with another", () => thenable((resolve) => resolve(thenable((inner) => inner("first")))), 200],
    ["has a then that throws when it is read", () => new Proxy({}, { get: trap }), 500],
  ];

  test.each(thenables)("a thenable that %s is answered once", async (_, handler, status) => {
    serve("/thenable", handler);
    const answers = await exchange(port, get("/thenable") + get("/"));
    expect(answers.map((answer) => answer.status)).toEqual([status, 200]);
    if (status === 200) expect(answers[0].body).toBe("first");
  });

  test("one response may answer many requests", async () => {
    const response = new HttpResponse("shared", { headers: { "X-A": "b" } });
    serve("/shared", () => response);
    const answers = await exchange(port, get("/shared").repeat(50));
    expect(answers.map(({ body, headers }) => body + headers.get("x-a"))).toEqual(Array(50).fill("sharedb"));
  });

  test("a stream that was used up before is no answer, and says so", async () => {
    const used = new ReadableStream<string>({ pull: (controller) => controller.close() });
    used.getReader();
    serve("/locked", () => new HttpResponse(used as unknown as BodyStream));
    const answers = await exchange(port, get("/locked") + get("/"));
    expect(answers.map(({ status }) => status)).toEqual([500, 200]);
    expect(errors).toHaveLength(1);
  });

  test.each([
    ["throws", trap],
    ["gives nothing", () => undefined],
  ])("an iterable that %s when it is asked for its iterator is a 500", async (_, iterator) => {
    serve("/iterable", () => ({ [Symbol.asyncIterator]: iterator }));
    const answers = await exchange(port, get("/iterable") + get("/"));
    expect(answers.map(({ status }) => status)).toEqual([500, 200]);
    expect(errors).toHaveLength(1);
  });

  test.each([
    ["text", () => "é".repeat(20_000_000), 40_000_000],
    ["bytes", () => Buffer.alloc(40_000_000, "b"), 40_000_000],
    ["JSON", () => Array(10_000_000).fill(7), 20_000_001],
  ])("%s of many megabytes are sent whole, and the next answer behind them", async (_, handler, size) => {
    serve("/huge", handler);
    const client = new RawClient(port);
    let [received, tail] = [0, ""];
    client.socket.removeAllListeners("data");
    const last = new Promise<void>((resolve) => {
      client.socket.on("data", (text: string) => {
        received += text.length;
        tail = (tail + text).slice(-200);
        if (tail.endsWith("\r\n\r\nok")) resolve();
      });
    });
    client.socket.write(get("/huge") + get("/"));
    await last;
    expect(received).toBeGreaterThan(size);
    expect(received).toBeLessThan(size + 400);
    client.destroy();
  });
});

describe("sources of content", () => {
  /** An iterable of these, in place of a generator, which would put everything right. */
  const source = (next: () => unknown, more: object = {}) => ({ [Symbol.asyncIterator]: () => ({ next, ...more }) });
  const piece = { done: false, value: "piece" };

  const failing: [string, () => unknown][] = [
    ["throws at once", () => source(trap)],
    ["rejects with undefined", () => source(() => Promise.reject())],
    ["gives no result", () => source(() => undefined)],
    ["gives a result that throws", () => source(() => Object.defineProperty({}, "done", { get: trap }))],
    ["gives null for a piece", () => source(() => ({ done: false, value: null }))],
    ["throws when it is let go of", () => source(() => ({ done: false, value: 5 }), { return: trap })],
    [
      "rejects when it is let go of",
      () => source(() => ({ done: false, value: 5 }), { return: () => Promise.reject() }),
    ],
    ["never lets go", () => source(() => ({ done: false, value: 5 }), { return: () => new Promise(() => {}) })],
  ];

  test.each(failing)("one that %s cuts the connection, and is reported once", async (_, handler) => {
    serve("/fails", handler);
    const received = await raw(get("/fails") + get("/"));
    expect(received.match(/HTTP\/1\.1/g)).toHaveLength(1);
    expect(received).not.toContain("0\r\n\r\n");
    expect(errors).toHaveLength(1);
    expect((await exchange(port, get("/")))[0].body).toBe("ok");
  });

  test.each([
    ["throws", trap],
    ["rejects", () => Promise.reject(new Error("in return"))],
    ["never settles", () => new Promise(() => {})],
  ])("HEAD lets go of one whose return %s", async (_, end) => {
    serve("/head", () => source(() => piece, { return: end }));
    const received = await raw(`HEAD /head HTTP/1.1\r\nHost: a\r\n\r\n${get("/", "Connection: close\r\n")}`);
    expect(received.match(/HTTP\/1\.1 \d+/g)).toEqual(["HTTP/1.1 200", "HTTP/1.1 200"]);
    expect(received.endsWith("\r\n\r\nok")).toBe(true);
  });

  test.each([
    ["throws", trap],
    ["rejects", () => Promise.reject(new Error("in return"))],
    ["never settles", () => new Promise(() => {})],
  ])("a client that goes leaves nothing behind, though return %s", async (_, end) => {
    const told = deferred();
    let first = true;
    const next = () => {
      if (!first) return new Promise(() => {});
      first = false;
      return piece;
    };
    const letGoOf = () => {
      told.resolve();
      return end();
    };
    serve("/goes", () => source(next, { return: letGoOf }));
    const client = new RawClient(port);
    await client.write(get("/goes"));
    await client.until(() => client.received.includes("piece"));
    client.socket.resetAndDestroy();
    await told.promise;
    expect((await exchange(port, get("/")))[0].body).toBe("ok");
    expect(errors).toEqual([]);
  });

  test("one that never waits is left when the client goes", async () => {
    let pieces = 0;
    const ended = deferred();
    const client = new RawClient(port);
    const most = 20_000;
    serve("/restless", async function* restless() {
      try {
        // Without a bound, a server that misses it would never come back.
        while (++pieces < most) {
          if (pieces === 3) client.socket.resetAndDestroy();
          yield "piece";
        }
      } finally {
        ended.resolve();
      }
    });
    await client.write(get("/restless"));
    await ended.promise;
    expect(pieces).toBeLessThan(most / 2);
  });

  test("one that fails is never taken for complete where only the end of the connection tells", async () => {
    const read = deferred();
    serve("/fails", async function* fails() {
      yield "some";
      await read.promise;
      throw new Error("in the middle");
    });
    const client = new RawClient(port);
    let reset = false;
    client.socket.on("error", ({ code }: NodeJS.ErrnoException) => {
      reset = code === "ECONNRESET";
    });
    await client.write("GET /fails HTTP/1.0\r\n\r\n");
    await client.until(() => client.received.endsWith("some"));
    read.resolve();
    await client.end();
    client.destroy();
    expect(reset).toBe(true);
  });

  test("one that comes too late for its client is let go of", async () => {
    const entered = deferred();
    let cancelled = () => {};
    const letGo = new Promise<string>((resolve) => {
      cancelled = () => resolve("let go of");
    });
    app.get("/late", async ({ signal }) => {
      entered.resolve();
      await once(signal, "abort");
      return new ReadableStream<string>({ cancel: cancelled }) as unknown as BodyStream;
    });
    const client = new RawClient(port);
    await client.write(get("/late"));
    await entered.promise;
    client.socket.resetAndDestroy();
    const turns = (async () => {
      for (let at = 0; at < 200; ++at) await new Promise((resolve) => setImmediate(resolve));
      return "held for good";
    })();
    expect(await Promise.race([letGo, turns])).toBe("let go of");
  });

  test("content that is its own answer asks for no 100 (Continue) in the middle of it", async () => {
    app.post("/through", (request) => new HttpResponse(request.body));
    const client = new RawClient(port);
    await client.write("POST /through HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
    await client.until(() => client.received.includes("\r\n\r\n"));
    await client.write("hello");
    client.socket.end();
    await client.end();
    const statuses = [...client.received.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status);
    expect(statuses.slice(statuses.indexOf("200"))).toEqual(["200"]);
    client.destroy();
  });
});

describe("handlers that never settle", () => {
  test("free their connection when the client goes", async () => {
    let entered = deferred();
    serve("/never", () => {
      entered.resolve();
      return new Promise(() => {});
    });
    // More than there is room for at once.
    for (let at = 0; at < 5; ++at) {
      entered = deferred();
      const [client, other] = [new RawClient(port), new RawClient(port)];
      await client.write(get("/never"));
      await entered.promise;
      client.socket.resetAndDestroy();
      await other.write(get("/"));
      expect((await other.responses(1))[0].body).toBe("ok");
      other.socket.end();
      await other.end();
    }
  });

  test("are cut at the deadline, with sources that never let go", async () => {
    const never = () => new Promise(() => {});
    let first = true;
    const next = () => {
      if (!first) return never();
      first = false;
      return { done: false, value: "piece" };
    };
    serve("/stuck", () => ({ [Symbol.asyncIterator]: () => ({ next, return: never }) }));
    const client = new RawClient(port);
    await client.write(get("/stuck"));
    await client.until(() => client.received.includes("piece"));
    await app.close({ deadline: 10 });
    await client.end();
    expect(client.received).not.toContain("0\r\n\r\n");
    client.destroy();
  });
});

describe("what fetch has", () => {
  test("a Response is the same response", async () => {
    const headers = new Headers({ "X-A": "1", "Content-Type": "text/x" });
    headers.append("Set-Cookie", "a=1");
    headers.append("Set-Cookie", "b=2");
    serve("/made", () => new Response("made", { status: 201, headers }));
    serve("/later", async () => Response.json([1]));
    serve("/nothing", () => new Response(null, { status: 204 }));
    const made = await app.inject({ path: "/made" });
    expect([made.status, made.text(), made.headers.get("x-a")]).toEqual([201, "made", "1"]);
    expect(made.headers.getAll("content-type")).toEqual(["text/x"]);
    expect(made.headers.getAll("set-cookie")).toEqual(["a=1", "b=2"]);
    expect((await app.inject({ path: "/later" })).json()).toEqual([1]);
    expect((await app.inject({ path: "/nothing" })).status).toBe(204);
  });

  test("one that was fetched goes on decoded, and without what was its connection's", async () => {
    const packed = gzipSync("content");
    serve("/packed", () => new HttpResponse(packed, { headers: { "Content-Encoding": "gzip", "X-A": "1" } }));
    serve("/proxy", () => fetch(`http://127.0.0.1:${port}/packed`));
    const { status, headers, text } = await app.inject({ path: "/proxy" });
    expect([status, headers.get("x-a"), headers.get("content-encoding"), text()]).toEqual([200, "1", null, "content"]);
  });

  test("one whose content was read is refused", async () => {
    serve("/read", async () => {
      const response = new Response("x");
      await response.text();
      return response;
    });
    expect((await app.inject({ path: "/read" })).status).toBe(500);
    expect(String(errors[0])).toContain("was read already");
  });
});

test("an error that is returned is answered as one that is thrown", async () => {
  serve("/http", () => new HttpError(404, "no such user"));
  serve("/later", async () => new Error("inside"));
  const { status, text } = await app.inject({ path: "/http" });
  expect([status, text(), errors]).toEqual([404, "no such user\n", []]);
  expect((await app.inject({ path: "/later" })).status).toBe(500);
  expect(errors).toMatchObject([{ message: "inside" }]);
});
