/** Streams of events: what leaves, when it leaves, and how streams end. */
import { once } from "node:events";
import { afterEach, describe, expect, test } from "vitest";
import { App, type HttpRequest, type HttpResponse } from "../../src/index.ts";
import {
  type EventStream,
  type EventStreamOptions,
  eventStream,
  events,
  type ServeEvents,
  type ServerSentEvent,
} from "../../src/services/events.ts";
import { browser, evaluateInPage } from "../support/browser.ts";
import { RawClient } from "../support/client.ts";
import { deferred } from "../support/deferred.ts";

const apps: App[] = [];
const errors: unknown[] = [];
const logged: unknown[] = [];

afterEach(async () => {
  await Promise.all(apps.splice(0).map((app) => app.close({ deadline: 0 })));
  errors.length = 0;
  logged.length = 0;
});

function newApp(): App {
  const logger = { debug() {}, info() {}, warn() {}, error: (error: unknown) => void logged.push(error) };
  const app = new App({ logger }).on("error", (error) => errors.push(error));
  apps.push(app);
  return app;
}

/** A client that has asked for /, and what it is answered. */
async function ask(app: App, fields = ""): Promise<RawClient> {
  const { address } = await app.listen({ port: 0 });
  const client = new RawClient(address.port);
  await client.write(`GET / HTTP/1.1\r\nHost: a\r\n${fields}\r\n`);
  return client;
}

/** What a response is made of, as its host sees it. */
function contentOf(response: HttpResponse | undefined): AsyncIterator<string> {
  if (response === undefined) throw new Error("there is no response");
  return (response.body as AsyncIterable<string>)[Symbol.asyncIterator]();
}

/** The content that one event is sent as. */
async function sent(event: ServerSentEvent | string | Uint8Array): Promise<string> {
  const app = newApp();
  app.get("/", (request) =>
    eventStream(request, (stream) => {
      stream.send(event);
      stream.close();
    }),
  );
  return (await app.inject()).text();
}

/** What the host of a stream does, by hand: each `next` says that the system has taken what came before. */
async function byHand(serve: ServeEvents, options?: EventStreamOptions): Promise<AsyncIterator<string>> {
  const app = newApp();
  let response: HttpResponse | undefined;
  app.get("/", (request) => {
    response = eventStream(request, serve, options);
    return null;
  });
  await app.inject();
  return contentOf(response);
}

/** A stream that has begun, with nothing sent, and the next text that leaves. */
async function open(options?: EventStreamOptions) {
  let stream: EventStream | undefined;
  const iterator = await byHand((begun) => {
    stream = begun;
  }, options);
  const first = iterator.next();
  return { stream: stream as unknown as EventStream, iterator, first };
}

/** Resolves when everything had its turn that waits for nothing from outside. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

/** What a promise has come to, if it has. */
async function stateOf(promise: Promise<unknown>): Promise<unknown> {
  await settled();
  return Promise.race([promise, Promise.resolve("pending")]);
}

describe("events", () => {
  test.each<[string, ServerSentEvent | string | Uint8Array, string]>([
    ["text", "hello", "data: hello\n\n"],
    ["bytes", Buffer.from("hé"), "data: hé\n\n"],
    ["empty text", "", "data: \n\n"],
    ["lines", { data: "a\nb\r\nc\rd\n" }, "data: a\ndata: b\ndata: c\ndata: d\ndata: \n\n"],
    ["what begins with a space", " a\n b", "data:  a\ndata:  b\n\n"],
    ["an object", { data: { a: ["ü", "\n"] } }, 'data: {"a":["ü","\\n"]}\n\n'],
    ["null", { data: null }, "data: null\n\n"],
    ["a number", { data: 0 }, "data: 0\n\n"],
    ["all there is", { data: "d", event: "e", id: "i", retry: 10 }, "event: e\nid: i\nretry: 10\ndata: d\n\n"],
    ["a name alone", { event: "e" }, "event: e\ndata: \n\n"],
    ["an id alone", { id: "" }, "id: \n\n"],
    ["a time alone", { retry: 0 }, "retry: 0\n\n"],
  ])("%s", async (_, event, text) => {
    expect(await sent(event)).toBe(text);
  });

  test("what cannot be sent is refused, and the stream goes on", async () => {
    const { stream, first } = await open();
    for (const bad of ["\r", "\n", "\0", "a\nb"]) {
      expect(() => stream.send({ data: "", id: bad })).toThrow("id of an event has no line ends and no U+0000");
      expect(() => stream.send({ data: "", event: bad })).toThrow("event of an event has no line ends");
    }
    expect(() => stream.send({ data: "", id: 1 as never })).toThrow("id of an event must be a text, not 1");
    for (const bad of [-1, 1.5, Number.NaN, "1" as never]) {
      expect(() => stream.send({ retry: bad })).toThrow(`retry of an event must be a whole number`);
    }
    expect(() => stream.send({})).toThrow("an event has data, event, id or retry");
    expect(() => stream.send({ data: () => 1 })).toThrow("function has no JSON");
    stream.send("fine");
    expect((await first).value).toBe("data: fine\n\n");
  });
});

