/** Applications of fetch, those of real frameworks among them, on real sockets. */
import { createHash } from "node:crypto";
import { once } from "node:events";
import { request as nodeRequest } from "node:http";
import { H3 } from "h3";
import { Hono } from "hono";
import { compress } from "hono/compress";
import { deleteCookie, setCookie } from "hono/cookie";
import { cors } from "hono/cors";
import { etag } from "hono/etag";
import { stream, streamSSE } from "hono/streaming";
import { AutoRouter, type IRequest, json as ittyJson } from "itty-router";
import { afterEach, describe, expect, it } from "vitest";
import { type FetchHandler, fromFetch } from "../../../src/gateway/fetch.ts";
import { App, type HttpRequest, type Server, serve } from "../../../src/index.ts";
import { RawClient } from "../../support/client.ts";
import { deferred } from "../../support/deferred.ts";
import { settled } from "../../support/settled.ts";

const MIB = 1048576;

let server: Server | undefined;
let errors: unknown[] = [];
afterEach(async () => {
  await server?.stop({ deadline: 0 });
  server = undefined;
  errors = [];
});

async function start(handler: FetchHandler): Promise<string> {
  server = await serve(fromFetch(handler), { port: 0, maxBodySize: 16 * MIB, onError: (error) => errors.push(error) });
  return server.url;
}

/** A client that has sent a request. */
async function sent(url: string, path: string, more = ""): Promise<RawClient> {
  const client = new RawClient(Number(new URL(url).port));
  await client.write(`GET ${path} HTTP/1.1\r\nHost: a\r\n${more}\r\n`);
  return client;
}

/** How clients go: at once, or as most do, by ending their side. */
const LEAVING: readonly (readonly [how: string, leave: (client: RawClient) => unknown])[] = [
  ["RST", (client) => client.socket.resetAndDestroy()],
  ["FIN", (client) => client.socket.end()],
];

function hono(): Hono {
  const app = new Hono();
  app.get("/", (context) => context.json({ query: context.req.query("q"), agent: context.req.header("x-agent") }));
  app.get("/users/:id", (context) => context.text(context.req.param("id"), 201, { "X-A": "b" }));
  app.post("/json", async (context) => context.json(await context.req.json()));
  app.post("/form", async (context) => {
    const { file, name } = await context.req.parseBody();
    return context.text(`${name} ${file instanceof File ? `${file.name} ${await file.text()}` : file}`);
  });
  app.post("/hash", async (context) => {
    const hash = createHash("sha256");
    for await (const piece of context.req.raw.body as unknown as AsyncIterable<Uint8Array>) hash.update(piece);
    return context.text(hash.digest("hex"));
  });
  app.post("/twice", async (context) => context.text((await context.req.text()) + (await context.req.text())));
  app.get("/cookies", (context) => {
    setCookie(context, "a", "1", { path: "/", httpOnly: true });
    deleteCookie(context, "b");
    return context.text("ok");
  });
  app.get("/stream", (context) =>
    stream(context, async (out) => {
      for (let index = 0; index < 3; ++index) await out.write(`${index}\n`);
    }),
  );
  app.get("/events", (context) =>
    streamSSE(context, async (out) => {
      await out.writeSSE({ data: "one", event: "e" });
    }),
  );
  app.get("/error", () => {
    throw new Error("inside");
  });
  app.use("/with/*", cors(), etag());
  app.use("/packed", compress());
  app.get("/with/etag", (context) => context.text("tagged"));
  app.get("/packed", (context) => context.text("a".repeat(2000)));
  app.get("/wrapped", async (context, next) => {
    await next();
    context.header("X-After", "1");
    context.res = new Response(`<${await context.res.text()}>`, context.res);
  });
  app.get("/wrapped", (context) => context.text("inner", 202));
  app.route(
    "/below",
    new Hono().get("/x", (context) => context.redirect("/elsewhere")),
  );
  app.notFound((context) => context.text("not here", 404));
  return app;
}

