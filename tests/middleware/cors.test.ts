/** Which pages of other origins may come: by the fields that are sent, and in a browser. */
import { describe, expect, test } from "vitest";
import { App, HttpResponse, NotFoundError } from "../../src/index.ts";
import { type CorsOptions, cors } from "../../src/middleware/index.ts";
import { browser, evaluateInPage } from "../support/browser.ts";

const A = "https://a.example";

function appWith(options: CorsOptions): App {
  const app = new App().on("error", () => {}).use(cors(options));
  app.get("/", () => "ok");
  return app;
}

/** What is granted to a page of an origin: Access-Control fields without their prefix, and Vary. */
async function granted(app: App, origin: string | null, path = "/") {
  const { headers } = await app.inject({ path, headers: origin === null ? {} : { Origin: origin } });
  return fieldsOf(headers);
}

async function preflight(app: App, more: Record<string, string> = {}, path = "/") {
  const headers = { Origin: A, "Access-Control-Request-Method": "PUT", ...more };
  const answer = await app.inject({ method: "OPTIONS", path, headers });
  const fields: Record<string, string | number> = { status: answer.status, ...fieldsOf(answer.headers) };
  return fields;
}

function fieldsOf(headers: Iterable<readonly [string, string]>) {
  const fields: Record<string, string> = {};
  for (const [name, value] of headers) {
    const key = name.toLowerCase();
    if (key === "vary") fields.vary = value;
    if (key.startsWith("access-control-")) fields[key.slice("access-control-".length)] = value;
  }
  return fields;
}

describe("whose pages may come", () => {
  const rules: [string, CorsOptions["origins"]][] = [
    ["one origin", A],
    ["a list", ["https://b.example", A]],
    ["an expression", /https:\/\/\w+\.example/g],
    ["a list with expressions", ["https://b.example", /https:\/\/a\.example/]],
    ["a function", (origin) => origin === A],
    ["a function that takes time", async (origin) => origin === A],
  ];
  test.each(rules)("%s", async (_, origins) => {
    const app = appWith({ origins });
    for (let round = 0; round < 2; ++round) {
      expect(await granted(app, A)).toEqual({ "allow-origin": A, vary: "Origin" });
      expect((await granted(app, A))["allow-origin"]).toBe(A);
      for (const other of ["https://a.example.evil.test", "http://a.example", "https://a.example:8443", "null"]) {
        expect(await granted(app, other), other).toEqual({ vary: "Origin" });
      }
      expect(await granted(app, null)).toEqual({ vary: "Origin" });
    }
  });

  test("everybody's", async () => {
    expect(await granted(appWith({ origins: "*" }), A)).toEqual({ "allow-origin": "*" });
    expect(await granted(appWith({ origins: "*" }), null)).toEqual({});
  });

  test("no origin that an expression matches only a part of", async () => {
    for (const origins of [/a\.example/, /https:\/\/a/, /x|a\.example/]) {
      expect(await granted(appWith({ origins }), A)).toEqual({ vary: "Origin" });
    }
  });

  test("those without an origin, where that is said", async () => {
    expect(await granted(appWith({ origins: "null" }), "null")).toEqual({ "allow-origin": "null", vary: "Origin" });
  });

  test("with credentials, and what they may read", async () => {
    const app = appWith({ origins: A, credentials: true, exposed: ["X-A", "X-B"] });
    const wanted = { "allow-origin": A, "allow-credentials": "true", "expose-headers": "X-A, X-B", vary: "Origin" };
    expect(await granted(app, A)).toEqual(wanted);
    expect(await granted(app, "https://b.example")).toEqual({ vary: "Origin" });
  });
});

test("errors are told with it: of handlers, of what has no route, and those that are caught", async () => {
  const app = appWith({ origins: A }).catch(RangeError, () => "caught");
  app.get("/404", () => Promise.reject(new NotFoundError()));
  app.get("/500", () => undefined as never);
  app.get("/caught", () => Promise.reject(new RangeError()));
  for (const path of ["/404", "/500", "/nowhere", "/caught"]) {
    expect((await granted(app, A, path))["allow-origin"], path).toBe(A);
  }
  expect((await granted(app, A, "/404")).vary).toBe("Accept, Origin");
});

test("Vary of a handler stays", async () => {
  const app = appWith({ origins: A });
  app.get("/own", () => new HttpResponse("", { headers: { Vary: "Accept-Language, ORIGIN" } }));
  app.get("/all", () => new HttpResponse("", { headers: { Vary: "*" } }));
  expect((await granted(app, A, "/own")).vary).toBe("Accept-Language, ORIGIN");
  expect((await granted(app, A, "/all")).vary).toBe("*");
});

