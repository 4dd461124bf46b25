/** Responses that the application writes itself, on the stream below a connection. */
import { describe, expect, test } from "vitest";
import {
  ConnectionGroup,
  type Exchange,
  type GroupOptions,
  type ResponseWriter,
  type ServerEvents,
  type Transport,
} from "../../src/h1/index.ts";
import { INVALID_CHUNK_SIZE, INVALID_METHOD } from "../../src/parser/abi.ts";
import { bytes, message, request, settled } from "../support/pair.ts";

/** A stream that keeps what was written, by the transport and by others. */
class Stream {
  written = "";
  write(text: string): void {
    this.written += text;
  }
}

function transportOf(stream: Stream | undefined, ended: () => void): Transport {
  return {
    peer: {},
    stream,
    write(pieces) {
      for (const piece of pieces)
        stream?.write(typeof piece === "string" ? piece : Buffer.from(piece).toString("latin1"));
      return true;
    },
    unsent: () => 0,
    end: ended,
    destroy() {},
    reset() {},
    probe() {},
    pause() {},
    resume() {},
    detach() {},
  };
}

/** A connection whose requests are kept by their targets, until the test answers them. */
function held(options: GroupOptions = {}, events: Partial<ServerEvents> = {}) {
  const stream = new Stream();
  const atWork = new Map<string, Exchange>();
  const over: [string, number, number][] = [];
  const group = new ConnectionGroup(
    {
      request: (exchange) => void atWork.set(exchange.head.target, exchange),
      over: ({ head, status, sent }) => void over.push([head.target, status, sent]),
      ...events,
    },
    options,
  );
  const ends = { count: 0 };
  const server = group.connect(transportOf(stream, () => ++ends.count));
  const at = (target: string) => atWork.get(target) as Exchange;
  return { group, server, at, over, ends, written: () => stream.written, stream };
}

/** Writes its own text when its turn has come. */
function writer(told: string[], name: string, stream?: Stream): ResponseWriter {
  return {
    begin() {
      told.push(`begin ${name}`);
      stream?.write(`[${name}]`);
    },
    abandoned: () => void told.push(`abandoned ${name}`),
    contentEnded: (trailers) => void told.push(`content ${name} ${trailers?.flat()}`),
  };
}

describe("turns", () => {
  test("each begins when those before it are written, behind what the connection has written itself", async () => {
    const { server, at, over, written, stream } = held();
    const told: string[] = [];
    server.receive(bytes(["/1", "/2", "/3", "/4"].map((target) => request(`GET ${target}`)).join("")));
    const [first, second, third, fourth] = ["/1", "/2", "/3", "/4"].map(at);
    fourth.respondBelow(writer(told, "4", stream));
    second.respondBelow(writer(told, "2", stream));
    expect(told).toEqual([]);
    first.respond(message("(1)"));
    await settled();
    expect(told).toEqual(["begin 2"]);
    third.respond(message("(3)"));
    second.written(201, 3, false);
    await settled();
    expect(told).toEqual(["begin 2", "begin 4"]);
    expect(written().match(/\[.\]|\(.\)/g)).toEqual(["(1)", "[2]", "(3)", "[4]"]);
    fourth.written(200, 3, false);
    expect(over).toEqual([
      ["/1", 200, 3],
      ["/2", 201, 3],
      ["/3", 200, 3],
      ["/4", 200, 3],
    ]);
    expect(second.done && server.idle).toBe(true);
  });

  test("an exchange has one response, and none where there is no stream", () => {
    const { server, at } = held();
    server.receive(bytes(request("GET /")));
    const exchange = at("/");
    expect(exchange.respondBelow(writer([], "1"))).toBe(false);
    expect(() => exchange.respondBelow(writer([], "1"))).toThrow("this exchange already has its response");
    expect(() => exchange.respond(message("x"))).toThrow("this exchange already has its response");

    const others: Exchange[] = [];
    const group = new ConnectionGroup({ request: (each) => void others.push(each) });
    group.connect(transportOf(undefined, () => {})).receive(bytes(request("GET /")));
    const [without] = others;
    expect(() => without.respondBelow(writer([], "1"))).toThrow("no stream to write on");
    // It can still be answered.
    expect(without.respond(message("x"))).toBeUndefined();
  });

  test("what waits for its turn is abandoned with its client, once", () => {
    const { server, at, over } = held();
    const told: string[] = [];
    server.receive(bytes(request("GET /1") + request("GET /2")));
    for (const name of ["1", "2"]) at(`/${name}`).respondBelow(writer(told, name));
    server.abort();
    server.abort();
    expect(told).toEqual(["begin 1", "abandoned 1", "abandoned 2"]);
    expect(over).toEqual([
      ["/1", 0, 0],
      ["/2", 0, 0],
    ]);
  });
});

