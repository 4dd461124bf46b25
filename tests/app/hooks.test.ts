import { describe, expect, test } from "vitest";
import { App, HttpError, HttpResponse, NotFoundError, Router, type Schema, tunnel } from "../../src/index.ts";

const ANY: Schema<string> = {
  "~standard": {
    version: 1,
    vendor: "any",
    // biome-ignore lint/suspicious/noThenProperty: a promise of another kind than the language's own
    validate: (value) => ({ then: (take: (result: object) => void) => take({ value }) }) as never,
  },
};

describe("hooks of requests and responses", () => {
  test("are called from the outside in, and from the inside out", async () => {
    const order: string[] = [];
    const app = new App();
    const group = app.group("/a");
    group.get("/b", () => {
      order.push("handler");
      return "b";
    });
    app.on("request", () => order.push("app request"));
    group.on("request", () => order.push("group request"));
    app.on("response", ({ status }, { path }) => order.push(`app response ${status} ${path}`));
    group.on("response", ({ status }, { path }) => order.push(`group response ${status} ${path}`));
    await app.inject({ path: "/a/b" });
    const inner = ["group request", "handler", "group response 200 /a/b"];
    expect(order).toEqual(["app request", ...inner, "app response 200 /a/b"]);
  });

  test("stand outside of middleware, and are awaited", async () => {
    const order: string[] = [];
    const later = async (name: string) => {
      await Promise.resolve();
      order.push(name);
    };
    const app = new App();
    app.use((next) => (request) => {
      order.push("middleware");
      return next(request);
    });
    app.on("request", () => later("first")).on("request", () => later("second"));
    app.on("response", () => later("third")).on("response", () => later("fourth"));
    app.get("/", () => "ok");
    expect((await app.inject()).text()).toBe("ok");
    expect(order).toEqual(["first", "second", "middleware", "fourth", "third"]);
  });

  test("see every response: values, errors, and what no route serves", async () => {
    const app = new App().on("error", () => {});
    app.on("response", (response) => {
      response.headers.set("X-Status", String(response.status));
    });
    app.get("/value", () => ({ a: 1 }));
    app.get("/later", async () => "later");
    app.get("/none", () => undefined as never);
    app.get("/error", () => {
      throw new Error("inside");
    });
    app.get("/rejects", async () => {
      throw new HttpError(418);
    });
    const statuses = ["/value", "/later", "/none", "/error", "/rejects", "/nowhere"].map(async (path) => {
      const { status, headers } = await app.inject({ path });
      return [status, headers.get("x-status")];
    });
    const wanted = [200, 200, 500, 500, 418, 404].map((status) => [status, String(status)]);
    expect(await Promise.all(statuses)).toEqual(wanted);
    expect((await app.inject({ method: "PUT", path: "/value" })).headers.get("x-status")).toBe("405");
    expect((await app.inject({ method: "OPTIONS", path: "/value" })).headers.get("x-status")).toBe("204");
    expect((await app.inject({ path: "/%ff" })).headers.get("x-status")).toBe("404");
  });

  test("that throw are answered as what they throw", async () => {
    const app = new App();
    app.get("/", () => "ok");
    app.on("request", ({ headers }) => {
      if (headers.has("x-refuse")) throw new HttpError(403);
    });
    app.on("response", async (response, { headers }) => {
      if (headers.has("x-spoil")) throw new HttpError(503, `not ${response.status}`);
    });
    expect((await app.inject()).status).toBe(200);
    expect((await app.inject({ headers: { "X-Refuse": "1" } })).status).toBe(403);
    const spoiled = await app.inject({ headers: { "X-Spoil": "1" } });
    expect([spoiled.status, spoiled.text()]).toEqual([503, "not 200\n"]);
  });

  test("are for routes that are there already, and for those of routers", async () => {
    const app = new App();
    const router = new Router().get("/r", () => "r");
    app.include(router).get("/", () => "");
    router.on("response", (response) => {
      response.headers.set("X-Router", "1");
    });
    expect((await app.inject({ path: "/r" })).headers.get("x-router")).toBe("1");
    expect((await app.inject()).headers.has("x-router")).toBe(false);
  });

  test("of what is no event, or no function, are refused at once", () => {
    expect(() => new App().on("finish" as "stop", () => {})).toThrow('there is no event "finish"');
    expect(() => new App().on("stop", 1 as never)).toThrow("a hook is a function");
    expect(() => new App().on("request", 1 as never)).toThrow("a hook is a function");
    expect(() => new App().on("toString" as "stop", () => {})).toThrow('there is no event "toString"');
  });

  test("may give promises of another kind than the language's own", async () => {
    // biome-ignore lint/suspicious/noThenProperty: that is what such a promise is
    const thenable = <T>(value: T) => ({ then: (take: (value: T) => void) => void take(value) });
    const order: string[] = [];
    const app = new App().catch(() => "caught");
    app.on("request", () => thenable(1)).on("request", () => order.push("second"));
    app.on("response", () => thenable(1)).on("response", () => thenable(2));
    app.get("/", () => thenable("ok") as unknown as Promise<string>);
    app.get("/schema", () => thenable("ok") as unknown as Promise<string>, { schema: { query: ANY, response: ANY } });
    expect((await app.inject()).text()).toBe("ok");
    expect((await app.inject({ path: "/schema" })).text()).toBe("ok");
    expect(order).toHaveLength(2);
  });

  test("see tunnels", async () => {
    const statuses: number[] = [];
    const app = new App({ tunnel: () => tunnel((socket) => socket.end()) });
    app.on("response", ({ status }) => statuses.push(status));
    await app.inject({ method: "CONNECT", path: "a:1" }).catch(() => {});
    expect(statuses).toEqual([101]);
  });
});