describe("what browsers ask before", () => {
  const methods = "GET, HEAD, PUT, PATCH, POST, DELETE";

  test("is answered for every path, and no handler is called", async () => {
    const app = appWith({ origins: A });
    app.route("/own", () => Promise.reject(new Error("called")), { methods: ["OPTIONS"] });
    for (const path of ["/", "/own", "/nowhere"]) {
      expect(await preflight(app, {}, path), path).toEqual({
        status: 204,
        "allow-origin": A,
        "allow-methods": methods,
        "max-age": "600",
        vary: "Access-Control-Request-Headers, Origin",
      });
    }
    const other = await preflight(app, { Origin: "https://b.example" });
    expect(other["allow-origin"]).toBeUndefined();
  });

  test("is answered below groups and on routes that have it around them, and nowhere else", async () => {
    const app = new App();
    const group = app.group("/group", { middleware: [cors({ origins: A })] });
    group.put("/{id:int}", () => "put");
    app.put("/route", () => "put", { middleware: [cors({ origins: A, methods: ["PUT"] })] });
    app.put("/none", () => "put");
    expect((await preflight(app, {}, "/group/7"))["allow-origin"]).toBe(A);
    expect(await preflight(app, {}, "/route")).toMatchObject({ "allow-origin": A, "allow-methods": "PUT" });
    expect(await preflight(app, {}, "/none")).toEqual({ status: 204 });
    expect((await preflight(app, {}, "/group/x")).status).toBe(404);
  });

  test("OPTIONS that is no such question is answered as ever", async () => {
    const app = appWith({ origins: A });
    const plain = await app.inject({ method: "OPTIONS" });
    const sameOrigin = await app.inject({ method: "OPTIONS", headers: { Origin: A } });
    expect([plain.headers.get("allow"), sameOrigin.headers.get("allow")]).toEqual([
      "GET, HEAD, OPTIONS",
      "GET, HEAD, OPTIONS",
    ]);
  });

  test("fields are granted as they are asked for, or as a list says", async () => {
    const asked = { "Access-Control-Request-Headers": "x-a,content-type" };
    expect((await preflight(appWith({ origins: A }), asked))["allow-headers"]).toBe("x-a,content-type");
    const listed = await preflight(appWith({ origins: A, headers: ["X-A"], methods: ["PUT"], maxAge: 0 }), asked);
    expect(listed).toEqual({
      status: 204,
      "allow-origin": A,
      "allow-methods": "PUT",
      "allow-headers": "X-A",
      "max-age": "0",
      vary: "Origin",
    });
    const none = await preflight(appWith({ origins: A, headers: [], methods: [] }), asked);
    expect([none["allow-headers"], none["allow-methods"]]).toEqual([undefined, undefined]);
  });

  test("private networks are opened where that is said, and asked for", async () => {
    const asked = { "Access-Control-Request-Private-Network": "true" };
    const open = appWith({ origins: A, privateNetwork: true });
    expect((await preflight(open, asked))["allow-private-network"]).toBe("true");
    expect((await preflight(open))["allow-private-network"]).toBeUndefined();
    expect((await preflight(appWith({ origins: A }), asked))["allow-private-network"]).toBeUndefined();
  });
});

test.each([
  [{ origins: "*", credentials: true }, 'credentials cannot be granted to all: origins is "*"'],
  [{ origins: "a.example" }, 'origins has "a.example"'],
  [{ origins: "https://a.example/" }, "which is no origin"],
  [{ origins: "https://A.example" }, "which is no origin"],
  [{ origins: [A, "*"] }, 'origins has "*"'],
  [{ origins: [] }, "origins must name one at least"],
  [{ origins: A, methods: ["GET,PUT"] }, 'methods has "GET,PUT"'],
  [{ origins: A, headers: ["a b"] }, 'headers has "a b"'],
  [{ origins: A, exposed: ["a\r\nb"] }, "exposed has"],
  [{ origins: A, maxAge: -1 }, "maxAge must be a whole number of at least 0, not -1"],
  [{ origins: A, maxAge: 0.5 }, "maxAge must be a whole number"],
] as [CorsOptions, string][])("options that make no sense are refused: %j", (options, message) => {
  expect(() => cors(options)).toThrow(message);
});

test.skipIf(!browser)("a browser lets pages read and send what is granted, and nothing else", async () => {
  const site = new App();
  site.get("/", () => "<!doctype html><title>site</title>");
  const origin = (await site.listen({ port: 0 })).url.slice(0, -1);
  const api = new App().on("error", () => {});
  const open = api.group("/open", { middleware: [cors({ origins: origin, credentials: true, exposed: ["X-A"] })] });
  open.get("/read", () => new HttpResponse("read", { headers: { "X-A": "a", "X-B": "b" } }));
  open.put("/write", async (request) => `wrote ${await request.text()}`);
  open.get("/error", () => undefined as never);
  const shut = api.group("/shut", { middleware: [cors({ origins: "https://else.example" })] });
  shut.get("/read", () => "secret").put("/write", () => "wrote");
  const { url } = await api.listen({ port: 0 });
  try {
    const found = await evaluateInPage(
      `${origin}/`,
      `location.origin !== "${origin}" || document.readyState !== "complete" ? null : (async () => {
        const ask = (path, options) => fetch("${url}" + path, options).then(
          async (answer) => [answer.status, await answer.text(), answer.headers.get("X-A"), answer.headers.get("X-B")],
          (error) => error.name,
        );
        const put = { method: "PUT", body: "it", headers: { "X-Mine": "1" } };
        return [
          await ask("open/read"),
          await ask("open/read", { credentials: "include" }),
          await ask("open/write", put),
          (await ask("open/error"))[0],
          await ask("shut/read"),
          await ask("shut/write", put),
        ];
      })()`,
    );
    const read = [200, "read", "a", null];
    expect(found).toEqual([read, read, [200, "wrote it", null, null], 500, "TypeError", "TypeError"]);
  } finally {
    await Promise.all([site.close({ deadline: 0 }), api.close({ deadline: 0 })]);
  }
});
