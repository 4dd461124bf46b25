/** Requests that follow each other without waiting: which are at work at once, and in what order answers leave. */
import { describe, expect, test } from "vitest";
import { ConnectionGroup, type Exchange, type GroupOptions } from "../../src/h1/index.ts";
import { bytes, connectPair, connectServer, message, pieces, random, request, settled, text } from "../support/pair.ts";

/** A connection whose requests are at work until the test answers them. */
function held(options: GroupOptions = {}) {
  const atWork = new Map<string, Exchange>();
  const group = new ConnectionGroup(
    { request: (exchange) => void atWork.set(exchange.head.target, exchange) },
    options,
  );
  const answer = async (target: string) => {
    const exchange = atWork.get(target) as Exchange;
    atWork.delete(target);
    exchange.respond(message(`[${target}]`));
    await settled();
  };
  const connection = connectServer(group);
  const answered = () => connection.serverEnd.written.match(/\[.*?\]/g) ?? [];
  return { ...connection, atWork, answer, answered, names: () => [...atWork.keys()] };
}

describe("what is at work at once", () => {
  test("safe requests are; an unsafe one waits for those before it, and those after it wait for it", async () => {
    const { server, answer, answered, names } = held();
    server.receive(bytes(request("GET /1") + request("HEAD /2") + request("OPTIONS /3") + request("DELETE /4")));
    server.receive(bytes(request("GET /5") + request("GET /6")));
    expect(names()).toEqual(["/1", "/2", "/3"]);
    await answer("/3");
    await answer("/1");
    expect(names()).toEqual(["/2"]);
    expect(answered()).toEqual(["[/1]"]);
    await answer("/2");
    expect(names()).toEqual(["/4"]);
    expect(answered()).toEqual(["[/1]", "[/3]"]);
    await answer("/4");
    expect(names()).toEqual(["/5", "/6"]);
    await answer("/6");
    await answer("/5");
    expect(answered()).toEqual(["[/1]", "[/3]", "[/4]", "[/5]", "[/6]"]);
  });

  test.each([
    ["an unsafe method", request("POST /x", "Content-Length: 0\r\n")],
    ["an unknown method", request("PURGE /x")],
    ["content by length", request("GET /x", "Content-Length: 2\r\n", "ab")],
    ["content in chunks", request("GET /x", "Transfer-Encoding: chunked\r\n", "0\r\n\r\n")],
    ["HTTP/1.0", "GET /x HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"],
    ["Upgrade", request("GET /x", "Connection: upgrade\r\nUpgrade: y\r\n")],
    ["CONNECT", "CONNECT /x HTTP/1.1\r\nHost: a\r\n\r\n".replace("/x", "a:1")],
  ])("one with %s is alone", async (_, alone) => {
    const target = alone.startsWith("CONNECT") ? "a:1" : "/x";
    const { server, answer, names, atWork, serverEnd } = held();
    server.receive(bytes(request("GET /1") + alone + request("GET /2")));
    expect(names()).toEqual(["/1"]);
    await answer("/1");
    expect(names()).toEqual([target]);
    if (target === "a:1") {
      atWork.get(target)?.respond(message(null, { status: 501 }));
      await settled();
      expect([names(), serverEnd.ended]).toEqual([["a:1"], true]);
      return;
    }
    await answer(target);
    expect(names()).toEqual(["/2"]);
  });

  test.each([1, 2, 5])("never more than maxPipelinedRequests: %d", async (maxPipelinedRequests) => {
    const { server, answer, answered, names } = held({ maxPipelinedRequests });
    const targets = Array.from({ length: 9 }, (_, at) => `/${at}`);
    server.receive(bytes(targets.map((target) => request(`GET ${target}`)).join("")));
    for (const target of targets) {
      const at = Number(target.slice(1));
      expect(names()).toEqual(targets.slice(at, at + maxPipelinedRequests));
      await answer(target);
    }
    expect(answered()).toEqual(targets.map((target) => `[${target}]`));
  });
});

