/** What has lasted too long, by a clock that the test moves: each at its limit, and just before it. */
import { describe, expect, test } from "vitest";
import { ConnectionGroup, type Exchange } from "../../src/h1/index.ts";
import { bytes, connectServer, message, pieces, settled } from "../support/pair.ts";

const HEAD = 1000;
const BODY = 2000;
const KEEP_ALIVE = 3000;
const WRITE = 4000;
const get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const post = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n";

function held(minBodyRate = 0) {
  const exchanges: Exchange[] = [];
  const errors: string[] = [];
  const group = new ConnectionGroup(
    {
      request: (exchange) => void exchanges.push(exchange),
      failed: (error) => void errors.push(error.name),
    },
    { headTimeout: HEAD, bodyTimeout: BODY, keepAliveTimeout: KEEP_ALIVE, writeTimeout: WRITE, minBodyRate },
    5000,
  );
  const connection = connectServer(group);
  let now = 5000;
  const pass = (time: number) => {
    now += time;
    group.tick(now);
  };
  const statuses = () => connection.serverEnd.written.match(/(?<=HTTP\/1\.1 )\d+/g) ?? [];
  /** Lets all time pass but the last millisecond, and then that. */
  const endsAfter = (time: number, status: string[]) => {
    pass(time - 1);
    expect([connection.serverEnd.ended, connection.serverEnd.destroyed]).toEqual([false, false]);
    pass(1);
    expect([connection.serverEnd.ended, statuses()]).toEqual([true, status]);
  };
  return { ...connection, group, exchanges, errors, pass, statuses, endsAfter };
}

describe("heads", () => {
  test("from the opening to the first byte: no word is said", () => {
    const { endsAfter, errors } = held();
    endsAfter(HEAD, []);
    expect(errors).toEqual([]);
  });

  test.each(["G", get.slice(0, -1)])("from the first byte to the last, however many come meanwhile: %j", (start) => {
    const { server, pass, endsAfter, errors } = held();
    pass(HEAD - 1);
    server.receive(bytes(start.slice(0, 1)));
    pass(500);
    server.receive(bytes(start.slice(1)));
    endsAfter(HEAD - 500, ["408"]);
    expect(errors).toEqual(["HeadTimeout"]);
  });

  test("empty lines begin no head", () => {
    const { server, pass, endsAfter } = held();
    pass(HEAD - 2);
    server.receive(bytes("\r\n"));
    endsAfter(2, []);
  });

  test("one behind a request that is at work is told after its answer", async () => {
    const { server, serverEnd, pass, exchanges, statuses, errors } = held();
    server.receive(bytes(get + get.slice(0, 9)));
    pass(HEAD);
    expect([errors, statuses(), serverEnd.ended]).toEqual([["HeadTimeout"], [], false]);
    pass(100 * HEAD);
    exchanges[0].respond(message("ok"));
    await settled();
    expect([errors.length, statuses(), serverEnd.ended]).toEqual([1, ["200", "408"], true]);
  });
});

describe("content", () => {
  test("from piece to piece: the handler is told, and answers", async () => {
    const { server, serverEnd, pass, exchanges, errors, statuses } = held();
    server.receive(bytes(post));
    const content = exchanges[0].content.bytes();
    for (const piece of "abc") {
      pass(BODY - 1);
      server.receive(bytes(piece));
    }
    pass(BODY - 1);
    expect(errors).toEqual([]);
    pass(1);
    await expect(content).rejects.toMatchObject({ name: "BodyTimeout", status: 408 });
    exchanges[0].respond(message("late", { status: 408 }));
    expect([errors, statuses(), serverEnd.ended]).toEqual([["BodyTimeout"], ["408"], true]);
  });

  test.each([
    ["as fast as it must", 20, []],
    ["a byte too slow", 19, ["BodyTimeout"]],
  ])("that comes %s, once it took its time", (_, size, told) => {
    const { server, pass, exchanges, errors } = held(10);
    server.receive(bytes(post.replace("9", "99")));
    exchanges[0].content.bytes().catch(() => {});
    server.receive(bytes("x"));
    pass(BODY / 2);
    server.receive(bytes("x".repeat(size - 1)));
    pass(BODY / 2 - 1);
    expect(errors).toEqual([]);
    pass(1);
    expect(errors).toEqual(told);
  });

  test("is not counted slow for the time in which nobody wanted it, nor for that of the request before", async () => {
    const { server, pass, exchanges, errors } = held(100_000);
    server.receive(bytes(post.replace("9", "900000")));
    exchanges[0].content.bytes().catch(() => {});
    pass(BODY - 1);
    server.receive(bytes("x".repeat(900_000)));
    await settled();
    for (let turns = 0; turns < 20; ++turns) await settled();
    pass(100 * BODY);
    exchanges[0].respond(message("ok"));
    server.receive(bytes(post));
    exchanges[1].content.bytes().catch(() => {});
    pass(BODY - 1);
    expect(errors).toEqual([]);
    pass(1);
    expect(errors).toEqual(["BodyTimeout"]);
  });

  test("of a request that is answered already: the connection ends", () => {
    const { server, exchanges, endsAfter } = held();
    server.receive(bytes(post));
    exchanges[0].respond(message("early"));
    endsAfter(BODY, ["200"]);
  });

  test("that nobody asks for is not waited for", async () => {
    const { server, pass, exchanges, errors } = held();
    server.receive(bytes(post.replace("9", "900000")));
    server.receive(bytes("x".repeat(65536)));
    server.receive(bytes("y".repeat(65536)));
    pass(100 * BODY);
    expect(errors).toEqual([]);
    exchanges[0].content.bytes().catch(() => {});
    server.receive(bytes("z"));
    pass(BODY);
    expect(errors).toEqual(["BodyTimeout"]);
  });
});

