/** Times and numbers that a connection is granted. No time is measured here: what is awaited comes, or the test ends. */
import { once } from "node:events";
import { connect } from "node:net";
import { afterAll, describe, expect, test } from "vitest";
import { App, type ServerOptions } from "../../src/index.ts";
import { exchange, parseResponses, RawClient } from "../support/client.ts";
import { echo } from "../support/echo.ts";

const BIG = 20_000_000;
const apps: App[] = [];

async function serve(options: ServerOptions): Promise<number> {
  const app = new App();
  apps.push(app);
  app.get("/", () => "ok");
  app.get("/big", () => "x".repeat(BIG));
  app.get("/never", () => new Promise<string>(() => {}));
  app.post("/echo", echo);
  app.post("/early", () => "early");
  return (await app.listen({ port: 0, ...options })).address.port;
}

afterAll(async () => {
  await Promise.all(apps.map((app) => app.close()));
});

const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`;
const post = (path: string) => `POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nsome`;

/** What came back until the server closed: statuses. */
async function untilClosed(client: RawClient): Promise<number[]> {
  await client.end();
  client.destroy();
  return parseResponses(client.received).all.map(({ status }) => status);
}

// Each has a server of its own, and waits most of the time.
describe.concurrent("timeouts", () => {
  test("a connection that never sends is closed without a word", async () => {
    const client = new RawClient(await serve({ headTimeout: 200 }));
    expect(await untilClosed(client)).toEqual([]);
  });

  test.each(["", get("/")])("a head that does not end gets 408, after %j", async (before) => {
    const client = new RawClient(await serve({ headTimeout: 200 }));
    await client.write(`${before}GET / HTTP/1.1\r\nHost: a\r\n`);
    expect(await untilClosed(client)).toEqual(before ? [200, 408] : [408]);
  });

  test("a head that comes drop by drop gets no more time than another", async () => {
    const client = new RawClient(await serve({ headTimeout: 300 }));
    const drip = setInterval(() => client.socket.write("X"), 20);
    client.socket.write("GET / HTTP/1.1\r\nHost: a\r\nX:");
    expect(await untilClosed(client)).toEqual([408]);
    clearInterval(drip);
  });

  test.each([
    ["/echo", [408]],
    ["/early", [200]],
  ])("content that does not come ends the connection: %s", async (path, statuses) => {
    const client = new RawClient(await serve({ bodyTimeout: 200 }));
    await client.write(post(path));
    expect(await untilClosed(client)).toEqual(statuses);
  });

  test("content that drips ends the connection, though there is some all the time", async () => {
    const client = new RawClient(await serve({ bodyTimeout: 300 }));
    await client.write("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 8192\r\n\r\n");
    const drip = setInterval(() => client.socket.write("x"), 50);
    expect(await untilClosed(client)).toEqual([408]);
    clearInterval(drip);
  });

  test("content that comes drop by drop is taken where that is allowed", async () => {
    const client = new RawClient(await serve({ bodyTimeout: 600, minBodyRate: 0 }));
    await client.write("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 8\r\n\r\n");
    for (const byte of "12345678") {
      await new Promise((resolve) => setTimeout(resolve, 100));
      await client.write(byte);
    }
    expect((await client.responses(1))[0].body).toBe("12345678");
    client.destroy();
  });

  test("an idle connection is closed without a word", async () => {
    const client = new RawClient(await serve({ keepAliveTimeout: 200, headTimeout: 60_000 }));
    await client.write(get("/"));
    expect(await untilClosed(client)).toEqual([200]);
  });

  test("a handler has all the time it wants", async () => {
    const port = await serve({ headTimeout: 150, bodyTimeout: 150, keepAliveTimeout: 150, writeTimeout: 150 });
    const client = new RawClient(port);
    await client.write(get("/never"));
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect(client.ended).toBe(false);
    client.socket.resetAndDestroy();
  });

  test("a peer that reads nothing is cut, one that reads slowly is not", async () => {
    const port = await serve({ writeTimeout: 400 });
    const [stalled, slow] = [connect(port, "127.0.0.1"), connect(port, "127.0.0.1")];
    for (const socket of [stalled, slow]) {
      socket.on("error", () => {}).pause();
      socket.write(`GET /big HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
    }
    const sizes = { stalled: 0, slow: 0 };
    stalled.on("data", (chunk) => {
      sizes.stalled += chunk.length;
    });
    // A tenth now and then: so much that the system tells the server of it each time, and longer in all than may pass.
    let wanted = 0;
    const reading = setInterval(() => {
      wanted += BIG / 10;
      slow.resume();
    }, 100);
    slow.on("data", (chunk) => {
      sizes.slow += chunk.length;
      if (sizes.slow >= wanted) slow.pause();
    });
    await once(slow, "end");
    clearInterval(reading);
    stalled.resume();
    await once(stalled, "close");
    expect(sizes.stalled).toBeLessThan(BIG);
    expect(sizes.slow).toBeGreaterThan(BIG);
    slow.destroy();
  });
});

describe("numbers", () => {
  test("maxRequestsPerConnection: the last answer closes", async () => {
    const port = await serve({ maxRequestsPerConnection: 2 });
    const answers = await exchange(port, get("/") + get("/") + get("/"));
    expect(answers.map(({ headers }) => headers.get("connection"))).toEqual([undefined, "close"]);
  });

  test("maxConnections: one more is closed, the others serve on", async () => {
    const port = await serve({ maxConnections: 2 });
    const [first, second] = [new RawClient(port), new RawClient(port)];
    for (const client of [first, second]) {
      await client.write(get("/"));
      await client.responses(1);
    }
    expect(await untilClosed(new RawClient(port))).toEqual([]);
    await first.write(get("/"));
    expect(await first.responses(2)).toHaveLength(2);
    first.destroy();
    second.destroy();
  });

  test("maxConcurrentRequests: one more gets 503 with Retry-After", async () => {
    const port = await serve({ maxConcurrentRequests: 1 });
    const busy = new RawClient(port);
    await busy.write(get("/never"));
    const [refused] = await exchange(port, get("/"));
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "1"]);
    busy.socket.resetAndDestroy();
  });

  test.each([
    { headTimeout: 0 },
    { bodyTimeout: -1 },
    { keepAliveTimeout: Number.NaN },
    { writeTimeout: "x" as unknown as number },
    { maxBodySize: -1 },
    { maxRequestsPerConnection: 0 },
    { maxConnections: 0 },
    { maxConcurrentRequests: 0.5 },
  ])("%j is refused, and named", async (options) => {
    await expect(new App().listen(options)).rejects.toThrow(new RegExp(`^${Object.keys(options)[0]} must be a number`));
  });
});
