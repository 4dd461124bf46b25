/** What has broken a connection once, at either of its ends. */
import { describe, expect, test } from "vitest";
import { ConnectionGroup, type Exchange } from "../../src/h1/index.ts";
import { bytes, connectClient, connectPair, connectServer, message, pieces, settled, text } from "../support/pair.ts";

const get = (target: string, more = "") => `GET ${target} HTTP/1.1\r\nHost: a\r\n${more}\r\n`;
const count = (written: string, what: RegExp) => written.match(what)?.length ?? 0;

describe("clients", () => {
  test("content that has come whole outlasts what other connections read", async () => {
    const group = new ConnectionGroup({ request: (exchange) => void exchange.respond(message(exchange.head.target)) });
    const [one, two] = [connectPair(group), connectPair(group)];
    const first = await one.client.request({ method: "GET", target: "/first", host: "a" });
    await two.client.request({ method: "GET", target: "/other", host: "a" });
    expect(text(await first.content.bytes())).toBe("/first");
  });

  test("content that was sent whole keeps the connection, though its source has not ended", async () => {
    let end = () => {};
    async function* body() {
      yield "some";
      await new Promise<void>((resolve) => {
        end = resolve;
      });
    }
    const { client, clientEnd } = connectClient();
    const fields = [["Content-Length", "4"]] as const;
    const first = client.request({ method: "POST", target: "/", host: "a", fields, body: body() });
    const second = client.request({ method: "GET", target: "/second", host: "a" });
    const ok = bytes("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    await settled();
    client.receive(ok);
    await first;
    expect(client.reusable).toBe(true);
    end();
    await settled();
    expect(clientEnd.written).toMatch(/\r\n\r\nsomeGET \/second/);
    client.receive(ok);
    await second;
    expect([client.reusable, client.idle]).toEqual([true, true]);
  });
});

describe("chunks that are larger than the window", () => {
  const long = Array.from({ length: 200_000 }, (_, at) => String.fromCharCode(33 + ((at * 7919) % 94))).join("");

  test("whoever takes over gets all that followed, on both sides", async () => {
    const group = new ConnectionGroup({
      request(exchange) {
        exchange.handOver((stream, unread) => {
          taken = text(unread);
          (stream as { write(pieces: string[]): void }).write([
            `HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n${long}`,
          ]);
        });
      },
    });
    let taken = "";
    const { server, client } = connectPair(group);
    const response = client.request({ method: "GET", target: "/", host: "a", fields: [["Upgrade", "x"]] });
    server.receive(bytes(get("/", "Connection: upgrade\r\nUpgrade: x\r\n") + long));
    expect(taken === long).toBe(true);
    expect(text((await response).taken?.unread ?? bytes("")) === long).toBe(true);
  });

  test("content is not overwritten by what follows it", async () => {
    let first: Exchange | null = null;
    let posted: Promise<Uint8Array> | null = null;
    const group = new ConnectionGroup({
      request(exchange) {
        if (exchange.head.method === "GET") first = exchange;
        else posted = exchange.content.bytes();
      },
    });
    const { server } = connectServer(group);
    const post = `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${long.length}\r\n\r\n${long}`;
    server.receive(bytes(get("/") + post));
    (first as Exchange | null)?.respond(message("first"));
    await settled();
    expect(text((await posted) as unknown as Uint8Array) === long).toBe(true);
  });

  test("nor is that of a response", async () => {
    const { client, clientEnd } = connectClient();
    const response = client.request({ method: "GET", target: "/", host: "a" });
    client.receive(bytes(`HTTP/1.1 200 OK\r\nContent-Length: ${long.length}\r\n\r\n${long}`));
    expect(text(await (await response).content.bytes()) === long).toBe(true);
    expect([client.reusable, clientEnd.destroyed]).toEqual([true, false]);
  });
});

describe("answers", () => {
  test("an error that follows pending answers is the only one that closes", () => {
    const waiting: Exchange[] = [];
    const { server, serverEnd } = connectServer(
      new ConnectionGroup({ request: (exchange) => void waiting.push(exchange) }),
    );
    server.receive(bytes(`${get("/1")}${get("/2")}BAD\r\n\r\n`));
    for (const exchange of waiting) exchange.respond(message("ok"));
    expect(serverEnd.written.match(/HTTP\/1.1 \d+|Connection: close/g)).toEqual([
      "HTTP/1.1 200",
      "HTTP/1.1 200",
      "HTTP/1.1 400",
      "Connection: close",
    ]);
  });

  test("very many that wait for the first one leave with it", () => {
    const waiting: Exchange[] = [];
    const group = new ConnectionGroup(
      { request: (exchange) => void waiting.push(exchange) },
      { maxPipelinedRequests: Number.POSITIVE_INFINITY },
    );
    const { server, serverEnd } = connectServer(group);
    for (let at = 0; at < 100; ++at) server.receive(bytes(get("/").repeat(100)));
    expect(waiting).toHaveLength(10_000);
    for (const exchange of waiting.reverse()) exchange.respond(message("ok"));
    expect(count(serverEnd.written, /200 OK/g)).toBe(10_000);
  });

  test("a handler may answer its own request and then those before it", () => {
    const waiting: Exchange[] = [];
    const group = new ConnectionGroup({
      request(exchange) {
        waiting.push(exchange);
        if (exchange.head.target !== "/last") return;
        exchange.inform(102);
        for (const each of waiting.splice(0).reverse()) each.respond(message(each.head.target));
      },
    });
    const { server, serverEnd } = connectServer(group);
    server.receive(bytes(get("/1") + get("/2") + get("/last") + get("/last")));
    expect(serverEnd.written.match(/102|\/1$|\/1(?=HTTP)|\/2|\/last/g)).toEqual([
      "/1",
      "/2",
      "102",
      "/last",
      "102",
      "/last",
    ]);
  });
});

describe("answers that are made of the content of their requests", () => {
  const content = Array.from({ length: 30 }, (_, at) => new Uint8Array(100_000).fill(at));
  const copy = (exchange: Exchange) => void exchange.respond(message(exchange.content.pieces()));

  test.each([
    ["more than is read and dropped", { fields: [["Content-Length", "3000000"] as const] }],
    ["the last request of its connection", { close: true }],
    ["content that is held back", { expectContinue: true }],
  ])("%s", async (_, more) => {
    const { client, serverEnd } = connectPair(new ConnectionGroup({ request: copy }, { maxBodySize: 1e8 }));
    const response = await client.request({
      method: "POST",
      target: "/",
      host: "a",
      body: pieces(...content),
      ...more,
    });
    const copied = await Promise.race([response.content.bytes(), serverEnd.quiet()]);
    expect(Buffer.concat(content).equals(copied ?? new Uint8Array(0))).toBe(true);
    expect(count(serverEnd.written.slice(0, 200), /^HTTP\/1.1 100 Continue\r\n\r\n/g)).toBe(
      "expectContinue" in more ? 1 : 0,
    );
  });

  test("content until the connection closes", async () => {
    const { server, serverEnd } = connectServer(new ConnectionGroup({ request: copy }));
    server.receive(bytes("POST / HTTP/1.0\r\nContent-Length: 4\r\n\r\nab"));
    await settled();
    server.receive(bytes("cd"));
    await settled();
    expect(serverEnd.written).toMatch(/Connection: close\r\n\r\nabcd$/);
    expect(serverEnd.ended).toBe(true);
  });

  test("no request is taken after one whose answer closes", async () => {
    const { server, serverEnd } = connectServer(new ConnectionGroup({ request: copy }));
    const post = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n";
    server.receive(bytes(`${post}Connection: close\r\n\r\nab`));
    await settled();
    server.receive(bytes(`cd${get("/")}`));
    await settled();
    expect(count(serverEnd.written, /200 OK/g)).toBe(1);
    expect(serverEnd.ended).toBe(true);
  });
});
