/** Sessions: kept in cookies and in stores. Time is what the test says it is. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setImmediate } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { App, HttpResponse, type InjectResponse, type Logger, text, UnauthorizedError } from "../../src/index.ts";
import { type Session, type SessionOptions, session, sessionOf } from "../../src/services/session.ts";
import { FileStore, MemoryStore, RedisStore, type Store } from "../../src/services/stores.ts";
import { deferred } from "../support/deferred.ts";
import { hasRedis, type Redis, startRedis } from "../support/redis.ts";

const keys = ["a key of a session with 32 characters or more"];
const folder = mkdtempSync(path.join(tmpdir(), "pyrois-session-"));
let time = 1_700_000_000_000;
const now = () => time;
let redis: Redis;
beforeAll(async () => {
  if (hasRedis) redis = await startRedis();
});
afterAll(async () => {
  await redis?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const lines: string[] = [];
const note = (...values: unknown[]) => void lines.push(values.map(String).join(" "));
const logger: Logger = { debug: note, info: note, warn: note, error: note };

/** A browser as far as cookies go. */
class Client {
  cookies = new Map<string, string>();
  readonly app: App;

  constructor(app: App) {
    this.app = app;
  }

  async get(path: string): Promise<InjectResponse> {
    const Cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const response = await this.app.inject({ path, headers: Cookie === "" ? {} : { Cookie } });
    for (const line of response.headers.getAll("set-cookie")) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (line.includes("Max-Age=0")) this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    return response;
  }

  async text(path: string): Promise<string> {
    return (await this.get(path)).text();
  }
}

/** An application that does with its session what paths say. */
function appWith(options: Partial<SessionOptions> = {}): App {
  const app = new App({ logger });
  app.use(session({ keys, now, ...options }));
  const on = (path: string, serve: (session: Session, value: string) => unknown) => {
    app.get(`${path}/{value?}`, (request) => {
      const answer = serve(sessionOf(request), String(request.params.value ?? ""));
      return answer === undefined ? "nothing" : typeof answer === "string" ? answer : JSON.stringify(answer);
    });
  };
  on("/get", (session, name) => session.get(name));
  on("/set", (session, value) => session.set("a", value) && "set");
  on("/set-b", (session, value) => session.set("b", value) && "set");
  on("/push", (session, value) => {
    if (session.get("list") === undefined) session.set("list", []);
    session.get<string[]>("list")?.push(value);
  });
  on("/delete", (session, name) => session.delete(name));
  on("/flash", (session, value) => (value === "" ? session.flash("note") : session.flash("note", value)));
  on("/id", (session) => session.id);
  on("/new", (session) => session.isNew);
  on("/login", (session, value) => {
    session.regenerate();
    session.set("user", value);
  });
  on("/destroy", (session) => session.destroy());
  on("/restart", (session, value) => {
    session.destroy();
    session.set("a", value);
  });
  app.get("/refused", (request) => {
    sessionOf(request).flash("note", "log in first");
    throw new UnauthorizedError();
  });
  app.get("/later", async (request) => {
    await null;
    sessionOf(request).set("a", "later");
    throw new UnauthorizedError();
  });
  app.get("/broken", (request) => {
    sessionOf(request).set("a", "broken");
    throw new Error("a bug");
  });
  return app;
}

const kinds: { kind: string; make: () => Store | undefined; ready: boolean }[] = [
  { kind: "sealed in the cookie", make: () => undefined, ready: true },
  { kind: "in memory", make: () => new MemoryStore({ now }), ready: true },
  { kind: "in files", make: () => new FileStore(folder, { now }), ready: true },
  { kind: "in Redis", make: () => new RedisStore(redis.url, { timeout: 10_000 }), ready: hasRedis },
];

