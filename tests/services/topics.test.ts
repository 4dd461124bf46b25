/** Topics: who gets what, here and in other threads, processes and over a real Redis. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { Worker } from "node:worker_threads";
import { build } from "esbuild";
import { afterEach, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { App } from "../../src/index.ts";
import { eventStream } from "../../src/services/events.ts";
import {
  ClusterTransport,
  RedisTransport,
  ThreadTransport,
  Topics,
  type TopicsOptions,
  type TopicsTransport,
} from "../../src/services/topics.ts";
import { RawClient } from "../support/client.ts";
import { deferred } from "../support/deferred.ts";
import { hasRedis, type Redis as RedisServer, startRedis } from "../support/redis.ts";

const apps: App[] = [];
const all: Topics[] = [];
const children: ChildProcess[] = [];
const servers: RedisServer[] = [];
const logged: [level: string, text: string][] = [];

afterEach(async () => {
  await Promise.all(apps.splice(0).map((app) => app.close({ deadline: 0 })));
  await Promise.all(all.splice(0).map((topics) => topics.close()));
  for (const child of children.splice(0)) {
    const gone = child.exitCode === null ? once(child, "exit") : null;
    child.kill("SIGKILL");
    await gone;
  }
  await Promise.all(servers.splice(0).map((server) => server.stop()));
  logged.length = 0;
});

const note =
  (level: string) =>
  (...values: unknown[]) =>
    void logged.push([level, values.map(String).join(" ")]);
const logger = { info: note("info"), warn: note("warn"), error: note("error") };

function newTopics(options: TopicsOptions = {}): Topics {
  const topics = new Topics({ logger, ...options });
  all.push(topics);
  return topics;
}

/** What a topic gets, and how to wait for so many messages. */
function collect(topics: Topics, topic: string) {
  const got: unknown[] = [];
  let wake = () => {};
  topics.subscribe(topic, (message) => {
    got.push(message);
    wake();
  });
  const until = async (count: number) => {
    while (got.length < count) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    return got;
  };
  return { got, until };
}

/** Resolves when everything had its turn that waits for nothing from outside. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

/** A program of this folder, and the lines that it says. */
function run(name: string, ...args: string[]) {
  const file = path.join(import.meta.dirname, "topics", `${name}.ts`);
  const child = spawn(process.execPath, ["--import", "tsx", file, ...args], { stdio: ["pipe", "pipe", "inherit"] });
  children.push(child);
  let said = "";
  child.stdout.on("data", (text) => {
    said += text;
  });
  const lines = () => said.split("\n").slice(0, -1);
  return {
    child,
    lines,
    async until(condition: (lines: string[]) => boolean): Promise<void> {
      while (!condition(lines())) await once(child.stdout, "data");
    },
    /** Asks it to end, and resolves with its code. */
    async end(): Promise<number> {
      const gone = once(child, "exit");
      child.stdin.end();
      return (await gone)[0];
    },
  };
}