describe("hooks of a server's life", () => {
  test("are called in order, one after the other", async () => {
    const order: string[] = [];
    const later = (name: string) => async () => {
      await Promise.resolve();
      order.push(name);
    };
    const app = new App();
    app.on("start", later("start 1")).on("start", later("start 2"));
    app.on("stopping", later("stopping")).on("stop", later("stop"));
    const server = await app.listen({ port: 0 });
    expect(order).toEqual(["start 1", "start 2"]);
    await server.stop();
    expect(order.slice(2)).toEqual(["stopping", "stop"]);
  });

  test("a start that fails is told, and what was started is stopped", async () => {
    const order: string[] = [];
    const app = new App();
    app.on("start", () => {
      throw new Error("no database");
    });
    app.on("stop", () => order.push("stop"));
    await expect(app.listen({ port: 0 })).rejects.toThrow("no database");
    expect(order).toEqual(["stop"]);
    await expect(app.listen({ port: 0 })).rejects.toThrow("no database");
  });

  test("stop comes when the last request is answered", async () => {
    const order: string[] = [];
    const app = new App();
    let open = () => {};
    const opened = new Promise<void>((resolve) => {
      open = resolve;
    });
    app.get("/", async () => {
      open();
      await new Promise((resolve) => setImmediate(resolve));
      order.push("answered");
      return "ok";
    });
    app.on("stopping", () => order.push("stopping")).on("stop", () => order.push("stop"));
    const { url } = await app.listen({ port: 0 });
    const answer = fetch(url);
    await opened;
    await app.close();
    expect((await answer).status).toBe(200);
    expect(order).toEqual(["stopping", "answered", "stop"]);
  });

  test("a request can tell that its server stops, also one of a server that is started again", async () => {
    const app = new App();
    const found: boolean[] = [];
    app.get("/", async ({ stopping }) => {
      found.push(stopping.aborted);
      const stopped = new Promise((resolve) => stopping.addEventListener("abort", resolve));
      app.close();
      await stopped;
      return "ended";
    });
    for (const _ of ["once", "again"]) {
      const server = await app.listen({ port: 0 });
      expect(await (await fetch(server.url)).text()).toBe("ended");
      await server.stopped;
    }
    expect(found).toEqual([false, false]);
    app.get("/late", ({ stopping }) => String(stopping.aborted));
    expect((await app.inject({ path: "/late" })).text()).toBe("true");
  });

  test("a stop that fails rejects, and the server is stopped all the same", async () => {
    const app = new App().on("stop", () => Promise.reject(new Error("cannot flush")));
    const server = await app.listen({ port: 0 });
    await expect(app.close()).rejects.toThrow("cannot flush");
    await server.stopped;
    expect(() => server.address).toThrow("does not listen");
  });

  test("an orchestrator is started before and stopped after requests", async () => {
    const order: string[] = [];
    const orchestrator = {
      submit: async () => null,
      start: ({ logger }: { logger: unknown }) => void order.push(`start ${logger === console}`),
      stop: ({ deadline }: { deadline: number }) => void order.push(`stop ${deadline <= 500}`),
    };
    const app = new App({ orchestrator });
    app.on("stop", () => order.push("hook"));
    await app.listen({ port: 0 });
    await app.close({ deadline: 500 });
    expect(order).toEqual(["start true", "stop true", "hook"]);
  });
});

