/** Limits of content that are a route's own: at the limit and one past, smaller and larger than the server's. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ConnectionGroup } from "../../src/h1/index.ts";
import { App, around, ContentTooLargeError, type HttpRequest } from "../../src/index.ts";
import { bodyLimit } from "../../src/middleware/index.ts";
import { exchange, RawClient } from "../support/client.ts";
import { bytes, connectServer, message } from "../support/pair.ts";

const DEFAULT = 1000;
const SMALL = 100;
const LARGE = 200_000;

let handled: string[] = [];
const size = async (request: HttpRequest) => {
  handled.push(request.path);
  return String((await request.bytes()).length);
};
async function sizeOfPieces(request: HttpRequest) {
  let count = 0;
  for await (const piece of request.body) count += piece.length;
  return String(count);
}

const app = new App().on("error", () => {});
app.post("/default", size);
app.post("/small", size, { maxBodySize: SMALL });
app.post("/large", size, { maxBodySize: LARGE });
app.post("/large/{name}", sizeOfPieces, { maxBodySize: LARGE });
app.post("/none", size, { maxBodySize: 0 });
app.post("/unread", () => "unread", { maxBodySize: LARGE });
app.post("/both", size, { maxBodySize: LARGE, middleware: [bodyLimit(SMALL)] });
const group = app.group("/group", { middleware: [bodyLimit(SMALL)] });
group.post("/a", size);
group.post("/b", size, { maxBodySize: 50 });
group.post("/c", size, { maxBodySize: LARGE });
app.post("/told", size, { maxBodySize: SMALL, catch: (error) => `${error instanceof ContentTooLargeError}` });
app.post("/around", size, {
  maxBodySize: SMALL,
  middleware: [
    around((request, next) => {
      handled.push(`around ${request.path}`);
      return next();
    }),
  ],
});
let port: number;
beforeAll(async () => {
  port = (await app.listen({ port: 0, maxBodySize: DEFAULT })).address.port;
});
afterAll(() => app.close({ deadline: 0 }));

const announced = (path: string, bytes: number, more = "") =>
  `POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Length: ${bytes}\r\n${more}\r\n`;
const chunks = (sizes: readonly number[]) =>
  `${sizes.map((bytes) => `${bytes.toString(16)}\r\n${"x".repeat(bytes)}\r\n`).join("")}0\r\n\r\n`;
const inChunks = (path: string, more = "") =>
  `POST ${path} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n${more}\r\n`;

const LIMITS: [path: string, limit: number][] = [
  ["/default", DEFAULT],
  ["/small", SMALL],
  ["/large", LARGE],
  ["/large/in-pieces", LARGE],
  ["/none", 0],
  ["/both", SMALL],
  ["/group/a", SMALL],
  ["/group/b", 50],
  ["/group/c", SMALL],
  ["/nowhere", DEFAULT],
];

describe.each(LIMITS)("%s has a limit of %i bytes", (path, limit) => {
  const good = path === "/nowhere" ? [404] : [200];

  test("by Content-Length", async () => {
    const at = await exchange(port, announced(path, limit) + "x".repeat(limit));
    expect(at.map(({ status }) => status)).toEqual(good);
    if (good[0] === 200) expect(at[0].body).toBe(String(limit));
    handled = [];
    const past = await exchange(port, announced(path, limit + 1) + "x".repeat(limit + 1));
    expect([past.map(({ status }) => status), handled]).toEqual([[413], []]);
  });

  test("in chunks, whole and piece by piece", async () => {
    const sizes = (all: number) =>
      (all > 1 ? [Math.floor(all / 2), Math.ceil(all / 2)] : [all]).filter((one) => one > 0);
    const at = await exchange(port, inChunks(path) + chunks(sizes(limit)));
    expect(at.map(({ status }) => status)).toEqual(good);
    const past = await exchange(port, inChunks(path) + chunks(sizes(limit + 1)));
    expect(past.map(({ status }) => status)).toEqual([413]);
    if (good[0] !== 200) return;
    const client = new RawClient(port);
    await client.write(inChunks(path, "Expect: 100-continue\r\n"));
    await client.responses(1);
    for (const count of sizes(limit)) await client.write(`${count.toString(16)}\r\n${"x".repeat(count)}\r\n`);
    await client.write("1\r\nx\r\n");
    await client.end();
    client.destroy();
    expect(client.received.match(/HTTP\/1\.1 \d+/g)).toEqual(["HTTP/1.1 100", "HTTP/1.1 413"]);
  });

  test("before 100 (Continue) is sent", async () => {
    const past = await exchange(port, announced(path, limit + 1, "Expect: 100-continue\r\n"));
    expect(past.map(({ status, headers }) => [status, headers.get("connection")])).toEqual([[413, "close"]]);
    if (good[0] !== 200 || limit === 0) return;
    const client = new RawClient(port);
    await client.write(announced(path, limit, "Expect: 100-continue\r\n"));
    await client.responses(1);
    await client.write("x".repeat(limit));
    const [first, second] = await client.responses(2);
    client.destroy();
    expect([first.status, second.status, second.body]).toEqual([100, 200, String(limit)]);
  });
});

describe("a limit of a route", () => {
  test("holds for its own requests alone, on one connection", async () => {
    const post = (path: string, bytes: number) => announced(path, bytes) + "x".repeat(bytes);
    const answers = await exchange(
      port,
      post("/large", DEFAULT + 1) + post("/small", 101) + post("/default", DEFAULT) + post("/default", DEFAULT + 1),
    );
    expect(answers.map(({ status }) => status)).toEqual([200, 413, 200, 413]);
  });

  test("is an error like others, before the route's middleware", async () => {
    handled = [];
    const [told, around] = await exchange(
      port,
      `${announced("/told", 101)}${"x".repeat(101)}${announced("/around", 101)}${"x".repeat(101)}`,
    );
    expect([told.body, around.status, handled]).toEqual(["true", 413, []]);
  });

  test("is granted where nobody reads", async () => {
    const answers = await exchange(port, `${inChunks("/unread")}${chunks([LARGE])}${announced("/default", 1)}x`);
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
  });

  test("counts where the path is percent-encoded, and for hosts", async () => {
    const hosts = new App();
    hosts.post("/{name}", size, { host: "a.example", maxBodySize: 2_000_000 });
    const body = "x".repeat(1_500_000);
    const inject = (Host: string) => hosts.inject({ method: "POST", path: "/%C3%A9", headers: { Host }, body });
    expect([(await inject("a.example")).text(), (await inject("b.example")).status]).toEqual(["1500000", 413]);
  });

  test("is refused where it is none", () => {
    for (const maxBodySize of [-1, Number.NaN, "1" as unknown as number]) {
      expect(() => new App().post("/", size, { maxBodySize })).toThrow("maxBodySize must be a number of at least 0");
      expect(() => bodyLimit(maxBodySize)).toThrow(RangeError);
    }
  });
});

test("an engine is not asked about a request that is over", () => {
  const asked: string[] = [];
  const group = new ConnectionGroup(
    {
      request: (exchange) => void exchange.respond(message("early")),
      maxBodySize: (exchange) => void asked.push(exchange.head.target),
    },
    { maxBodySize: 10 },
  );
  const { server, serverEnd } = connectServer(group);
  server.receive(bytes(`${inChunks("/early")}5\r\nxxxxx\r\n`));
  server.receive(bytes(`a\r\n${"x".repeat(10)}\r\n`));
  expect([asked, serverEnd.written.match(/HTTP\/1\.1 \d+/g)]).toEqual([[], ["HTTP/1.1 200"]]);
});

test("a converter that fails while the limit is looked up ends no connection", async () => {
  const broken = new App({
    converters: {
      bad: {
        parse: () => {
          throw new Error("broken");
        },
      },
    },
  }).on("error", () => {});
  broken.post("/{a:bad}", size, { maxBodySize: 3_000_000 });
  expect((await broken.inject({ method: "POST", path: "/a", body: "x".repeat(2_000_000) })).status).toBe(413);
});