describe("receivers", () => {
  test("get what is published to their topic, as it is, until they unsubscribe", () => {
    const topics = newTopics();
    const got: unknown[] = [];
    const message = { a: 1 };
    const unsubscribe = topics.subscribe("a", (...values) => got.push(values));
    topics.subscribe("b", () => got.push("other"));
    topics.publish("a", message);
    topics.publish("nobody", message);
    expect(got).toEqual([[message, "a"]]);
    expect((got[0] as unknown[])[0]).toBe(message);
    expect(topics.receivers("a")).toBe(1);
    unsubscribe();
    unsubscribe();
    topics.publish("a", message);
    expect([got.length, topics.receivers("a"), topics.receivers("b"), topics.connected]).toEqual([1, 0, 1, true]);
  });

  test("that send get text and bytes as they are, and all else as JSON", () => {
    const topics = newTopics();
    const got: unknown[] = [];
    topics.subscribe("a", { send: (message) => got.push(message) });
    const bytes = Uint8Array.of(1);
    for (const message of ["text", bytes, { a: [1] }, null, 0, ""]) topics.publish("a", message);
    expect(got).toEqual(["text", bytes, '{"a":[1]}', "null", "0", ""]);
    expect(got[1]).toBe(bytes);
  });

  test("that subscribe while a message is given away get the next; those that unsubscribe, none", () => {
    const topics = newTopics();
    const order: string[] = [];
    topics.subscribe("a", () => {
      order.push("first");
      second();
      topics.subscribe("a", () => order.push("late"));
    });
    const second = topics.subscribe("a", () => order.push("second"));
    topics.publish("a", 1);
    expect(order).toEqual(["first"]);
    topics.publish("a", 2);
    expect(order).toEqual(["first", "first", "late"]);
  });

  test("that fail are told to the log, and get the next message; others get them all", async () => {
    const topics = newTopics();
    const { got } = collect(topics, "a");
    let calls = 0;
    const fail = () => {
      ++calls;
      throw new Error("no");
    };
    topics.subscribe("a", fail);
    topics.subscribe("a", async () => fail());
    topics.subscribe("a", { send: fail });
    topics.subscribe("a", { send: async () => fail() });
    const after = collect(topics, "a");
    topics.publish("a", 1);
    await settled();
    topics.publish("a", 2);
    await settled();
    expect([got, after.got, calls]).toEqual([[1, 2], [1, 2], 8]);
    expect(logged).toEqual(Array(8).fill(["error", "Error: no"]));
  });

  test("that are closed are unsubscribed: by their signal, or by false", async () => {
    const topics = newTopics();
    const controller = new AbortController();
    topics.subscribe("a", { send: () => true, signal: controller.signal });
    topics.subscribe("a", { send: () => false });
    topics.subscribe("a", { send: async () => false });
    topics.subscribe("a", { send: () => undefined });
    expect(topics.receivers("a")).toBe(4);
    controller.abort();
    expect(topics.receivers("a")).toBe(3);
    topics.publish("a", 1);
    await settled();
    expect(topics.receivers("a")).toBe(1);
    topics.subscribe("a", { send: () => true, signal: controller.signal });
    expect(topics.receivers("a")).toBe(1);
  });

  test("what is no topic, message or receiver is refused", () => {
    const topics = newTopics();
    for (const bad of ["", 1, null, undefined]) {
      expect(() => topics.publish(bad as never, 1)).toThrow("a topic is a text that is not empty");
      expect(() => topics.subscribe(bad as never, () => {})).toThrow("a topic is a text that is not empty");
      expect(() => topics.subscribe("a", bad as never)).toThrow("a receiver is a function, or has a function send");
    }
    for (const bad of [undefined, () => {}, Symbol("a")]) {
      expect(() => topics.publish("a", bad)).toThrow("a message is text, bytes or what JSON can say");
    }
    expect(() => topics.publish("a", 1n)).toThrow(TypeError);
    for (const bad of [0, 1.5, -1, "1" as never]) {
      expect(() => new Topics({ maxWaiting: bad })).toThrow(
        `maxWaiting must be a whole number of at least 1, not ${bad}`,
      );
      expect(() => new ClusterTransport({ maxUnsent: bad })).toThrow("maxUnsent must be a whole number");
      expect(() => new RedisTransport("", { maxUnsent: bad })).toThrow("maxUnsent must be a whole number");
    }
  });

  test("take the messages that their topics are declared to have", () => {
    const topics = new Topics<{ news: { title: string }; [room: `room ${number}`]: string }>();
    const got: string[] = [];
    topics.subscribe("news", ({ title }) => got.push(title));
    topics.subscribe("room 1", (text) => got.push(text.toUpperCase()));
    topics.publish("news", { title: "a" });
    topics.publish("room 1", "b");
    // @ts-expect-error no such message
    topics.publish("news", "c");
    // @ts-expect-error no such topic
    topics.publish("other", "d");
    expect(got).toEqual(["a", "B", undefined]);
  });

  test("after close there are none, and nothing can be published", async () => {
    const topics = newTopics();
    const { signal } = new AbortController();
    const { got } = collect(topics, "a");
    const unsubscribe = topics.subscribe("a", { send: () => got.push("sent"), signal });
    await topics.close();
    expect(topics.receivers("a")).toBe(0);
    expect(() => topics.publish("a", 1)).toThrow("these topics are closed");
    expect(() => topics.subscribe("a", () => {})).toThrow("these topics are closed");
    unsubscribe();
    await topics.close();
    expect(got).toEqual([]);
  });
});