for (const { kind, make, ready } of kinds) {
  describe.runIf(ready)(`a session ${kind}`, () => {
    let store: Store | undefined;
    let client: Client;
    beforeEach(() => {
      store = make();
      client = new Client(appWith(store && { store }));
      return () => store?.close?.();
    });

    test("keeps values from one request to the next, each client its own", async () => {
      const other = new Client(client.app);
      await client.text("/set/one");
      await other.text("/set/two");
      expect([await client.text("/get/a"), await other.text("/get/a"), await client.text("/get/b")]).toEqual([
        ...["one", "two", "nothing"],
      ]);
      expect([await client.text("/delete/a"), await client.text("/get/a")]).toEqual(["true", "nothing"]);
    });

    test("sets no cookie where it is empty or has not changed", async () => {
      for (const path of ["/get/a", "/id", "/flash", "/delete/a", "/destroy"]) {
        expect((await client.get(path)).headers.has("set-cookie"), path).toBe(false);
      }
      const set = await client.get("/set/one");
      expect(set.headers.getAll("set-cookie")).toEqual([expect.stringMatching(/^session=[^;]{40,}; Max-Age=86400; /)]);
      expect(set.headers.get("set-cookie")).toMatch(/; Path=\/; HttpOnly; SameSite=Lax$/);
      for (const path of ["/get/a", "/set/one", "/id"]) {
        expect((await client.get(path)).headers.has("set-cookie"), path).toBe(false);
      }
    });

    test("keeps what was changed in a value", async () => {
      for (const value of ["a", "b"]) await client.text(`/push/${value}`);
      expect(await client.text("/get/list")).toBe('["a","b"]');
    });

    test("a flash is there once", async () => {
      await client.text("/flash/saved");
      expect([await client.text("/get/note"), await client.text("/flash"), await client.text("/flash")]).toEqual([
        ...["nothing", "saved", "nothing"],
      ]);
    });

    test("has the same identity until it gets another", async () => {
      await client.text("/set/one");
      const first = await client.text("/id");
      expect(first).toMatch(/^[\w-]{32}$/);
      expect([await client.text("/id"), await client.text("/new")]).toEqual([first, "false"]);
      await client.text("/login/me");
      const second = await client.text("/id");
      expect(second).not.toBe(first);
      expect([await client.text("/get/a"), await client.text("/get/user"), await client.text("/id")]).toEqual([
        ...["one", "me", second],
      ]);
    });

    test("is gone when it is destroyed, and begins anew", async () => {
      await client.text("/set/one");
      const id = await client.text("/id");
      expect((await client.get("/destroy")).headers.get("set-cookie")).toMatch(/^session=; Max-Age=0; /);
      expect(client.cookies.size).toBe(0);
      expect([await client.text("/get/a"), await client.text("/new")]).toEqual(["nothing", "true"]);
      await client.text("/set/two");
      await client.text("/restart/three");
      expect(await client.text("/get/a")).toBe("three");
      expect(await client.text("/id")).not.toBe(id);
    });

    test("is cleared with its last value", async () => {
      await client.text("/set/one");
      await client.text("/delete/a");
      expect(client.cookies.size).toBe(0);
    });

    test("is kept with errors that are answers, and stays as it was with others", async () => {
      expect((await client.get("/refused")).status).toBe(401);
      expect(await client.text("/flash")).toBe("log in first");
      expect((await client.get("/later")).status).toBe(401);
      expect(await client.text("/get/a")).toBe("later");
      expect((await client.get("/broken")).status).toBe(500);
      expect(await client.text("/get/a")).toBe("later");
    });

    test("is kept where there is no route", async () => {
      const app = appWith(store && { store });
      app.use((next) => (request) => {
        sessionOf(request).set("a", request.path);
        return next(request);
      });
      const lost = new Client(app);
      expect((await lost.get("/nowhere")).status).toBe(404);
      expect(await lost.text("/get/a")).toBe("/get/a");
    });

    test("a cookie that was forged, cut off or is another's is none, and its client gets a new session", async () => {
      await client.text("/set/one");
      const [[name, value]] = client.cookies;
      const id = await client.text("/id");
      const middle = value.length >> 1;
      const other = value[middle] === "A" ? "B" : "A";
      const forged = [
        `${value.slice(0, middle)}${other}${value.slice(middle + 1)}`,
        ...[value.slice(0, -1), value.slice(0, middle), `${value}A`, "", "x", id, `${id}.${id}`],
        Buffer.from(JSON.stringify([id])).toString("base64url"),
      ];
      for (const text of forged) {
        client.cookies.set(name, text);
        expect([await client.text("/get/a"), await client.text("/new")], text).toEqual(["nothing", "true"]);
        await client.text("/set/two");
        expect(await client.text("/id")).not.toBe(id);
      }
      client.cookies.set(name, value);
      expect(await client.text("/get/a")).toBe("one");
    });

    test("keys can be changed", async () => {
      const fresh = "another key of a session, with 32 characters";
      const changing = new Client(appWith({ keys: [fresh, ...keys], ...(store && { store }) }));
      const changed = new Client(appWith({ keys: [fresh], ...(store && { store }) }));
      await client.text("/set/one");
      for (const other of [changing, changed]) other.cookies = new Map(client.cookies);
      expect([await changing.text("/get/a"), await changed.text("/get/a")]).toEqual(["one", "nothing"]);
      await changing.text("/set/two");
      changed.cookies = new Map(changing.cookies);
      expect(await changed.text("/get/a")).toBe("two");
    });

    test("refuses values that JSON cannot say, at once", async () => {
      const app = new App({ logger });
      app.use(session({ keys, ...(store && { store }) }));
      let refused: unknown[] = [];
      app.get("/", (request) => {
        refused = [undefined, () => 1, 1n].map((value) => {
          try {
            return sessionOf(request).set("a", value);
          } catch (error) {
            return error;
          }
        });
        return "";
      });
      expect((await app.inject()).headers.has("set-cookie")).toBe(false);
      for (const error of refused) expect(error).toBeInstanceOf(TypeError);
    });
  });
}

