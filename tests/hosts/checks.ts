/** What the server has to do on real sockets, on any host that has node:net. */
import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { type App, HttpResponse } from "../../dist/index.js";
import { deferred } from "../support/deferred.ts";
import { accepted } from "./accepted.ts";
import { type Client, turn } from "./client.ts";
import { chunked, connect, content, get, head, MIB, newApp, post, secure, serve, sha256, unchunk } from "./stage.ts";

/** Sixteen requests, by turns answered at once and later, and the bodies of their answers. */
const BODIES = Array.from({ length: 16 }, (_, at) => String(at));
const SIXTEEN = BODIES.map((body, at) => get(`${at % 2 ? "/later" : "/now"}/${body}`)).join("");

async function upload(client: Client): Promise<void> {
  const body = content(3 * MIB);
  await client.write(post("/pieces", body), 10_007);
  await client.write(chunked("/whole", body, 77_777), 50_021);
  await client.answers([sha256(body), sha256(body)]);
}

/** The status that the server gives these bytes; it must be the last it says before it closes. */
async function refusal(port: number, bytes: string): Promise<number> {
  const client = await connect(port);
  await client.write(bytes);
  const { status, headers } = await client.response();
  equal(headers.get("connection"), "close");
  equal(await client.end(), "");
  client.socket.destroy();
  return status;
}

/** Adds /stream, which gives one piece after the other; `onPiece` is told before each. */
function addStream(app: App, piece: string, count: number, onPiece: () => void = () => {}): void {
  const bytes = Buffer.from(piece, "latin1");
  app.get("/stream", async function* stream() {
    for (let at = 0; at < count; ++at) {
      onPiece();
      yield bytes;
    }
  });
}

/** Reads the answer of /stream with a pause after each read. */
async function readSlowly(client: Client, piece: string, count: number): Promise<void> {
  const { socket } = client;
  socket.on("data", () => {
    socket.pause();
    setTimeout(() => socket.resume(), 1);
  });
  await client.write(get("/stream"));
  await client.until(() => client.received.length > count * piece.length && client.received.endsWith("0\r\n\r\n"));
  equal(sha256(unchunk(client.received)), sha256(piece.repeat(count)));
}

/** Adds /never, which is not answered: gives what resolves when it was asked for, and when its signal was aborted. */
function addNever(app: App): { entered: Promise<void>; aborted: Promise<void> } {
  const entered = deferred();
  const aborted = deferred();
  app.get("/never", ({ signal }) => {
    signal.addEventListener("abort", () => aborted.resolve());
    entered.resolve();
    return new Promise<string>(() => {});
  });
  return { entered: entered.promise, aborted: aborted.promise };
}

/** Adds a route that is answered when its gate is opened: gives that, and what resolves when it was asked for. */
function addGated(app: App, target = "/gated"): { entered: Promise<void>; open: () => void } {
  const entered = deferred();
  const gate = deferred();
  app.route(
    target,
    async (request) => {
      entered.resolve();
      await gate.promise;
      return sha256(await request.bytes());
    },
    { methods: ["GET", "POST"] },
  );
  return { entered: entered.promise, open: gate.resolve };
}