describe("a function that takes its time", () => {
  test("gets one message after the other, and keeps nobody waiting", async () => {
    const topics = newTopics();
    const turns = [deferred(), deferred(), deferred()];
    const slow: unknown[] = [];
    topics.subscribe("a", async (message) => {
      slow.push(message);
      await turns[slow.length - 1].promise;
    });
    const quick = collect(topics, "a");
    for (const message of [1, 2, 3]) topics.publish("a", message);
    expect([slow, quick.got]).toEqual([[1], [1, 2, 3]]);
    turns[0].resolve();
    await settled();
    expect(slow).toEqual([1, 2]);
    turns[1].resolve();
    turns[2].resolve();
    await settled();
    topics.publish("a", 4);
    expect(slow).toEqual([1, 2, 3, 4]);
  });

  test("has maxWaiting messages wait; with one more it is unsubscribed", async () => {
    const topics = newTopics({ maxWaiting: 2 });
    const turn = deferred();
    const slow: unknown[] = [];
    topics.subscribe("a", (message) => {
      slow.push(message);
      return turn.promise;
    });
    for (const message of [1, 2, 3]) topics.publish("a", message);
    expect([topics.receivers("a"), logged]).toEqual([1, []]);
    topics.publish("a", 4);
    expect(topics.receivers("a")).toBe(0);
    expect(logged).toEqual([["error", 'Error: a receiver of "a" was unsubscribed: 2 messages wait for it already']]);
    turn.resolve();
    await settled();
    expect(slow).toEqual([1]);
  });

  test("gets nothing that has waited once it is unsubscribed", async () => {
    const topics = newTopics();
    const turn = deferred();
    const slow: unknown[] = [];
    const unsubscribe = topics.subscribe("a", (message) => {
      slow.push(message);
      return turn.promise;
    });
    topics.publish("a", 1);
    topics.publish("a", 2);
    unsubscribe();
    turn.resolve();
    await settled();
    expect(slow).toEqual([1]);
  });
});

test("WebSockets and streams of events get the same, and are gone when they are closed", async () => {
  const app = new App();
  apps.push(app);
  const topics = newTopics();
  const closed = deferred();
  app.ws("/socket", {
    open: (socket) => topics.subscribe("news", socket),
    message: (_socket, message) => topics.publish("news", message),
    close: () => closed.resolve(),
  });
  app.get("/events", (request) =>
    eventStream(request, (stream) => {
      topics.subscribe("news", stream);
      stream.signal.addEventListener("abort", () => over.resolve());
    }),
  );
  const over = deferred();
  const { address } = await app.listen({ port: 0 });
  const events = new RawClient(address.port);
  await events.write("GET /events HTTP/1.1\r\nHost: a\r\n\r\n");
  await events.until(() => events.received.includes("\r\n\r\n"));
  const socket = new WebSocket(`ws://127.0.0.1:${address.port}/socket`);
  await once(socket, "open");
  socket.send("hello");
  expect(String((await once(socket, "message"))[0])).toBe("hello");
  topics.publish("news", { a: 1 });
  expect(String((await once(socket, "message"))[0])).toBe('{"a":1}');
  await events.until(() => events.received.includes('data: {"a":1}'));
  expect(events.received).toContain("data: hello\n\n");
  expect(topics.receivers("news")).toBe(2);
  socket.terminate();
  await closed.promise;
  expect(topics.receivers("news")).toBe(1);
  events.socket.resetAndDestroy();
  await over.promise;
  expect(topics.receivers("news")).toBe(0);
});

