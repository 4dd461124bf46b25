/** What is particular to connections under TLS: names, protocols, handshakes, and streams through them. */
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { type ConnectionOptions, connect, createSecureContext, type TLSSocket } from "node:tls";
import { afterEach, describe, expect, test } from "vitest";
import { App, type BodyStream, type RunningServer, type ServerOptions } from "../../src/index.ts";
import { parseResponses, RawClient } from "../support/client.ts";

const fixture = (name: string) => readFileSync(new URL(`../fixtures/${name}`, import.meta.url));
const [key, cert] = [fixture("localhost.key"), fixture("localhost.crt")];
const other = { key: fixture("other.key"), cert: fixture("other.crt") };
const ca = [cert, other.cert];

let app: App;
let server: RunningServer;
/** Pieces of the endless content that were asked for. */
let asked = 0;

async function serve(options: ServerOptions = {}): Promise<number> {
  app = new App().on("error", () => {});
  app.get("/", () => "ok");
  app.get("/later/{name}", async ({ params }) => {
    await new Promise((resolve) => setImmediate(resolve));
    return params.name;
  });
  app.get("/endless", async function* endless() {
    for (asked = 0; ; ++asked) yield "x".repeat(16_384);
  } as () => BodyStream);
  app.post("/copy", (request) => request.body);
  server = await app.listen({ port: 0, tls: { key, cert }, ...options });
  return server.address.port;
}

afterEach(() => app.close({ deadline: 0 }));

async function secure(port: number, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const socket = connect({ port, host: "127.0.0.1", ca, servername: "localhost", ...options });
  await once(socket, "secureConnect");
  return socket;
}

/** Sends bytes and gives what comes back, as soon as it is so many responses. */
async function ask(socket: TLSSocket, sent: string, responses: number): Promise<string[]> {
  let received = "";
  socket.write(sent, "latin1");
  for await (const data of socket.iterator({ destroyOnReturn: false })) {
    received += data.toString("latin1");
    if (parseResponses(received).all.length >= responses) break;
  }
  return parseResponses(received).all.map(({ body }) => body);
}

const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`;

describe("handshakes", () => {
  test("each name gets its certificate", async () => {
    const asked: string[] = [];
    const port = await serve({
      tls: {
        key,
        cert,
        SNICallback(name, done) {
          asked.push(name);
          done(null, createSecureContext(name === "other.localhost" ? other : { key, cert }));
        },
      },
    });
    for (const servername of ["localhost", "other.localhost"]) {
      const socket = await secure(port, { servername });
      expect(socket.getPeerCertificate().subject.CN).toBe(servername);
      expect(await ask(socket, get("/"), 1)).toEqual(["ok"]);
      socket.destroy();
    }
    expect(asked).toEqual(["localhost", "other.localhost"]);
  });

  test("http/1.1 is chosen where a client offers h2 too, and nothing where it offers nothing", async () => {
    const port = await serve();
    const both = await secure(port, { ALPNProtocols: ["h2", "http/1.1"] });
    const none = await secure(port);
    expect([both.alpnProtocol, none.alpnProtocol]).toEqual(["http/1.1", false]);
    for (const socket of [both, none]) {
      expect(await ask(socket, get("/"), 1)).toEqual(["ok"]);
      socket.destroy();
    }
  });

  test("a client that speaks nothing but h2 is refused, others are not", async () => {
    const port = await serve();
    await expect(secure(port, { ALPNProtocols: ["h2"] })).rejects.toThrow(/no application protocol|ALPN/i);
    const socket = await secure(port);
    expect(await ask(socket, get("/"), 1)).toEqual(["ok"]);
    socket.destroy();
  });

  test("a client that speaks no TLS gets no HTTP", async () => {
    const port = await serve();
    const client = new RawClient(port);
    await client.write(get("/"));
    await client.end();
    expect(client.received).not.toContain("HTTP/");
    client.destroy();
    expect(server.counters.acceptedConnections).toBe(0);
  });

  test.each(["", "\x16\x03\x01\x02\x00\x01"])("one that never ends is cut after headTimeout: %j", async (start) => {
    const port = await serve({ headTimeout: 200 });
    const client = new RawClient(port);
    if (start !== "") await client.write(start);
    await client.end();
    client.destroy();
    expect(server.counters.acceptedConnections).toBe(0);
  });

  test("may be given all the time there is", async () => {
    const socket = await secure(await serve({ headTimeout: Number.POSITIVE_INFINITY }));
    expect(await ask(socket, get("/"), 1)).toEqual(["ok"]);
    socket.destroy();
  });

  test("one that has not begun does not keep the server from closing", async () => {
    const port = await serve({ headTimeout: 60_000 });
    const client = new RawClient(port);
    await once(client.socket, "connect");
    const socket = await secure(port);
    await app.close({ deadline: Number.POSITIVE_INFINITY });
    await client.end();
    client.destroy();
    socket.destroy();
  });

  test("one that never ends does not outlast the deadline of close", async () => {
    const port = await serve();
    const client = new RawClient(port);
    await client.write("\x16\x03\x01\x02\x00\x01");
    const socket = await secure(port);
    socket.destroy();
    await app.close({ deadline: 1 });
    await client.end();
    client.destroy();
  });
});

describe("streams", () => {
  test("pipelined requests are answered in order", async () => {
    const socket = await secure(await serve());
    const names = Array.from({ length: 200 }, (_, at) => String(at));
    expect(await ask(socket, names.map((name) => get(`/later/${name}`)).join(""), 200)).toEqual(names);
    socket.destroy();
  });

  test("content that comes back while it is sent is whole", async () => {
    const socket = await secure(await serve({ maxBodySize: 1e8 }));
    const content = Array.from({ length: 2_000_000 }, (_, at) => String.fromCharCode((at * 7919) & 255)).join("");
    socket.write(`POST /copy HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: ${content.length}\r\n\r\n`);
    socket.write(content, "latin1");
    let received = "";
    for await (const data of socket) received += data.toString("latin1");
    const chunks = received.slice(received.indexOf("\r\n\r\n") + 4);
    let copied = "";
    for (let at = 0; ; ) {
      const end = chunks.indexOf("\r\n", at);
      const size = Number.parseInt(chunks.slice(at, end), 16);
      if (size === 0) break;
      copied += chunks.slice(end + 2, end + 2 + size);
      at = end + size + 4;
    }
    expect(copied === content).toBe(true);
  });

  test("a client that does not read is not written to; one that goes ends it", async () => {
    const socket = await secure(await serve());
    socket.pause();
    socket.write(get("/endless"));
    for (let before = -1, turns = 0; turns < 200; ++turns) {
      if (before !== asked || asked === 0) turns = 0;
      before = asked;
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(asked).toBeLessThan(2000);
    socket.destroy();
    while (server.counters.openConnections > 0) await new Promise((resolve) => setImmediate(resolve));
    expect(server.counters.activeRequests).toBe(0);
  });
});
