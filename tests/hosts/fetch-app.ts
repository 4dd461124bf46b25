/** An application that hosts of fetch serve, and what is checked of it, the same on each of them. */
import { Application, HandOver, HttpResponse, json } from "../../dist/app.js";

export const MIB = 1048576;

/** How often the endless stream was left. */
let left = 0;

export function newApp(): Application {
  const app = new Application({ logger: { debug() {}, info() {}, warn() {}, error() {} } });
  app.get("/", () => "Hello, World!");
  app.get("/users/{id:int}", ({ params, query, method, path, headers }) =>
    json({ id: params.id, query, method, path, agent: headers.get("x-agent") }, { status: 201 }),
  );
  app.get("/address", (request) => ({ address: request.remoteAddress ?? null, secure: request.secure }));
  app.get("/head", (request) => new TextDecoder().decode(request.rawHead()).split("\r\n")[0]);
  app.get("/cookies", () => new HttpResponse("ok").setCookie("a", "1").setCookie("b", "2"));
  app.get("/nothing", () => null);
  app.get("/error", () => {
    throw new Error("inside");
  });
  app.get("/upgrade", () => new HandOver(() => {}));
  app.get("/stream", async function* () {
    for (let index = 0; index < 3; ++index) yield `${index}\n`;
  } as never);
  app.get("/endless", async function* () {
    try {
      for (;;) yield "x".repeat(65536);
    } finally {
      ++left;
    }
  } as never);
  app.get("/left", () => ({ left }));
  app.post("/json", async (request) => json(await request.json()));
  app.post("/form", async (request) => [...(await request.form())]);
  app.post("/parts", async (request) => {
    const parts: unknown[] = [];
    for await (const { name, filename, type, text } of request.multipart()) {
      parts.push([name, filename ?? null, type, await text()]);
    }
    return parts;
  });
  app.post("/echo", ({ body }) => body);
  app.post("/size", async ({ body }) => {
    let size = 0;
    for await (const piece of body) size += piece.length;
    return { size };
  });
  app.post("/large", async (request) => ({ size: (await request.bytes()).length }), { maxBodySize: 3 * MIB });
  return app;
}

/** Asks the application, over whatever the host has for that. */
export type Ask = (path: string, init?: RequestInit) => Promise<Response>;

export interface FetchResult {
  passed: number;
  failures: string[];
}

/** What the host knows of its client. */
export interface Known {
  readonly address: string | null;
  /** Whether it tells when the client has gone. */
  readonly tellsAbort: boolean;
}

type Check = (ask: Ask, known: Known) => Promise<[found: unknown, wanted: unknown]>;

const post = (body: BodyInit): RequestInit => ({ method: "POST", body });

const CHECKS: Record<string, Check> = {
  text: async (ask) => {
    const response = await ask("/");
    const found = [response.status, response.headers.get("content-type"), await response.text()];
    return [found, [200, "text/plain; charset=utf-8", "Hello, World!"]];
  },
  "JSON, parameters and fields": async (ask) => {
    const response = await ask("/users/5?a=b%20c", { headers: { "X-Agent": "me" } });
    const wanted = { id: 5, query: "a=b%20c", method: "GET", path: "/users/5", agent: "me" };
    return [
      [response.status, await response.json()],
      [201, wanted],
    ];
  },
  "the address of the client": async (ask, { address }) => [
    await (await ask("/address")).json(),
    { address, secure: false },
  ],
  "the head in bytes": async (ask) => [await (await ask("/head?x")).text(), "GET /head?x HTTP/1.1"],
  cookies: async (ask) => {
    const lines = (await ask("/cookies")).headers.getSetCookie();
    return [lines.map((line) => line.slice(0, 3)), ["a=1", "b=2"]];
  },
  nothing: async (ask) => {
    const response = await ask("/nothing");
    return [
      [response.status, await response.text()],
      [204, ""],
    ];
  },
  HEAD: async (ask) => {
    const response = await ask("/", { method: "HEAD" });
    return [
      [response.status, response.headers.get("content-length"), await response.text()],
      [200, "13", ""],
    ];
  },
  OPTIONS: async (ask) => [(await ask("/json", { method: "OPTIONS" })).headers.get("allow"), "OPTIONS, POST"],
  "no route, and no method": async (ask) => [
    [(await ask("/nowhere")).status, (await ask("/json")).status],
    [404, 405],
  ],
  "an error": async (ask) => {
    const response = await ask("/error");
    return [
      [response.status, await response.text()],
      [500, "Internal Server Error\n"],
    ];
  },
  "an upgrade": async (ask) => [(await ask("/upgrade")).status, 501],
  "a stream": async (ask) => [await (await ask("/stream")).text(), "0\n1\n2\n"],
  "JSON that comes": async (ask) => [await (await ask("/json", post('{"a":"é"}'))).json(), { a: "é" }],
  "a form": async (ask) => [await (await ask("/form", post(new URLSearchParams({ a: "b c" })))).json(), [["a", "b c"]]],
  "a form of parts": async (ask) => {
    const form = new FormData();
    form.set("a", "é");
    form.set("f", new File(["content"], "f.css", { type: "text/css" }));
    const wanted = [
      ["a", null, "text/plain", "é"],
      ["f", "f.css", "text/css", "content"],
    ];
    return [await (await ask("/parts", post(form))).json(), wanted];
  },
  "content as it comes": async (ask) => [
    await (await ask("/echo", post("x".repeat(200_000)))).text(),
    "x".repeat(200_000),
  ],
  "content at the limit": async (ask) => [await (await ask("/size", post("x".repeat(MIB)))).json(), { size: MIB }],
  "content past the limit": async (ask) => [(await ask("/size", post("x".repeat(MIB + 1)))).status, 413],
  "content of a route that grants more": async (ask) => [
    await (await ask("/large", post("x".repeat(2 * MIB)))).json(),
    { size: 2 * MIB },
  ],
  "a client that goes": async (ask, { tellsAbort }) => {
    if (!tellsAbort) return [true, true];
    const controller = new AbortController();
    const response = await ask("/endless", { signal: controller.signal });
    await response.body?.getReader().read();
    controller.abort();
    // Only the host knows when it has learnt of it.
    for (;;) {
      const { left } = (await (await ask("/left")).json()) as { left: number };
      if (left > 0) return [left, 1];
    }
  },
};

/** Runs all checks. */
export async function runFetch(ask: Ask, known: Known): Promise<FetchResult> {
  const result: FetchResult = { passed: 0, failures: [] };
  for (const [name, check] of Object.entries(CHECKS)) {
    try {
      const [found, wanted] = (await check(ask, known)).map((value) => JSON.stringify(value));
      if (found !== wanted) throw new Error(`found ${found}, wanted ${wanted}`);
      ++result.passed;
    } catch (error) {
      result.failures.push(`fetch: ${name}: ${error}`);
    }
  }
  return result;
}
