/** Responses that applications of fetch make, beside those of the host that are made of the same. */
import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { fromFetch } from "../../../src/gateway/fetch.ts";
import { App, toResponse } from "../../../src/index.ts";

// Before the first `fromFetch`, which puts another in its place.
const HostResponse = globalThis.Response;
fromFetch(() => new Response());
const LightResponse = globalThis.Response;

type Class = typeof Response;

async function outcome(attempt: () => unknown): Promise<unknown> {
  try {
    return await attempt();
  } catch (error) {
    return (error as Error).constructor.name;
  }
}

const bytes = () => new TextEncoder().encode("héllo");
const stream = () => new Blob([bytes()]).stream() as unknown as ReadableStream<Uint8Array>;
const form = () => {
  const data = new FormData();
  data.set("a", "1");
  return data;
};

/** All that a Response says of itself, and its content. */
async function described(response: Response): Promise<unknown> {
  const { status, statusText, ok, type, url, redirected, bodyUsed } = response;
  const headers = [...response.headers];
  const hasBody = response.body !== null;
  return { status, statusText, ok, type, url, redirected, bodyUsed, headers, hasBody, text: await response.text() };
}

const MADE: [name: string, make: (Response: Class) => unknown][] = [
  ["nothing", (Response) => described(new Response())],
  ["null", (Response) => described(new Response(null, { status: 204 }))],
  ["text", (Response) => described(new Response("héllo"))],
  ["empty text", (Response) => described(new Response(""))],
  ["bytes", (Response) => described(new Response(bytes()))],
  ["a buffer", (Response) => described(new Response(bytes().buffer))],
  ["a view", (Response) => described(new Response(new Uint16Array([0x6161])))],
  ["a Blob", (Response) => described(new Response(new Blob(["a"], { type: "text/css" })))],
  ["a form", (Response) => described(new Response(new URLSearchParams({ a: "b c" })))],
  ["a form of parts", async (Response) => [...(await new Response(form()).formData())]],
  ["a stream", (Response) => described(new Response(stream()))],
  ["a number", (Response) => described(new Response(5 as unknown as string))],
  ["a status and its text", (Response) => described(new Response("a", { status: 404, statusText: "No" }))],
  ["a status as text", (Response) => described(new Response("a", { status: "201" as unknown as number }))],
  [
    "fields of an object",
    (Response) => described(new Response("a", { headers: { "X-A": " b ", "content-type": "c/d" } })),
  ],
  [
    "fields of pairs",
    (Response) =>
      described(
        new Response("a", {
          headers: [
            ["x-a", "1"],
            ["X-A", "2"],
          ],
        }),
      ),
  ],
  ["fields of Headers", (Response) => described(new Response("a", { headers: new Headers({ "x-a": "1" }) }))],
  [
    "cookies",
    (Response) => {
      const headers: [string, string][] = [
        ["Set-Cookie", "a=1"],
        ["Set-Cookie", "b=2"],
      ];
      return new Response("a", { headers }).headers.getSetCookie();
    },
  ],
  [
    "of another",
    (Response) => described(new Response("b", new Response("a", { status: 201, headers: { "x-a": "1" } }))),
  ],
  [
    "of another whose fields were seen",
    (Response) => {
      const other = new Response("a");
      other.headers.set("x-a", "1");
      return described(new Response(other.body, other));
    },
  ],
  ["of one of the host", (Response) => described(new Response("b", new HostResponse("a", { status: 201 })))],
  ["a status too low", (Response) => outcome(() => new Response("", { status: 199 }))],
  ["a status too high", (Response) => outcome(() => new Response("", { status: 600 }))],
  ["a status that is none", (Response) => outcome(() => new Response("", { status: Number.NaN }))],
  ["content that may not be", (Response) => outcome(() => new Response("", { status: 204 }))],
  [
    "a stream that is read",
    (Response) =>
      outcome(() => {
        const read = stream();
        read.getReader();
        return new Response(read);
      }),
  ],
  ["fields of three", (Response) => outcome(() => new Response("", { headers: [["a", "b", "c"]] as never }))],
  [
    "fields that change",
    (Response) => {
      const response = new Response("a");
      response.headers.append("x-a", "1");
      response.headers.set("content-type", "text/css");
      return described(response);
    },
  ],
  [
    "what its makings become later",
    async (Response) => {
      const [init, headers, body] = [{ "x-a": "1" }, new Headers({ "x-a": "1" }), bytes()];
      const made = [new Response(body, { headers: init }), new Response(body, { headers })];
      init["x-a"] = "2";
      headers.set("x-a", "2");
      body.fill(0);
      return Promise.all(made.map(described));
    },
  ],
  ["JSON", (Response) => described(Response.json({ a: "é" }, { status: 201, headers: { "x-a": "1" } }))],
  ["JSON of another type", (Response) => described(Response.json(1, { headers: { "Content-Type": "a/json" } }))],
  ["what is no JSON", (Response) => outcome(() => Response.json(undefined))],
  ["JSON with a status that has no content", (Response) => outcome(() => Response.json(1, { status: 204 }))],
  ["a redirect", (Response) => described(Response.redirect("http://a/b", 307))],
  ["no redirect", (Response) => outcome(() => Response.redirect("http://a/b", 200))],
  [
    "an error",
    (Response) => {
      const { status, type } = Response.error();
      return [status, type];
    },
  ],
  [
    "a clone",
    async (Response) => {
      const response = new Response("a", { status: 201, headers: { "x-a": "1" } });
      response.headers.set("x-b", "2");
      return [await described(response.clone()), await described(response)];
    },
  ],
  [
    "a clone of what was read",
    async (Response) => {
      const response = new Response("a");
      await response.text();
      return outcome(() => response.clone());
    },
  ],
  [
    "content read twice",
    async (Response) => {
      const response = new Response("a");
      return [await response.text(), response.bodyUsed, await outcome(() => response.json())];
    },
  ],
  [
    "content in other ways",
    async (Response) => [
      await new Response("1").json(),
      [...new Uint8Array(await new Response(bytes()).arrayBuffer())],
      (await new Response("a").blob()).type,
    ],
  ],
  ["what it calls itself", (Response) => [String(new Response()), Response.name]],
  [
    "what it is",
    (Response) => [
      new Response() instanceof Response,
      new HostResponse() instanceof Response,
      new Response() instanceof HostResponse,
      {} instanceof Response,
      (null as unknown) instanceof Response,
    ],
  ],
  [
    "a class made of it",
    async (Response) => {
      class Own extends Response {
        own = 1;
      }
      const response = new Own("a", { status: 201 });
      const kinds = [response instanceof Own, response instanceof Response, new Response() instanceof Own];
      return [response.own, kinds, await described(response)];
    },
  ],
];