/** Those whose time is the test's. */
for (const { kind, make } of kinds.slice(0, 3)) {
  describe(`the time of a session ${kind}`, () => {
    const begin = async (options: Partial<SessionOptions>) => {
      const store = make();
      const client = new Client(appWith({ ...(store && { store }), ...options }));
      await client.text("/set/one");
      return client;
    };

    test("is over when nobody has used it for `idle`", async () => {
      const client = await begin({ idle: 100 });
      time += 99_999;
      expect(await client.text("/get/a")).toBe("one");
      time += 99_999;
      expect(await client.text("/get/a")).toBe("one");
      time += 100_000;
      expect(await client.text("/get/a")).toBe("nothing");
    });

    test("is written anew once a tenth of `idle` is over, not before", async () => {
      const client = await begin({ idle: 100 });
      time += 9_999;
      expect((await client.get("/get/a")).headers.has("set-cookie")).toBe(false);
      time += 1;
      expect((await client.get("/get/a")).headers.has("set-cookie")).toBe(true);
      expect((await client.get("/get/a")).headers.has("set-cookie")).toBe(false);
    });

    test("begins with the last change where it does not roll", async () => {
      const client = await begin({ idle: 100, rolling: false });
      time += 60_000;
      expect((await client.get("/get/a")).headers.has("set-cookie")).toBe(false);
      await client.text("/set/two");
      time += 99_999;
      expect(await client.text("/get/a")).toBe("two");
      time += 1;
      expect(await client.text("/get/a")).toBe("nothing");
    });

    test("is over after `absolute`, however much it is used, and begins anew with another identity", async () => {
      const client = await begin({ idle: 100, absolute: 200 });
      for (let step = 0; step < 3; ++step) {
        time += 50_000;
        expect(await client.text("/get/a")).toBe("one");
      }
      time += 49_999;
      expect(await client.text("/get/a")).toBe("one");
      time += 1;
      expect(await client.text("/get/a")).toBe("nothing");
      await client.text("/set/two");
      time += 99_000;
      await client.text("/login/me");
      time += 99_999;
      await client.text("/set/three");
      time += 99_999;
      expect(await client.text("/get/a")).toBe("three");
    });

    test("a cookie counts no longer than it was for, whatever the client says", async () => {
      const client = await begin({ idle: 100 });
      const old = new Map(client.cookies);
      time += 100_000;
      client.cookies = old;
      expect(await client.text("/get/a")).toBe("nothing");
    });
  });
}

