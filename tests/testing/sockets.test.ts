/** WebSocket and server-sent events, in memory and of a server. */
import { afterAll, describe, expect, test } from "vitest";
import { App, ForbiddenError, HttpResponse } from "../../src/index.ts";
import { eventStream } from "../../src/services/events.ts";
import { openEvents, openWebSocket, UnexpectedResponseError } from "../../src/testing.ts";

const app = new App();
app.ws(
  "/echo/{room}",
  {
    upgrade: (request) => {
      if (request.headers.has("x-stranger")) throw new ForbiddenError("not you");
    },
    open: (socket) => socket.send(`welcome to ${socket.params.room}`),
    message: async (socket, message) => {
      if (message === "bye") socket.close(4001, "as asked");
      else if (message === "cut") socket.cut();
      else await socket.send(message);
    },
  },
  { protocols: ["chat"] },
);
app.get("/page", () => "a page");
app.get("/events", (request) =>
  eventStream(request, (stream) => {
    stream.send({ data: `after ${stream.lastEventId || "nothing"}` });
    stream.send({ event: "named", data: { a: 1 }, id: "é1", retry: 5 });
    stream.send("two\nlines");
    stream.close();
  }),
);
let left = () => {};
const gone = new Promise<void>((resolve) => {
  left = resolve;
});
app.get("/endless", (request) =>
  eventStream(request, (stream) => {
    stream.send("first");
    return left;
  }),
);

const server = await app.listen({ port: 0 });
afterAll(() => app.close({ deadline: 0 }));

/** Longer than anything takes here. */
const LONG = 15_000;

describe.each([
  ["in memory", app],
  ["of a server", server.url],
])("%s", (_, target) => {
  test("messages pass both ways", async () => {
    const socket = await openWebSocket(target, "/echo/a", { protocols: ["other", "chat"] });
    expect([socket.protocol, await socket.next(LONG)]).toEqual(["chat", "welcome to a"]);
    for (const message of ["é", new Uint8Array([1, 2]), "x".repeat(200_000)]) {
      await socket.send(message);
      expect(await socket.next(LONG)).toEqual(message);
    }
    expect(await socket.close(4000, "done")).toEqual({ code: 4000, reason: "done" });
    await expect(socket.next()).rejects.toThrow("no message will come: the socket was closed with 4000 (done)");
    await expect(socket.send("x")).rejects.toThrow();
  });

  test("iterating ends with the socket, and who leaves closes it", async () => {
    const socket = await openWebSocket(target, "/echo/a");
    for (const message of ["one", "two", "bye"]) await socket.send(message);
    const all: unknown[] = [];
    for await (const message of socket) all.push(message);
    expect(all).toEqual(["welcome to a", "one", "two"]);
    expect(await socket.closed).toEqual({ code: 4001, reason: "as asked" });
    const second = await openWebSocket(target, "/echo/b");
    for await (const message of second) {
      expect(message).toBe("welcome to b");
      break;
    }
    expect((await second.closed).code).toBe(1005);
  });

  test("one that is cut is told by its code, and what does not come by an error", async () => {
    const socket = await openWebSocket(target, "/echo/a");
    await socket.next(LONG);
    await expect(socket.next(1)).rejects.toThrow("no message came within 1 ms");
    await socket.send("after");
    expect(await socket.next(LONG)).toBe("after");
    await socket.send("cut");
    expect((await socket.closed).code).toBe(1006);
    await expect(socket.next(-1)).rejects.toThrow("timeout must be a number of milliseconds, not -1");
  });

  test("a handshake that is refused says how", async () => {
    const refused = openWebSocket(target, "/echo/a", { headers: { "X-Stranger": "1" } });
    await expect(refused).rejects.toBeInstanceOf(UnexpectedResponseError);
    const error = await refused.catch((reason) => reason);
    expect([error.status, error.body, error.headers.get("content-type")]).toEqual([
      403,
      "not you\n",
      "text/plain; charset=utf-8",
    ]);
    await expect(openWebSocket(target, "/nowhere")).rejects.toThrow("the WebSocket was refused with 404");
  });

  test("events come with all they have", async () => {
    const stream = await openEvents(target, "/events");
    const all: unknown[] = [];
    for await (const event of stream) all.push(event);
    expect(all).toEqual([
      { event: "message", data: "after nothing", id: "" },
      { event: "named", data: '{"a":1}', id: "é1", retry: 5 },
      { event: "message", data: "two\nlines", id: "é1" },
    ]);
    await expect(stream.next()).rejects.toThrow("no event will come: the stream has ended");
    const { lastEventId } = stream;
    const again = await openEvents(target, "/events", { lastEventId, headers: { "X-A": "1" } });
    expect(await again.next(LONG)).toEqual({ event: "message", data: "after é1", id: "é1" });
    await again.close();
  });

  test("what is no stream of events is told", async () => {
    const page = openEvents(target, "/page");
    await expect(page).rejects.toThrow("status 200, content-type text/plain; charset=utf-8: a page");
    await expect(openEvents(target, "/nowhere")).rejects.toMatchObject({ status: 404 });
  });
});

test("a stream of events that is left is over for the application", async () => {
  const stream = await openEvents(app, "/endless");
  expect((await stream.next(LONG)).data).toBe("first");
  await expect(stream.next(1)).rejects.toThrow("no event came within 1 ms");
  await stream.close();
  await gone;
});

test("a stream that is cut off rejects for whoever waits", async () => {
  const own = new App().on("error", () => {});
  let fail = () => {};
  const failing = new Promise<void>((resolve) => {
    fail = resolve;
  });
  own.get("/", () => {
    async function* lines() {
      yield "data: x\n\n";
      await failing;
      throw new Error("in the source");
    }
    return new HttpResponse(lines(), { headers: { "Content-Type": "text/event-stream" } });
  });
  const stream = await openEvents(own);
  expect((await stream.next(LONG)).data).toBe("x");
  fail();
  await expect(stream.next(LONG)).rejects.toThrow("terminated");
});

test("whoever waits very long does wait", async () => {
  const socket = await openWebSocket(app, "/echo/a");
  await socket.next();
  const next = socket.next(2 ** 40);
  await new Promise((resolve) => setTimeout(resolve, 20));
  await socket.send("at last");
  expect(await next).toBe("at last");
  await socket.close();
});

test("a code that cannot be sent rejects, and the socket stays open", async () => {
  const socket = await openWebSocket(app, "/echo/a");
  await socket.next();
  await expect(socket.close(42)).rejects.toThrow("valid error code");
  await socket.send("still here");
  expect(await socket.next()).toBe("still here");
  expect(await socket.close()).toEqual({ code: 1000, reason: "" });
});
