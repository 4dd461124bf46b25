import { once } from "node:events";
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { App, HttpError, HttpResponse, json, type Server } from "../../src/index.ts";
import { exchange, parseResponses, RawClient } from "../support/client.ts";
import { deferred } from "../support/deferred.ts";
import { echo } from "../support/echo.ts";

const errors: unknown[] = [];
const app = new App().on("error", (error) => errors.push(error));
let gate = deferred();
let entered = deferred();

app.get("/", () => "<h1>page</h1>");
app.get("/json", () => ({ message: "Hello, World!" }));
app.get("/hello/{name}", ({ params }) => `Hello, ${params.name}!`);
app.get("/async", async () => json([1, 2], { status: 201, headers: { "X-A": "1" } }));
app.get("/nothing", () => null);
app.get("/bytes", () => Uint8Array.of(0, 255, 128));
app.get("/unicode", () => "häß → 😀");
app.get("/throws", () => {
  throw new Error("secret detail");
});
app.get("/rejects", async () => {
  throw new Error("secret detail");
});
app.get("/teapot", () => {
  throw new HttpError(418, "short and stout", { headers: { "X-Pot": "tea" } });
});
app.get("/splits", () => new HttpResponse("x", { headers: { "X-A": "a\r\nX-B: b" } }));
app.get("/unwritable", () => Object.assign(new HttpResponse("x"), { status: 99 }));
app.get("/undefined", (() => undefined) as unknown as () => null);
app.get("/wait", async (request) => {
  entered.resolve();
  await gate.promise;
  return `${request.query} ${request.headers.get("x-id")}`;
});
app.post("/echo", echo);
app.post("/json", async (request) => json(await request.json()));
app.post("/text", async (request) => (await request.text()).toUpperCase());
app.post("/ignore", () => "ignored");
app.post("/trailers", async (request) => {
  await request.bytes();
  return request.trailers?.entries() ?? [];
});
app.route("/many", ({ method }) => method, { methods: ["PUT", "DELETE"] });

let server: Server;
let port: number;
beforeAll(async () => {
  server = await app.listen({ port: 0 });
  port = server.address.port;
});
afterAll(() => app.close());