describe("a response", () => {
  test("says what it is, and that nobody keeps it", async () => {
    const app = newApp();
    app.get(
      "/",
      events(async function* () {}),
    );
    const { headers, status } = await app.inject();
    const names = ["content-type", "cache-control", "x-accel-buffering"];
    expect([status, ...names.map((name) => headers.get(name))]).toEqual([200, "text/event-stream", "no-cache", "no"]);
  });

  test("has its head sent before there is an event", async () => {
    const app = newApp();
    app.get("/", (request) => eventStream(request, () => {}));
    const client = await ask(app);
    await client.until(() => client.received.includes("\r\n\r\n"));
    expect(client.received).toMatch(/^HTTP\/1\.1 200 OK\r\n[\s\S]*\r\n\r\n$/);
    client.destroy();
  });

  test("does not begin for HEAD", async () => {
    const app = newApp();
    let begun = false;
    app.get("/", (request) =>
      eventStream(request, () => {
        begun = true;
      }),
    );
    const response = await app.inject({ method: "HEAD" });
    await settled();
    expect([response.status, response.headers.get("content-type"), begun]).toEqual([200, "text/event-stream", false]);
  });

  test.each([
    ["", ""],
    ["Last-Event-ID: 7\r\n", "7"],
    [`Last-Event-ID: ${Buffer.from("ü 1").toString("latin1")}\r\n`, "ü 1"],
  ])("knows the last id: %j", async (fields, id) => {
    const app = newApp();
    app.get(
      "/",
      events(async function* (_request, { lastEventId }) {
        yield { data: { lastEventId } };
      }),
    );
    const client = await ask(app, fields);
    await client.until(() => client.received.includes("0\r\n\r\n"));
    expect(Buffer.from(client.received, "latin1").toString()).toContain(JSON.stringify({ lastEventId: id }));
    client.destroy();
  });

  test("options that are out of their range are refused at once", () => {
    const request = {} as HttpRequest;
    const nothing = async function* () {};
    for (const bad of [0, -1, Number.NaN, "1" as never]) {
      expect(() => events(nothing, { heartbeat: bad })).toThrow(`heartbeat must be a number of at least 1, not ${bad}`);
      expect(() => eventStream(request, () => {}, { maxUnsent: bad })).toThrow("maxUnsent must be a number");
    }
  });
});