describe("Hono", () => {
  const app = hono();

  it("reads queries, fields and parameters", async () => {
    const url = await start(app.fetch);
    const response = await fetch(`${url}?q=a%20b`, { headers: { "X-Agent": "me" } });
    expect([response.headers.get("content-type"), await response.json()]).toEqual([
      "application/json",
      { query: "a b", agent: "me" },
    ]);
    const user = await fetch(`${url}users/%C3%A9`);
    expect([user.status, user.headers.get("x-a"), await user.text()]).toEqual([201, "b", "é"]);
  });

  it("reads JSON, text twice, forms and streams", async () => {
    const url = await start(app.fetch);
    const post = (path: string, body: RequestInit["body"], more = {}) =>
      fetch(url + path, { method: "POST", body: body ?? null, ...more });
    expect(await (await post("json", '{"a":"é"}')).json()).toEqual({ a: "é" });
    expect(await (await post("twice", "ab")).text()).toBe("abab");
    const form = new FormData();
    form.set("name", "me");
    form.set("file", new File(["content"], "f.txt"));
    expect(await (await post("form", form)).text()).toBe("me f.txt content");
    const bytes = new Uint8Array(3 * MIB).map((_, at) => at * 31 + (at >> 8));
    const upload = await post("hash", new Blob([bytes]).stream() as never, { duplex: "half" });
    expect(await upload.text()).toBe(createHash("sha256").update(bytes).digest("hex"));
  });

  it("sets cookies in lines of their own", async () => {
    const response = await fetch(`${await start(app.fetch)}cookies`);
    expect(response.headers.getSetCookie()).toEqual(["a=1; Path=/; HttpOnly", "b=; Max-Age=0; Path=/"]);
  });

  it("streams", async () => {
    const url = await start(app.fetch);
    expect(await (await fetch(`${url}stream`)).text()).toBe("0\n1\n2\n");
    const events = await fetch(`${url}events`);
    expect([events.headers.get("content-type"), await events.text()]).toEqual([
      "text/event-stream",
      "event: e\ndata: one\n\n",
    ]);
  });

  it("has its middleware", async () => {
    const url = await start(app.fetch);
    const tagged = await fetch(`${url}with/etag`);
    const tag = tagged.headers.get("etag") ?? "";
    expect([tagged.headers.get("access-control-allow-origin"), tag, await tagged.text()]).toEqual([
      "*",
      expect.stringMatching(/^"\w+"$/),
      "tagged",
    ]);
    const again = await fetch(`${url}with/etag`, { headers: { "If-None-Match": tag } });
    expect([again.status, await again.text()]).toEqual([304, ""]);
    const packed = await fetch(`${url}packed`, { headers: { "Accept-Encoding": "gzip" } });
    expect([packed.headers.get("content-encoding"), await packed.text()]).toEqual(["gzip", "a".repeat(2000)]);
    const wrapped = await fetch(`${url}wrapped`);
    expect([wrapped.status, wrapped.headers.get("x-after"), await wrapped.text()]).toEqual([202, "1", "<inner>"]);
  });

  it("redirects, finds nothing, and fails", async () => {
    const url = await start(app.fetch);
    const redirect = await fetch(`${url}below/x`, { redirect: "manual" });
    expect([redirect.status, redirect.headers.get("location")]).toEqual([302, "/elsewhere"]);
    const missing = await fetch(`${url}nowhere`);
    expect([missing.status, await missing.text()]).toEqual([404, "not here"]);
    const { error } = console;
    console.error = () => {};
    const failed = await fetch(`${url}error`);
    console.error = error;
    expect([failed.status, await failed.text()]).toEqual([500, "Internal Server Error"]);
  });

  it("answers HEAD without a length that nobody knows", async () => {
    const client = await sent(await start(app.fetch), "/ HTTP/1.1\r\nHost: a\r\n\r\nHEAD /users/1");
    await client.until(() => client.received.split("HTTP/1.1 ").length === 3 && client.received.endsWith("\r\n\r\n"));
    const head = client.received.slice(client.received.lastIndexOf("HTTP/1.1 "));
    expect(head).toContain("HTTP/1.1 201 Created");
    expect(head).not.toContain("Content-Length");
    expect(head.endsWith("\r\n\r\n")).toBe(true);
    client.destroy();
  });

  it("stands on a route, and beside routes of ours", async () => {
    const outer = new App({ fallback: fromFetch(app.fetch) });
    outer.get("/ours", () => "ours");
    outer.route("/api/{rest:path}", fromFetch(new Hono().basePath("/api").get("/x", (c) => c.text("api")).fetch));
    const texts = ["/ours", "/api/x", "/users/5"].map(async (path) => (await outer.inject({ path })).text());
    expect(await Promise.all(texts)).toEqual(["ours", "api", "5"]);
  });

  it("reaches the request as this server has it", async () => {
    const own = new Hono<{ Bindings: HttpRequest }>();
    own.get("/", (context) => context.text(`${context.env.remoteAddress} ${context.env.version}`));
    expect(await (await fetch(await start(own.fetch as FetchHandler))).text()).toBe("127.0.0.1 1.1");
  });
});

