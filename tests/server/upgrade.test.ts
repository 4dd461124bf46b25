/** Connections that are handed over: Upgrade and CONNECT. */
import { once } from "node:events";
import type { Duplex } from "node:stream";
import { afterEach, describe, expect, test } from "vitest";
import { App, tunnel, upgrade } from "../../src/index.ts";
import { RawClient } from "../support/client.ts";

const errors: unknown[] = [];
const apps: App[] = [];
/** Called when a socket is closed that nobody listens to otherwise. */
let closed: () => void = () => {};

/** Sends everything back in capitals. */
function shout(socket: Duplex, head: Buffer): void {
  socket.on("error", () => {});
  socket.on("end", () => socket.end());
  const answer = (chunk: Buffer) => socket.write(chunk.toString("latin1").toUpperCase(), "latin1");
  if (head.length > 0) answer(head);
  socket.on("data", answer);
}

async function serve(): Promise<number> {
  const app = new App({
    tunnel: ({ target }) => (target === "a:443" ? tunnel(shout, { "X-To": target }) : "no"),
  });
  app.on("error", (error) => errors.push(error));
  apps.push(app);
  app.get("/", () => "ok");
  app.get("/slow", async () => {
    await new Promise((resolve) => setTimeout(resolve, 50));
    return "slow";
  });
  app.get("/shout", (request) =>
    request.upgrade === "shout" ? upgrade("shout", shout, { "X-Was": request.target }) : "not asked for",
  );
  app.get("/forced", () => upgrade("shout", shout));
  app.get("/deaf", () =>
    upgrade("shout", (socket) => {
      socket.on("close", () => closed());
      socket.resume();
    }),
  );
  app.get("/broken", () =>
    upgrade("shout", () => {
      throw new Error("in take");
    }),
  );
  app.post("/shout", async (request) => {
    const text = await request.text();
    return upgrade("shout", (socket, head) => {
      socket.write(text);
      shout(socket, head);
    });
  });
  app.post("/early", () => upgrade("shout", shout));
  return (await app.listen({ port: 0 })).address.port;
}

afterEach(async () => {
  errors.length = 0;
  await Promise.all(apps.splice(0).map((app) => app.close({ deadline: 0 })));
});

const asking = (path: string, method = "GET", more = "") =>
  `${method} ${path} HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: shout\r\n${more}\r\n`;
const switched = (was: string) =>
  `HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: shout\r\nX-Was: ${was}\r\n\r\n`;

/** Waits for a text, and gives all that came. */
async function received(client: RawClient, text: string): Promise<string> {
  await client.until(() => client.received.endsWith(text));
  return client.received;
}