describe("sending", () => {
  test("resolves when the system has it, and what waits meanwhile leaves together", async () => {
    const { stream, iterator, first } = await open();
    const sends = ["a", "b", "c"].map((text) => stream.send(text));
    expect(await first).toEqual({ done: false, value: "data: a\n\n" });
    expect(stream.unsentSize).toBe(27);
    expect(await stateOf(sends[0])).toBe("pending");
    expect((await iterator.next()).value).toBe("data: b\n\ndata: c\n\n");
    expect([await sends[0], await stateOf(sends[1]), stream.unsentSize]).toEqual([true, "pending", 18]);
    iterator.next();
    expect([await sends[1], await sends[2], stream.unsentSize]).toEqual([true, true, 0]);
  });

  test("maxUnsent bytes may wait", async () => {
    const { stream, iterator, first } = await open({ maxUnsent: 28 });
    const sends = ["ü", "b", "c"].map((text) => stream.send(text));
    expect([stream.open, stream.unsentSize]).toEqual([true, 28]);
    expect([(await first).value, (await iterator.next()).value]).toEqual(["data: ü\n\n", "data: b\n\ndata: c\n\n"]);
    iterator.next();
    expect(await Promise.all(sends)).toEqual([true, true, true]);
    await iterator.return?.();
  });

  test("one byte more ends the stream, after what has left", async () => {
    const { stream, iterator, first } = await open({ maxUnsent: 28 });
    const sends = ["ü", "b", "cc", "later"].map((text) => stream.send(text));
    expect([stream.open, stream.unsentSize, stream.signal.aborted]).toEqual([false, 0, true]);
    expect(await Promise.all(sends)).toEqual([false, false, false, false]);
    expect([(await first).value, await iterator.next()]).toEqual(["data: ü\n\n", { done: true, value: undefined }]);
  });

  test("a single event of more ends it as well", async () => {
    const { stream, first } = await open({ maxUnsent: 28 });
    expect([await stream.send("x".repeat(21)), await first]).toEqual([false, { done: true, value: undefined }]);
  });

  test.each([
    ["RST", (client: RawClient) => client.socket.resetAndDestroy()],
    ["FIN", (client: RawClient) => client.socket.end()],
  ])(
    "a client that goes by %s is told by false, the signal, and the function that serve has returned",
    async (_, leave) => {
      const app = newApp();
      const over = deferred<unknown[]>();
      app.get("/", (request) =>
        eventStream(request, async (stream) => {
          stream.send("first");
          return async () => {
            over.resolve([stream.open, stream.signal.aborted, await stream.send("more"), stream.unsentSize]);
          };
        }),
      );
      const client = await ask(app);
      await client.until(() => client.received.includes("first"));
      leave(client);
      expect(await over.promise).toEqual([false, true, false, 0]);
      expect(errors).toEqual([]);
    },
  );

  test("a client that reads too slowly gets what has left, and the end of the content", async () => {
    const app = newApp();
    const over = deferred<boolean>();
    const piece = "x".repeat(65_536);
    app.get("/", (request) =>
      eventStream(
        request,
        async (stream) => {
          stream.signal.addEventListener("abort", () => over.resolve(true));
          await stream.send("first");
          while (stream.open) stream.send(piece);
        },
        { maxUnsent: 1_000_000 },
      ),
    );
    const client = await ask(app);
    expect(await over.promise).toBe(true);
    await client.until(() => client.received.endsWith("\r\n0\r\n\r\n"));
    expect(client.received).toContain("data: first\n\n");
    // The connection is as good as before.
    client.received = "";
    await client.write("GET /none HTTP/1.1\r\nHost: a\r\n\r\n");
    await client.until(() => client.received.includes("404"));
    expect(client.ended).toBe(false);
    client.destroy();
  });

  test("a heartbeat leaves where nothing else waits", async () => {
    const { stream, iterator, first } = await open({ heartbeat: 1 });
    expect((await first).value).toBe(":\n\n");
    // The system has not taken it yet: there is no second one, however long that lasts.
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(stream.unsentSize).toBe(3);
    expect((await iterator.next()).value).toBe(":\n\n");
    stream.send("a");
    expect((await iterator.next()).value).toBe("data: a\n\n");
    await iterator.return?.();
  });
});

describe("the end", () => {
  test("by close comes after all that was sent", async () => {
    const { stream, iterator, first } = await open();
    const sends = [stream.send("a"), stream.send("b")];
    stream.close();
    expect(stream.open).toBe(false);
    expect(await stream.send("late")).toBe(false);
    expect((await first).value).toBe("data: a\n\n");
    expect(stream.signal.aborted).toBe(false);
    expect((await iterator.next()).value).toBe("data: b\n\n");
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
    expect([...(await Promise.all(sends)), stream.signal.aborted]).toEqual([true, true, true]);
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
  });

  test("comes when the server stops, which waits for nothing else; then what begins ends at once", async () => {
    const app = newApp();
    const streams: EventStream[] = [];
    app.get("/", (request) =>
      eventStream(request, (stream) => {
        streams.push(stream);
        stream.send("first");
      }),
    );
    const client = await ask(app);
    await client.until(() => client.received.includes("first"));
    app.on("stopping", () => streams[0].send("too late"));
    client.socket.on("end", () => client.socket.end());
    await app.close({ deadline: Number.POSITIVE_INFINITY });
    await client.end();
    expect(client.received).toMatch(/data: first\n\n\r\n0\r\n\r\n$/);
    expect(streams[0].signal.aborted).toBe(true);
    expect((await app.inject()).text()).toBe("data: first\n\n");
  });

  test("by a failure is reported, and cuts the connection", async () => {
    const app = newApp();
    const failure = new Error("no more");
    app.get("/", (request) =>
      eventStream(request, async (stream) => {
        await stream.send("first");
        throw failure;
      }),
    );
    const client = await ask(app);
    await client.end();
    expect(client.received).toMatch(/data: first\n\n\r\n$/);
    expect([errors, logged]).toEqual([[failure], []]);
  });

  test("a failure after it is logged, unless it was only told to end", async () => {
    const iterators = await Promise.all(
      [new Error("late"), Object.assign(new Error("told"), { name: "AbortError" })].map((error) =>
        byHand((stream) => once(stream.signal, "abort").then(() => Promise.reject(error))),
      ),
    );
    const third = await byHand(() => () => {
      throw new Error("in the clean-up");
    });
    for (const iterator of [...iterators, third]) {
      iterator.next();
      await settled();
      await iterator.return?.();
    }
    await settled();
    expect(logged.map(String)).toEqual(["Error: late", "Error: in the clean-up"]);
    expect(errors).toEqual([]);
  });
});