describe("a transport", () => {
  test("is told of the first and the last receiver of a topic, and carries what is published here", async () => {
    const told: unknown[] = [];
    let receive = (_topic: string, _message: unknown): void => {};
    let [up, down] = [() => {}, (_reason: unknown) => {}];
    const transport: TopicsTransport = {
      open: (events) => {
        ({ receive, up, down } = events);
      },
      publish: (...values) => told.push(values),
      subscribe: (topic) => told.push(`+${topic}`),
      unsubscribe: (topic) => told.push(`-${topic}`),
      close: () => void told.push("closed"),
    };
    const topics = newTopics({ transport });
    const { got } = collect(topics, "a");
    const sent: unknown[] = [];
    const unsubscribe = topics.subscribe("a", { send: (content) => sent.push(content) });
    topics.subscribe("b", () => {})();
    topics.publish("a", "mine");
    receive("a", { of: "others" });
    expect([got, sent]).toEqual([
      ["mine", { of: "others" }],
      ["mine", '{"of":"others"}'],
    ]);
    expect(told).toEqual(["+a", "+b", "-b", ["a", "mine"]]);
    expect(topics.connected).toBe(false);
    up();
    down("why");
    down("again");
    expect(topics.connected).toBe(false);
    up();
    up();
    expect(topics.connected).toBe(true);
    expect(logged).toEqual([
      ["warn", "topics do not reach others for now: why"],
      ["info", "topics reach others again"],
    ]);
    unsubscribe();
    await topics.close();
    expect(told.slice(4)).toEqual(["-a", "closed"]);
  });

  test("of threads", async () => {
    // Threads run what was built: what turns TypeScript into that for processes does not for them.
    const options = { bundle: true, format: "esm", platform: "node", packages: "external", write: false } as const;
    const entry = path.join(import.meta.dirname, "topics", "thread.ts");
    const { outputFiles } = await build({ ...options, entryPoints: [entry] });
    const url = new URL(`data:text/javascript,${encodeURIComponent(outputFiles[0].text)}`);
    const threads = [0, 1].map(() => new Worker(url));
    await Promise.all(threads.map((thread) => once(thread, "message")));
    const topics = newTopics({ transport: new ThreadTransport() });
    const apart = collect(newTopics({ transport: new ThreadTransport({ channel: "apart" }) }), "answers");
    const { until } = collect(topics, "answers");
    const own = collect(topics, "questions");
    topics.publish("questions", { a: ["ü"] });
    expect(await until(2)).toEqual([{ a: ["ü"] }, { a: ["ü"] }]);
    topics.publish("questions", Uint8Array.of(0, 255));
    expect((await until(4)).slice(2)).toEqual([Uint8Array.of(0, 255), Uint8Array.of(0, 255)]);
    // What is published here comes back from nowhere.
    expect([own.got.length, apart.got, topics.connected]).toEqual([2, [], true]);
    // Without topics the threads have nothing left to do.
    for (const thread of threads) thread.postMessage("close");
    expect(await Promise.all(threads.map(async (thread) => (await once(thread, "exit"))[0]))).toEqual([0, 0]);
  });

  test("of a cluster", async () => {
    const { until, lines, end } = run("cluster");
    const everyone = ["primary", "one", "two"];
    const wanted = [
      ...everyone.map((who) => `${who} got news {"from":"primary"}`),
      ...everyone.flatMap((who) => [`${who} got news "from one"`, `${who} got news "from two"`]),
      ...everyone.flatMap((who) => [`${who} got bytes [0,255]`, `${who} got other "apart"`]),
      // More than may wait for a process do not get there.
      ...everyone.flatMap((who) => [1, 2, 3].map((n) => `${who} got many ${n}`)),
      ...["got many 4", "got many 5", "reaches not all", "reaches others"].map((text) => `primary ${text}`),
    ];
    await until((found) => found.length >= wanted.length);
    expect(lines().sort()).toEqual(wanted.sort());
    expect(await end()).toBe(0);
  });
});