describe("Upgrade", () => {
  test.each([[["more"]], [["mo", "re"]], [[]]])(
    "hands the connection over, with what came beside the head",
    async (rest) => {
      const client = new RawClient(await serve());
      await client.write(asking("/shout") + (rest[0] ?? ""));
      await received(client, rest[0]?.toUpperCase() ?? "\r\n\r\n");
      await client.write(rest[1] ?? "");
      await client.write("!");
      expect(await received(client, "!")).toBe(`${switched("/shout")}${rest.join("").toUpperCase()}!`);
      client.socket.end("bye");
      await client.end();
      expect(client.received).toMatch(/BYE$/);
      client.destroy();
    },
  );

  test("more than a socket buffers passes both ways", async () => {
    const client = new RawClient(await serve());
    await client.write(asking("/shout"));
    await received(client, "\r\n\r\n");
    const size = 5_000_000;
    client.socket.write("a".repeat(size));
    await client.until(() => client.received.length >= switched("/shout").length + size);
    expect(client.received.slice(-10)).toBe("A".repeat(10));
    client.destroy();
  });

  test("waits for its turn behind requests that are at work", async () => {
    const client = new RawClient(await serve());
    await client.write(`GET /slow HTTP/1.1\r\nHost: a\r\n\r\n${asking("/shout")}x`);
    const text = await received(client, "X");
    expect(text).toMatch(/^HTTP\/1\.1 200 OK[\s\S]*slow/);
    expect(text.slice(-switched("/shout").length - 1)).toBe(`${switched("/shout")}X`);
    client.destroy();
  });

  test("that is not granted leaves the connection to HTTP", async () => {
    const client = new RawClient(await serve());
    await client.write(asking("/") + asking("/"));
    expect((await client.responses(2)).map(({ body }) => body)).toEqual(["ok", "ok"]);
    await client.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    expect(await client.responses(3)).toHaveLength(3);
    client.destroy();
  });

  test("comes after the content of the request", async () => {
    const client = new RawClient(await serve());
    await client.write(asking("/shout", "POST", "Content-Length: 4\r\n"));
    await client.write("bodyrest");
    expect(await received(client, "bodyREST")).toContain("101 Switching Protocols");
    client.destroy();
  });

  test("is refused where nobody asked for it, and before the content has come", async () => {
    const client = new RawClient(await serve());
    await client.write("GET /forced HTTP/1.1\r\nHost: a\r\n\r\n");
    expect((await client.responses(1))[0].status).toBe(500);
    await client.write(asking("/early", "POST", "Content-Length: 4\r\n"));
    expect((await client.responses(2))[1].status).toBe(500);
    expect(errors).toHaveLength(2);
    client.destroy();
  });

  test("a client that resets troubles nobody, though its taker listens to no errors", async () => {
    const gone = new Promise<void>((resolve) => {
      closed = resolve;
    });
    const client = new RawClient(await serve());
    await client.write(asking("/deaf"));
    await received(client, "\r\n\r\n");
    client.socket.resetAndDestroy();
    await gone;
    expect(errors).toEqual([]);
  });

  test("a taker that reads a request which is over is reported as well", async () => {
    const errors: unknown[] = [];
    const app = new App().on("error", (error) => errors.push(error));
    app.get("/", (request) => upgrade("late", () => void request.headers.get("host")));
    const { address } = await app.listen({ port: 0 });
    const client = new RawClient(address.port);
    await client.write("GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: late\r\n\r\n");
    await client.end();
    expect(errors.map((error) => (error as Error).name)).toEqual(["ReleasedError"]);
    await app.close({ deadline: 0 });
  });

  test("a taker that throws loses the connection, and is reported", async () => {
    const client = new RawClient(await serve());
    await client.write(asking("/broken"));
    await client.end();
    expect(String(errors)).toBe("Error: in take");
    client.destroy();
  });

  test("handed over connections end with the server at its deadline", async () => {
    const client = new RawClient(await serve());
    await client.write(asking("/shout"));
    await received(client, "\r\n\r\n");
    await apps[0].close({ deadline: 20 });
    await client.end();
    client.destroy();
  });
});

describe("CONNECT", () => {
  const connectTo = (target: string) => `CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n\r\n`;

  test("makes a tunnel where the application does", async () => {
    const client = new RawClient(await serve());
    await client.write(`${connectTo("a:443")}hello`);
    expect(await received(client, "HELLO")).toBe("HTTP/1.1 200 OK\r\nX-To: a:443\r\n\r\nHELLO");
    client.destroy();
  });

  test("cannot be answered with content, and closes where it is refused", async () => {
    const client = new RawClient(await serve());
    await client.write(`${connectTo("b:443")}GET / HTTP/1.1\r\nHost: a\r\n\r\n`);
    await client.end();
    const answers = await client.responses(1);
    expect(answers.map(({ status, headers }) => [status, headers.get("connection")])).toEqual([[500, "close"]]);
    client.destroy();
  });

  test("gets 501 where the application makes no tunnels", async () => {
    const app = new App({ fallback: () => "anything" });
    apps.push(app);
    const { address } = await app.listen({ port: 0 });
    const client = new RawClient(address.port);
    await client.write(connectTo("a:443"));
    await client.end();
    expect((await client.responses(1))[0].status).toBe(501);
    client.destroy();
  });
});

test("a socket that was handed over is paused by its taker, and goes on", async () => {
  const app = new App();
  apps.push(app);
  let socket: Duplex | undefined;
  app.get("/", () =>
    upgrade("shout", (taken) => {
      socket = taken;
    }),
  );
  const client = new RawClient((await app.listen({ port: 0 })).address.port);
  await client.write(asking("/"));
  await received(client, "\r\n\r\n");
  await client.write("one");
  const [chunk] = (await once(socket as Duplex, "data")) as [Buffer];
  expect(chunk.toString()).toBe("one");
  socket?.pause();
  await client.write("two");
  socket?.resume();
  expect(String((await once(socket as Duplex, "data"))[0])).toBe("two");
  client.destroy();
});
