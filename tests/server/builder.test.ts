import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { Router, Server, ServerBuilder } from "../../src/index.ts";

const router = () => new Router().get("/", () => "built");
const logger = () => {
  const told: unknown[] = [];
  const log = (level: string) => (value: unknown) => void told.push([level, value]);
  return { told, debug: log("debug"), info: log("info"), warn: log("warn"), error: log("error") };
};

describe("a builder", () => {
  test("makes a server of its parts", async () => {
    const parts: unknown[] = [];
    const orchestrator = {
      submit: async (...values: unknown[]) => values,
      start: () => void parts.push("started"),
      stop: () => void parts.push("stopped"),
    };
    const engine = { render: async (name: string, values?: object) => `${name} ${JSON.stringify(values)}` };
    const routes = router();
    routes.get("/render", (request) => request.render("page", { a: 1 }));
    routes.get("/task", async (request) => (await request.submitTask("name", 1, 2)) as string[]);
    routes.get("/log", ({ log }) => {
      log.info("from a handler");
      return null;
    });
    const own = logger();
    const server = new ServerBuilder()
      .withRouter(routes)
      .withLogger(own)
      .withOrchestrator(orchestrator)
      .withEngine(engine)
      .withHost("127.0.0.1")
      .withPort(0)
      .withOptions({ maxBodySize: 10 })
      .build();
    expect(server).toBeInstanceOf(Server);
    await server.start();
    const ask = async (at: string) => (await fetch(`${server.url}${at}`)).text();
    expect(await ask("")).toBe("built");
    expect(await ask("render")).toBe('page {"a":1}');
    expect(await ask("task")).toBe('["name",1,2]');
    await ask("log");
    expect(own.told).toEqual([["info", "from a handler"]]);
    expect((await fetch(server.url, { method: "POST", body: "x".repeat(11) })).status).toBe(413);
    await server.stop();
    expect(parts).toEqual(["started", "stopped"]);
  });

  test("runs until it is stopped", async () => {
    const server = new ServerBuilder().withRouter(router()).withLogger(logger()).withPort(0).build();
    let asked = "";
    await server.run({
      onListen: async ({ url }) => {
        asked = await (await fetch(url)).text();
        await server.stop();
      },
    });
    expect(asked).toBe("built");
  });

  test("without a logger says so, and takes the console", () => {
    const said: unknown[] = [];
    const { info } = console;
    console.info = (...values: unknown[]) => void said.push(...values);
    try {
      new ServerBuilder().withRouter(router()).build();
    } finally {
      console.info = info;
    }
    expect(said).toEqual(["Logger missing, defaulting to console logging."]);
  });

  test("serves a directory below /static", async () => {
    const folder = await mkdtemp(path.join(tmpdir(), "pyrois-builder-"));
    await writeFile(path.join(folder, "style.css"), "a{}");
    const server = new ServerBuilder()
      .withRouter(router())
      .withLogger(logger())
      .withPort(0)
      .withStaticDir(folder)
      .build();
    await server.start();
    const answer = await fetch(`${server.url}static/style.css`);
    expect([answer.headers.get("content-type"), await answer.text()]).toEqual(["text/css; charset=utf-8", "a{}"]);
    await server.stop();
    await rm(folder, { recursive: true });
  });

  test("shows what goes wrong in development mode alone", async () => {
    const routes = () =>
      new Router().get("/", () => {
        throw new Error("inside");
      });
    const texts = [true, false].map(async (development) => {
      const builder = new ServerBuilder().withRouter(routes()).withLogger(logger()).withPort(0);
      const server = await builder.withDevelopmentMode(development).build().start();
      const text = await (await fetch(server.url)).text();
      await server.stop();
      return text.split("\n", 1)[0];
    });
    expect(await Promise.all(texts)).toEqual(["Error: inside", "Internal Server Error"]);
  });
});

describe("a builder refuses", () => {
  const builder = () => new ServerBuilder() as unknown as Record<string, (value: unknown) => unknown>;

  test.each([
    ["withHost", 1, "Host must be a string."],
    ["withPort", "8080", "Port must be an integer from 0 to 65535."],
    ["withPort", 65536, "Port must be an integer from 0 to 65535."],
    ["withPort", 1.5, "Port must be an integer from 0 to 65535."],
    ["withStaticDir", 1, "Static directory must be a string."],
    ["withStaticDir", "./nowhere", 'Static directory "./nowhere" must be a directory that exists.'],
    ["withStaticDir", "./package.json", 'Static directory "./package.json" must be a directory that exists.'],
    ["withDevelopmentMode", "yes", "Development mode must be a boolean."],
  ])("%s(%j) at once", (method, value, message) => {
    expect(() => builder()[method](value)).toThrow(new TypeError(message));
  });

  test("to build without a router", () => {
    expect(() => new ServerBuilder().build()).toThrow(new TypeError("Router is required."));
  });

  test.each([
    ["withRouter", { attach() {} }, "Router must implement detach."],
    ["withRouter", 5, "Router must implement attach, detach."],
    ["withLogger", { info() {}, warn: "x" }, "Logger must implement debug, warn, error."],
    ["withOrchestrator", null, "Orchestrator must implement submit."],
    ["withEngine", {}, "Engine must implement render."],
  ])("%s with what lacks something, when it is built", (method, part, message) => {
    const wrong = new ServerBuilder().withRouter(router()) as unknown as Record<string, (value: unknown) => unknown>;
    wrong[method](part);
    expect(() => (wrong as unknown as ServerBuilder).build()).toThrow(new TypeError(message));
  });

  test("options that are out of their range, when it is built", () => {
    const wrong = new ServerBuilder().withRouter(router()).withLogger(logger()).withOptions({ maxConnections: 0 });
    expect(() => wrong.build()).toThrow("maxConnections must be a number of at least 1, not 0");
  });
});

test("an option that is refused leaves the router to be built with again", () => {
  const builder = new ServerBuilder().withRouter(new Router()).withLogger(console);
  expect(() => builder.withOptions({ maxBodySize: -1 }).build()).toThrow(RangeError);
  expect(builder.withOptions({ maxBodySize: 1 }).build()).toBeInstanceOf(Server);
});
