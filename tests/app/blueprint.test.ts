import { describe, expect, test } from "vitest";
import {
  App,
  Blueprint,
  del,
  get,
  HttpError,
  type HttpRequest,
  type HttpResponse,
  type Middleware,
  NotFoundError,
  post,
  put,
  Router,
  route,
  use,
} from "../../src/index.ts";

const noted: string[] = [];
const note =
  (name: string): Middleware =>
  (next) =>
  (request) => {
    noted.push(name);
    return next(request);
  };

interface User {
  name: string;
}

class Users extends Blueprint {
  readonly users = new Map<number, User>([[1, { name: "Ada" }]]);
  readonly #suffix = "!";

  readonly app: App;

  constructor(app: App) {
    super({ prefix: "/users" });
    this.app = app;
  }

  @get("/")
  list() {
    return [...this.users.values()];
  }

  @get("/{id:int}", { name: "user" })
  show({ params }: HttpRequest<{ id: number }>) {
    const user = this.users.get(params.id);
    if (!user) throw new NotFoundError("no such user");
    return { ...user, url: this.app.url("user", params) };
  }

  @post("/")
  async create(request: HttpRequest) {
    const user = (await request.json()) as User;
    this.users.set(this.users.size + 1, user);
    return `${user.name}${this.#suffix}`;
  }

  @put("/{id:int}")
  @route("/{id:int}", { methods: ["PATCH"] })
  change({ method, params }: HttpRequest<{ id: number }>) {
    return `${method} ${params.id}`;
  }

  @del("/{id:int}")
  remove({ params }: HttpRequest<{ id: number }>) {
    return this.users.delete(params.id) ? null : new HttpError(404).message;
  }
}

describe("a blueprint", () => {
  test("serves its methods, which share its fields", async () => {
    const app = new App();
    app.addBlueprint(new Users(app));
    expect((await app.inject({ path: "/users/1" })).json()).toEqual({ name: "Ada", url: "/users/1" });
    expect((await app.inject({ method: "POST", path: "/users/", body: { name: "Bob" } })).text()).toBe("Bob!");
    expect((await app.inject({ path: "/users/" })).json()).toEqual([{ name: "Ada" }, { name: "Bob" }]);
    expect((await app.inject({ path: "/users/3" })).text()).toBe("no such user\n");
  });

  test("may have several routes for a method", async () => {
    const app = new App();
    app.addBlueprint(new Users(app));
    expect((await app.inject({ method: "PUT", path: "/users/3" })).text()).toBe("PUT 3");
    expect((await app.inject({ method: "PATCH", path: "/users/3" })).text()).toBe("PATCH 3");
    expect((await app.inject({ method: "DELETE", path: "/users/1" })).status).toBe(204);
  });

  test("is taken away in one step, and a request that began before ends as it began", async () => {
    const app = new App();
    let end = () => {};
    class Slow extends Blueprint {
      @get("/slow")
      slow() {
        return new Promise<string>((resolve) => {
          end = () => resolve("done");
        });
      }
    }
    const slow = new Slow();
    app.addBlueprint(slow);
    const answer = app.inject({ path: "/slow" });
    await new Promise((resolve) => setImmediate(resolve));
    app.removeBlueprint(slow);
    expect((await app.inject({ path: "/slow" })).status).toBe(404);
    end();
    expect((await answer).text()).toBe("done");
    app.addBlueprint(slow);
    expect(app.allowedMethods("/slow")).toEqual(["GET", "HEAD"]);
  });

  test("cannot be added twice, nor removed where it is not", () => {
    const app = new App();
    const users = new Users(app);
    app.addBlueprint(users);
    expect(() => app.addBlueprint(users)).toThrow("this router is included already");
    expect(() => new App().removeBlueprint(users)).toThrow("this router is not included here");
  });

  test("is named where its routes are taken", () => {
    const app = new App().get("/users/", () => "");
    expect(() => app.addBlueprint(new Users(app))).toThrow(/^GET \/users\/ \(Users\) is taken by GET \/users\/$/);
    expect(app.routes).toHaveLength(1);
  });

  test("serves below a router and a group", async () => {
    const app = new App();
    const router = new Router({ prefix: "/v1" });
    router.addBlueprint(new Users(app));
    app.group("/api").include(router);
    expect((await app.inject({ path: "/api/v1/users/" })).status).toBe(200);
  });
});