describe("a session in a store", () => {
  test("has only its identity in the cookie", async () => {
    const client = new Client(appWith({ store: new MemoryStore() }));
    await client.text(`/set/${"x".repeat(7000)}`);
    const [value] = client.cookies.values();
    expect(value.length).toBeLessThan(200);
    expect(Buffer.from(value.split(".")[0], "base64url").toString()).toContain(await client.text("/id"));
  });

  test("cannot be replayed once it was destroyed, has become empty, or has another identity", async () => {
    for (const end of ["/destroy", "/delete/a", "/login/me"]) {
      const client = new Client(appWith({ store: new MemoryStore() }));
      await client.text("/set/one");
      const replayed = new Map(client.cookies);
      await client.text(end);
      client.cookies = replayed;
      expect([await client.text("/get/a"), await client.text("/new")], end).toEqual(["nothing", "true"]);
    }
  });

  /** Two requests at once: the second is served whole while the first is at work. */
  async function overlap(first: (session: Session) => void, second: string): Promise<Client> {
    const app = appWith({ store: new MemoryStore() });
    const [reached, go] = [deferred<void>(), deferred<void>()];
    app.get("/slow", async (request) => {
      reached.resolve();
      await go.promise;
      first(sessionOf(request));
      return "slow";
    });
    const client = new Client(app);
    await client.text("/set/one");
    const slow = client.text("/slow");
    await reached.promise;
    await client.text(second);
    go.resolve();
    expect(await slow).toBe("slow");
    return client;
  }

  test("of requests at once, each changes what it changes", async () => {
    const client = await overlap((session) => session.set("a", "slow"), "/set-b/quick");
    expect([await client.text("/get/a"), await client.text("/get/b")]).toEqual(["slow", "quick"]);
    const same = await overlap((session) => session.set("a", "slow"), "/set/quick");
    expect(await same.text("/get/a")).toBe("slow");
    const gone = await overlap((session) => session.delete("a"), "/set-b/quick");
    expect([await gone.text("/get/a"), await gone.text("/get/b")]).toEqual(["nothing", "quick"]);
  });

  test("of many requests at once, each keeps what it sets, in memory", async () => {
    const app = new App();
    app.use(session({ keys, store: new MemoryStore() }));
    app.get("/set/{name}", async (request) => {
      await setImmediate();
      sessionOf(request).set(request.params.name, true);
      return null;
    });
    const names = Array.from({ length: 20 }, (_, number) => `name${number}`);
    app.get("/kept", (request) => names.filter((name) => sessionOf(request).get(name)));
    const client = new Client(app);
    await client.get("/set/first");
    await Promise.all(names.map((name) => client.get(`/set/${name}`)));
    expect((await client.get("/kept")).json()).toEqual(names);
  });

  test("that another request destroys does not come back", async () => {
    const client = await overlap((session) => session.set("a", "slow"), "/destroy");
    expect(client.cookies.size).toBe(0);
    expect(await client.text("/get/a")).toBe("nothing");
  });

  test("that could not be read is not replaced, though it could be kept", async () => {
    const store = new MemoryStore();
    let broken = false;
    const client = new Client(
      appWith({
        store: {
          get: (key) => (broken ? Promise.reject(new Error("no answer")) : store.get(key)),
          set: (key, value, ttlMs) => store.set(key, value, ttlMs),
          delete: (key) => store.delete(key),
          clear: () => store.clear(),
        },
      }),
    );
    await client.text("/set/one");
    broken = true;
    expect((await client.get("/set/two")).headers.has("set-cookie")).toBe(false);
    broken = false;
    expect(await client.text("/get/a")).toBe("one");
  });

  test("does not let a request have parts of what another has", async () => {
    const store = new MemoryStore();
    const app = appWith({ store });
    let list: string[] = [];
    app.get("/take", (request) => {
      list = sessionOf(request).get<string[]>("list") ?? [];
      return "";
    });
    const client = new Client(app);
    await client.text("/push/a");
    await client.text("/take");
    list.push("b");
    expect(await client.text("/get/list")).toBe('["a"]');
  });
});

