/** How connections end: by what was said, by limits, by their owner, by errors, and by another protocol. */
import { describe, expect, test } from "vitest";
import { ConnectionGroup, type Exchange, type GroupOptions } from "../../src/h1/index.ts";
import { bytes, connectServer, message, pieces, request, settled, text } from "../support/pair.ts";

const get = (target = "/") => request(`GET ${target}`);
const UPGRADE = "Connection: upgrade\r\nUpgrade: x\r\n";

function held(options: GroupOptions = {}) {
  const exchanges: Exchange[] = [];
  const events: string[] = [];
  const group = new ConnectionGroup(
    {
      request: (exchange) => void exchanges.push(exchange),
      over: ({ status }) => void events.push(`over ${status}`),
      failed: ({ name }) => void events.push(name),
      closed: () => void events.push("closed"),
    },
    options,
  );
  const connection = connectServer(group);
  const said = () => connection.serverEnd.written.match(/(?<=HTTP\/1\.1 )\d+|(?<=Connection: )[\w-]+/g) ?? [];
  const ended = () => connection.serverEnd.ended;
  return { ...connection, group, exchanges, events, said, ended };
}

describe("the last request", () => {
  test.each([
    ["Connection: close", request("GET /", "Connection: close\r\n")],
    ["HTTP/1.0", "GET / HTTP/1.0\r\n\r\n"],
  ])("%s: its answer closes, and what follows is not read", async (_, last) => {
    const { server, exchanges, said, ended, events } = held();
    server.receive(bytes(get() + last + get()));
    exchanges[0].respond(message("1"));
    await settled();
    exchanges[1].respond(message("2"));
    server.receive(bytes(`${get()}BAD\r\n\r\n`));
    expect([exchanges.length, said(), ended()]).toEqual([2, ["200", "200", "close"], true]);
    server.abort();
    expect(events).toEqual(["over 200", "over 200", "closed"]);
  });

  test.each([1, 3])("maxRequestsPerConnection: %d, at the limit and past it", (most) => {
    const { server, exchanges, said, ended } = held({ maxRequestsPerConnection: most });
    server.receive(bytes(get().repeat(most - 1)));
    for (const exchange of exchanges) exchange.respond(message("ok"));
    expect(ended()).toBe(false);
    server.receive(bytes(get().repeat(2)));
    exchanges[most - 1].respond(message("last"));
    expect([exchanges.length, ended()]).toEqual([most, true]);
    expect(said()).toEqual([...Array.from({ length: most }, () => "200"), "close"]);
  });
});

describe("hand-over", () => {
  test.each([
    ["Upgrade", request("GET /", UPGRADE), 101],
    ["Upgrade with content", request("POST /", `${UPGRADE}Content-Length: 2\r\n`, "ab"), 101],
    ["CONNECT", "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n", 200],
  ])("%s: after the answers before it, with all that has come", async (_, last, status) => {
    const { server, serverEnd, group, exchanges, events, said } = held();
    server.receive(bytes(`${get("/1")}${get("/2")}${last}GET / not HT`));
    server.receive(bytes("TP"));
    exchanges[1].respond(message("2"));
    exchanges[0].respond(message("1"));
    await settled();
    expect(exchanges).toHaveLength(3);
    let taken: unknown[] = [];
    exchanges[2].handOver((stream, unread) => {
      taken = [stream === serverEnd, text(unread), said()];
    });
    expect(taken).toEqual([true, "GET / not HTTP", ["200", "200"]]);
    expect(events).toEqual(["over 200", "over 200", `over ${status}`, "closed"]);
    expect([group.size, exchanges[2].done, serverEnd.ended, serverEnd.taken]).toEqual([0, true, false, []]);
  });

  test("while its request is being read", () => {
    const unread: string[] = [];
    const group = new ConnectionGroup({
      request: (exchange) => exchange.handOver((_, waiting) => unread.push(text(waiting))),
    });
    connectServer(group).server.receive(bytes(`${request("GET /", UPGRADE)}first bytes`));
    expect(unread).toEqual(["first bytes"]);
  });

  test("is refused for plain requests, while content is to come, and after the answer", async () => {
    const { server, exchanges } = held();
    const take = () => expect.unreachable();
    server.receive(bytes(get()));
    expect(() => exchanges[0].handOver(take)).toThrow("only a request with Upgrade");
    exchanges[0].respond(message("ok"));
    server.receive(bytes(request("POST /", `${UPGRADE}Content-Length: 2\r\n`, "a")));
    expect(() => exchanges[1].handOver(take)).toThrow("must be read before");
    exchanges[1].respond(message("ok"));
    expect(() => exchanges[1].handOver(take)).toThrow("already has its response");
    server.receive(bytes(`b${get()}`));
    expect(exchanges).toHaveLength(3);
  });

  test("CONNECT is not granted by an answer, and closes where it is refused", () => {
    const { server, exchanges, said, ended } = held();
    server.receive(bytes("CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\nGET / HTTP/1.1\r\n"));
    for (const status of [200, 204, 299]) {
      expect(() => exchanges[0].respond(message(null, { status }))).toThrow("CONNECT is granted by");
    }
    exchanges[0].respond(message(null, { status: 407 }));
    expect([said(), ended(), exchanges.length]).toEqual([["407", "close"], true, 1]);
  });
});

