/** What middleware is told of beside requests: responses, its route, and browsers that ask whether they may come. */
import { describe, expect, test } from "vitest";
import { App, Blueprint, get, HttpResponse, type Middleware, NotFoundError, Router, use } from "../../src/index.ts";

/** Middleware that notes in a field of the response that it was told of it. */
function noting(name: string): Middleware {
  const middleware: Middleware = (next) => next;
  return Object.assign(middleware, {
    onResponse: (response: HttpResponse) => void response.headers.append("X-Told", name),
  });
}

describe("onResponse of middleware", () => {
  test("is told of responses of what it stands around, from the inside out", async () => {
    const app = new App();
    app.use(noting("app 1"), noting("app 2")).on("response", (response) => {
      response.headers.append("X-Told", "hook");
    });
    const group = app.group("/a", { middleware: [noting("group")] });
    group.get("/b", () => "b", { middleware: [noting("route 1"), noting("route 2")] });
    app.get("/c", () => "c");
    const told = async (path: string) => (await app.inject({ path })).headers.get("x-told");
    expect(await told("/a/b")).toBe("route 2, route 1, group, app 2, app 1, hook");
    expect(await told("/c")).toBe("app 2, app 1, hook");
    expect(await told("/nowhere")).toBe("app 2, app 1, hook");
  });

  test.each([
    ["thrown", () => Promise.reject(new NotFoundError()), 404],
    ["broken", () => undefined as never, 500],
    ["caught", () => Promise.reject(new RangeError()), 200],
  ])("is told of errors: %s", async (_, handler, status) => {
    const app = new App().on("error", () => {}).catch(RangeError, () => "caught");
    app.get("/", handler, { middleware: [noting("route")] });
    const answer = await app.inject();
    expect([answer.status, answer.headers.get("x-told")]).toEqual([status, "route"]);
  });

  test("may take time, and may throw", async () => {
    const later: Middleware = Object.assign((next: Parameters<Middleware>[0]) => next, {
      onResponse: async (response: HttpResponse) => {
        await Promise.resolve();
        if (response.status === 200) throw new NotFoundError();
      },
    });
    const app = new App().use(later);
    app.get("/", () => "ok");
    expect((await app.inject()).status).toBe(404);
  });

  test("is told around methods of blueprints", async () => {
    class Users extends Blueprint {
      show() {
        return "user";
      }
    }
    // As decorators do it: esbuild, which runs this, makes the same of them.
    const app = new App();
    const initializers: ((this: Users) => void)[] = [];
    const context = {
      kind: "method",
      name: "show",
      static: false,
      private: false,
      access: {},
      addInitializer: (initializer: (this: Users) => void) => initializers.push(initializer),
    } as never;
    use(noting("method"))(Users.prototype.show, context);
    (get("/u") as (method: unknown, context: never) => void)(Users.prototype.show, context);
    const users = new Users();
    for (const initialize of initializers) initialize.call(users);
    app.addBlueprint(users);
    expect((await app.inject({ path: "/u" })).headers.get("x-told")).toBe("method");
  });
});

test("middleware is told of the route that it stands around, and of none", async () => {
  const patterns: (string | undefined)[] = [];
  const app = new App();
  const noted: Middleware = (next, route) => (request) => {
    patterns.push(route && `${route.method} ${route.pattern}`);
    return next(request);
  };
  app.use(noted);
  app.include(
    new Router().get("/{id:int}", () => "x", { middleware: [noted] }),
    { prefix: "/users" },
  );
  await app.inject({ path: "/users/7" });
  await app.inject({ path: "/nowhere" });
  expect(patterns).toEqual(["GET /users/{id:int}", "GET /users/{id:int}", undefined]);
});

describe("OPTIONS of browsers that ask whether they may come", () => {
  const asking = (path: string, method: string) => ({
    method: "OPTIONS",
    path,
    headers: { Origin: "http://a", "Access-Control-Request-Method": method },
  });

  test("is answered within what is around the route that they ask for", async () => {
    const app = new App().use(noting("app"));
    const group = app.group("/a", { middleware: [noting("group")] });
    group.get("/b", () => "b").post("/b", () => "b", { middleware: [noting("post")] });
    const told = async (method: string) => {
      const { status, headers } = await app.inject(asking("/a/b", method));
      return [status, headers.get("allow"), headers.get("x-told")];
    };
    expect(await told("GET")).toEqual([204, "GET, HEAD, OPTIONS, POST", "group, app"]);
    expect(await told("POST")).toEqual([204, "GET, HEAD, OPTIONS, POST", "post, group, app"]);
    expect(await told("PUT")).toEqual([204, "GET, HEAD, OPTIONS, POST", "app"]);
    expect((await app.inject({ method: "OPTIONS", path: "/a/b" })).headers.get("x-told")).toBe("app");
    group.use(noting("later"));
    expect(await told("GET")).toEqual([204, "GET, HEAD, OPTIONS, POST", "later, group, app"]);
  });

  test("gets 405 within the same where OPTIONS is not answered by itself", async () => {
    const app = new App({ options: false });
    app.group("/a", { middleware: [noting("group")] }).get("/b", () => "b");
    const { status, headers } = await app.inject(asking("/a/b", "GET"));
    expect([status, headers.get("allow"), headers.get("x-told")]).toEqual([405, "GET, HEAD", "group"]);
  });

  test("is a route's own where there is one", async () => {
    const app = new App();
    const group = app.group("/a", { middleware: [noting("group")] });
    group.get("/b", () => "b").route("/b", () => new HttpResponse("mine"), { methods: ["OPTIONS"] });
    const answer = await app.inject(asking("/a/b", "GET"));
    expect([answer.text(), answer.headers.get("x-told")]).toEqual(["mine", "group"]);
  });
});