export const CHECKS: Readonly<Record<string, () => Promise<void>>> = {
  async "a GET"() {
    const client = await connect(await serve());
    await client.write(get("/now/1"));
    await client.answers(["1"]);
  },

  async "GETs byte by byte"() {
    const client = await connect(await serve());
    await client.write(get("/now/1") + get("/later/2"), 1);
    await client.answers(["1", "2"]);
  },

  async "16 pipelined GETs in one write"() {
    const client = await connect(await serve());
    await client.write(SIXTEEN);
    await client.answers(BODIES);
  },

  async "16 pipelined GETs cut at odd places"() {
    const client = await connect(await serve());
    for (const size of [3, 17, 61, 149, 331]) {
      await client.write(SIXTEEN, size);
      await client.answers(BODIES);
    }
  },

  async "pipelined GETs that fill the window many times"() {
    const client = await connect(await serve());
    const bodies = Array.from({ length: 10_000 }, (_, at) => String(at));
    await client.write(bodies.map((body, at) => get(`${at % 50 ? "/now" : "/later"}/${body}`)).join(""));
    await client.answers(bodies);
  },

  async "bytes of fields and content above 127"() {
    await above127(await connect(await serve({}, withAbove127())));
  },

  async "content in many cuts"() {
    const client = await connect(await serve());
    const body = content(2000);
    for (const size of [1, 7, 999]) {
      await client.write(post("/whole", body) + post("/pieces", body), size);
      await client.answers([sha256(body), sha256(body)]);
    }
  },

  async "content behind a request that is at work"() {
    const client = await connect(await serve());
    const bodies = [content(300_000, 1), content(300_000, 2)];
    const requests = [
      get("/later/1"),
      post("/whole", bodies[0]),
      get("/later/2"),
      chunked("/whole", bodies[1], 33_333),
    ];
    await client.write(requests.join(""));
    await client.answers(["1", sha256(bodies[0]), "2", sha256(bodies[1])]);
  },

  async "chunks and trailers in many cuts"() {
    const app = newApp();
    app.post("/trailers", async (request) => {
      const sum = sha256(await request.bytes());
      return `${sum} ${request.trailers?.get("x-sum")}`;
    });
    const client = await connect(await serve({}, app));
    const body = content(2000);
    for (const size of [1, 7, 999]) {
      await client.write(chunked("/trailers", body, 33, "X-Sum: last\r\n"), size);
      await client.answers([`${sha256(body)} last`]);
    }
  },

  async "3 MiB of content, in pieces and whole"() {
    await upload(await connect(await serve({ maxBodySize: 3 * MIB })));
  },

  async "100 (Continue)"() {
    const client = await connect(await serve());
    await client.write(head("/whole", 3, "Expect: 100-continue\r\n"));
    equal((await client.response()).status, 100);
    await client.write("abc");
    await client.answers([sha256("abc")]);
  },

  async "content that nobody asks for stays with the client"() {
    const app = newApp();
    const { entered, open } = addGated(app);
    const port = await serve({ maxBodySize: 16 * MIB }, app);
    const client = await connect(port);
    const body = content(16 * MIB);
    await client.write(post("/gated", body));
    await entered;
    // Rounds of the loop in which all of it could be read.
    const other = await connect(port);
    for (let count = 0; count < 300; ++count) {
      await other.write(get("/"));
      await other.answers(["ok"]);
    }
    const { bytesRead } = accepted(client.socket);
    ok(bytesRead > 0 && bytesRead < MIB, `${bytesRead} bytes were read`);
    open();
    await client.answers([sha256(body)]);
  },

  async "content on 50 connections by turns"() {
    const port = await serve();
    const all = await Promise.all(
      Array.from({ length: 50 }, async (_, at) => {
        const body = content(150_000 + at, at);
        const request = at % 2 ? post("/whole", body) : chunked("/pieces", body, 9999);
        return { client: await connect(port), body, request };
      }),
    );
    const size = 16_001;
    for (let at = 0; all.some(({ request }) => at < request.length); at += size) {
      await Promise.all(all.map(({ client, request }) => client.write(request.slice(at, at + size))));
    }
    for (const { client, body } of all) await client.answers([sha256(body)]);
  },

  async "a streamed answer to a slow reader"() {
    const app = newApp();
    const piece = content(65_536);
    const client = await connect(await serve({}, app));
    let most = 0;
    addStream(app, piece, 128, () => {
      most = Math.max(most, accepted(client.socket).writableLength);
    });
    await readSlowly(client, piece, 128);
    ok(most < 4 * piece.length, `${most} bytes waited in the server`);
  },

  async "a client that reads nothing gets no more, and is cut"() {
    const app = newApp();
    const over = deferred<number>();
    app.get("/stream", async function* stream() {
      const piece = new Uint8Array(65_536);
      let size = 0;
      try {
        for (; size < 256 * MIB; size += piece.length) yield piece;
      } finally {
        over.resolve(size);
      }
    });
    const client = await connect(await serve({ writeTimeout: 100 }, app));
    client.socket.pause();
    await client.write(get("/stream"));
    const size = await over.promise;
    // The system holds some of it, on both sides.
    ok(size < 128 * MIB, `${size} bytes were taken`);
  },

  async "413 by length and by chunks"() {
    const port = await serve({ maxBodySize: 1000 });
    equal(await refusal(port, head("/whole", 1001)), 413);
    equal(await refusal(port, post("/whole", content(500_000))), 413);
    equal(await refusal(port, chunked("/whole", content(1001), 300)), 413);
  },

  async "400 closes"() {
    const port = await serve();
    for (const bytes of ["BAD\r\n\r\n", "GET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\nHost: a\n\n"]) {
      equal(await refusal(port, bytes), 400);
    }
  },

  async "400 comes after what was right"() {
    const client = await connect(await serve());
    await client.write(`${SIXTEEN}BAD\r\n\r\n${get("/")}`, 5);
    const answers = await client.responses(17);
    deepEqual(
      answers.map(({ status, body }) => (status === 200 ? body : status)),
      [...BODIES, 400],
    );
    equal(await client.end(), "");
  },

  async "408 for a head that does not end, while an idle connection is kept"() {
    const port = await serve({ headTimeout: 300 });
    const idle = await connect(port);
    await idle.write(get("/"));
    await idle.answers(["ok"]);
    equal(await refusal(port, "GET / HTTP/1.1\r\nHost:"), 408);
    await idle.write(get("/"));
    await idle.answers(["ok"]);
  },

  async "408 for content that does not come"() {
    equal(await refusal(await serve({ bodyTimeout: 100 }), `${head("/whole", 10)}12345`), 408);
  },

  async "a connection that is idle for too long ends without a word"() {
    const client = await connect(await serve({ keepAliveTimeout: 100 }));
    await client.write(get("/"));
    await client.answers(["ok"]);
    equal(await client.end(), "");
  },

  async "a client that half-closes gets its answers"() {
    const app = newApp();
    const { entered, open } = addGated(app);
    const port = await serve({}, app);
    const [busy, piped] = [await connect(port), await connect(port)];
    await busy.write(get("/gated"));
    await entered;
    const ended = once(accepted(busy.socket), "end");
    busy.socket.end();
    await ended;
    await piped.write(SIXTEEN + get("/gated") + post("/whole", "abc"));
    piped.socket.end();
    await turn();
    open();
    await busy.answers([sha256("")]);
    equal(await busy.end(), "");
    await piped.answers([...BODIES, sha256(""), sha256("abc")]);
    equal(await piped.end(), "");
  },

  async "a client that half-closes gets an answer of 16 MiB"() {
    const app = newApp();
    const body = content(16 * MIB);
    app.get("/large", () => Buffer.from(body, "latin1"));
    const client = await connect(await serve({}, app));
    client.socket.end(get("/large"));
    const received = await client.end();
    equal(sha256(received.slice(received.indexOf("\r\n\r\n") + 4)), sha256(body));
  },

  async "a client that half-closes too early gets 400"() {
    const port = await serve();
    for (const bytes of ["GET / HT", `${head("/whole", 10)}12345`]) {
      const client = await connect(port);
      client.socket.end(bytes);
      equal((await client.response()).status, 400);
      equal(await client.end(), "");
    }
  },

  async "a client that goes aborts the signal"() {
    const app = newApp();
    const { entered, aborted } = addNever(app);
    const client = await connect(await serve({}, app));
    await client.write(get("/never"));
    await entered;
    client.socket.resetAndDestroy();
    await aborted;
  },

  async "a client that goes cuts its own content"() {
    const app = newApp();
    const entered = deferred();
    const failed = deferred<unknown>();
    app.post("/cut", async (request) => {
      entered.resolve();
      await request.bytes().catch(failed.resolve);
      return null;
    });
    const client = await connect(await serve({}, app));
    await client.write(`${head("/cut", 10)}12345`);
    await entered.promise;
    client.socket.resetAndDestroy();
    match(String(await failed.promise), /IncompleteMessage/);
  },

  async "a client that goes ends what is streamed to it"() {
    const app = newApp();
    const letGo = deferred();
    app.get("/endless", async function* endless() {
      try {
        for (;;) {
          await turn();
          yield "piece";
        }
      } finally {
        letGo.resolve();
      }
    });
    const client = await connect(await serve({}, app));
    await client.write(get("/endless"));
    await client.until(() => client.received.includes("piece"));
    // That looks like a half-closed client until something is written to it.
    client.socket.destroy();
    await letGo.promise;
  },

  async "close lets requests finish and ends idle connections"() {
    const app = newApp();
    const [answer, rest] = [addGated(app, "/answer"), addGated(app, "/rest")];
    const port = await serve({}, app);
    const [idle, busy, sending] = [await connect(port), await connect(port), await connect(port)];
    await idle.write(get("/"));
    await idle.answers(["ok"]);
    await busy.write(get("/answer"));
    await sending.write(`${head("/rest", 6)}abc`);
    await Promise.all([answer.entered, rest.entered]);
    const closed = app.close();
    equal(await idle.end(), "");
    idle.socket.destroy();
    await rejects(connect(port), /ECONNREFUSED/);
    answer.open();
    await busy.answers([sha256("")]);
    equal(await busy.end(), "");
    busy.socket.destroy();
    rest.open();
    await sending.write("def");
    await sending.answers([sha256("abcdef")]);
    equal(await sending.end(), "");
    sending.socket.destroy();
    await closed;
  },

  async "close cuts at its deadline"() {
    const app = newApp();
    const { entered, aborted } = addNever(app);
    const client = await connect(await serve({}, app));
    await client.write(get("/never"));
    await entered;
    await app.close({ deadline: 20 });
    await aborted;
    equal(await client.end(), "");
  },

  async "connections past maxConnections are closed"() {
    const port = await serve({ maxConnections: 1 });
    const first = await connect(port);
    await first.write(get("/"));
    await first.answers(["ok"]);
    equal(await (await connect(port)).end(), "");
    await first.write(get("/"));
    await first.answers(["ok"]);
  },

  async TLS() {
    const { client } = await secure();
    await client.write(SIXTEEN);
    await client.answers(BODIES);
    await client.write(SIXTEEN, 61);
    await client.answers(BODIES);
    await upload(client);
  },

  async "TLS: bytes of fields and content above 127"() {
    await above127((await secure(withAbove127())).client);
  },

  async "TLS: a streamed answer to a slow reader"() {
    const app = newApp();
    const piece = content(65_536);
    addStream(app, piece, 32);
    await readSlowly((await secure(app)).client, piece, 32);
  },

  async "TLS: 400 closes"() {
    const { client } = await secure();
    await client.write("BAD\r\n\r\n");
    equal((await client.response()).status, 400);
    equal(await client.end(), "");
  },

  async "TLS: a client that half-closes gets its answers"() {
    const { client } = await secure();
    await client.write(SIXTEEN);
    client.socket.end();
    await client.answers(BODIES);
    equal(await client.end(), "");
  },

  async "TLS: a client that goes aborts the signal"() {
    const app = newApp();
    const { entered, aborted } = addNever(app);
    const { client, below } = await secure(app);
    // Else a reset may meet the server's session tickets on their way out, and Node tells nobody of that.
    await client.write(get("/"));
    await client.answers(["ok"]);
    await client.write(get("/never"));
    await entered;
    below.resetAndDestroy();
    await aborted;
  },

  async "TLS: a client that speaks none harms nothing"() {
    const { port, client } = await secure();
    const other = await connect(port);
    await other.write(get("/"));
    ok(!(await other.end()).includes("HTTP"));
    await client.write(get("/"));
    await client.answers(["ok"]);
  },

  async "a Unix socket"() {
    const folder = mkdtempSync(path.join(tmpdir(), "pyrois-server-"));
    try {
      const place = path.join(folder, "http.sock");
      await newApp().listen({ path: place, maxBodySize: 3 * MIB });
      const client = await connect({ path: place });
      await client.write(SIXTEEN, 61);
      await client.answers(BODIES);
      await upload(client);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

/** All that a field value and content may have beyond ASCII. */
const ABOVE_127 = Buffer.from(Array.from({ length: 128 }, (_, at) => at + 128)).toString("latin1");

function withAbove127(): App {
  return newApp().get("/bytes", ({ headers }) => {
    const value = headers.get("x-bytes") ?? "";
    return new HttpResponse(Buffer.from(value, "latin1"), { headers: { "X-Bytes": value } });
  });
}

async function above127(client: Client): Promise<void> {
  await client.write(`GET /bytes HTTP/1.1\r\nHost: a\r\nX-Bytes: ${ABOVE_127}\r\n\r\n`);
  const { headers, body } = await client.response();
  deepEqual([headers.get("x-bytes"), body], [ABOVE_127, ABOVE_127]);
}
