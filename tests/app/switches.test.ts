import { describe, expect, test } from "vitest";
import { App, Router } from "../../src/index.ts";

const make = (options: ConstructorParameters<typeof App>[0]) =>
  new App(options).get("/", () => "here").post("/", () => "posted");

describe("what is answered by itself can be switched off", () => {
  test("HEAD", async () => {
    expect((await make({}).inject({ method: "HEAD" })).status).toBe(200);
    const off = await make({ head: false }).inject({ method: "HEAD" });
    expect([off.status, off.headers.get("allow")]).toEqual([405, "GET, OPTIONS, POST"]);
  });

  test("OPTIONS", async () => {
    const on = await make({}).inject({ method: "OPTIONS" });
    expect([on.status, on.headers.get("allow")]).toEqual([204, "GET, HEAD, OPTIONS, POST"]);
    const off = await make({ options: false }).inject({ method: "OPTIONS" });
    expect([off.status, off.headers.get("allow")]).toEqual([405, "GET, HEAD, POST"]);
  });

  test("OPTIONS stands once in Allow, also where it has a route", async () => {
    const app = make({}).route("/", () => "options", { methods: ["OPTIONS"] });
    expect((await app.inject({ method: "PUT" })).headers.get("allow")).toBe("GET, HEAD, OPTIONS, POST");
  });

  test("405", async () => {
    const on = await make({}).inject({ method: "PUT" });
    expect([on.status, on.headers.get("allow")]).toEqual([405, "GET, HEAD, OPTIONS, POST"]);
    const off = await make({ methodNotAllowed: false }).inject({ method: "PUT" });
    expect([off.status, off.headers.get("allow")]).toEqual([404, null]);
    const other = await make({ methodNotAllowed: false, fallback: () => "other" }).inject({ method: "PUT" });
    expect(other.text()).toBe("other");
    expect((await make({ methodNotAllowed: false }).inject({ method: "OPTIONS" })).status).toBe(204);
  });
});

describe("routes that come and go", () => {
  test("a single one is taken away, in one step", async () => {
    const app = make({});
    app.get("/users/{id:int}", () => "user", { name: "user" });
    app.remove("/").remove("/users/{id:int}");
    expect((await app.inject()).status).toBe(405);
    expect((await app.inject({ path: "/users/1" })).status).toBe(404);
    expect(() => app.url("user", { id: 1 })).toThrow("user");
    app.get("/", () => "again");
    expect((await app.inject()).text()).toBe("again");
  });

  test("all methods of a path, or those of a host", async () => {
    const app = make({});
    app.get("/", () => "host", { host: "example.org" });
    app.remove("/", { methods: ["GET", "POST"] });
    expect(app.routes.map(({ method, host }) => [method, host])).toEqual([["GET", "example.org"]]);
    app.remove("/", { host: "example.org" });
    expect(app.routes).toEqual([]);
  });

  test("one that is not there is refused, and nothing is taken away", () => {
    const app = make({});
    expect(() => app.remove("/nowhere")).toThrow("there is no route GET /nowhere");
    expect(() => app.remove("/", { methods: ["GET", "PUT"] })).toThrow("there is no route GET, PUT /");
    expect(app.routes).toHaveLength(2);
  });

  test("those of a router, with what was registered on it later", async () => {
    const app = new App();
    const inner = new Router({ prefix: "/inner" }).get("/a", () => "a");
    const outer = new Router({ prefix: "/outer" }).include(inner);
    app.include(outer, { prefix: "/v1" });
    inner.get("/b", () => "b");
    expect((await app.inject({ path: "/v1/outer/inner/b" })).text()).toBe("b");
    outer.exclude(inner);
    expect(app.routes).toEqual([]);
    outer.include(inner, { prefix: "/again" });
    expect(app.routes.map(({ pattern }) => pattern)).toEqual(["/v1/outer/again/inner/a", "/v1/outer/again/inner/b"]);
    app.exclude(outer);
    expect(app.routes).toEqual([]);
    inner.get("/c", () => "c");
    app.include(outer);
    expect(app.routes.map(({ pattern }) => pattern).sort()).toEqual(
      ["a", "b", "c"].map((name) => `/outer/again/inner/${name}`),
    );
  });

  test("can be asked for", () => {
    const handler = () => "here";
    const app = new App().get("/users/{id:int}", handler, { name: "user" });
    expect(app.find("GET", "/users/7")).toMatchObject({
      kind: "found",
      params: { id: 7 },
      value: { name: "user", handler },
    });
    expect(app.find("PUT", "/users/7")).toEqual({ kind: "method", allowed: ["GET", "HEAD"] });
    expect(app.allowedMethods("/users/7")).toEqual(["GET", "HEAD"]);
    expect(app.allowedMethods("/nowhere")).toEqual([]);
  });
});

describe("a router", () => {
  test("has a prefix and middleware", async () => {
    const seen: string[] = [];
    const users = new Router({
      prefix: "/users/{id:int}",
      middleware: [
        (next) => (request) => {
          seen.push(request.path);
          return next(request);
        },
      ],
    });
    users.get("/posts/{post}", ({ params }) => [params.id + 1, params.post.length]);
    const app = new App().include(users);
    expect((await app.inject({ path: "/users/7/posts/abc" })).json()).toEqual([8, 3]);
    expect(seen).toEqual(["/users/7/posts/abc"]);
  });

  test("whose prefix makes no sense is refused at once", () => {
    expect(() => new Router({ prefix: "users" })).toThrow('a prefix begins with "/"');
    expect(() => new Router({ middleware: [1 as never] })).toThrow("a middleware is a function");
  });

  test("one of whose routes is refused is not included at all", () => {
    const app = new App().get("/b", () => "");
    const router = new Router({ origin: "users.ts" }).get("/a", () => "").get("/b", () => "");
    expect(() => app.include(router)).toThrow("GET /b (users.ts) is taken by GET /b");
    expect(app.routes).toHaveLength(1);
    app.remove("/b").include(router);
    expect(app.routes).toHaveLength(2);
  });
});

test.each(["fallback", "tunnel"])("%s must be a function", (name) => {
  expect(() => new App({ [name]: "x" })).toThrow(`${name} must be a function`);
});