describe("hooks of errors", () => {
  test("are told of what a client sees as 500, and of nothing else", async () => {
    const told: unknown[] = [];
    const app = new App().on("error", (error, request) => told.push([error, request.path]));
    const failure = new Error("inside");
    app.get("/error", () => Promise.reject(failure));
    app.get("/known", () => Promise.reject(new NotFoundError()));
    await app.inject({ path: "/error" });
    await app.inject({ path: "/known" });
    expect(told).toEqual([[failure, "/error"]]);
  });

  test("where there is none the logger is told", async () => {
    const told: unknown[] = [];
    const logger = { debug() {}, info() {}, warn() {}, error: (error: unknown) => void told.push(error) };
    const app = new App({ logger });
    const failure = new Error("inside");
    app.get("/", () => {
      throw failure;
    });
    expect((await app.inject()).text()).toBe("Internal Server Error\n");
    expect(told).toEqual([failure]);
  });

  test("parts that lack something are refused at once, with what they lack", () => {
    expect(() => new App({ logger: { info() {} } as never })).toThrow("Logger must implement debug, warn, error.");
    expect(() => new App({ engine: {} as never })).toThrow("Engine must implement render.");
    expect(() => new App({ orchestrator: null as never })).toThrow("Orchestrator must implement submit.");
  });

  test("a response that cannot be written is told too", async () => {
    const told: unknown[] = [];
    const app = new App().on("error", (error) => told.push(error));
    app.get("/", () => {
      const response = new HttpResponse("");
      response.status = 99;
      return response;
    });
    expect((await app.inject()).status).toBe(500);
    expect(told).toHaveLength(1);
  });
});

/** What has a `then` and is no promise of the language, as queries of some libraries are. */
function thenable<T>(value: T): Promise<T> {
  return {
    // biome-ignore lint/suspicious/noThenProperty: this is what is tried
    then: (resolve: (given: T) => void) => void setImmediate(resolve, value),
  } as unknown as Promise<T>;
}

test("any thenable is awaited, whatever its then gives", async () => {
  const order: string[] = [];
  const app = new App().on("request", () => thenable(null)).catch(() => "caught");
  app.on("request", () => order.push("second"));
  app.on("response", () => thenable(null));
  app.get("/", () => thenable("late"));
  expect([(await app.inject()).text(), order]).toEqual(["late", ["second"]]);
});

test("hooks of errors are all told, though one of them fails", async () => {
  const { error } = console;
  const shown: unknown[] = [];
  console.error = (...values: unknown[]) => void shown.push(values);
  try {
    const told: unknown[] = [];
    const app = new App()
      .on("error", () => Promise.reject(1))
      .on("error", () => {
        throw 2;
      });
    app.on("error", (failure) => told.push(failure));
    app.get("/", () => Promise.reject("it"));
    await app.inject();
    expect([told, shown]).toEqual([
      ["it"],
      [
        ["it", 2],
        ["it", 1],
      ],
    ]);
  } finally {
    console.error = error;
  }
});

test("an error that cannot even be shown harms nobody, from a stream either", async () => {
  const { error } = console;
  const shown: unknown[] = [];
  console.error = (value: unknown) => {
    if (typeof value !== "string") throw new Error("this cannot be shown");
    shown.push(value);
  };
  try {
    const app = new App();
    app.get("/", async function* () {
      yield "a";
      throw new RangeError("it");
    });
    await expect(app.inject()).rejects.toThrow();
    expect(shown).toEqual(["an error happened, and another in telling of it; they cannot be shown"]);
  } finally {
    console.error = error;
  }
});
