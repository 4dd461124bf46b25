/** What is put around handlers, and groups of routes. */
import { describe, expect, test } from "vitest";
import { App, around, HttpError, HttpResponse, type Middleware, Router, toResponse } from "../../src/index.ts";

/** Notes when it is entered and left. */
const noting =
  (name: string, notes: string[]): Middleware =>
  (next) =>
  (request) => {
    notes.push(`>${name}`);
    const answer = next(request);
    notes.push(`<${name}`);
    return answer;
  };

describe("middleware", () => {
  test("stands around all routes, whatever the order of registration: application, groups, route", async () => {
    const notes: string[] = [];
    const app = new App();
    app.get("/early", () => "early", { middleware: [noting("own", notes)] });
    const api = app.group("/api", { middleware: [noting("api", notes)] });
    const inner = api.group("/v1");
    inner.get("/x", () => "x", { middleware: [noting("one", notes), noting("two", notes)] });
    app.use(noting("app", notes), noting("second", notes));
    inner.use(noting("inner", notes));
    const notesOf = async (path: string) => {
      notes.length = 0;
      await app.inject({ path });
      return notes.join(" ");
    };
    expect(await notesOf("/early")).toBe(">app >second >own <own <second <app");
    expect(await notesOf("/api/v1/x")).toBe(">app >second >api >inner >one >two <two <one <inner <api <second <app");
    // What is thrown passes them by: 404 is made of it outside.
    expect(await notesOf("/nowhere")).toBe(">app >second");
    expect(await notesOf("/api/nowhere")).toBe(">app >second");
  });

  test("is called once for a route, and sees its parameters", async () => {
    let folded = 0;
    const seen: unknown[] = [];
    const app = new App();
    app.use((next) => {
      ++folded;
      return (request) => {
        seen.push(request.params.id);
        return next(request);
      };
    });
    app.get("/{id:int}", () => "ok");
    const before = folded;
    for (const path of ["/1", "/2", "/x"]) await app.inject({ path });
    expect([folded, seen]).toEqual([before, [1, 2, undefined]]);
  });

  test("may answer itself, change the answer, or catch what is thrown", async () => {
    const app = new App();
    app.use(
      (next) => (request) =>
        request.headers.has("authorization") ? next(request) : new HttpResponse("who?", { status: 401 }),
    );
    app.use(
      around(async (_, next) => {
        const response = toResponse(await next());
        response.headers.set("X-Seen", "yes");
        return response;
      }),
    );
    app.get("/", async () => ({ a: 1 }));
    app.get(
      "/broken",
      () => {
        throw new HttpError(418);
      },
      {
        middleware: [
          (next) => (request) => {
            try {
              return next(request);
            } catch (error) {
              return `caught ${(error as HttpError).status}`;
            }
          },
        ],
      },
    );
    const get = async (path: string, headers = {}) => {
      const response = await app.inject({ path, headers });
      return [response.status, response.headers.get("x-seen"), response.text()];
    };
    expect(await get("/")).toEqual([401, null, "who?"]);
    const headers = { Authorization: "x" };
    expect(await get("/", headers)).toEqual([200, "yes", '{"a":1}']);
    expect(await get("/broken", headers)).toEqual([200, "yes", "caught 418"]);
  });

  test("stands before CONNECT, too", async () => {
    const app = new App({ tunnel: () => new HttpResponse("tunnel", { status: 403 }) });
    app.use(() => () => new HttpResponse("who?", { status: 407 }));
    expect((await app.inject({ method: "CONNECT", path: "a:443", headers: { host: "a:443" } })).status).toBe(407);
  });

  test("what is none is refused at once, and changes nothing", async () => {
    const app = new App();
    app.get("/", () => "ok");
    expect(() => app.use("no" as unknown as Middleware)).toThrow("a middleware is a function");
    expect(() => app.use((() => undefined) as unknown as Middleware)).toThrow("gives no handler");
    expect((await app.inject()).text()).toBe("ok");
    expect(() => app.get("/x", () => "x", { middleware: [(() => 5) as unknown as Middleware] })).toThrow(
      "gives no handler",
    );
    expect((await app.inject({ path: "/x" })).status).toBe(404);
  });
});

