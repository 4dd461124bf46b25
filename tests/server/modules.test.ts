import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { App, Blueprint, get, Router } from "../../src/index.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "pyrois-modules-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function write(name: string, code: string): Promise<string> {
  const file = path.join(folder, name);
  await writeFile(file, code);
  return file;
}

const text = async (app: App, at: string) => (await app.inject({ path: at })).text();
const paths = (app: App) => app.routes.map(({ pattern }) => pattern);

describe("a module", () => {
  test("is loaded by its path or URL, and unloaded", async () => {
    const app = new App();
    const file = await write("one.mjs", 'export const setup = (app) => app.get("/one", () => "one");');
    await app.load(file);
    expect(await text(app, "/one")).toBe("one");
    await app.unload(pathToFileURL(file));
    expect((await app.inject({ path: "/one" })).status).toBe(404);
    await app.load(pathToFileURL(file).href);
    await app.unload(path.relative(process.cwd(), file));
    expect(app.routes).toEqual([]);
  });

  test("that has changed is loaded anew, in one step", async () => {
    const app = new App();
    const code = (word: string) => `
      export const setup = (app) => app.get("/word", () => "${word}").get("/${word}", () => "");
      export const teardown = (app) => app.ended.push("${word}");
    `;
    const ended: string[] = [];
    Object.assign(app, { ended });
    const file = await write("word.mjs", code("old"));
    await app.load(file);
    await write("word.mjs", code("new"));
    await app.load(file);
    expect([await text(app, "/word"), paths(app), ended]).toEqual(["new", ["/word", "/new"], ["old"]]);
    await app.unload(file);
    expect([paths(app), ended]).toEqual([[], ["old", "new"]]);
  });

  test("registers in whatever way: groups, blueprints, middleware, hooks, after awaits", async () => {
    const app = new App().get("/mine", () => "mine");
    class Views extends Blueprint {
      @get("/view")
      view() {
        return "view";
      }
    }
    const order: string[] = [];
    const module = {
      async setup(target: App) {
        target.addBlueprint(new Views());
        await new Promise((resolve) => setImmediate(resolve));
        target.group("/group").get("/inner", () => "inner");
        target.use((next) => (request) => {
          order.push("middleware");
          return next(request);
        });
        target.on("response", () => order.push("hook"));
        target.on("start", () => order.push("start"));
        expect(paths(app)).toEqual(["/mine"]);
      },
    };
    await app.load(module);
    expect(paths(app)).toEqual(["/mine", "/view", "/group/inner"]);
    await app.inject({ path: "/mine" });
    expect(order).toEqual(["middleware", "hook"]);
    await app.unload(module);
    await app.inject({ path: "/mine" });
    await (await app.listen({ port: 0 })).stop();
    expect([paths(app), order.length]).toEqual([["/mine"], 2]);
  });

  test("what it registers after its setup is the application's", async () => {
    const app = new App();
    let later: Promise<unknown> = Promise.resolve();
    const module = {
      setup(target: App) {
        later = new Promise((resolve) => setImmediate(resolve)).then(() => target.get("/later", () => "later"));
      },
    };
    await app.load(module);
    await later;
    await app.load({ setup: (target: App) => void target.get("/other", () => "") });
    expect(paths(app)).toEqual(["/later", "/other"]);
    await app.unload(module);
    expect(paths(app)).toEqual(["/later", "/other"]);
  });

  test("may take away what it has registered itself", async () => {
    const app = new App();
    const views = new (class extends Blueprint {
      @get("/view")
      view() {
        return "";
      }
    })();
    await app.load({
      setup: (target: App) => {
        target.addBlueprint(views).get("/a", () => "");
        target.removeBlueprint(views);
      },
    });
    expect(paths(app)).toEqual(["/a"]);
  });
});

describe("a module that fails changes nothing", () => {
  test.each([
    ["no setup", "export const set = 1;", /broken\.mjs has no function setup\(app\)/],
    ["bad syntax", "export const setup = ;", /expected/i],
    ["a setup that throws", 'export function setup(app) { app.use((n) => n); throw new Error("no"); }', /^no$/],
    [
      "a route that is taken",
      'export const setup = (app) => app.get("/new", () => "").get("/", () => "");',
      /is taken by GET \//,
    ],
  ])("%s", async (_, code, message) => {
    const app = new App().get("/", () => "here");
    await expect(app.load(await write("broken.mjs", code))).rejects.toThrow(message);
    expect([paths(app), await text(app, "/")]).toEqual([["/"], "here"]);
  });

  test("nor one that does not exist", async () => {
    await expect(new App().load("./nowhere.mjs")).rejects.toThrow("nowhere.mjs");
    await expect(new App().load({} as never)).rejects.toThrow("the module has no function setup(app)");
  });

  test("loaded anew, the old one stays", async () => {
    const app = new App();
    const file = await write("again.mjs", 'export const setup = (app) => app.get("/again", () => "again");');
    await app.load(file);
    await write("again.mjs", 'export const setup = () => { throw new Error("no"); };');
    await expect(app.load(file)).rejects.toThrow("no");
    expect(await text(app, "/again")).toBe("again");
    await app.unload(file);
  });

  test("one that is not loaded cannot be unloaded", async () => {
    await expect(new App().unload("./nowhere.mjs")).rejects.toThrow("nowhere.mjs is not loaded");
  });

  test("two at once are loaded one after the other", async () => {
    const app = new App();
    const slow = {
      setup: async (target: App) => {
        await Promise.resolve();
        target.get("/a", () => "");
      },
    };
    const quick = { setup: (target: App) => void target.get("/b", () => "") };
    await Promise.all([app.load(slow), app.load(quick)]);
    expect(paths(app)).toEqual(["/a", "/b"]);
  });
});