const get = (path: string, more = "") => `GET ${path} HTTP/1.1\r\nHost: a\r\n${more}\r\n`;
const post = (path: string, body: string) =>
  `POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
const chunked = (path: string, body: string) =>
  `POST ${path} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${body}`;

describe("answers", () => {
  test.each([
    ["/", 200, "text/html; charset=utf-8", "<h1>page</h1>"],
    ["/json", 200, "application/json", '{"message":"Hello, World!"}'],
    ["/hello/you", 200, "text/plain; charset=utf-8", "Hello, you!"],
    ["/async", 201, "application/json", "[1,2]"],
    ["/nothing", 204, undefined, ""],
    ["/bytes", 200, "application/octet-stream", "\0\xff\x80"],
    ["/unicode", 200, "text/plain; charset=utf-8", Buffer.from("häß → 😀").toString("latin1")],
    ["http://a/hello/absolute", 200, "text/plain; charset=utf-8", "Hello, absolute!"],
    ["/teapot", 418, "text/plain; charset=utf-8", "short and stout\n"],
    ["/missing", 404, "text/plain; charset=utf-8", "Not Found\n"],
  ])("GET %s", async (path, status, type, body) => {
    const [response] = await exchange(port, get(path));
    expect([response.status, response.headers.get("content-type"), response.body]).toEqual([status, type, body]);
    expect(response.headers.get("date")).toMatch(/^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/);
    expect(response.headers.has("connection")).toBe(false);
  });

  test("parameters are percent-decoded, and refused where they cannot be", async () => {
    const [good, bad, nul] = await exchange(port, get("/hello/a%2Fb%20%C3%A9") + get("/hello/%ff") + get("/hello/%00"));
    expect(good.body).toBe(Buffer.from("Hello, a/b é!").toString("latin1"));
    expect(bad.status).toBe(400);
    expect(nul.status).toBe(400);
  });

  test("HEAD has the length of GET and no content", async () => {
    const [head, next] = await exchange(port, `HEAD /json HTTP/1.1\r\nHost: a\r\n\r\n${get("/json")}`, ["HEAD"]);
    expect([head.status, head.headers.get("content-length"), head.body]).toEqual([200, "27", ""]);
    expect(next.body).toBe('{"message":"Hello, World!"}');
  });

  test("405 names the methods there are, and keeps the connection", async () => {
    const answers = await exchange(port, post("/hello/x", "") + get("/many") + get("/json"));
    expect(answers.map(({ status }) => status)).toEqual([405, 405, 200]);
    expect(answers[0].headers.get("allow")).toBe("GET, HEAD, OPTIONS");
    expect(answers[1].headers.get("allow")).toBe("DELETE, OPTIONS, PUT");
  });

  test("OPTIONS is told the methods, or that the server is there; a method that nobody knows gets 501", async () => {
    const to = (line: string) => `${line} HTTP/1.1\r\nHost: a\r\n\r\n`;
    const lines = ["OPTIONS /json", "OPTIONS *", "FOOBAR /json", "TRACE /json", "OPTIONS /nowhere"];
    const answers = await exchange(port, lines.map(to).join(""));
    expect(answers.map(({ status }) => status)).toEqual([204, 204, 501, 405, 404]);
    expect(answers[0].headers.get("allow")).toBe("GET, HEAD, OPTIONS, POST");
  });

  test("500 shows nothing of the error, which is reported", async () => {
    for (const path of ["/throws", "/rejects", "/undefined", "/splits", "/unwritable"]) {
      errors.length = 0;
      const [response] = await exchange(port, get(path));
      expect([response.status, response.body], path).toEqual([500, "Internal Server Error\n"]);
      expect(response.headers.has("x-b")).toBe(false);
      expect(errors).toHaveLength(1);
    }
  });
});

describe("content", () => {
  const megabyte = Array.from({ length: 1_000_000 }, (_, at) => String.fromCharCode((at * 7919) & 255)).join("");

  test.each(["", "x", "hello", megabyte])("is echoed byte for byte, with a length and in chunks", async (body) => {
    expect((await exchange(port, post("/echo", body)))[0].body === body).toBe(true);
    let chunks = "";
    for (let at = 0; at < body.length; at += 7777) {
      const piece = body.slice(at, at + 7777);
      chunks += `${piece.length.toString(16)}\r\n${piece}\r\n`;
    }
    expect((await exchange(port, chunked("/echo", `${chunks}0\r\n\r\n`)))[0].body === body).toBe(true);
  });

  test("JSON and text are read, whole or in pieces", async () => {
    const client = new RawClient(port);
    const request = post("/json", '{"a":[1,"\xc3\xa9"]}');
    await client.write(request + post("/text", "abc"));
    for (const character of request) await client.write(character);
    const answers = await client.responses(3);
    expect(answers.map(({ body }) => body)).toEqual(['{"a":[1,"\xc3\xa9"]}', "ABC", '{"a":[1,"\xc3\xa9"]}']);
    client.destroy();
  });

  test.each(["", "{", '{"a":}', "\xff"])("what is no JSON gets 400: %j", async (body) => {
    const [response] = await exchange(port, post("/json", body));
    expect(response.status).toBe(400);
  });

  test("trailers come after the content", async () => {
    const [response, none] = await exchange(
      port,
      chunked("/trailers", "1\r\nx\r\n0\r\nX-Sum: 1\r\nx-sum: 2\r\n\r\n") + chunked("/trailers", "0\r\n\r\n"),
    );
    expect(response.body).toBe('[["X-Sum","1"],["x-sum","2"]]');
    expect(none.body).toBe("[]");
  });

  test("a body nobody reads is passed over, and the next request served", async () => {
    const client = new RawClient(port);
    await client.write(`POST /ignore HTTP/1.1\r\nHost: a\r\nContent-Length: ${megabyte.length}\r\n\r\n`);
    expect((await client.responses(1))[0].body).toBe("ignored");
    await client.write(megabyte + get("/json"));
    expect((await client.responses(2))[1].status).toBe(200);
    client.destroy();
  });

  test("maxBodySize bytes are taken and one more is not, by length and in chunks", async () => {
    const most = 1048576;
    const full = "x".repeat(most);
    expect((await exchange(port, post("/echo", full)))[0].status).toBe(200);
    expect((await exchange(port, chunked("/echo", `100000\r\n${full}\r\n0\r\n\r\n`)))[0].status).toBe(200);
    const [byLength] = await exchange(port, `POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: ${most + 1}\r\n\r\n`);
    const [byChunks] = await exchange(port, chunked("/echo", `100000\r\n${full}\r\n1\r\nx\r\n0\r\n\r\n`));
    for (const response of [byLength, byChunks]) {
      expect([response.status, response.headers.get("connection")]).toEqual([413, "close"]);
    }
  });

  test("100 (Continue) is sent when the content is asked for, and not before a refusal", async () => {
    const client = new RawClient(port);
    const expecting = (path: string, length: number) =>
      `POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Length: ${length}\r\nExpect: 100-continue\r\n\r\n`;
    await client.write(expecting("/echo", 2));
    expect((await client.responses(1))[0].status).toBe(100);
    await client.write("hi");
    expect((await client.responses(2))[1].body).toBe("hi");
    await client.write(expecting("/ignore", 2));
    const last = (await client.responses(3))[2];
    expect([last.status, last.headers.get("connection")]).toEqual([200, "close"]);
    await client.end();
    expect((await exchange(port, expecting("/echo", 1e9))).map(({ status }) => status)).toEqual([413]);
  });
});

describe("connections", () => {
  test("pipelined requests are answered in order, in one write", async () => {
    const client = new RawClient(port);
    const chunks: string[] = [];
    client.socket.on("data", (text: string) => chunks.push(text));
    await client.write(Array.from({ length: 10 }, (_, at) => get(`/hello/${at}`)).join(""));
    const answers = await client.responses(10);
    expect(answers.map(({ body }) => body)).toEqual(Array.from({ length: 10 }, (_, at) => `Hello, ${at}!`));
    expect(chunks).toHaveLength(1);
    client.destroy();
  });

  test("requests behind one that is at work wait for it, and each reads its own head", async () => {
    gate = deferred();
    entered = deferred();
    const client = new RawClient(port);
    await client.write(get("/wait?first", "X-Id: 1\r\n") + get("/hello/second") + get("/wait?third", "X-Id: 3\r\n"));
    await entered.promise;
    const other = await exchange(port, get("/hello/other", "X-Id: 9\r\n"));
    expect(other[0].body).toBe("Hello, other!");
    await client.write(get("/hello/fourth"));
    expect(client.received).toBe("");
    gate.resolve();
    const answers = await client.responses(4);
    expect(answers.map(({ body }) => body)).toEqual(["first 1", "Hello, second!", "third 3", "Hello, fourth!"]);
    client.destroy();
  });

  test("a client that half-closes still gets every answer", async () => {
    gate = deferred();
    entered = deferred();
    const answers = exchange(port, get("/wait?a", "X-Id: 1\r\n") + get("/json") + get("/async"));
    await entered.promise;
    gate.resolve();
    expect((await answers).map(({ status }) => status)).toEqual([200, 200, 201]);
  });

  test("HTTP/1.0 closes unless it asks to be kept", async () => {
    const client = new RawClient(port);
    await client.write("GET /json HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    expect((await client.responses(1))[0].headers.get("connection")).toBe("keep-alive");
    await client.write(`GET /json HTTP/1.0\r\n\r\n${get("/json")}`);
    await client.end();
    const { all } = parseResponses(client.received);
    expect(all.map(({ headers }) => headers.get("connection"))).toEqual(["keep-alive", "close"]);
    client.destroy();
  });

  test("Connection: close is obeyed, and what follows is not read", async () => {
    const answers = await exchange(port, get("/json", "Connection: close\r\n") + get("/json"));
    expect(answers.map(({ headers }) => headers.get("connection"))).toEqual(["close"]);
  });

  const head = (size: number) => {
    const empty = get("/json", "X: \r\n");
    return get("/json", `X: ${"x".repeat(size - empty.length)}\r\n`);
  };
  const target = (size: number) => get(`/${"t".repeat(size - 1)}`);

  test.each([
    ["GARBAGE\r\n\r\n", 400],
    ["GET / HTTP/1.1\r\n\r\n", 400],
    ["POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx", 400],
    ["POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400],
    ["GET / HTTP/1.1\nHost: a\n\n", 400],
    [head(16384), 200],
    [head(16385), 431],
    [target(8192), 404],
    [target(8193), 414],
    ["GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505],
    ["CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n", 501],
  ])("%.50j gets %i, and what is wrong also a closed connection", async (input, status) => {
    for (const pieces of [[input], [input.slice(0, 7), input.slice(7)]]) {
      const client = new RawClient(port);
      for (const piece of pieces) await client.write(piece);
      const [response] = await client.responses(1);
      expect(response.status).toBe(status);
      if (status !== 200 && status !== 404) {
        expect(response.headers.get("connection")).toBe("close");
        await client.end();
      }
      client.destroy();
    }
    expect((await exchange(port, get("/json")))[0].status).toBe(200);
  });

  test("what was right before the wrong is answered first", async () => {
    const answers = await exchange(port, `${get("/json") + get("/async")}BAD\r\n\r\n${get("/json")}`);
    expect(answers.map(({ status }) => status)).toEqual([200, 201, 400]);
  });

  test.each([
    "GET / HT",
    "GET / HTTP/1.1\r\nHost: a\r\nX:",
    "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhe",
    chunked("/echo", "5\r\nhe"),
    chunked("/echo", "5\r\nhello\r\n0\r\nX: "),
  ])("a connection cut in %j harms nothing", async (input) => {
    const half = await exchange(port, input);
    expect(half.map(({ status }) => status)).toEqual([400]);

    const client = new RawClient(port);
    await client.write(input);
    client.socket.resetAndDestroy();
    await once(client.socket, "close");
    expect((await exchange(port, get("/json")))[0].status).toBe(200);
  });

  test("a client that goes while its handler works leaves the server whole", async () => {
    gate = deferred();
    entered = deferred();
    const client = new RawClient(port);
    await client.write(get("/wait", "X-Id: 1\r\n"));
    await entered.promise;
    client.socket.resetAndDestroy();
    await once(client.socket, "close");
    gate.resolve();
    expect((await exchange(port, get("/json")))[0].status).toBe(200);
  });
});

describe("start and stop", () => {
  test("a taken port is told by its address", async () => {
    const other = new App();
    await expect(other.listen({ port })).rejects.toThrow(`cannot listen on 127.0.0.1:${port}: another program`);
    await expect(other.listen({ port: 0 }).then(() => other.close())).resolves.toBeUndefined();
  });

  test.each([-1, 65536, 1.5, Number.NaN])("port %d is refused", async (wrong) => {
    await expect(new App().listen({ port: wrong })).rejects.toThrow(RangeError);
  });

  test("a port that is text is shown as text", async () => {
    await expect(new App().listen({ port: "8080" as unknown as number })).rejects.toThrow('not "8080"');
  });

  test("close lets what is in flight finish, and closes what is idle", async () => {
    const own = new App();
    const started = deferred();
    const finish = deferred();
    own.get("/", async () => {
      started.resolve();
      await finish.promise;
      return "done";
    });
    const { address } = await own.listen({ port: 0 });
    const idle = new RawClient(address.port);
    const kept = new RawClient(address.port);
    const busy = new RawClient(address.port);
    await Promise.all([idle, kept, busy].map(({ socket }) => once(socket, "connect")));
    await kept.write(get("/missing"));
    await kept.responses(1);
    await busy.write(get("/"));
    await started.promise;
    const closed = own.close();
    await Promise.all([idle.end(), kept.end()]);
    expect(busy.ended).toBe(false);
    finish.resolve();
    const [response] = await busy.responses(1);
    expect([response.body, response.headers.get("connection")]).toEqual(["done", "close"]);
    for (const client of [idle, kept, busy]) client.socket.end();
    await closed;
    const late = connect(address.port, "127.0.0.1");
    const [error] = await once(late, "error");
    expect(error.code).toBe("ECONNREFUSED");
  });
});