describe("other frameworks", () => {
  it("h3", async () => {
    const app = new H3();
    app.get("/hello/:name", (event) => ({ hello: event.context.params?.name, q: event.url.searchParams.get("q") }));
    app.post("/echo", async (event) => (await event.req.json()) as object);
    app.get("/stream", () => new Blob(["a", "b"]).stream());
    app.get("/made", () => new Response("made", { status: 203 }));
    app.get("/cookie", (event) => {
      event.res.headers.append("set-cookie", "a=1");
      event.res.headers.append("set-cookie", "b=2");
      event.res.status = 202;
      return "ok";
    });
    const url = await start((request) => app.fetch(request));
    expect(await (await fetch(`${url}hello/you?q=1`)).json()).toEqual({ hello: "you", q: "1" });
    expect(await (await fetch(`${url}echo`, { method: "POST", body: '{"a":1}' })).json()).toEqual({ a: 1 });
    expect(await (await fetch(`${url}stream`)).text()).toBe("ab");
    const made = await fetch(`${url}made`);
    expect([made.status, await made.text()]).toEqual([203, "made"]);
    const cookie = await fetch(`${url}cookie`);
    expect([cookie.status, cookie.headers.getSetCookie()]).toEqual([202, ["a=1", "b=2"]]);
    expect((await fetch(`${url}nowhere`)).status).toBe(404);
  });

  it("itty-router", async () => {
    const app = AutoRouter();
    app.get("/hello/:name", ({ params, query }: IRequest) => ({ hello: params.name, q: query.q }));
    app.post("/echo", async (request: IRequest) => ittyJson(await request.json(), { status: 201 }));
    const url = await start((request) => app.fetch(request));
    expect(await (await fetch(`${url}hello/you?q=1`)).json()).toEqual({ hello: "you", q: "1" });
    const echo = await fetch(`${url}echo`, { method: "POST", body: '{"a":1}' });
    expect([echo.status, await echo.json()]).toEqual([201, { a: 1 }]);
    expect((await fetch(`${url}nowhere`)).status).toBe(404);
  });

  it("a loader and an action in the manner of Remix", async () => {
    // They look at the request, throw responses, and hand on copies of what they got.
    const loader = async (request: Request) => {
      const { searchParams } = new URL(request.url);
      if (!searchParams.has("id")) throw new Response("no id", { status: 400, statusText: "Bad" });
      return Response.json({ id: searchParams.get("id") }, { headers: { Vary: "Cookie" } });
    };
    const action = async (request: Request) => {
      const form = await request.formData();
      return Response.redirect(new URL(`/?id=${form.get("id")}`, request.url), 303);
    };
    const handle: FetchHandler = async (request) => {
      const { method, url, headers, signal } = request;
      const init = { method, headers, signal, body: request.body, duplex: "half" };
      const copy = new Request(new URL(url), init as RequestInit);
      copy.headers.delete("x-forwarded-host");
      try {
        return await (method === "POST" ? action : loader)(copy);
      } catch (error) {
        if (error instanceof Response) return error;
        throw error;
      }
    };
    const url = await start(handle);
    const loaded = await fetch(`${url}?id=5`);
    expect([loaded.headers.get("vary"), await loaded.json()]).toEqual(["Cookie", { id: "5" }]);
    const bad = await fetch(url);
    expect([bad.status, await bad.text()]).toEqual([400, "no id"]);
    const acted = await fetch(url, { method: "POST", body: new URLSearchParams({ id: "7" }), redirect: "manual" });
    expect([acted.status, acted.headers.get("location")]).toEqual([303, `${url}?id=7`]);
  });
});