describe.runIf(hasRedis)("a session whose store is down", () => {
  const other = async (options: Partial<SessionOptions>) => {
    const server = await startRedis();
    const store = new RedisStore(server.url);
    const client = new Client(appWith({ store, ...options }));
    await client.text("/set/one");
    lines.length = 0;
    const back = async () => {
      const again = await startRedis(server.port);
      await expect
        .poll(
          () =>
            store.get("x").then(
              () => "up",
              () => "down",
            ),
          { timeout: 10_000 },
        )
        .toBe("up");
      await client.text("/set/two");
      expect(await client.text("/get/a")).toBe("two");
      await store.close();
      await again.stop();
    };
    return { server, client, back };
  };

  test("is empty and not kept, which is written down once", async () => {
    const { server, client, back } = await other({});
    const kept = new Map(client.cookies);
    await server.stop();
    expect([await client.text("/get/a"), await client.text("/set/lost"), await client.text("/get/a")]).toEqual([
      ...["nothing", "set", "nothing"],
    ]);
    expect(client.cookies).toEqual(kept);
    const newcomer = new Client(client.app);
    expect([await newcomer.text("/get/a"), await newcomer.text("/set/lost")]).toEqual(["nothing", "set"]);
    expect(newcomer.cookies.size).toBe(0);
    expect(lines).toEqual([expect.stringContaining("the store of sessions is down")]);
    await back();
    expect(lines.slice(1)).toEqual(["the store of sessions works again"]);
  });

  test("is refused where that is wanted", async () => {
    const { server, client, back } = await other({ whenDown: "refuse" });
    await server.stop();
    const newcomer = new Client(client.app);
    expect([(await client.get("/get/a")).status, (await newcomer.get("/set/lost")).status]).toEqual([503, 503]);
    expect((await newcomer.get("/get/a")).status).toBe(200);
    await back();
  });
});

describe("a session sealed in its cookie", () => {
  test("that is too large for one is an error that says so", async () => {
    lines.length = 0;
    const client = new Client(appWith());
    let size = 2500;
    while ((await client.get(`/set/${"x".repeat(size)}`)).status === 200) ++size;
    expect(lines[0]).toMatch(/the cookie session has \d+ bytes, and browsers keep no more than 4096/);
    const [value] = client.cookies.values();
    expect(`session=${value}; Max-Age=86400; Path=/; HttpOnly; SameSite=Lax`.length).toBeGreaterThan(4070);
    expect(await client.text("/get/a")).toHaveLength(size - 1);
  });

  test("cannot be read by the client", async () => {
    const client = new Client(appWith());
    await client.text("/set/secret");
    const [value] = client.cookies.values();
    for (const part of value.split(/[*.]/)) expect(Buffer.from(part, "base64url").toString()).not.toContain("secret");
  });
});