describe("what is around a blueprint", () => {
  @use(note("class"), note("class 2"))
  class Around extends Blueprint {
    constructor() {
      super({ middleware: [note("options")] });
    }

    @use(note("a"), note("b"))
    @get("/first", { middleware: [note("route")] })
    @use(note("c"))
    first() {
      noted.push("first");
      return "first";
    }

    @get("/second")
    second() {
      return "second";
    }
  }

  test("middleware of its class and of its methods, whichever decorator comes first", async () => {
    const app = new App();
    app.addBlueprint(new Around());
    noted.length = 0;
    await app.inject({ path: "/first" });
    expect(noted).toEqual(["options", "class", "class 2", "route", "a", "b", "c", "first"]);
    noted.length = 0;
    await app.inject({ path: "/second" });
    expect(noted).toEqual(["options", "class", "class 2"]);
  });

  test("what is around the class it extends is outside", async () => {
    @use(note("derived"))
    class Derived extends Around {
      override second() {
        return "overridden";
      }
    }
    const app = new App();
    app.addBlueprint(new Derived());
    noted.length = 0;
    expect((await app.inject({ path: "/second" })).text()).toBe("overridden");
    expect(noted).toEqual(["options", "class", "class 2", "derived"]);
  });

  test("its own hooks and error handler", async () => {
    class Hooked extends Blueprint {
      override onRequest(request: HttpRequest) {
        noted.push(`request ${request.path}`);
      }

      override onResponse(response: HttpResponse) {
        response.headers.set("X-From", this.constructor.name);
      }

      override catch(error: unknown) {
        return error instanceof RangeError ? `caught ${error.message}` : undefined;
      }

      @get("/range")
      range(): string {
        throw new RangeError("range");
      }

      @get("/teapot")
      async teapot(): Promise<string> {
        throw new HttpError(418);
      }
    }
    const app = new App();
    app.addBlueprint(new Hooked()).get("/", () => "");
    noted.length = 0;
    const range = await app.inject({ path: "/range" });
    expect([range.status, range.text(), range.headers.get("x-from")]).toEqual([200, "caught range", "Hooked"]);
    const teapot = await app.inject({ path: "/teapot" });
    expect([teapot.status, teapot.headers.get("x-from")]).toEqual([418, "Hooked"]);
    expect((await app.inject()).headers.has("x-from")).toBe(false);
    expect(noted).toEqual(["request /range", "request /teapot"]);
  });
});

describe("a decorator in the wrong place", () => {
  test("on a static method is refused at once", () => {
    expect(() => {
      class Static extends Blueprint {
        // @ts-expect-error the types refuse it too
        @get("/")
        static here() {
          return "";
        }
      }
      return Static;
    }).toThrow('@route("/") is for methods of instances, not for here');
  });

  test("with a path that makes no sense is refused when the blueprint is made", () => {
    class Wrong extends Blueprint {
      @get("/{id:nothing}")
      here() {
        return "";
      }
    }
    expect(() => new App().addBlueprint(new Wrong())).toThrow("nothing");
  });

  test("with what is no middleware is refused at once", () => {
    expect(() => use("no" as unknown as Middleware)).toThrow("a middleware is a function");
  });

  test("with a middleware that gives no handler is refused when the blueprint is added", () => {
    class Wrong extends Blueprint {
      @use(note("outside"), (() => undefined) as unknown as Middleware)
      @get("/")
      here() {
        return "";
      }
    }
    expect(() => new App().addBlueprint(new Wrong())).toThrow("gives no handler");
  });
});

describe("hooks that are fields", () => {
  test("are refused where they could not be called, as they are made after the blueprint", () => {
    class Guarded extends Blueprint {
      override onRequest = () => {};
    }
    const app = new App();
    expect(() => app.addBlueprint(new Guarded())).toThrow("onRequest of Guarded must be a method, not a field");
    expect(() => app.group("/x").addBlueprint(new Guarded())).toThrow("onRequest of Guarded must be a method");
  });

  test("may override methods", async () => {
    class Base extends Blueprint {
      @get("/")
      fail(): string {
        throw new HttpError(409);
      }

      override catch(): string {
        return "base";
      }
    }
    class Other extends Base {
      override catch = () => "other";
    }
    const app = new App();
    app.addBlueprint(new Other());
    expect((await app.inject()).text()).toBe("other");
  });
});
