/** Clients that go (RST) or send no more (FIN) at every phase of a request; the server has room for one connection. */
import { once } from "node:events";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { App, type BodyStream, type HttpRequest } from "../../src/index.ts";
import { acceptedSockets } from "../soak/accepted.ts";
import { exchange, RawClient } from "../support/client.ts";
import { echo } from "../support/echo.ts";

interface Phase {
  readonly phase: string;
  /** What was sent when the client goes. */
  readonly sent: string;
  /** For each handler that has begun by then: whether its request is answered. */
  readonly handlers: readonly boolean[];
  /** Statuses that a client gets which only sends no more. */
  readonly statuses: readonly number[];
}

const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`;
const withLength = "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n";
const inChunks = "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";

const phases: readonly Phase[] = [
  { phase: "before a byte", sent: "", handlers: [], statuses: [] },
  { phase: "within the method", sent: "GE", handlers: [], statuses: [400] },
  { phase: "within the target", sent: "GET /hel", handlers: [], statuses: [400] },
  { phase: "within a field", sent: "GET / HTTP/1.1\r\nHost: a\r\nX-A: b", handlers: [], statuses: [400] },
  { phase: "before the empty line", sent: "GET / HTTP/1.1\r\nHost: a\r\n", handlers: [], statuses: [400] },
  { phase: "after the head, with content owed", sent: withLength, handlers: [false], statuses: [400] },
  { phase: "within content", sent: `${withLength}12345`, handlers: [false], statuses: [400] },
  { phase: "before the first chunk", sent: inChunks, handlers: [false], statuses: [400] },
  { phase: "within a chunk-size line", sent: `${inChunks}5\r\nhello\r\n1`, handlers: [false], statuses: [400] },
  { phase: "within a chunk", sent: `${inChunks}5\r\nhel`, handlers: [false], statuses: [400] },
  { phase: "within trailers", sent: `${inChunks}0\r\nX-A: b\r\nX-`, handlers: [false], statuses: [400] },
  { phase: "while the handler works", sent: get("/wait"), handlers: [false], statuses: [200] },
  { phase: "while the answer is streamed", sent: get("/stream"), handlers: [false], statuses: [200] },
  { phase: "between requests", sent: get("/"), handlers: [true], statuses: [200] },
  { phase: "within the second head", sent: `${get("/")}GET /`, handlers: [true], statuses: [200, 400] },
  { phase: "while the second works", sent: get("/") + get("/wait"), handlers: [true, false], statuses: [200, 200] },
];

const accepted = acceptedSockets();
const unhandled: unknown[] = [];
const note = (error: unknown) => unhandled.push(error);
const errors: unknown[] = [];
let signals: AbortSignal[] = [];
let release = () => {};
let released: Promise<void>;
let app: App;
let port: number;

beforeAll(() => void process.on("unhandledRejection", note));
afterAll(() => void process.off("unhandledRejection", note));

beforeEach(async () => {
  errors.length = 0;
  signals = [];
  released = new Promise((resolve) => {
    release = resolve;
  });
  app = new App().on("error", (error) => errors.push(error));
  const heard =
    <T>(handler: (request: HttpRequest) => T) =>
    (request: HttpRequest) => {
      signals.push(request.signal);
      return handler(request);
    };
  app.get(
    "/",
    heard(() => "ok"),
  );
  app.post("/echo", heard(echo));
  app.get(
    "/wait",
    heard(async ({ signal }) => {
      await Promise.race([released, once(signal, "abort")]);
      return "waited";
    }),
  );
  app.get(
    "/stream",
    heard(({ signal }): BodyStream => {
      return (async function* () {
        yield "first";
        await Promise.race([released, once(signal, "abort")]);
        yield "last";
      })();
    }),
  );
  port = (await app.listen({ port: 0, maxConnections: 1 })).address.port;
});
afterEach(() => app.close({ deadline: 0 }));

/** Looks again at every turn of the event loop, for some seconds. */
async function until(what: string, condition: () => boolean): Promise<void> {
  const end = performance.now() + 10_000;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`it never came that ${what}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** A client whose request has come as far as it is sent, as the server sees it. */
async function arrived({ sent, handlers }: Phase): Promise<RawClient> {
  const before = accepted.count;
  const client = new RawClient(port);
  await until("the connection is accepted", () => accepted.count > before);
  if (sent !== "") await client.write(sent);
  const [socket] = accepted.open;
  await until("all has come", () => socket.bytesRead === sent.length && signals.length === handlers.length);
  const answered = handlers.filter(Boolean).length;
  await client.until(() => client.received.split("\r\n\r\n").length > answered);
  if (sent.includes("/stream")) await client.until(() => client.received.includes("first"));
  return client;
}

/** The one slot is free again, and nothing was left behind. */
async function servesOn(): Promise<void> {
  await until("its slot is free", () => accepted.open.size === 0);
  expect((await exchange(port, get("/"))).map(({ body }) => body)).toEqual(["ok"]);
  expect([unhandled, errors]).toEqual([[], []]);
}

test.each(phases)("RST $phase", async (phase) => {
  const client = await arrived(phase);
  client.socket.resetAndDestroy();
  await until("the slot is free", () => accepted.open.size === 0);
  expect(signals.map(({ aborted }) => aborted)).toEqual(phase.handlers.map((answered) => !answered));
  await servesOn();
});

test.each(phases)("FIN $phase", async (phase) => {
  const client = await arrived(phase);
  const [socket] = accepted.open;
  client.socket.end();
  await until("the end was read", () => socket.readableEnded || socket.destroyed);
  release();
  await client.end();
  const statuses = [...client.received.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => Number(status));
  expect(statuses).toEqual(phase.statuses);
  if (phase.sent.includes("/stream"))
    expect(client.received.endsWith("5\r\nfirst\r\n4\r\nlast\r\n0\r\n\r\n")).toBe(true);
  expect(signals.map(({ aborted }) => aborted)).toEqual(phase.handlers.map((answered) => !answered));
  client.destroy();
  await servesOn();
});

test.each([
  ["requests behind it", get("/wait") + "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n".repeat(2)],
  ["a half-close", get("/wait")],
])("RST while the handler works, after %s", async (after, sent) => {
  const client = new RawClient(port);
  await client.write(sent);
  await until("the handler works", () => signals.length === 1);
  if (after === "a half-close") {
    const [socket] = accepted.open;
    client.socket.end();
    await until("the end was read", () => socket.readableEnded);
  }
  client.socket.resetAndDestroy();
  await until("the slot is free", () => accepted.open.size === 0);
  expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
  await servesOn();
});

test("RST right behind a request, before the server has read it", async () => {
  const client = new RawClient(port);
  await until("the connection is accepted", () => accepted.open.size === 1);
  // Handed to the system at once; this turn does not end before the RST has gone, too.
  client.socket.write(get("/wait"));
  client.socket.resetAndDestroy();
  await until("the slot is free", () => accepted.open.size === 0);
  expect(signals.map(({ aborted }) => aborted)).not.toContain(false);
  await servesOn();
});
