/** Client against server in memory: both sides of a connection, and nothing else. */
import { describe, expect, test } from "vitest";
import { ConnectionGroup, type Exchange, type OutgoingMessage } from "../../src/h1/index.ts";
import { bytes, connectPair, connectServer, message, pieces, random, settled, text } from "../support/pair.ts";

/** Answers with method, target and content. */
function echo(exchange: Exchange): void {
  const { method, target } = exchange.head;
  exchange.content.bytes().then((content) => exchange.respond(message(`${method} ${target} ${text(content)}`)));
}

/** What comes back for bytes that are sent as they are. */
async function written(sent: string, answer: (exchange: Exchange) => OutgoingMessage): Promise<string> {
  const group = new ConnectionGroup({
    request: (exchange) => void exchange.respond(answer(exchange))?.catch(() => {}),
  });
  const { server, serverEnd } = connectServer(group);
  server.receive(bytes(sent));
  for (let turns = 0; turns < 5; ++turns) await settled();
  return serverEnd.written.replace(/Date: .*\r\n/g, "");
}

const below = random(7);
const cuts = [1, 7, Number.POSITIVE_INFINITY, () => 1 + below(200)] as const;

describe.each(cuts)("in pieces of %s bytes", (cut) => {
  test("requests of every framing get their responses, in order", async () => {
    const { client } = connectPair(new ConnectionGroup({ request: echo }), cut);
    const send = async (method: string, target: string, body: OutgoingMessage["body"] = null) => {
      const response = await client.request({ method, target, host: "a", body });
      return `${response.head.status} ${text(await response.content.bytes())}`;
    };
    expect(
      await Promise.all([
        send("GET", "/1"),
        send("POST", "/2", "two"),
        send("PUT", "/3", pieces("th", "r", "", new Uint8Array([0x65, 0x65]))),
        send("DELETE", "/4"),
        send("POST", "/5", "x".repeat(20_000)),
        send("PATCH", "/6", ""),
        send("OPTIONS", "*"),
        send("POST", "/7", pieces()),
      ]),
    ).toEqual([
      "200 GET /1 ",
      "200 POST /2 two",
      "200 PUT /3 three",
      "200 DELETE /4 ",
      `200 POST /5 ${"x".repeat(20_000)}`,
      "200 PATCH /6 ",
      "200 OPTIONS * ",
      "200 POST /7 ",
    ]);
    expect(client.reusable).toBe(true);
  });

  test("responses of every framing come whole, HEAD and bare statuses without content", async () => {
    const length = [["Content-Length", "6"]] as const;
    const answers: Record<string, () => OutgoingMessage> = {
      "/text": () => message("töxt"),
      "/bytes": () => message(Uint8Array.of(0, 13, 10, 255)),
      "/none": () => message(null),
      "/chunks": () => message(pieces("ab", new Uint8Array(0), "cdef")),
      "/length": () => message(pieces("ab", "cdef"), { fields: length }),
      "/204": () => message(null, { status: 204 }),
      "/304": () => message(null, { status: 304, fields: length }),
      "/last": () => message("last"),
    };
    const group = new ConnectionGroup({
      request: (e) => void e.respond((answers[e.head.target] as () => OutgoingMessage)()),
    });
    const { client } = connectPair(group, cut);
    const all = Object.keys(answers).flatMap((target) =>
      ["GET", "HEAD"].map((method) => ({ method, target, host: "a" })),
    );
    const contents = await Promise.all(
      all.map(async (request) => Buffer.from(await (await client.request(request)).content.bytes()).toString("latin1")),
    );
    const expected = [Buffer.from("töxt").toString("latin1"), "\0\r\n\xff", "", "abcdef", "abcdef", "", "", "last"];
    expect(contents).toEqual(expected.flatMap((content) => [content, ""]));
    expect([client.reusable, client.idle]).toEqual([true, true]);
  });

  test("trailers go both ways", async () => {
    const group = new ConnectionGroup({
      async request(exchange) {
        const content = await exchange.content.bytes();
        const sum = exchange.trailers?.get("x-sum") ?? "none";
        exchange.respond(
          message(content, {
            trailers: async () => [
              ["X-Sum", `${sum}!`],
              ["x-sum", "2"],
            ],
          }),
        );
      },
    });
    const { client } = connectPair(group, cut);
    const ask = async (fields: [string, string][]) => {
      const body = pieces("a", "b");
      const request = {
        method: "POST",
        target: "/",
        host: "a",
        fields,
        body,
        trailers: () => [["X-Sum", "ab"] as const],
      };
      const response = await client.request(request);
      const content = text(await response.content.bytes());
      return [content, response.head.headers.get("content-length"), response.trailers?.entries() ?? null];
    };
    const both = [
      ["X-Sum", "ab!"],
      ["x-sum", "2"],
    ];
    expect(await ask([["TE", "trailers"]])).toEqual(["ab", null, both]);
    expect(await ask([])).toEqual(["ab", "2", null]);
    expect(
      await ask([
        ["TE", "trailers"],
        ["Content-Length", "2"],
      ]),
    ).toEqual(["ab", null, [["X-Sum", "none!"], both[1]]]);
  });

  test("content until the connection closes", async () => {
    const { client, clientEnd, serverEnd } = connectPair(new ConnectionGroup({ request() {} }), cut);
    serverEnd.machine = null;
    const response = client.request({ method: "GET", target: "/", host: "a" });
    serverEnd.write(["HTTP/1.0 200 OK\r\n\r\nall ", "of it"]);
    serverEnd.end();
    expect(text(await (await response).content.bytes())).toBe("all of it");
    expect([client.reusable, clientEnd.ended]).toEqual([false, true]);
  });
});