describe("a response is what the host makes of the same", () => {
  it.each(MADE)("%s", async (_, make) => {
    expect(LightResponse).not.toBe(HostResponse);
    expect(await make(LightResponse)).toEqual(await make(HostResponse));
  });

  it("shows on a console what it is", () => {
    expect(inspect(new Response("a", { status: 201 }))).toContain("status: 201");
  });
});

type Sent = [name: string, make: (Response: Class) => Response, status: number, headers: object, body: string];

const CONNECTION = { Connection: "close", "Keep-Alive": "timeout=5", "Transfer-Encoding": "chunked", "x-a": "b" };
const EXPIRED = "a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT";

function withCookies(Response: Class): Response {
  const response = new Response("a", { headers: { "Set-Cookie": EXPIRED } });
  response.headers.append("Set-Cookie", "b=2");
  return response;
}

const SENT: Sent[] = [
  ["text", (Response) => new Response("é"), 200, { "content-type": "text/plain;charset=UTF-8" }, "é"],
  ["bytes", (Response) => new Response(bytes()), 200, { "content-type": null }, "héllo"],
  ["nothing", (Response) => new Response(null, { status: 204 }), 204, {}, ""],
  ["reset", (Response) => new Response(null, { status: 205 }), 205, { "content-length": "0" }, ""],
  [
    "not modified",
    (Response) => new Response(null, { status: 304, headers: { ETag: '"a"' } }),
    304,
    { etag: '"a"' },
    "",
  ],
  ["a Blob", (Response) => new Response(new Blob(["a"], { type: "a/b" })), 200, { "content-type": "a/b" }, "a"],
  ["a form", (Response) => new Response(new URLSearchParams({ a: "b" })), 200, {}, "a=b"],
  ["a stream", (Response) => new Response(stream()), 200, { "transfer-encoding": "chunked" }, "héllo"],
  [
    "a stream whose length is said",
    (Response) => new Response(stream(), { headers: { "Content-Length": "6" } }),
    200,
    { "content-length": "6", "transfer-encoding": null },
    "héllo",
  ],
  [
    "a length that is right",
    (Response) => new Response("a", { headers: { "content-length": "1" } }),
    200,
    { "content-length": "1", "transfer-encoding": null },
    "a",
  ],
  ["cookies", withCookies, 200, {}, "a"],
  [
    "fields of the connection",
    (Response) => new Response("a", { headers: CONNECTION }),
    200,
    { connection: null, "x-a": "b" },
    "a",
  ],
  ["a redirect", (Response) => Response.redirect("http://a/b"), 302, { location: "http://a/b" }, ""],
  ["an error", (Response) => Response.error(), 500, {}, "Internal Server Error\n"],
];