test("while modules come and go under load, each request is answered by the old code or the new", async () => {
  const app = new App().on("error", () => {});
  const versions = Array.from({ length: 40 }, (_, version) => ({
    setup: (target: App) =>
      void target.get("/version", async () => {
        await new Promise((resolve) => setImmediate(resolve));
        return String(version);
      }),
  }));
  const key = await write("version.mjs", "export const setup = (app) => globalThis.__version(app);");
  let version = 0;
  Object.assign(globalThis, { __version: (target: App) => versions[version].setup(target) });
  await app.load(key);
  const { url } = await app.listen({ port: 0 });
  let swapping = true;
  const clients = Array.from({ length: 8 }, async () => {
    let last = 0;
    let count = 0;
    while (swapping) {
      const before = version;
      const answer = await fetch(`${url}version`);
      const got = Number(await answer.text());
      expect(answer.status).toBe(200);
      // Never older than what was served before it was asked for, nor than an answer before it.
      expect(got).toBeGreaterThanOrEqual(Math.max(last, before - 1));
      last = got;
      ++count;
    }
    return count;
  });
  for (version = 1; version < versions.length; ++version) await app.load(key);
  swapping = false;
  const counts = await Promise.all(clients);
  expect(Math.min(...counts)).toBeGreaterThan(0);
  await app.close();
});

describe("what surrounds a module", () => {
  test("a router that it includes can be included again, once it is unloaded or has failed", async () => {
    const app = new App();
    const router = new Router().get("/x", () => "x");
    const module = { setup: (target: App) => void target.group("/a").include(router) };
    await app.load(module);
    await app.unload(module);
    router.get("/y", () => "y");
    expect(paths(app)).toEqual([]);
    const failing = {
      setup(target: App) {
        target.include(router);
        throw new Error("no");
      },
    };
    await expect(app.load(failing)).rejects.toThrow("no");
    await app.load(module);
    expect([paths(app), await text(app, "/a/y")]).toEqual([["/a/x", "/a/y"], "y"]);
  });

  test("a router that was taken away and included by another meanwhile stays there", async () => {
    const app = new App();
    const router = new Router().get("/x", () => "x");
    const module = { setup: (target: App) => void target.include(router) };
    await app.load(module);
    app.exclude(router).include(router, { prefix: "/mine" });
    await app.unload(module);
    expect(paths(app)).toEqual(["/mine/x"]);
  });

  test("what it puts around groups and routers of others is taken away with it", async () => {
    const app = new App();
    const group = app.group("/group").get("/x", () => "x");
    const router = new Router({ prefix: "/router" }).get("/x", () => "x");
    app.include(router);
    const module = {
      setup() {
        group.use(() => () => "around");
        router.catch(() => "caught").on("response", ({ headers }) => void headers.set("X-Module", "here"));
      },
    };
    await app.load(module);
    expect(await text(app, "/group/x")).toBe("around");
    expect((await app.inject({ path: "/router/x" })).headers.get("x-module")).toBe("here");
    await app.unload(module);
    expect(await text(app, "/group/x")).toBe("x");
    expect((await app.inject({ path: "/router/x" })).headers.get("x-module")).toBe(null);
  });

  test("it cannot load or unload another from within, which would wait for its own end", async () => {
    const app = new App();
    const other = { setup: (target: App) => void target.get("/other", () => "") };
    await expect(app.load({ setup: (target) => target.load(other) })).rejects.toThrow(
      "a module cannot load another within its setup",
    );
    await app.load(other);
    const ending = { setup() {}, teardown: (target: App) => target.unload(other) };
    await app.load(ending);
    await expect(app.unload(ending)).rejects.toThrow("a module cannot unload another within its teardown");
    await app.unload(other);
    expect(paths(app)).toEqual([]);
  });
});