describe.skipIf(!hasRedis)("over Redis", () => {
  async function serve(port?: number): Promise<RedisServer> {
    const server = await startRedis(port);
    servers.push(server);
    return server;
  }

  test("processes get what others publish, and not twice what is their own", async () => {
    const { url } = await serve();
    const other = run("redis", url);
    await other.until((lines) => lines.includes("settled"));
    const topics = newTopics({ transport: new RedisTransport(url) });
    const answers = collect(topics, "answers");
    const bytes = collect(topics, "bytes");
    const own = collect(topics, "questions");
    await topics.settled();
    expect(topics.connected).toBe(true);
    topics.publish("questions", { a: "ü\n" });
    expect(await answers.until(1)).toEqual([{ to: { a: "ü\n" }, bytes: false }]);
    topics.publish("questions", Uint8Array.of(0, 255));
    expect(await bytes.until(1)).toEqual([Uint8Array.of(0, 255)]);
    expect(own.got).toEqual([{ a: "ü\n" }, Uint8Array.of(0, 255)]);
    expect(await other.end()).toBe(0);
    expect(logged).toEqual([]);
  });

  test("other programs may publish text, and what was packed by none is a message itself", async () => {
    const { Redis } = await import("ioredis");
    const { port, url } = await serve();
    const topics = newTopics({ transport: new RedisTransport({ port, host: "127.0.0.1" }, { prefix: "app/" }) });
    const { until } = collect(topics, "a");
    await topics.settled();
    const redis = new Redis(url);
    const texts = ["plain", '{"message":{"a":1}}', '{"bytes":"AP8="}', '{"a":1}', "[1]", "null", '{"bytes":1}', ""];
    for (const text of texts) await redis.publish("app/a", text);
    redis.disconnect();
    const [first, second, third, ...others] = await until(texts.length);
    expect([first, second, third]).toEqual(["plain", { a: 1 }, Uint8Array.of(0, 255)]);
    expect(others).toEqual(texts.slice(3));
  });

  test("only what somebody listens to is received", async () => {
    const { Redis } = await import("ioredis");
    const { url } = await serve();
    const topics = newTopics({ transport: new RedisTransport(url) });
    const redis = new Redis(url);
    const unsubscribe = topics.subscribe("a", () => {});
    topics.subscribe("b", () => {});
    await topics.settled();
    expect(((await redis.pubsub("CHANNELS")) as string[]).sort()).toEqual(["pyrois:a", "pyrois:b"]);
    unsubscribe();
    topics.subscribe("c", () => {});
    await topics.settled();
    expect(((await redis.pubsub("CHANNELS")) as string[]).sort()).toEqual(["pyrois:b", "pyrois:c"]);
    redis.disconnect();
  });

  test("while it is down messages stay here, which is told; then it goes on", async () => {
    const { port, url } = await serve();
    const other = run("redis", url);
    await other.until((lines) => lines.includes("settled"));
    const topics = newTopics({ transport: new RedisTransport(url) });
    const answers = collect(topics, "answers");
    const own = collect(topics, "questions");
    await topics.settled();
    const told = deferred();
    logger.warn = (...values) => {
      note("warn")(...values);
      told.resolve();
    };
    await servers[0].stop();
    await told.promise;
    logger.warn = note("warn");
    expect(topics.connected).toBe(false);
    for (let n = 0; n < 3; ++n) topics.publish("questions", n);
    topics.subscribe("later", () => {});
    expect(own.got).toEqual([0, 1, 2]);
    await other.until((lines) => lines.includes("down"));
    await serve(port);
    await topics.settled();
    await other.until((lines) => lines.includes("up"));
    expect(topics.connected).toBe(true);
    topics.publish("questions", "again");
    expect(await answers.until(1)).toEqual([{ to: "again", bytes: false }]);
    // Once each, and nothing of what was published meanwhile.
    expect(logged.map(([level]) => level)).toEqual(["warn", "info"]);
    expect(answers.got).toHaveLength(1);
  });

  test("maxUnsent messages may wait for one that stands still; others do not get there, which is told", async () => {
    const { url } = await serve();
    const [here, there] = [0, 1].map(() => newTopics({ transport: new RedisTransport(url, { maxUnsent: 3 }) }));
    const { got, until } = collect(there, "a");
    await Promise.all([here.settled(), there.settled()]);
    servers[0].pause();
    for (const n of [1, 2]) here.publish("a", n);
    expect(logged).toEqual([]);
    for (const n of [3, 4, 5]) here.publish("a", n);
    expect(logged).toEqual([["warn", expect.stringContaining("3 messages wait for Redis to take them")]]);
    const told = deferred();
    logger.info = (...values) => {
      note("info")(...values);
      told.resolve();
    };
    servers[0].resume();
    expect(await until(3)).toEqual([1, 2, 3]);
    await told.promise;
    logger.info = note("info");
    here.publish("a", "on");
    await until(4);
    expect(got).toEqual([1, 2, 3, "on"]);
    expect(logged.map(([level]) => level)).toEqual(["warn", "info"]);
  });

  test("topics can be closed before there was a connection", async () => {
    const { port } = await serve();
    await servers.splice(0)[0].stop();
    const topics = newTopics({ transport: new RedisTransport(`redis://127.0.0.1:${port}`) });
    topics.subscribe("a", () => {});
    const waiting = topics.settled();
    await topics.close();
    await waiting;
  });
});