/** What is known beforehand only of a light one: the host's own has all content as a stream. */
const WHOLE: Sent[] = [
  ["the length of text", (Response) => new Response("é"), 200, { "content-length": "2" }, "é"],
  ["the length of bytes", (Response) => new Response(bytes()), 200, { "content-length": "6" }, "héllo"],
  [
    "no framing of the application's",
    (Response) => new Response("a", { headers: CONNECTION }),
    200,
    { "transfer-encoding": null, "keep-alive": null, "content-length": "1" },
    "a",
  ],
  [
    "a length that is wrong",
    (Response) => new Response("a", { headers: { "content-length": "2" } }),
    500,
    {},
    "Internal Server Error\n",
  ],
];

describe.each<[string, Class, Sent[]]>([
  ["light", LightResponse, [...SENT, ...WHOLE]],
  ["the host's own", HostResponse, SENT],
])("a response that is %s is sent", (_, Class, sent) => {
  it.each(sent)("%s", async (_, make, status, headers, body) => {
    const app = new App({ fallback: fromFetch(() => make(Class)) });
    app.on("error", () => {});
    app.get("/native", () => make(Class));
    for (const path of ["/", "/native"]) {
      const response = await app.inject({ path });
      expect([response.status, response.text()]).toEqual([status, body]);
      for (const [name, value] of Object.entries(headers)) expect(response.headers.get(name), name).toBe(value);
    }
  });

  it("with each cookie in a line of its own", async () => {
    const app = new App({ fallback: fromFetch(() => withCookies(Class)) });
    expect((await app.inject()).headers.getAll("set-cookie")).toEqual([EXPIRED, "b=2"]);
  });
});

describe("a light response", () => {
  it("is sent without a real one, with its type where the cached heads find it", () => {
    const response = toResponse(new Response("{}", { headers: { "Content-Type": "application/json" } }));
    expect([response.body, response.contentType, response.fields]).toEqual(["{}", "application/json", null]);
  });

  it("with a field that cannot be sent is refused where it is sent", async () => {
    const errors: unknown[] = [];
    const app = new App({ fallback: fromFetch(() => new Response("a", { headers: { "x-a": "b\r\nc: d" } })) });
    app.on("error", (error) => errors.push(error));
    const response = await app.inject();
    expect([response.status, response.headers.has("c")]).toEqual([500, false]);
    expect(String(errors)).toContain("x-a");
  });

  it("whose content was read is refused", async () => {
    const errors: unknown[] = [];
    const read = fromFetch(async () => {
      const response = new Response("a");
      await response.text();
      return response;
    });
    const app = new App({ fallback: read });
    app.on("error", (error) => errors.push(error));
    expect((await app.inject()).status).toBe(500);
    expect(String(errors)).toContain("was read already");
  });
});