describe("session", () => {
  test("names its cookie for what it promises, and sets it with its attributes", async () => {
    const cases: [Partial<SessionOptions>, RegExp][] = [
      [{ secure: true }, /^__Host-session=.*; HttpOnly; Secure; SameSite=Lax$/],
      [{ secure: true, path: "/app" }, /^__Secure-session=.*; Path=\/app; HttpOnly; Secure; SameSite=Lax$/],
      [{ secure: true, domain: "a.example" }, /^__Secure-session=.*; Domain=a.example; /],
      [{ secure: true, name: "__Host-x", sameSite: "strict" }, /^__Host-x=.*; SameSite=Strict$/],
      [{ name: "sid", path: "/app" }, /^sid=.*; Path=\/app; HttpOnly; SameSite=Lax$/],
    ];
    for (const [options, line] of cases) {
      const client = new Client(appWith(options));
      expect((await client.get("/set/one")).headers.get("set-cookie")).toMatch(line);
      expect(await client.text("/get/a")).toBe("one");
    }
  });

  test.each([
    [{ idle: 0 }, "idle must be a whole number of seconds of at least 1, not 0"],
    [{ absolute: 1.5 }, "absolute must be a whole number of seconds"],
    [{ whenDown: "wait" as "empty" }, 'whenDown is "empty" or "refuse", not "wait"'],
    [{ keys: [] }, "needs a key"],
    [{ keys: ["short"] }, "at least 32 characters, not 5"],
  ])("refuses %j", (options, message) => {
    expect(() => session({ keys, ...options })).toThrow(message);
  });

  test("leaves answers and errors that are given to others as they are", async () => {
    const app = new App({ logger });
    app.use(session({ keys }));
    const shared = text("<p>shared", { headers: { "X-A": "1" } });
    const error = new UnauthorizedError("shared", { headers: { "X-A": "1" } });
    app.get("/answer/{a?}", (request) => {
      if (request.params.a) sessionOf(request).set("a", 1);
      return shared;
    });
    app.get("/error/{a?}", (request) => {
      if (request.params.a) sessionOf(request).set("a", 1);
      throw error;
    });
    for (const kind of ["answer", "error"]) {
      const mine = await app.inject({ path: `/${kind}/x` });
      const other = await app.inject({ path: `/${kind}` });
      expect([mine.headers.has("set-cookie"), other.headers.has("set-cookie")], kind).toEqual([true, false]);
      mine.headers.delete("set-cookie");
      expect([mine.status, mine.text()]).toEqual([other.status, other.text()]);
      expect([...mine.headers].sort()).toEqual([...other.headers].sort());
    }
  });

  test("an error that has a cookie is still the error that others look for", async () => {
    const app = new App({ logger });
    app.use(session({ keys }));
    class Own extends UnauthorizedError {
      readonly hint = "who?";
    }
    app.catch(Own, ({ hint, message, stack }) => `${hint} ${message} ${stack?.includes("session.test")}`);
    app.get("/", (request) => {
      sessionOf(request).set("a", 1);
      throw new Own("text");
    });
    expect((await app.inject()).text()).toBe("who? text true");
  });

  test("goes with whatever an error handler makes of an error, private fields and all", async () => {
    class Coded extends UnauthorizedError {
      readonly #code = 7;

      get code(): number {
        return this.#code;
      }
    }
    const app = new App().use(session({ keys }));
    app.catch(Coded, (error) => ({ code: error.code }));
    app.get("/", (request) => {
      sessionOf(request).set("a", 1);
      throw new Coded();
    });
    const answer = await app.inject();
    expect([answer.json(), answer.headers.get("set-cookie")]).toEqual([
      { code: 7 },
      expect.stringContaining("session="),
    ]);
  });

  test("is as good as not there for who has none: no promise, and trailers and streams go on", async () => {
    const app = new App();
    const seen: unknown[] = [];
    app.use((next) => (request) => {
      const answer = next(request);
      seen.push(answer);
      return answer;
    });
    app.use(session({ keys }));
    app.get("/", () => "plain");
    app.get("/stream", (request) => {
      sessionOf(request).set("a", 1);
      const body = (async function* () {
        yield "in ";
        yield "pieces";
      })();
      return new HttpResponse(body, { trailers: () => ({ "X-Sum": "1" }) });
    });
    await app.inject();
    expect(seen).toEqual(["plain"]);
    const streamed = await app.inject({ path: "/stream", headers: { TE: "trailers" } });
    expect([streamed.text(), streamed.trailers.get("x-sum"), streamed.headers.has("set-cookie")]).toEqual([
      ...["in pieces", "1", true],
    ]);
  });

  test("without it there is none, which is said", async () => {
    lines.length = 0;
    const app = new App({ logger });
    app.get("/", (request) => sessionOf(request).id);
    expect((await app.inject()).status).toBe(500);
    expect(lines[0]).toContain("put session() around the handler");
  });
});