describe("a generator", () => {
  test("is asked for the next event when the one before has left; the stream ends with it", async () => {
    const app = newApp();
    const steps: string[] = [];
    let response: HttpResponse | undefined;
    const handler = events(async function* () {
      steps.push("one");
      yield { data: 1 };
      steps.push("two");
      yield "two";
      steps.push("end");
    });
    app.get("/", async (request) => {
      response = (await handler(request)) as HttpResponse;
      return null;
    });
    await app.inject();
    const iterator = contentOf(response);
    expect((await iterator.next()).value).toBe("data: 1\n\n");
    await settled();
    expect(steps).toEqual(["one"]);
    expect((await iterator.next()).value).toBe("data: two\n\n");
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
    expect(steps).toEqual(["one", "two", "end"]);
  });

  test("is ended where it stands when the client goes", async () => {
    const app = newApp();
    const ended = deferred<string>();
    app.get(
      "/",
      events(async function* (_request, { signal }) {
        try {
          yield "first";
          await once(new EventTarget(), "never", { signal });
        } finally {
          ended.resolve("ended");
        }
      }),
    );
    const client = await ask(app);
    await client.until(() => client.received.includes("first"));
    client.socket.resetAndDestroy();
    expect(await ended.promise).toBe("ended");
    await settled();
    expect([errors, logged]).toEqual([[], []]);
  });

  test("that yields what cannot be sent has failed", async () => {
    const app = newApp();
    const ended = deferred<string>();
    app.get(
      "/",
      events(async function* () {
        try {
          yield { data: "", id: "\n" };
        } finally {
          ended.resolve("ended");
        }
      }),
    );
    const client = await ask(app);
    await client.end();
    expect(await ended.promise).toBe("ended");
    expect(errors.map(String)).toEqual([expect.stringContaining("id of an event has no line ends")]);
  });
});

test.skipIf(browser === undefined)(
  "a browser gets events, and comes again for those after the last it has had",
  async () => {
    const app = newApp();
    const ids: string[] = [];
    app.get("/", () => "<!doctype html><title>events</title>");
    app.get("/events", (request) => {
      ids.push(request.headers.has("last-event-id") ? "again" : "first");
      return eventStream(request, (stream) => {
        if (stream.lastEventId === "") {
          stream.send({ retry: 1, event: "greet", id: "ü 1", data: "one\ntwo" });
          stream.send({ data: { three: 3 } });
        } else stream.send({ event: "greet", data: `after ${stream.lastEventId}` });
        if (ids.length === 1) stream.close();
      });
    });
    const { url } = await app.listen({ port: 0 });
    const expression = `document.title !== "events" ? null : new Promise((resolve) => {
    const got = [];
    const source = new EventSource("/events");
    const note = (event) => {
      got.push([event.type, event.data, event.lastEventId]);
      if (got.length === 3) {
        source.close();
        resolve(got);
      }
    };
    source.addEventListener("greet", note);
    source.onmessage = note;
  })`;
    expect(await evaluateInPage(String(url), expression)).toEqual([
      ["greet", "one\ntwo", "ü 1"],
      ["message", '{"three":3}', "ü 1"],
      ["greet", "after ü 1", "ü 1"],
    ]);
    expect(ids).toEqual(["first", "again"]);
  },
);
