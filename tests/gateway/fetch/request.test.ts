/** Requests as applications of fetch get them, beside those of the host that are made of the same. */
import { inspect } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fromFetch } from "../../../src/gateway/fetch.ts";
import { App, type HttpRequest } from "../../../src/index.ts";

// Before the first `fromFetch`, which puts others in their places.
const HostRequest = globalThis.Request;

type Look = (request: Request) => unknown;
let look: Look = () => null;
let seen: unknown;

const serve = fromFetch(async (request) => {
  seen = await look(request);
  return new Response(null);
});
const app = new App({ fallback: serve });
app.on("error", (error) => {
  seen = error;
});

interface Sent {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

/** What is seen of a request that was sent to the server. */
async function seenHere(sent: Sent, wanted: Look): Promise<unknown> {
  look = wanted;
  seen = "nothing";
  await app.inject(sent);
  return seen;
}

/** What is seen of one that the host makes of the same. */
async function seenThere({ path = "/", headers = {}, ...init }: Sent, wanted: Look): Promise<unknown> {
  const own = init.body === undefined ? {} : { "content-length": String(Buffer.byteLength(init.body)) };
  return wanted(
    new HostRequest(`http://localhost${path}`, { ...init, headers: { host: "localhost", ...own, ...headers } }),
  );
}

/** What an attempt ends with: its value, or the kind of its error. */
async function outcome(attempt: () => unknown): Promise<unknown> {
  try {
    return await attempt();
  } catch (error) {
    return (error as Error).constructor.name;
  }
}

const GET: Sent = { path: "/a/b?c=d&c=%20", headers: { "X-A": "1", Cookie: "a=b; c=d", Accept: "text/html" } };
const POST: Sent = { method: "POST", path: "/", headers: { "Content-Type": "application/json" }, body: '{"a":"é"}' };
const FORM: Sent = { ...POST, headers: { "Content-Type": "application/x-www-form-urlencoded" }, body: "a=1&b=%20&a=2" };
const PARTS: Sent = {
  ...POST,
  headers: { "Content-Type": "multipart/form-data; boundary=x" },
  body: '--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--x--\r\n',
};

const all = (headers: Headers) => [...headers];
const entriesOf = async (request: Request) => [...(await request.formData())];

const LOOKS: [name: string, sent: Sent, look: Look][] = [
  ["method and URL", GET, ({ method, url }) => [method, url]],
  ["a method in small letters", { ...POST, method: "put" }, ({ method }) => method],
  ["a path with dots", { path: "/a/../b/./c%2e?x=/../y" }, ({ url }) => url],
  ["a path that escapes dots", { path: "/a/%2e%2E/b" }, ({ url }) => url],
  ["what a URL encodes", { path: "/a?b='c'" }, ({ url }) => url],
  ["two slashes", { path: "//a//b" }, ({ url }) => url],
  ["a single field", GET, ({ headers }) => [headers.get("x-a"), headers.get("X-A"), headers.get("none")]],
  ["whether there is a field", GET, ({ headers }) => [headers.has("Cookie"), headers.has("none")]],
  ["a field that has no name", GET, ({ headers }) => outcome(() => headers.get("a b"))],
  ["whether there is a field without a name", GET, ({ headers }) => outcome(() => headers.has(""))],
  ["all fields", GET, ({ headers }) => all(headers)],
  ["names and values", GET, ({ headers }) => [[...headers.keys()], [...headers.values()], [...headers.entries()]]],
  [
    "fields one by one",
    GET,
    ({ headers }) => {
      const found: unknown[] = [];
      headers.forEach((value, name, self) => void found.push([name, value, self === headers]));
      return found;
    },
  ],
  ["a copy of the fields", GET, ({ headers }) => all(new Headers(headers))],
  [
    "fields that change",
    GET,
    ({ headers }) => {
      headers.set("x-a", "2");
      headers.append("x-a", "3");
      headers.delete("cookie");
      return [headers.get("x-a"), headers.has("cookie"), all(headers)];
    },
  ],
  [
    "fields that change before a copy",
    GET,
    (request) => {
      request.headers.set("x-a", "2");
      return all(new Request(request).headers);
    },
  ],
  [
    "fields that change after a look at the rest",
    GET,
    (request) => {
      const { mode } = request;
      request.headers.set("x-a", "2");
      return [mode, request.headers.get("x-a"), all(request.clone().headers)];
    },
  ],
  ["cookies sent by Headers", GET, ({ headers }) => headers.getSetCookie()],
  ["no content", GET, async (request) => [request.body, await request.text(), await request.text(), request.bodyUsed]],
  ["no content as JSON", GET, (request) => outcome(() => request.json())],
  ["text", POST, async (request) => [request.bodyUsed, await request.text(), request.bodyUsed]],
  ["JSON", POST, async (request) => [await request.json(), request.bodyUsed]],
  ["what is no JSON", { ...POST, body: "{" }, (request) => outcome(() => request.json())],
  ["a buffer", POST, async (request) => [...new Uint8Array(await request.arrayBuffer())]],
  [
    "a Blob",
    POST,
    async (request) => {
      const blob = await request.blob();
      return [blob.type, blob.size, await blob.text()];
    },
  ],
  ["a form", FORM, entriesOf],
  ["a form of parts", PARTS, entriesOf],
  ["what is no form", POST, (request) => outcome(() => request.formData())],
  ["content read twice", POST, async (request) => [await request.text(), await outcome(() => request.json())]],
  ["content read in two ways", POST, async (request) => [await request.json(), await outcome(() => request.blob())]],
  ["a form read twice", FORM, async (request) => [await entriesOf(request), await outcome(() => request.text())]],
  ["a clone of what was read", POST, async (request) => [await request.text(), await outcome(() => request.clone())]],
  [
    "a copy of what was read",
    POST,
    async (request) => [await request.text(), await outcome(() => new Request(request))],
  ],
  [
    "the stream of what was read",
    POST,
    async (request) => {
      await request.text();
      return [request.body !== null, await outcome(() => request.body?.getReader().read())];
    },
  ],
  [
    "the stream",
    POST,
    async (request) => {
      let size = 0;
      for await (const piece of request.body as unknown as AsyncIterable<Uint8Array>) size += piece.length;
      return [size, request.bodyUsed, await outcome(() => request.text())];
    },
  ],
  [
    "a stream that somebody reads",
    POST,
    async (request) => {
      request.body?.getReader();
      return [request.bodyUsed, await outcome(() => request.text())];
    },
  ],
  [
    "a clone",
    POST,
    async (request) => {
      const clone = request.clone();
      return [await clone.text(), request.bodyUsed, await request.text(), clone.url, all(clone.headers)];
    },
  ],
  [
    "a copy",
    POST,
    async (request) => {
      const copy = new Request(request);
      return [request.bodyUsed, copy.method, copy.url, await copy.text(), await outcome(() => request.text())];
    },
  ],
  [
    "a copy that differs",
    POST,
    async (request) => {
      const copy = new Request(request, { method: "PUT", headers: { b: "c" }, body: "other" });
      return [copy.method, all(copy.headers), await copy.text()];
    },
  ],
  [
    "a copy at another place",
    POST,
    async (request) => {
      const copy = new Request("http://other/", request);
      return [copy.method, copy.url, await copy.text()];
    },
  ],
  [
    "what only browsers say",
    GET,
    (request) => [
      request.cache,
      request.credentials,
      request.destination,
      request.integrity,
      request.keepalive,
      request.mode,
      request.redirect,
      request.referrer,
      request.referrerPolicy,
    ],
  ],
  [
    "what it calls itself",
    GET,
    (request) => [String(request), String(request.headers), Object.prototype.toString.call(request)],
  ],
  [
    "what it is",
    GET,
    (request) => [
      request instanceof Request,
      request.headers instanceof Headers,
      request.signal instanceof AbortSignal,
      request.signal.aborted,
      request instanceof Response,
    ],
  ],
];

describe("a request is what the host makes of the same", () => {
  it.each(LOOKS)("%s", async (_, sent, wanted) => {
    const here = await seenHere(sent, wanted);
    expect(here).not.toBe("nothing");
    expect(here).toEqual(await seenThere(sent, wanted));
  });
});

describe("a request", () => {
  it("has its bytes, which not every host gives", async () => {
    expect(await seenHere(POST, async (request) => [...(await request.bytes())].length)).toBe(10);
  });

  it("shows on a console what it is", async () => {
    const shown = await seenHere(GET, (request) => [inspect(request), inspect(request.headers)]);
    expect(shown).toEqual([expect.stringContaining("/a/b?c=d"), expect.stringContaining("a=b; c=d")]);
  });

  it("can be given what frameworks keep with it", async () => {
    expect(await seenHere(GET, (request) => Object.assign(request, { params: { a: 1 } }).params)).toEqual({ a: 1 });
  });

  it("can be sent on by fetch", async () => {
    const target = new App();
    target.post("/", async (request) => `${request.headers.get("x-a")} ${await request.text()}`);
    const server = await target.listen({ port: 0 });
    const through = fromFetch((request) => fetch(new Request(server.url, request)));
    const direct = fromFetch((request) => fetch(request, { headers: { "X-A": "2" } }));
    const outer = new App();
    outer.post("/through", through);
    outer.post("/", direct);
    const send = (path: string) =>
      outer.inject({ method: "POST", path, headers: { Host: new URL(server.url).host, "X-A": "1" }, body: "hi" });
    expect([(await send("/through")).text(), (await send("/")).text()]).toEqual(["1 hi", "2 hi"]);
    await target.close();
  });

  it("has the URL of its target, its host and its connection", async () => {
    const url = (sent: Sent) => seenHere(sent, (request) => request.url);
    expect(await url({ headers: { Host: "EXAMPLE.com:80" } })).toBe("http://example.com/");
    expect(await url({ headers: { Host: "example.com:8080" } })).toBe("http://example.com:8080/");
    expect(await url({ path: "http://other/x?y", headers: { Host: "example.com" } })).toBe("http://other/x?y");
  });

  it("without a URL is refused", async () => {
    const bad = [{ method: "OPTIONS", path: "*" }, { headers: { Host: "a!$" } }, { headers: { Host: "1.2.3.999" } }];
    const answers = await Promise.all(bad.map((sent) => app.inject(sent)));
    expect(answers.map(({ status }) => status)).toEqual([400, 200, 400]);
    expect(answers[0].text()).toContain('"*"');
  });

  it("has no method that fetch forbids", async () => {
    const native = new App({ tunnel: fromFetch(() => new Response()) });
    native.route(
      "/",
      fromFetch(() => new Response()),
      { methods: ["TRACE"] },
    );
    expect((await native.inject({ method: "TRACE" })).status).toBe(501);
  });

  it("is over with its exchange, but for what was copied", async () => {
    let kept: Request | undefined;
    await seenHere(POST, (request) => {
      kept = request;
      return null;
    });
    const request = kept as Request;
    expect([request.method, request.url]).toEqual(["POST", "http://localhost/"]);
    expect(() => request.headers.get("host")).toThrow("its exchange is over");
    expect(() => request.clone()).toThrow("its exchange is over");
    await expect(request.text()).rejects.toThrow("its exchange is over");
    await expect(request.formData()).rejects.toThrow("its exchange is over");
  });
});

describe("without overriding globals", () => {
  it("a request is the host's own", async () => {
    let own: unknown;
    let native: HttpRequest | undefined;
    const handler = fromFetch(
      async (request, given) => {
        own = Object.getPrototypeOf(request) === HostRequest.prototype;
        native = given;
        return new Response(`${request.url} ${await request.text()} ${given.remoteAddress}`);
      },
      { overrideGlobals: false },
    );
    const plain = new App();
    plain.post("/", handler);
    expect((await plain.inject({ method: "POST", body: "hi" })).text()).toBe("http://localhost/ hi 127.0.0.1");
    expect([own, native?.done]).toEqual([true, true]);
  });
});

// The types know the classes by their global names, which are ours by now.
beforeAll(() => expect(globalThis.Request).not.toBe(HostRequest));
afterAll(() => expect(new HostRequest("http://a/") instanceof Request).toBe(true));