test("keep-alive: from the answer to the first byte of the next request", async () => {
  const { server, pass, exchanges, endsAfter } = held();
  server.receive(bytes(get));
  pass(100 * KEEP_ALIVE);
  exchanges[0].respond(message("ok"));
  pass(KEEP_ALIVE - 1);
  server.receive(bytes(get));
  exchanges[1].respond(message("ok"));
  endsAfter(KEEP_ALIVE, ["200", "200"]);
});

describe("writing", () => {
  const large = "x".repeat(200_000);

  test.each([
    ["in one piece", () => message(large)],
    ["piece by piece", () => message(pieces(large, large))],
  ])("a peer that reads nothing of an answer %s is cut", async (_, answer) => {
    const { server, clientEnd, serverEnd, pass, exchanges } = held();
    clientEnd.pause();
    server.receive(bytes(get));
    exchanges[0].respond(answer())?.catch(() => {});
    await settled();
    pass(1);
    pass(WRITE - 1);
    expect(serverEnd.destroyed).toBe(false);
    pass(1);
    expect(serverEnd.destroyed).toBe(true);
  });

  test("a peer that reads some of it now and then is not", async () => {
    const { server, clientEnd, serverEnd, pass, exchanges } = held();
    clientEnd.pause();
    server.receive(bytes(get));
    exchanges[0].respond(message(large));
    server.receive(bytes(get));
    pass(1);
    for (let at = 0; at < 5; ++at) {
      pass(WRITE - 1);
      clientEnd.resume();
      await Promise.resolve();
      clientEnd.pause();
    }
    expect(serverEnd.destroyed).toBe(false);
  });
});

describe("a closed connection", () => {
  const SILENCE = 2000;
  const AT_MOST = 30_000;

  async function closed() {
    const connection = held();
    connection.server.receive(bytes(get.replace("a\r\n", "a\r\nConnection: close\r\n")));
    connection.exchanges[0].respond(message("last"));
    await settled();
    // The time counts from the tick at which the peer has read all.
    connection.pass(1);
    expect([connection.serverEnd.ended, connection.serverEnd.destroyed]).toEqual([true, false]);
    return connection;
  }

  test("waits some time for its peer to close", async () => {
    const { serverEnd, pass } = await closed();
    pass(SILENCE - 1);
    expect(serverEnd.destroyed).toBe(false);
    pass(1);
    expect(serverEnd.destroyed).toBe(true);
  });

  test("waits for as long as its peer goes on sending, up to a limit", async () => {
    const { server, serverEnd, pass } = await closed();
    for (let time = 0; time < AT_MOST; time += 1000) {
      expect(serverEnd.destroyed).toBe(false);
      server.receive(bytes("x".repeat(100)));
      pass(1000);
    }
    for (let time = 0; time < SILENCE - 1000; time += 500) {
      server.receive(bytes("x"));
      pass(500);
    }
    expect(serverEnd.destroyed).toBe(true);
  });

  test("does not count the time in which its peer reads what was written", async () => {
    const { server, clientEnd, serverEnd, exchanges, pass } = held();
    clientEnd.pause();
    server.receive(bytes(get.replace("a\r\n", "a\r\nConnection: close\r\n")));
    exchanges[0].respond(message("last"));
    pass(WRITE - 1);
    expect([serverEnd.ended, serverEnd.destroyed]).toEqual([true, false]);
    clientEnd.resume();
    await settled();
    pass(1);
    pass(SILENCE - 1);
    expect(serverEnd.destroyed).toBe(false);
    pass(1);
    expect(serverEnd.destroyed).toBe(true);
  });
});

test("all of many are ended by one tick, also those that end meanwhile", () => {
  const group = new ConnectionGroup({ request() {} }, { headTimeout: HEAD });
  const all = Array.from({ length: 100 }, () => connectServer(group));
  for (const [at, { server }] of all.entries()) if (at % 2) server.receive(bytes("G"));
  expect(group.size).toBe(100);
  group.tick(HEAD - 1);
  group.tick(HEAD);
  for (const [at, { serverEnd }] of all.entries()) {
    expect([serverEnd.ended, serverEnd.written.slice(0, 12)]).toEqual([true, at % 2 ? "HTTP/1.1 408" : ""]);
  }
  group.cut();
  expect([group.size, all.every(({ serverEnd }) => serverEnd.destroyed)]).toEqual([0, true]);
});