describe("writes", () => {
  test.each([
    ["text", (target: string) => target],
    ["bytes", (target: string) => bytes(target)],
    ["text beyond ASCII", (target: string) => `${target} é`],
  ])("answers that are there at once leave in one: %s", (_, content) => {
    const group = new ConnectionGroup({
      request: (exchange) => void exchange.respond(message(content(exchange.head.target))),
    });
    const { server, serverEnd } = connectServer(group);
    server.receive(bytes(Array.from({ length: 50 }, (_, at) => request(`GET /${at}`)).join("")));
    expect(serverEnd.written.match(/200 OK/g)).toHaveLength(50);
    expect(serverEnd.writes).toBe(1);
  });

  test("answers that waited for one leave with it", async () => {
    const { server, serverEnd, answer } = held();
    server.receive(bytes(["/1", "/2", "/3", "/4"].map((target) => request(`GET ${target}`)).join("")));
    for (const target of ["/4", "/2", "/3"]) await answer(target);
    expect(serverEnd.writes).toBe(0);
    await answer("/1");
    expect(serverEnd.writes).toBe(1);
  });
});

test("a client that goes: each that is at work is told, answers go nowhere, none is read any more", async () => {
  const over: number[] = [];
  const exchanges: Exchange[] = [];
  const { server, serverEnd } = connectServer(
    new ConnectionGroup({
      request: (exchange) => void exchanges.push(exchange),
      over: ({ status }) => void over.push(status),
    }),
  );
  server.receive(bytes(request("GET /1") + request("GET /2") + request("POST /3") + request("GET /4")));
  exchanges[1].respond(message("2"));
  const signals = exchanges.map(({ signal }) => signal.aborted);
  server.abort();
  await settled();
  expect([signals, exchanges.map(({ signal }) => signal.aborted)]).toEqual([
    [false, false],
    [true, true],
  ]);
  expect(over).toEqual([0, 200]);
  expect(() => exchanges[0].respond(message("1"))).toThrow("no longer valid");
  expect([exchanges.length, serverEnd.written]).toEqual([2, ""]);
});

test.each(Array.from({ length: 12 }, (_, seed) => [seed]))("any order of answers, seed %d", async (seed) => {
  const below = random(seed + 1);
  const depth = 1 + below(6);
  let atWork = 0;
  let most = 0;
  const wrong: string[] = [];
  const group = new ConnectionGroup(
    {
      async request(exchange) {
        const { method, target } = exchange.head;
        most = Math.max(most, ++atWork);
        if (method !== "GET" && atWork > 1) wrong.push(target);
        for (let steps = below(6); steps > 0; --steps) await (below(2) ? Promise.resolve() : settled());
        const content = text(await exchange.content.bytes());
        for (let steps = below(6); steps > 0; --steps) await (below(2) ? Promise.resolve() : settled());
        --atWork;
        const body = `${method} ${target} ${content}`;
        exchange.respond(message(below(3) ? body : pieces(body.slice(0, 3), body.slice(3))));
      },
    },
    { maxPipelinedRequests: depth },
  );
  const { client } = connectPair(group, () => 1 + below(60));
  const requests = Array.from({ length: 60 }, async (_, at) => {
    const method = below(4) ? "GET" : "POST";
    const content = method === "POST" ? "x".repeat(below(200)) : "";
    const body = method === "GET" ? null : below(2) ? content : pieces(content.slice(0, 7), content.slice(7));
    const response = await client.request({ method, target: `/${at}`, host: "a", body });
    return text(await response.content.bytes()) === `${method} /${at} ${content}`;
  });
  expect(await Promise.all(requests)).toEqual(requests.map(() => true));
  expect(wrong).toEqual([]);
  expect(most).toBeLessThanOrEqual(depth);
  if (depth > 1) expect(most).toBeGreaterThan(1);
});
