/** `pyrois routes` and `pyrois start`: what a module may export. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { run } from "../../src/cli/main.ts";
import { App } from "../../src/index.ts";
import { project, pyrois, Running } from "../support/pyrois.ts";

const ROUTES = `
import { App, Blueprint, get } from "pyrois";
export const app = new App();
app.use(function outer(next) { return (request) => next(request); });
class Users extends Blueprint {
  @get("/{id:int}", { name: "user" }) show() { return null; }
}
app.addBlueprint(new Users({ prefix: "/users" }));
app.post("/things", function create() { return null; }, { middleware: [function inner(next) { return next; }], host: "a.org" });
setInterval(() => {}, 1000);
`;
const folder = project({
  "routes.ts": ROUTES,
  "default.mjs": 'import { App } from "pyrois"; export default new App().get("/", () => "default");',
  "self.mjs":
    'import { App } from "pyrois"; const app = new App().get("/", () => process.env.NODE_ENV);' +
    "console.log((await app.listen({ port: 0 })).url);",
  "workers.mjs": 'import { App } from "pyrois"; export default new App().get("/", () => String(process.pid));',
  "nothing.mjs": "export const app = 5;",
  "broken.mjs": 'throw new RangeError("broken");',
  "empty.mjs": 'import { App } from "pyrois"; export const app = new App();',
});
const at = { cwd: folder };

test("a table of routes, of TypeScript with decorators and a timer that goes on", async () => {
  const { code, out, err } = await pyrois(["routes", "routes.ts"], at);
  expect([code, err]).toEqual([0, ""]);
  expect(out.split("\n")).toEqual([
    "METHOD  PATTERN          NAME  HANDLER  MIDDLEWARE    ORIGIN",
    expect.stringMatching(/^GET {5}\/users\/\{id:int\} {2}user {2}show +outer +Users$/),
    expect.stringMatching(/^POST {4}a\.org\/things +create +outer, inner$/),
    "",
  ]);
});

test("the same as JSON", async () => {
  const rows = JSON.parse((await pyrois(["routes", "routes.ts", "--json"], at)).out);
  expect(rows[1]).toEqual({
    method: "POST",
    pattern: "/things",
    host: "a.org",
    name: null,
    handler: "create",
    middleware: ["outer", "inner"],
    origin: null,
  });
});

test.each([
  { file: "nothing.mjs", says: /nothing\.mjs exports no application: export it as default, or as "app"/ },
  { file: "empty.mjs", says: /empty\.mjs has no routes/ },
  { file: "broken.mjs", says: /RangeError: broken\n +at .*broken\.mjs:1/ },
])("exit code 1 for $file", async ({ file, says }) => {
  const { code, err } = await pyrois(["routes", file], at);
  expect(err).toMatch(says);
  expect(code).toBe(1);
});

test("a default export is served until SIGTERM, on the port of the environment", async () => {
  const running = new Running(["start", "default.mjs"], { ...at, env: { PORT: "0" } });
  const [, url] = await running.says(/listening on (\S+)/);
  expect(await (await fetch(url)).text()).toBe("default");
  expect(await running.end("SIGTERM")).toMatchObject({ code: 0, err: "" });
});

test("a port of the environment that is none is named, unless an option says which it is", async () => {
  const env = { PORT: "abc" };
  const { code, err } = await pyrois(["start", "default.mjs"], { ...at, env });
  expect(err).toBe('pyrois: PORT of the environment must be a whole number from 0 to 65535, not "abc"\n');
  expect(code).toBe(2);
  const running = new Running(["start", "default.mjs", "--port", "0"], { ...at, env });
  await running.says(/listening on/);
  await running.end();
});

test("a module that listens by itself is only run, in production", async () => {
  const running = new Running(["start", "self.mjs", "--port", "1"], at);
  const [url] = await running.says(/http:\S+/);
  expect(await (await fetch(url)).text()).toBe("production");
  await running.end();
});

test("a module that does neither", async () => {
  const { code, err } = await pyrois(["start", "nothing.mjs"], at);
  expect(err).toMatch(/nothing\.mjs exports no application and does not listen/);
  expect(code).toBe(1);
});

test("several processes that serve it", async () => {
  const running = new Running(["start", "workers.mjs", "--port", "0", "--workers", "2"], at);
  const [, url] = await running.says(/listening on (\S+)/);
  const seen = new Set<string>();
  while (seen.size < 2) seen.add(await (await fetch(url, { headers: { Connection: "close" } })).text());
  expect(seen).not.toContain(String(running.child.pid));
  const { code, out } = await running.end();
  expect([code, out.match(/listening/g)?.length]).toEqual([0, 1]);
});

test.each(["0", "1025", "many"])("%s workers", async (workers) => {
  const starting = run(["start", path.join(folder, "default.mjs"), "--workers", workers]);
  await expect(starting).rejects.toThrow(/--workers must be a whole number from 1 to 1024/);
});

test("the OpenAPI document, printed or written", async () => {
  const [printed, written] = await Promise.all([
    pyrois(["openapi", "routes.ts"], at),
    pyrois(["openapi", "routes.ts", "--out", "openapi.json"], at),
  ]);
  expect(written).toEqual({ code: 0, out: "", err: "" });
  expect(readFileSync(path.join(folder, "openapi.json"), "utf8")).toBe(printed.out);
  const document = JSON.parse(printed.out);
  expect(document.openapi).toMatch(/^3\.1/);
  expect(Object.keys(document.paths)).toContain("/users/{id}");
});

test("a port that is taken", async () => {
  const server = await new App().listen({ port: 0 });
  const { code, err } = await pyrois(["start", "default.mjs", "--port", String(server.address.port)], at);
  await server.stop();
  expect(err).toMatch(/^pyrois: cannot listen on 127\.0\.0\.1:\d+: another program listens there already\n$/);
  expect(code).toBe(1);
});

test.each(["65536", "x", "-1"])("the port %s", async (port) => {
  const starting = run(["start", path.join(folder, "default.mjs"), `--port=${port}`]);
  await expect(starting).rejects.toThrow(/--port must be a whole number from 0 to 65535/);
});

test("what is loaded can be told of an application, and whether it listens", async () => {
  const app = new App();
  expect([app.loaded, app.server]).toEqual([[], null]);
  const server = await app.listen({ port: 0 });
  expect(app.server).toBe(server);
  await app.load(new URL("../support/loaded.ts", import.meta.url));
  expect(app.loaded).toEqual([new URL("../support/loaded.ts", import.meta.url).href]);
  await app.close();
  expect(app.server).toBeNull();
});