describe("the end of the connection", () => {
  test("is known before the head is written, where it is", () => {
    const plain = held();
    plain.server.receive(bytes(request("GET /1") + request("GET /2")));
    plain.at("/1").respondBelow(writer([], "1"));
    expect([plain.at("/1").closes(false), plain.at("/2").closes(false)]).toEqual([false, false]);
    plain.server.stop();
    expect([plain.at("/1").closes(false), plain.at("/2").closes(false)]).toEqual([false, true]);

    const last = held();
    last.server.receive(bytes(request("GET /", "Connection: close\r\n")));
    expect(last.at("/").closes(true)).toBe(true);
    last.at("/").respondBelow(writer([], "1"));
    last.at("/").written(200, 0, false);
    expect(last.ends.count).toBe(1);
  });

  test.each([
    [1_048_576, false],
    [1_048_577, true],
  ])("follows where %i bytes of content are neither there nor wanted: %s", (length, closes) => {
    const { server, at, ends } = held({ maxBodySize: 1e9 });
    server.receive(bytes(request("POST /", `Content-Length: ${length}\r\n`)));
    const exchange = at("/");
    exchange.respondBelow(writer([], "1"));
    expect([exchange.closes(true), exchange.closes(false)]).toEqual([false, closes]);
    exchange.written(200, 0, false);
    expect(ends.count).toBe(closes ? 1 : 0);
  });

  test("is where the writer says that it is, whatever stands behind it", () => {
    const { server, at, over, ends } = held();
    const told: string[] = [];
    server.receive(bytes(request("GET /1") + request("GET /2")));
    for (const name of ["1", "2"]) at(`/${name}`).respondBelow(writer(told, name));
    at("/1").written(200, 1, true);
    expect(told).toEqual(["begin 1", "abandoned 2"]);
    expect(over).toEqual([
      ["/2", 0, 0],
      ["/1", 200, 1],
    ]);
    expect(ends.count).toBe(1);
  });
});

test("100 (Continue) is the writer's to send", async () => {
  const { server, at, written } = held();
  server.receive(bytes(request("POST /", "Content-Length: 2\r\nExpect: 100-continue\r\n")));
  const exchange = at("/");
  expect(exchange.closes(true)).toBe(true);
  expect(exchange.respondBelow(writer([], "1"))).toBe(true);
  expect(exchange.closes(true)).toBe(false);
  const content = exchange.content.bytes();
  expect(written()).toBe("");
  server.receive(bytes("hi"));
  expect(Buffer.from(await content).toString()).toBe("hi");
});

describe("content that comes after the head", () => {
  const posted = request("POST /", "Transfer-Encoding: chunked\r\n");
  const rest = "1\r\na\r\n0\r\nX-T: 1\r\n\r\n";

  test.each([
    ["before all is written", 0],
    ["after that", 1],
  ])("is told of when all of it has come: %s", async (_, first) => {
    const { server, at, written } = held();
    const told: string[] = [];
    server.receive(bytes(posted));
    const exchange = at("/");
    exchange.respondBelow(writer(told, "1"));
    const steps = [() => server.receive(bytes(rest)), () => exchange.written(200, 0, false)];
    steps[first]();
    expect(told).toEqual(["begin 1", "content 1 X-T,1"].slice(0, first === 0 ? 2 : 1));
    steps[1 - first]();
    expect(told).toEqual(["begin 1", "content 1 X-T,1"]);
    server.receive(bytes(request("GET /next")));
    at("/next").respond(message("next"));
    await settled();
    expect(written()).toContain("next");
  });

  test("is not told of where the connection ends before", () => {
    const { server, at } = held();
    const told: string[] = [];
    server.receive(bytes(posted));
    at("/").respondBelow(writer(told, "1"));
    at("/").written(200, 0, true);
    server.receive(bytes(rest));
    expect(told).toEqual(["begin 1"]);
  });

  test("is dropped as far as was asked for", () => {
    const { server, at, ends } = held({ maxBodySize: 1e9, maxDropSize: 3 });
    server.receive(bytes(request("POST /", "Content-Length: 4\r\n")));
    at("/").respondBelow(writer([], "1"));
    expect(at("/").closes(false)).toBe(true);

    const chunked = held({ maxDropSize: 3 });
    chunked.server.receive(bytes(posted));
    chunked.at("/").respondBelow(writer([], "1"));
    chunked.at("/").written(200, 0, false);
    chunked.server.receive(bytes("3\r\nabc\r\n"));
    expect(chunked.ends.count).toBe(0);
    chunked.server.receive(bytes("1\r\nd\r\n"));
    expect([chunked.ends.count, ends.count]).toEqual([1, 0]);
    expect(() => held({ maxDropSize: -1 })).toThrow("maxDropSize must be a number of at least 0, not -1");
  });
});

describe("refusals", () => {
  const chunked = request("POST /", "Transfer-Encoding: chunked\r\n");

  test("another text is answered in place of the usual one", () => {
    const refused: [number, string][] = [];
    const { server, written, ends } = held(
      {},
      {
        refusal(error, _peer, read) {
          refused.push([error.code, Buffer.from(read).toString()]);
          return "mine";
        },
      },
    );
    server.receive(bytes("G@T / HTTP/1.1\r\n\r\n"));
    expect(written()).toBe("mine");
    expect(refused).toEqual([[INVALID_METHOD, "G@T / HTTP/1.1\r\n\r\n"]]);
    expect(ends.count).toBe(1);
  });

  test("whoever answers on the stream is left alone with it", async () => {
    const codes: number[] = [];
    const { server, at, over, written, ends } = held(
      {},
      {
        refusal(error) {
          codes.push(error.code);
          return null;
        },
      },
    );
    const told: string[] = [];
    server.receive(bytes(chunked));
    at("/").respondBelow(writer(told, "1"));
    server.receive(bytes("xyz\r\n"));
    server.receive(bytes("GET / HTTP/1.1\r\n\r\n"));
    server.tick();
    server.stop();
    await settled();
    expect([codes, written(), ends.count, told]).toEqual([[INVALID_CHUNK_SIZE], "", 0, ["begin 1"]]);
    server.abort();
    expect([told, over]).toEqual([["begin 1", "abandoned 1"], [["/", 0, 0]]]);
  });

  test("where nothing is said, the usual one", () => {
    const { server, written } = held({}, { refusal: () => undefined });
    server.receive(bytes("G@T / HTTP/1.1\r\n\r\n"));
    expect(written()).toMatch(/^HTTP\/1.1 400 Bad Request\r\n/);
  });
});
