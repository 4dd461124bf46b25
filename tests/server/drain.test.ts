/** The time between the decision to stop and the end of accepting: those in front of a server learn of it meanwhile. */
import { afterEach, describe, expect, test } from "vitest";
import { App, type Server } from "../../src/index.ts";
import { health } from "../../src/services/health.ts";
import { RawClient } from "../support/client.ts";
import { deferred } from "../support/deferred.ts";

const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`;

/** Until a second call ends it. */
const LONG = 60_000;

let app: App;
let server: Server;
let clients: RawClient[] = [];

async function serve(): Promise<void> {
  app = new App();
  app.get("/", () => "ok");
  await app.load(health());
  server = await app.listen({ port: 0 });
}

function newClient(): RawClient {
  const client = new RawClient(server.address.port);
  clients.push(client);
  client.socket.on("end", () => client.socket.end());
  return client;
}

afterEach(async () => {
  await app.close({ deadline: 0 });
  for (const client of clients) client.destroy();
  clients = [];
});

function isListening(): boolean {
  try {
    return server.address !== null;
  } catch {
    return false;
  }
}

/** What becomes of a request: its status and whether the connection closes after it. */
async function ask(path: string, client = newClient()): Promise<[status: number, connection: string | undefined]> {
  const { length } = await client.responses(0);
  await client.write(get(path));
  const answer = (await client.responses(length + 1))[length];
  return [answer.status, answer.headers.get("connection")];
}

describe("during drainDelay", () => {
  test("connections are accepted and served, readiness fails, and answers close what they came by", async () => {
    await serve();
    const kept = newClient();
    expect(await ask("/", kept)).toEqual([200, undefined]);
    expect(await ask("/readyz")).toEqual([200, undefined]);
    const closed = app.close({ drainDelay: LONG });
    // One that was idle may still have a request on its way.
    expect(await ask("/", kept)).toEqual([200, "close"]);
    await kept.end();
    expect(await ask("/readyz")).toEqual([503, "close"]);
    expect(await ask("/livez")).toEqual([200, "close"]);
    await app.close();
    await closed;
    expect(server.counters.openConnections).toBe(0);
  });

  test("a request that is at work is answered, and its connection closed", async () => {
    await serve();
    const [entered, release] = [deferred(), deferred()];
    app.get("/later", async () => {
      entered.resolve();
      await release.promise;
      return "later";
    });
    const client = newClient();
    const answer = ask("/later", client);
    await entered.promise;
    const closed = app.close({ drainDelay: LONG });
    release.resolve();
    expect(await answer).toEqual([200, "close"]);
    await client.end();
    await app.close();
    await closed;
  });

  test("connections that are idle to its end are closed then", async () => {
    await serve();
    const client = newClient();
    await ask("/", client);
    await app.close({ drainDelay: 50, deadline: Number.POSITIVE_INFINITY });
    await client.end();
  });

  test("hooks and signals know from its beginning", async () => {
    await serve();
    const told = deferred();
    app.on("stopping", () => told.resolve());
    const stopping = deferred<AbortSignal>();
    app.get("/signal", (request) => {
      stopping.resolve(request.stopping);
      return null;
    });
    await ask("/signal");
    const closed = app.close({ drainDelay: LONG });
    await told.promise;
    expect((await stopping.promise).aborted).toBe(true);
    expect(await ask("/")).toEqual([200, "close"]);
    await app.close();
    await closed;
  });
});

test("on a connection that was accepted a request may still come right after it", async () => {
  await serve();
  const stopped = server.stop({ drainDelay: LONG });
  const client = newClient();
  // Served, so it is known that both were accepted.
  expect(await ask("/")).toEqual([200, "close"]);
  server.stop();
  while (isListening()) await new Promise(setImmediate);
  expect(await ask("/", client)).toEqual([200, "close"]);
  await stopped;
});

test("the deadline begins after it", async () => {
  await serve();
  const [entered, release] = [deferred(), deferred()];
  app.on("stopping", () => void setTimeout(release.resolve, 250));
  app.get("/later", async () => {
    entered.resolve();
    await release.promise;
    return "later";
  });
  const answer = ask("/later");
  await entered.promise;
  // Reckoned from the beginning, it would be cut before it is answered.
  await app.close({ drainDelay: 200, deadline: 150 });
  expect(await answer).toEqual([200, "close"]);
});

test("without it the server stops to accept at once", async () => {
  await serve();
  const { port } = server.address;
  const closed = app.close();
  const client = new RawClient(port);
  await client.end();
  client.destroy();
  await closed;
  expect(server.counters.acceptedConnections).toBe(0);
});

test("a second stop ends it, and waits for the first", async () => {
  await serve();
  const first = server.stop({ drainDelay: LONG });
  expect(await ask("/")).toEqual([200, "close"]);
  await server.stop({ drainDelay: LONG });
  await first;
  expect(() => server.address).toThrow("does not listen");
});

test("it does not even begin where it is ended at once", async () => {
  await serve();
  await Promise.all([app.close({ drainDelay: LONG }), app.close()]);
});

test("it ends by itself", async () => {
  await serve();
  await server.stop({ drainDelay: 50 });
  expect(() => server.address).toThrow("does not listen");
});

test.each([-1, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31])(
  "a time that makes no sense is refused: %s",
  async (drainDelay) => {
    await serve();
    expect(() => server.stop({ drainDelay })).toThrow(
      `drainDelay must be a number of milliseconds up to 2147483647, not ${drainDelay}`,
    );
    expect(await ask("/")).toEqual([200, undefined]);
    await expect(new App().run({ port: 0, drainDelay })).rejects.toThrow("drainDelay must be");
  },
);