describe("groups", () => {
  test("are live, nest, and know their parameters", async () => {
    const app = new App();
    const users = app.group("/users/{id:int}");
    users.get("/", ({ params }) => ({ next: params.id + 1 }));
    const posts = users.group("/posts");
    posts.get("/{slug:slug}", ({ params }) => `${params.id} ${params.slug}`, { name: "post" });
    // @ts-expect-error: no such parameter
    posts.put("/{slug}", ({ params }) => params.nothing ?? null);
    expect((await app.inject({ path: "/users/1/" })).json()).toEqual({ next: 2 });
    expect((await app.inject({ path: "/users/1/posts/a-b" })).text()).toBe("1 a-b");
    expect(app.url("post", { id: 3, slug: "c" })).toBe("/users/3/posts/c");
  });

  test.each(["api", "/api/", "/"])("the prefix %j is refused at once", (prefix) => {
    expect(() => new App().group(prefix)).toThrow("a prefix begins with");
  });

  test("an error at registration names the whole path", () => {
    const api = new App().group("/api");
    api.get("/x", () => null);
    expect(() => api.get("/x", () => null)).toThrow("GET /api/x is taken by GET /api/x");
    expect(() => api.get("/y", null as unknown as () => null)).toThrow("the handler of /api/y is no function");
  });
});

test("a synchronous chain gives no promise", () => {
  const app = new App();
  const notes: string[] = [];
  app.use(noting("app", notes));
  app.get("/", () => "ok");
  const request = { method: "GET", path: "/", params: {} } as unknown as Parameters<typeof app.handle>[0];
  expect(app.handle(request)).toBeInstanceOf(HttpResponse);
});

describe("sets of routes", () => {
  test("are served where they are included, what is registered later too, within what is around that", async () => {
    const notes: string[] = [];
    const users = new Router();
    users.get("/{id:int}", ({ params }) => `user ${params.id}`, { middleware: [noting("own", notes)] });
    users.use(noting("set", notes));
    const app = new App();
    const api = app.group("/api", { middleware: [noting("api", notes)] });
    api.include(users, { prefix: "/users" });
    app.use(noting("app", notes));
    users.group("/more").get("/late", () => "late");
    expect((await app.inject({ path: "/api/users/7" })).text()).toBe("user 7");
    expect(notes.filter((note) => note.startsWith(">")).join(" ")).toBe(">app >api >set >own");
    expect((await app.inject({ path: "/api/users/more/late" })).text()).toBe("late");
    const outer = new Router();
    outer.include(
      new Router().get("/deep", () => "deep"),
      { prefix: "/in" },
    );
    expect((await new App().include(outer).inject({ path: "/in/deep" })).text()).toBe("deep");
  });

  test("of which one route is refused serve none, and can be included elsewhere", async () => {
    const set = new Router();
    set.get("/a", () => "a").get("/b", () => "b");
    const app = new App();
    app.get("/b", () => "mine");
    expect(() => app.include(set)).toThrow("GET /b is taken by GET /b");
    expect((await app.inject({ path: "/a" })).status).toBe(404);
    app.include(set, { prefix: "/set" });
    expect((await app.inject({ path: "/set/b" })).text()).toBe("b");
    expect(() => app.include(set, { prefix: "/again" })).toThrow("is included already");
    expect(() => app.include(new Router(), { prefix: "no" })).toThrow("a prefix begins with");
  });
});

describe("refused at once", () => {
  test("a path below a prefix that does not begin with a slash", () => {
    const app = new App();
    expect(() => app.group("/api").get("users", () => "")).toThrow(
      'a path begins with "/", not like "users", in /apiusers',
    );
    expect(() => new Router().get("users", () => "")).toThrow('a path begins with "/", not like "users", in users');
    app.group("/api").get("", () => "the prefix itself");
    expect(app.routes.map(({ pattern }) => pattern)).toEqual(["/api"]);
  });

  test("methods that are no list, and known ones in lower case", () => {
    const app = new App();
    expect(() => app.route("/x", () => "", { methods: "GET" as never })).toThrow(
      'the methods of /x are a list or "*", not "GET"',
    );
    expect(() => app.route("/x", () => "", { methods: ["Get"] })).toThrow(
      '"Get" of /x is no method; methods are told apart by case, so it would have to be "GET"',
    );
    app.route("/x", () => "", { methods: ["purge"] });
  });

  test("a router within itself, however far within", () => {
    const [a, b] = [new Router(), new Router()];
    expect(() => a.include(a)).toThrow("a router cannot be included in itself");
    a.group("/b").include(b);
    expect(() => b.include(a, { prefix: "/a" })).toThrow("a router cannot be included in itself");
    expect(() => a.get("/x", () => "")).not.toThrow();
  });
});

test("what is put around a group without routes does not put it around those of others anew", () => {
  const app = new App();
  let folded = 0;
  app.get("/", () => "", {
    middleware: [
      (next) => {
        ++folded;
        return next;
      },
    ],
  });
  const group = app.group("/group", { middleware: [(next) => next] });
  expect(folded).toBe(1);
  group.group("/inner").get("/x", () => "");
  group.use((next) => next);
  expect(folded).toBe(2);
});