describe("errors", () => {
  test.each<[string, string, string, string]>([
    ["a head", "BAD\r\n\r\n", "400", "InvalidMethod"],
    ["content that is announced too large", request("POST /", "Content-Length: 1048577\r\n"), "413", "ContentTooLarge"],
    ["a head that does not end", "", "400", "IncompleteMessage"],
  ])("%s: told after the answers before it, once", async (_, wrong, status, name) => {
    const { server, exchanges, events, said, ended } = held();
    server.receive(bytes(get() + get() + (wrong || "GET")));
    if (wrong === "") server.finish();
    expect([exchanges.length, events, said()]).toEqual([2, [name], []]);
    exchanges[1].respond(message(pieces("2")));
    exchanges[0].respond(message(pieces("1")));
    for (let turns = 0; turns < 3; ++turns) await settled();
    expect([said(), ended()]).toEqual([["200", "200", status, "close"], true]);
    expect(events).toEqual([name, "over 200", "over 200"]);
  });

  test("content that is wrong is told to whoever reads it, and its answer closes", async () => {
    const { server, exchanges, events, said, ended } = held();
    server.receive(bytes(request("POST /", "Transfer-Encoding: chunked\r\n", "1\r\na\r\n")));
    const content = exchanges[0].content.bytes();
    server.receive(bytes(`z\r\n${get()}`));
    await expect(content).rejects.toMatchObject({ name: "InvalidChunkSize", status: 400 });
    expect(said()).toEqual([]);
    exchanges[0].respond(message("told", { status: 400 }));
    expect([said(), ended(), events]).toEqual([["400", "close"], true, ["InvalidChunkSize", "over 400"]]);
  });
});

/** What has come when the owner ends a connection: [received, answers that are owed]. */
const PHASES: readonly [name: string, received: string, owed: number][] = [
  ["nothing has come", "", 0],
  ["a request was answered", `answered${get()}`, 0],
  ["a head is half there", get().slice(0, 9), 0],
  ["a request is at work", get(), 1],
  ["two are at work, and one waits", get() + get() + request("PUT /"), 2],
  ["content is half there", request("POST /", "Content-Length: 4\r\n", "ab"), 1],
];

describe.each(PHASES)("while %s", (name, received, owed) => {
  function begun() {
    const connection = held();
    if (received !== "") connection.server.receive(bytes(received.replace(/^answered/, "")));
    if (received.startsWith("answered")) connection.exchanges[0].respond(message("ok"));
    return connection;
  }

  test("stop lets what is under way finish, and no more", async () => {
    const { group, server, exchanges, said, ended } = begun();
    const before = said().length;
    group.stop();
    const idle = owed === 0 && !name.startsWith("a head");
    expect(ended()).toBe(idle);
    if (name.startsWith("a head")) server.receive(bytes(get().slice(9)));
    if (name.startsWith("content")) server.receive(bytes("cd"));
    server.receive(bytes(get()));
    for (let turns = 0; turns < 3; ++turns) {
      for (const exchange of exchanges) if (!exchange.done && !exchange.answered) exchange.respond(message("ok"));
      await settled();
    }
    expect([ended(), said().slice(before).at(-1)]).toEqual([true, idle ? undefined : "close"]);
    expect(said().filter((word) => word === "close").length).toBe(idle ? 0 : 1);
  });

  test.each(["cut", "abort"] as const)("%s ends it at once", async (end) => {
    const { server, serverEnd, exchanges, events, said, group } = begun();
    const { length } = events;
    const before = said();
    const contents = exchanges.filter(({ done }) => !done).map((exchange) => exchange.content.bytes());
    server[end]();
    server[end]();
    server.receive(bytes(get()));
    server.finish();
    group.tick(1e9);
    const outcomes = await Promise.allSettled(contents);
    expect(events.slice(length)).toEqual([...Array.from({ length: owed }, () => "over 0"), "closed"]);
    expect([group.size, serverEnd.destroyed, said(), exchanges.every(({ done }) => done)]).toEqual([
      0,
      end === "cut",
      before,
      true,
    ]);
    if (name.startsWith("content")) expect(outcomes[0]).toMatchObject({ reason: { name: "IncompleteMessage" } });
  });
});

describe("a group that is retired", () => {
  test("has an idle connection bring one more request, and says that it was the last", () => {
    const { server, group, exchanges, said, ended } = held();
    server.receive(bytes(get()));
    exchanges[0].respond(message("1"));
    group.retire();
    expect([said(), ended()]).toEqual([["200"], false]);
    server.receive(bytes(get()));
    exchanges[1].respond(message("2"));
    expect([said(), ended()]).toEqual([["200", "200", "close"], true]);
  });

  test("says so with the answer to what is at work", () => {
    const { server, group, exchanges, said, ended } = held();
    server.receive(bytes(get()));
    group.retire();
    expect(ended()).toBe(false);
    exchanges[0].respond(message("1"));
    expect([said(), ended()]).toEqual([["200", "close"], true]);
  });

  test("says so one request later where the head of an answer has gone already", async () => {
    const { server, group, exchanges, said, ended } = held();
    server.receive(bytes(get()));
    const content = pieces("1", "2");
    const sent = exchanges[0].respond({ ...message(""), body: content });
    group.retire();
    await sent;
    expect(ended()).toBe(false);
    server.receive(bytes(get()));
    exchanges[1].respond(message("2"));
    expect([said().filter((word) => word !== "chunked"), ended()]).toEqual([["200", "200", "close"], true]);
  });

  test("lets connections that are made after that bring one request", () => {
    const { group } = held();
    group.retire();
    const { server, serverEnd } = connectServer(group);
    expect(serverEnd.ended).toBe(false);
    server.receive(bytes("BAD\r\n\r\n"));
    expect(serverEnd.ended).toBe(true);
    group.stop();
  });
});