describe("what is written", () => {
  const GET = "GET / HTTP/1.1\r\nHost: a\r\n";
  const trailers = () => [["X-A", "1"]] as const;
  const TE = "TE: trailers\r\n";

  test.each<[string, string, (exchange: Exchange) => OutgoingMessage, RegExp]>([
    [
      "trailers have fixed content sent in chunks",
      `${GET}${TE}\r\n`,
      () => message("ab", { trailers }),
      /\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\nX-A: 1\r\n\r\n$/,
    ],
    [
      "trailers have no content sent in chunks",
      `${GET}${TE}\r\n`,
      () => message(null, { trailers }),
      /\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-A: 1\r\n\r\n$/,
    ],
    [
      "no trailers where they are not asked for",
      `${GET}\r\n`,
      () => message(pieces("ab"), { trailers }),
      /\r\n\r\n2\r\nab\r\n0\r\n\r\n$/,
    ],
    [
      "no trailers for HTTP/1.0",
      `GET / HTTP/1.0\r\nConnection: TE\r\n${TE}\r\n`,
      () => message("ab", { trailers }),
      /Content-Length: 2\r\n\r\nab$/,
    ],
    [
      "no trailers after a length",
      `${GET}${TE}\r\n`,
      () => message(pieces("ab"), { trailers, fields: [["Content-Length", "2"]] }),
      /Content-Length: 2\r\n\r\nab$/,
    ],
    [
      "HEAD tells of chunks",
      `HEAD / HTTP/1.1\r\nHost: a\r\n${TE}\r\n`,
      () => message(pieces("ab"), { trailers }),
      /\r\nTransfer-Encoding: chunked\r\n\r\n$/,
    ],
    [
      "HEAD tells the length",
      "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n",
      () => message("ab"),
      /\r\nContent-Length: 2\r\n\r\n$/,
    ],
    ["204 tells none", `${GET}\r\n`, () => message(null, { status: 204 }), /^HTTP\/1.1 204 No Content\r\n\r\n$/],
    [
      "205 tells that it is empty",
      `${GET}\r\n`,
      () => message(null, { status: 205 }),
      /\r\nContent-Length: 0\r\n\r\n$/,
    ],
    [
      "304 tells none, unless it is given",
      `${GET}\r\n`,
      () => message(null, { status: 304 }),
      /^HTTP\/1.1 304 Not Modified\r\n\r\n$/,
    ],
    [
      "HTTP/1.0 that wants to be kept is told",
      "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
      () => message("ab"),
      /\r\nConnection: keep-alive\r\n/,
    ],
    [
      "more than Content-Length says is not sent",
      `${GET}\r\n`,
      () => message(pieces("ab", "cd"), { fields: [["Content-Length", "3"]] }),
      /\r\n\r\nab$/,
    ],
    [
      "less leaves it open, and cut",
      `${GET}\r\n`,
      () => message(pieces("ab"), { fields: [["Content-Length", "3"]] }),
      /\r\n\r\nab$/,
    ],
    [
      "no end where a trailer may not be one",
      `${GET}${TE}\r\n`,
      () => message("ab", { trailers: () => [["Content-Length", "1"]] }),
      /\r\n\r\n2\r\nab\r\n$/,
    ],
    [
      "no end where the trailers fail",
      `${GET}${TE}\r\n`,
      () => message("ab", { trailers: () => Promise.reject(new Error("no")) }),
      /\r\n\r\n2\r\nab\r\n$/,
    ],
  ])("%s", async (_, sent, answer, expected) => {
    expect(await written(sent, answer)).toMatch(expected);
  });

  const length = (value: string) => ({ fields: [["Content-Length", value]] as const });
  test.each<[string, () => OutgoingMessage]>([
    ["a length that is not that of the content", () => message("ab", length("3"))],
    ["a length that is no number", () => message(pieces("ab"), length("-1"))],
    ["content of 204", () => message("ab", { status: 204 })],
    ["a stream of 304", () => message(pieces("ab"), { status: 304 })],
    ["a field of the connection's own", () => message("ab", { fields: [["Transfer-Encoding", "chunked"]] })],
    ["a value that would split", () => message("ab", { fields: [["X", "a\r\nY: b"]] })],
    ["a status that is none", () => message("ab", { status: 199 })],
    ["content that is none", () => message(5 as unknown as string)],
  ])("%s is refused, and another answer may be given", async (_, answer) => {
    const refused = (exchange: Exchange) => {
      expect(() => exchange.respond(answer())).toThrow();
      return message("other", { status: 500 });
    };
    expect(await written("GET / HTTP/1.1\r\nHost: a\r\n\r\n", refused)).toMatch(
      /^HTTP\/1.1 500 .*\r\nContent-Length: 5\r\n\r\nother$/s,
    );
  });
});
