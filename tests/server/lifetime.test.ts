/** What becomes of requests when clients go, and of connections when the server stops. */
import { once } from "node:events";
import { afterEach, describe, expect, test } from "vitest";
import { App, Server } from "../../src/index.ts";
import { exchange, RawClient } from "../support/client.ts";
import { deferred } from "../support/deferred.ts";

const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`;
const apps: App[] = [];
const newApp = () => {
  const app = new App();
  apps.push(app);
  return app;
};
afterEach(async () => {
  await Promise.all(apps.splice(0).map((app) => app.close({ deadline: 0 })));
});

describe("signal", () => {
  test("is aborted when the client goes, also where it is asked for afterwards", async () => {
    const app = newApp();
    const entered = deferred();
    const outcome = new Promise<[boolean, string, boolean]>((resolve) => {
      app.get("/", async (request) => {
        const { signal } = request;
        entered.resolve();
        const before = signal.aborted;
        await once(signal, "abort");
        resolve([before, String(signal.reason), request.signal.aborted]);
        return "nobody reads this";
      });
    });
    const { address } = await app.listen({ port: 0 });
    const client = new RawClient(address.port);
    await client.write(get("/"));
    await entered.promise;
    client.socket.resetAndDestroy();
    expect(await outcome).toEqual([false, "Error: the client has gone", true]);
  });

  test("is not aborted by an answer", async () => {
    const app = newApp();
    const signals: AbortSignal[] = [];
    app.get("/", async ({ signal, remoteAddress }) => {
      signals.push(signal);
      await new Promise((resolve) => setImmediate(resolve));
      return remoteAddress ?? "";
    });
    const { address } = await app.listen({ port: 0 });
    const client = new RawClient(address.port);
    await client.write(get("/") + get("/"));
    const answers = await client.responses(2);
    client.socket.end();
    await client.end();
    expect(answers.map(({ body }) => body)).toEqual(["127.0.0.1", "127.0.0.1"]);
    expect(signals.map(({ aborted }) => aborted)).toEqual([false, false]);
  });

  test("is aborted by a client that ends its side, which gets its answers all the same", async () => {
    const app = newApp();
    const signals: AbortSignal[] = [];
    app.get("/", async ({ signal }) => {
      signals.push(signal);
      if (!signal.aborted) await once(signal, "abort");
      return "answered";
    });
    const { address } = await app.listen({ port: 0 });
    const answers = await exchange(address.port, get("/") + get("/"));
    expect(answers.map(({ body }) => body)).toEqual(["answered", "answered"]);
    expect(signals.map(({ reason }) => String(reason))).toEqual(Array(2).fill("Error: the client has gone"));
  });

  test.each([
    ["POST", "POST", "POST"],
    ["GET", "POST"],
    ["POST", "GET"],
  ])("is aborted for a request that waits for those before it: %s %s %s", async (...methods) => {
    const app = newApp();
    app.route("/", () => new Promise<string>((resolve) => setImmediate(resolve, "before")), {
      methods: ["GET", "POST"],
    });
    app.route(
      "/last",
      async ({ signal }) => {
        if (!signal.aborted) await once(signal, "abort");
        return "last";
      },
      { methods: ["GET", "POST"] },
    );
    const { address } = await app.listen({ port: 0 });
    const requests = methods.map((method, index) => {
      const path = index === methods.length - 1 ? "/last" : "/";
      return method === "GET" ? get(path) : `POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx`;
    });
    const answers = await exchange(address.port, requests.join(""));
    expect(answers.map(({ body }) => body)).toEqual(
      methods.map((_, index) => (index === methods.length - 1 ? "last" : "before")),
    );
  });

  test("is not aborted by the end of bytes in memory", async () => {
    const app = newApp();
    app.route("/", async ({ signal }) => String(signal.aborted), { methods: ["GET", "POST"] });
    const post = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx";
    const answer = await app.injectBytes(Buffer.from(post + post + get("/")));
    expect(
      Buffer.from(answer)
        .toString()
        .match(/\r\n\r\n(?:true|false)/g),
    ).toEqual(Array(3).fill("\r\n\r\nfalse"));
  });

  test("fails, with what takes it, without a report", async () => {
    const errors: unknown[] = [];
    const app = newApp().on("error", (error) => errors.push(error));
    app.get("/reason", async ({ signal }) => {
      await once(signal, "abort");
      throw signal.reason;
    });
    app.get("/taken", ({ signal }) => once(new EventTarget(), "never", { signal }));
    app.get("/other", async ({ signal }) => {
      await once(signal, "abort");
      throw new Error("other");
    });
    const { address } = await app.listen({ port: 0 });
    for (const path of ["/reason", "/taken", "/other"]) {
      expect((await exchange(address.port, get(path))).map(({ status }) => status)).toEqual([500]);
    }
    expect(errors.map(String)).toEqual(["Error: other"]);
  });
});

describe("close", () => {
  test("cuts at the deadline what is still under way", async () => {
    const app = newApp();
    const entered = deferred();
    app.get("/", () => {
      entered.resolve();
      return new Promise<string>(() => {});
    });
    const { address } = await app.listen({ port: 0 });
    const client = new RawClient(address.port);
    await client.write(get("/"));
    await entered.promise;
    await app.close({ deadline: 50 });
    await client.end();
    expect(client.received).toBe("");
    client.destroy();
  });

  test("waits for as long as it is told, though no timer can", async () => {
    const app = newApp();
    let [answer, entered] = [() => {}, () => {}];
    const inHandler = new Promise<void>((resolve) => {
      entered = resolve;
    });
    app.get("/", async () => {
      entered();
      await new Promise<void>((resolve) => {
        answer = resolve;
      });
      return "ok";
    });
    const { address } = await app.listen({ port: 0 });
    const answers = exchange(address.port, get("/"));
    await inHandler;
    const closed = app.close({ deadline: 2 ** 31 });
    await new Promise((resolve) => setTimeout(resolve, 20));
    answer();
    expect((await answers)[0].body).toBe("ok");
    await closed;
  });

  test.each([-1, Number.NaN])("refuses the deadline %d", async (deadline) => {
    const app = newApp();
    await app.listen({ port: 0 });
    await expect(app.close({ deadline })).rejects.toThrow(RangeError);
  });
});

test("run hears signals while it starts, and listens to none where it does not", async () => {
  const app = newApp();
  const before = process.listenerCount("SIGTERM");
  const told: string[] = [];
  app.on("start", () => {
    expect(process.listenerCount("SIGTERM")).toBe(before + 1);
    process.emit("SIGTERM");
  });
  app.on("stopping", () => void told.push("stopping"));
  app.on("stop", () => void told.push("stop"));
  await app.run({ port: 0 });
  expect([told, process.listenerCount("SIGTERM")]).toEqual([["stopping", "stop"], before]);
  const broken = newApp();
  broken.on("start", () => Promise.reject(new Error("not today")));
  await expect(broken.run({ port: 0 })).rejects.toThrow("not today");
  expect(process.listenerCount("SIGTERM")).toBe(before);
});

test("run ends when the application is closed, and leaves no listeners", async () => {
  const before = process.listenerCount("SIGTERM");
  const app = newApp();
  let port = 0;
  await app.run({
    port: 0,
    onListen: async (server) => {
      port = server.address.port;
      expect(process.listenerCount("SIGTERM")).toBe(before + 1);
      await app.close();
    },
  });
  expect(port).toBeGreaterThan(0);
  expect(process.listenerCount("SIGTERM")).toBe(before);
});

test("a server that never listened is closed as any other", async () => {
  const app = newApp();
  const { port } = (await app.listen({ port: 0 })).address;
  const second = new Server(newApp(), { port });
  await expect(second.start()).rejects.toThrow("another program listens there already");
  await second.stop();
  await second.stopped;
});

describe("a server that was stopped", () => {
  test("is not started any more", async () => {
    const server = new Server(newApp(), { port: 0 });
    await server.stop();
    await expect(server.start()).rejects.toThrow("this server was stopped; make another one");
    await expect(server.run()).rejects.toThrow("this server was stopped; make another one");
    const served = await new Server(newApp(), { port: 0 }).start();
    await served.stop();
    await expect(served.start()).rejects.toThrow("this server was stopped; make another one");
  });

  test("while it starts still ends that, and then stops", async () => {
    const app = newApp();
    const ready = deferred();
    app.on("start", () => ready.promise);
    const server = new Server(app, { port: 0 });
    const started = server.start();
    const stopped = server.stop();
    ready.resolve();
    await Promise.all([started, stopped]);
    expect(() => server.url).toThrow("the server does not listen");
  });
});

test("a deadline that is none is refused before anything runs, not when a signal comes", async () => {
  const server = new Server(newApp(), { port: 0 });
  await expect(server.run({ deadline: -1 })).rejects.toThrow("deadline must be a number of milliseconds, not -1");
  expect(() => server.url).toThrow("the server does not listen");
});