describe("a handler of fetch", () => {
  it("that answers with anything else is reported, and 500", async () => {
    const url = await start((() => ({ status: 200 })) as never);
    expect((await fetch(url)).status).toBe(500);
    expect(String(errors)).toContain("must give a Response, and gave object");
  });

  it.each([
    [
      "throws",
      () => {
        throw new Error("inside");
      },
    ],
    ["rejects", () => Promise.reject(new Error("inside"))],
    ["answers nothing", () => undefined],
  ])("that %s is reported, and 500", async (_, handler) => {
    const url = await start(handler as never);
    const response = await fetch(url);
    expect([response.status, await response.text(), errors.length]).toEqual([500, "Internal Server Error\n", 1]);
  });

  it("that is none is refused at once", () => {
    expect(() => fromFetch(hono() as never)).toThrow("must be a function");
  });

  it.each(LEAVING)("learns by the signal that its client has gone, by %s", async (_, leave) => {
    const begun = deferred();
    const gone = deferred<string>();
    const url = await start((request) => {
      request.signal.addEventListener("abort", () => gone.resolve(String(request.signal.reason)));
      begun.resolve();
      return new Promise(() => {});
    });
    const client = await sent(url, "/");
    await begun.promise;
    leave(client);
    expect(await gone.promise).toContain("the client has gone");
  });

  it.each(LEAVING)("has a stream cancelled that waits for something when the client goes, by %s", async (_, leave) => {
    const cancelled = deferred();
    const waiting = deferred();
    const url = await start(() => {
      const body = new ReadableStream({
        start: (controller) => controller.enqueue(new TextEncoder().encode("first")),
        pull: () => {
          waiting.resolve();
          return new Promise(() => {});
        },
        cancel: () => cancelled.resolve(),
      });
      return new Response(body);
    });
    const client = await sent(url, "/");
    await client.until(() => client.received.includes("first"));
    await waiting.promise;
    leave(client);
    await cancelled.promise;
    await client.end();
    expect(client.received).not.toContain("\r\n0\r\n");
    expect(errors).toEqual([]);
  });

  it.each(LEAVING)(
    "has the stream cancelled of an answer that comes when the client has gone, by %s",
    async (_, leave) => {
      const begun = deferred();
      const answer = deferred<Response>();
      const gone = deferred();
      const cancelled = deferred();
      const url = await start((request) => {
        request.signal.addEventListener("abort", () => gone.resolve());
        begun.resolve();
        return answer.promise;
      });
      const client = await sent(url, "/");
      await begun.promise;
      leave(client);
      await gone.promise;
      answer.resolve(new Response(new ReadableStream({ cancel: () => cancelled.resolve() })));
      await cancelled.promise;
      expect(errors).toEqual([]);
    },
  );

  it("answers a client that has only ended its side, unless it stops for that", async () => {
    const begun: (() => void)[] = [];
    const url = await start(async (request) => {
      begun.shift()?.();
      await once(request.signal, "abort");
      if (request.url.endsWith("/stops")) request.signal.throwIfAborted();
      return new Response("answered");
    });
    for (const [path, wanted] of [
      ["/goes-on", /^HTTP\/1\.1 200 .*answered$/s],
      ["/stops", /^HTTP\/1\.1 500 /],
    ] as const) {
      const works = new Promise<void>((resolve) => begun.push(resolve));
      const client = await sent(url, path);
      await works;
      client.socket.end();
      await client.end();
      expect(client.received).toMatch(wanted);
    }
    expect(errors).toEqual([]);
  });

  it("sends a stream that keeps nobody waiting to a client that has only ended its side", async () => {
    const begun = deferred();
    const url = await start(async (request) => {
      const gone = once(request.signal, "abort");
      begun.resolve();
      await gone;
      let count = 0;
      const pull = async (controller: ReadableStreamDefaultController) => {
        await new Promise((resolve) => setImmediate(resolve));
        if (++count > 3) controller.close();
        else controller.enqueue(new TextEncoder().encode(`${count};`));
      };
      return new Response(new ReadableStream({ pull }));
    });
    const client = await sent(url, "/");
    await begun.promise;
    client.socket.end();
    await client.end();
    expect(client.received).toMatch(/^HTTP\/1\.1 200 .*\r\n2\r\n3;\r\n0\r\n\r\n$/s);
    expect(errors).toEqual([]);
  });

  it("gives no faster than the client reads", async () => {
    let pulled = 0;
    const url = await start(() => {
      const pull = (controller: ReadableStreamDefaultController) => {
        ++pulled;
        controller.enqueue(new Uint8Array(65536));
      };
      return new Response(new ReadableStream({ pull }, { highWaterMark: 0 }));
    });
    const client = nodeRequest(url);
    client.end();
    const [response] = await once(client, "response");
    response.pause();
    await settled(() => pulled);
    expect(pulled).toBeLessThan(400);
    client.destroy();
  });

  it("takes no more than it reads", async () => {
    let writes = 0;
    const reading = deferred<ReadableStreamDefaultReader<Uint8Array>>();
    const url = await start((request) => {
      reading.resolve((request.body as ReadableStream<Uint8Array>).getReader());
      return new Promise(() => {});
    });
    const client = nodeRequest(url, { method: "POST", headers: { "Content-Length": 16 * MIB } });
    client.on("error", () => {});
    const piece = Buffer.alloc(65536);
    const fill = () => {
      while (writes < 256 && client.write(piece)) ++writes;
    };
    client.on("drain", () => {
      ++writes;
      fill();
    });
    fill();
    await (await reading.promise).read();
    await settled(() => writes);
    expect(writes).toBeLessThan(256);
    client.destroy();
  });

  it("gets an upgrade as any request", async () => {
    const url = await start((request) => new Response(request.headers.get("upgrade"), { status: 426 }));
    const client = await sent(url, "/", "Connection: Upgrade\r\nUpgrade: websocket\r\n");
    const [response] = await client.responses(1);
    expect([response.status, response.body]).toEqual([426, "websocket"]);
    client.destroy();
  });
});
