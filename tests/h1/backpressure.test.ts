/** Nobody is written to faster than they read, and nobody is read from faster than somebody wants it. */
import { expect, test } from "vitest";
import { ConnectionGroup, type Exchange } from "../../src/h1/index.ts";
import { OutgoingContent } from "../../src/h1/outgoing.ts";
import { bytes, connectPair, connectServer, message, settled } from "../support/pair.ts";

const PIECE = 8192;

/** Content of many pieces that counts how many were asked for. */
function counted(many: number) {
  const source = {
    asked: 0,
    closed: false,
    async *pieces(): AsyncGenerator<Uint8Array> {
      try {
        for (; source.asked < many; ) yield new Uint8Array(PIECE).fill(source.asked++);
      } finally {
        source.closed = true;
      }
    },
  };
  return source;
}

/** Whether these are the pieces of a counted content. */
function isCounted(content: Uint8Array, many: number): boolean {
  return content.length === many * PIECE && content.every((byte, at) => byte === (Math.floor(at / PIECE) & 255));
}

test("the source of a response is asked for no more than its client reads", async () => {
  const source = counted(400);
  const group = new ConnectionGroup({ request: (exchange) => void exchange.respond(message(source.pieces())) });
  const { client, clientEnd } = connectPair(group);
  const response = client.request({ method: "GET", target: "/", host: "a" });
  clientEnd.pause();
  for (let turns = 0; turns < 50; ++turns) await settled();
  expect(source.asked).toBeLessThan(10);
  const { asked } = source;
  clientEnd.resume();
  const { content } = await response;
  for (let turns = 0; turns < 50; ++turns) await settled();
  expect(source.asked).toBeGreaterThan(asked);
  expect(source.asked).toBeLessThan(50);
  expect(isCounted(await content.bytes(), 400)).toBe(true);
  expect([source.asked, source.closed, client.reusable]).toEqual([400, true, true]);
});

test("the source of a request is asked for no more than its handler reads", async () => {
  const source = counted(400);
  const exchanges: Exchange[] = [];
  const group = new ConnectionGroup({ request: (exchange) => void exchanges.push(exchange) }, { maxBodySize: 1e8 });
  const { client, serverEnd } = connectPair(group);
  const response = client.request({ method: "POST", target: "/", host: "a", body: source.pieces() });
  for (let turns = 0; turns < 50; ++turns) await settled();
  expect([source.asked < 50, serverEnd.pauses > 0, serverEnd.resumes]).toEqual([true, true, 0]);
  const pieces: Uint8Array[] = [];
  for await (const piece of exchanges[0].content.pieces()) {
    pieces.push(piece);
    await settled();
  }
  expect(serverEnd.resumes).toBeGreaterThan(0);
  expect(isCounted(Buffer.concat(pieces), 400)).toBe(true);
  exchanges[0].respond(message("ok"));
  await (await response).content.bytes();
  expect(client.reusable).toBe(true);
});

test("content that nobody wants stays with its client, though more came at once than the window holds", async () => {
  const exchanges: Exchange[] = [];
  const { server, serverEnd } = connectServer(
    new ConnectionGroup({ request: (exchange) => void exchanges.push(exchange) }, { maxBodySize: 1e8 }),
  );
  const content = "x".repeat(400_000);
  server.receive(bytes(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${content.length + 1}\r\n\r\n${content}`));
  for (let turns = 0; turns < 50; ++turns) await settled();
  expect([serverEnd.pauses, serverEnd.resumes]).toEqual([1, 0]);
  const whole = exchanges[0].content.bytes();
  for (let turns = 0; turns < 50; ++turns) await settled();
  expect(serverEnd.resumes).toBe(1);
  server.receive(bytes("x"));
  expect((await whole).length).toBe(content.length + 1);
});

test("content that nobody wants is read once its request is answered", async () => {
  const exchanges: Exchange[] = [];
  const { server, serverEnd } = connectServer(
    new ConnectionGroup({ request: (exchange) => void exchanges.push(exchange) }),
  );
  server.receive(bytes("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 131072\r\n\r\n"));
  server.receive(new Uint8Array(65536));
  expect([exchanges.length, serverEnd.pauses, serverEnd.resumes]).toEqual([1, 1, 0]);
  exchanges[0].respond(message("ok"));
  expect(serverEnd.resumes).toBe(1);
  server.receive(new Uint8Array(65536));
  server.receive(bytes("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
  expect([exchanges.length, serverEnd.ended]).toEqual([2, false]);
});

test("no request is read while answers wait to be read, and all are then", async () => {
  const targets: string[] = [];
  const group = new ConnectionGroup({
    request(exchange) {
      targets.push(exchange.head.target);
      exchange.respond(message("x".repeat(70_000)));
    },
  });
  const { server, clientEnd, serverEnd } = connectServer(group);
  clientEnd.pause();
  server.receive(bytes(Array.from({ length: 20 }, (_, at) => `GET /${at} HTTP/1.1\r\nHost: a\r\n\r\n`).join("")));
  await settled();
  expect(targets.length).toBeLessThan(4);
  expect(serverEnd.pauses).toBe(1);
  clientEnd.resume();
  for (let turns = 0; turns < 100; ++turns) await settled();
  expect(targets).toEqual(Array.from({ length: 20 }, (_, at) => `/${at}`));
  expect([serverEnd.resumes, serverEnd.written.match(/200 OK/g)?.length]).toEqual([1, 20]);
});

test("a source is let go when its reader goes", async () => {
  const source = counted(1e6);
  const group = new ConnectionGroup({ request: (exchange) => void exchange.respond(message(source.pieces())) });
  const { client, clientEnd } = connectPair(group);
  const response = client.request({ method: "GET", target: "/", host: "a" });
  response.catch(() => {});
  clientEnd.pause();
  await settled();
  client.cut();
  for (let turns = 0; turns < 5; ++turns) await settled();
  expect([source.closed, group.size]).toEqual([true, 0]);
});

test("a source that never waits, for a peer that reads all at once, leaves others their turn", async () => {
  let [given, othersHadTheirTurn] = [0, false];
  async function* source(): AsyncGenerator<string> {
    for (; given < 10_000 && !othersHadTheirTurn; ++given) yield "x";
  }
  setImmediate(() => {
    othersHadTheirTurn = true;
  });
  await new OutgoingContent(source(), "chunked").send(() => true);
  expect(given).toBeLessThan(10_000);
});
