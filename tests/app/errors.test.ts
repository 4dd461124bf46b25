import { describe, expect, test } from "vitest";
import { App, BadRequestError, HttpError, NotFoundError } from "../../src/index.ts";

class PaymentError extends HttpError {
  readonly amount: number;

  constructor(amount: number) {
    super(402, `${amount} are missing`, {
      headers: { "X-Amount": String(amount) },
      problem: { type: "https://example.org/payment", amount },
    });
    this.amount = amount;
  }
}

/** A promise of another kind than the language's own: it has nothing but `then`. */
class Later<T> {
  readonly #promise: Promise<T>;

  constructor(promise: Promise<T>) {
    this.#promise = promise;
  }

  // biome-ignore lint/suspicious/noThenProperty: that is what is tested
  then<R, E>(fulfilled: (value: T) => R, rejected?: (error: unknown) => E): Later<R | E> {
    return new Later(this.#promise.then(fulfilled, rejected));
  }
}

const PROBLEM = { Accept: "application/problem+json" };

describe("error handlers", () => {
  test("of the innermost place come first, and what they do not want goes on", async () => {
    const app = new App();
    const group = app.group("/group");
    app.catch((error) => `app: ${(error as Error).message}`);
    group.catch(RangeError, (error) => `group: ${error.message}`);
    const fail = (error: Error) => () => {
      throw error;
    };
    group.get("/range", fail(new RangeError("range")));
    group.get("/type", fail(new TypeError("type")));
    group.get("/route", fail(new TypeError("route")), { catch: (error) => `route: ${(error as Error).message}` });
    group.get("/pass", fail(new RangeError("pass")), { catch: () => undefined });
    const texts = ["range", "type", "route", "pass"].map(async (name) =>
      (await app.inject({ path: `/group/${name}` })).text(),
    );
    expect(await Promise.all(texts)).toEqual(["group: range", "app: type", "route: route", "group: pass"]);
  });

  test("get what is thrown anywhere: handlers, middleware, hooks, routing, answers", async () => {
    const app = new App().on("error", () => {});
    app.catch((error) => ({ caught: (error as Error).message }));
    app.use((next) => (request) => {
      if (request.path === "/middleware") throw new Error("in middleware");
      return next(request);
    });
    app.on("request", ({ path }) => {
      if (path === "/hook") throw new Error("in a hook");
    });
    for (const path of ["/middleware", "/hook", "/none"]) app.get(path, () => undefined as never);
    app.get("/later", () => Promise.reject(new Error("later")));
    const caught = async (path: string) => ((await app.inject({ path })).json() as { caught: string }).caught;
    expect(await caught("/middleware")).toBe("in middleware");
    expect(await caught("/hook")).toBe("in a hook");
    expect(await caught("/none")).toContain("returned undefined");
    expect(await caught("/later")).toBe("later");
    expect(await caught("/nowhere")).toBe("Not Found");
  });

  test("of a class get its errors and those that extend it", async () => {
    const app = new App();
    app.catch(HttpError, ({ status }) => ({ status }));
    app.get("/", () => {
      throw new PaymentError(3);
    });
    app.get("/plain", () => {
      throw new Error("plain");
    });
    app.on("error", () => {});
    expect((await app.inject()).json()).toEqual({ status: 402 });
    expect((await app.inject({ path: "/plain" })).status).toBe(500);
  });

  test("that fail are answered as what they throw, by those further out too", async () => {
    const app = new App().catch(BadRequestError, () => "mended");
    app
      .group("/a")
      .catch(() => Promise.reject(new BadRequestError()))
      .get("/b", () => Promise.reject(new Error()));
    expect((await app.inject({ path: "/a/b" })).text()).toBe("mended");
  });

  test("let answers pass that come later, by whatever kind of promise", async () => {
    const app = new App().catch(() => "caught");
    const later = (promise: Promise<string>) => () => new Later(promise) as unknown as Promise<string>;
    app.get("/good", later(Promise.resolve("later"))).get("/bad", later(Promise.reject(new Error())));
    const texts = ["/good", "/bad"].map(async (path) => (await app.inject({ path })).text());
    expect(await Promise.all(texts)).toEqual(["later", "caught"]);
  });

  test("what is caught is not reported", async () => {
    const told: unknown[] = [];
    const app = new App().on("error", (error) => told.push(error)).catch(() => "fine");
    app.get("/", () => Promise.reject(new Error("caught")));
    await app.inject();
    expect(told).toEqual([]);
  });

  test("that are none are refused at once", () => {
    expect(() => new App().catch("no" as never)).toThrow("an error handler is a function");
    expect(() => new App().catch(NotFoundError as never)).toThrow("catch(NotFoundError) needs an error handler");
    expect(() => new App().catch("no" as never, () => "")).toThrow("catch takes a class of errors and a function");
    expect(() => new App().get("/", () => "", { catch: 1 as never })).toThrow("what stands around / must be functions");
  });
});

describe("problem details", () => {
  const app = new App();
  app.get("/pay", () => {
    throw new PaymentError(3);
  });
  app.get("/missing", () => {
    throw new NotFoundError();
  });

  test("are given to those who ask, with what the error says", async () => {
    const { status, headers, json } = await app.inject({ path: "/pay", headers: PROBLEM });
    expect([status, headers.get("content-type")]).toEqual([402, "application/problem+json"]);
    expect([headers.get("x-amount"), headers.get("vary")]).toEqual(["3", "Accept"]);
    expect(json()).toEqual({
      type: "https://example.org/payment",
      title: "Payment Required",
      status: 402,
      detail: "3 are missing",
      amount: 3,
    });
    const plain = await app.inject({ path: "/missing", headers: PROBLEM });
    expect(plain.json()).toEqual({ type: "about:blank", title: "Not Found", status: 404 });
  });

  test.each([
    [undefined, false],
    ["*/*", false],
    ["text/html,application/xhtml+xml,*/*;q=0.8", false],
    ["application/json", true],
    ["application/json, text/plain, */*", true],
    ["application/json;q=0.5, text/plain", false],
    ["application/problem+json;q=0", false],
    ["APPLICATION/PROBLEM+JSON ; Q=0.3", true],
    ["application/jsonp", false],
    ["application/json;q=nonsense", false],
  ])("Accept: %s: %s", async (accept, asked) => {
    const headers = accept === undefined ? {} : { Accept: accept };
    const { headers: fields } = await app.inject({ path: "/missing", headers });
    expect(fields.get("content-type")).toBe(asked ? "application/problem+json" : "text/plain; charset=utf-8");
  });

  test("are given to all where the application says so", async () => {
    const always = new App({ problemDetails: true });
    const { headers, json } = await always.inject({ path: "/nowhere" });
    expect([headers.get("content-type"), headers.get("vary")]).toEqual(["application/problem+json", null]);
    expect(json()).toMatchObject({ status: 404 });
  });
});

describe("what is inside", () => {
  const secret = () => {
    throw new Error("the password is x");
  };

  test("is shown to nobody", async () => {
    const app = new App().on("error", () => {}).get("/", secret);
    expect((await app.inject()).text()).toBe("Internal Server Error\n");
    const problem = await app.inject({ headers: PROBLEM });
    expect(problem.json()).toEqual({ type: "about:blank", title: "Internal Server Error", status: 500 });
  });

  test("is shown in development", async () => {
    const app = new App({ development: true }).on("error", () => {}).get("/", secret);
    expect((await app.inject()).text()).toMatch(/^Error: the password is x\n {4}at /);
    const problem = (await app.inject({ headers: PROBLEM })).json() as { detail: string };
    expect(problem.detail).toMatch(/^Error: the password is x\n/);
  });

  test.each([
    null,
    undefined,
    "text",
    5,
    Object.create(null),
    new Proxy(
      {},
      {
        getPrototypeOf: () => {
          throw new Error();
        },
      },
    ),
  ])("whatever is thrown (%#) is a 500", async (thrown) => {
    for (const development of [false, true]) {
      const app = new App({ development }).on("error", () => {});
      app.get("/", () => {
        throw thrown;
      });
      expect((await app.inject()).status).toBe(500);
    }
  });
});

test("the status in problem details is always that of the response (RFC 9457 §3.1.2)", async () => {
  const app = new App({ problemDetails: true });
  app.get("/", () => {
    throw new HttpError(403, "no", { problem: { status: 200, since: 1 } });
  });
  const answer = await app.inject();
  expect([answer.status, answer.json()]).toMatchObject([403, { status: 403, since: 1 }]);
});
