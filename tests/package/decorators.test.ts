/** Blueprints with decorators, through every compiler and runtime that is said to know them; they run on what was built. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { buildSync } from "esbuild";
import { afterAll, beforeAll, expect, test } from "vitest";

const root = path.join(import.meta.dirname, "..", "..");
const folder = mkdtempSync(path.join(tmpdir(), "pyrois-decorators-"));
const modules = (script: string) => path.join(root, "node_modules", script);
const hosts = (name: string) => path.join(root, "tests/hosts/node_modules/.bin", name);
const run = (command: string, ...args: string[]) =>
  execFileSync(command, args, { cwd: folder, encoding: "utf8", env: { ...process.env, NO_COLOR: "1" } });

const MAIN = `
import { App, Blueprint, get, type HttpRequest, type Middleware, post, use } from "pyrois";

const order: string[] = [];
const note = (name: string): Middleware => (next) => (request) => {
  order.push(name);
  return next(request);
};

@use(note("class"))
class Users extends Blueprint {
  #secret = 40;
  readonly names = new Map([[1, "Ada"]]);

  constructor() {
    super({ prefix: "/users" });
  }

  @use(note("method"))
  @get("/{id:int}")
  show({ params }: HttpRequest<{ id: number }>): object {
    return { name: this.names.get(params.id), secret: this.#secret + params.id };
  }

  @post("/")
  async add(request: HttpRequest) {
    this.names.set(2, await request.text());
    return [...this.names.values()];
  }
}

class Others extends Users {
  override show({ params }: HttpRequest<{ id: number }>) {
    return { other: params.id };
  }
}

const app = new App();
const users = new Users();
app.addBlueprint(users);
app.group("/others").addBlueprint(new Others());
const texts = [
  (await app.inject({ path: "/users/1" })).text(),
  (await app.inject({ method: "POST", path: "/users/", body: "Bob" })).text(),
  (await app.inject({ path: "/others/users/2" })).text(),
];
app.removeBlueprint(users);
console.log(JSON.stringify([...texts, (await app.inject({ path: "/users/1" })).status, order]));
`;
const WANTED = JSON.stringify([
  '{"name":"Ada","secret":41}',
  '["Ada","Bob"]',
  '{"other":2}',
  404,
  ["class", "method", "class", "class", "method"],
]);

beforeAll(() => {
  mkdirSync(path.join(folder, "node_modules", "@types"), { recursive: true });
  symlinkSync(root, path.join(folder, "node_modules", "pyrois"), "junction");
  symlinkSync(modules("@types/node"), path.join(folder, "node_modules", "@types", "node"), "junction");
  writeFileSync(path.join(folder, "package.json"), '{"type":"module"}');
  writeFileSync(path.join(folder, "main.ts"), MAIN);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.each(["es2022", "esnext"])("tsc, to %s", (target) => {
  // What esnext keeps of them no runtime knows: it has to be made of something older.
  const options = [
    "--module",
    "nodenext",
    "--target",
    target === "esnext" ? "es2024" : target,
    "--strict",
    "--types",
    "node",
  ];
  expect(run(process.execPath, modules("typescript/bin/tsc"), ...options, "--outDir", target, "main.ts")).toBe("");
  expect(run(process.execPath, `${target}/main.js`)).toBe(`${WANTED}\n`);
});

test("esbuild", () => {
  const outfile = path.join(folder, "esbuild.mjs");
  buildSync({
    entryPoints: [path.join(folder, "main.ts")],
    outfile,
    format: "esm",
    target: "es2022",
    packages: "external",
    bundle: true,
  });
  expect(run(process.execPath, outfile)).toBe(`${WANTED}\n`);
});

test("tsx", () => {
  expect(run(process.execPath, modules("tsx/dist/cli.mjs"), "main.ts")).toBe(`${WANTED}\n`);
});

test.skipIf(!existsSync(hosts("bun")))("bun", () => {
  expect(run(hosts("bun"), "main.ts")).toBe(`${WANTED}\n`);
});

test.skipIf(!existsSync(hosts("deno")))("deno", () => {
  expect(run(hosts("deno"), "run", "--no-remote", "-A", "--unstable-sloppy-imports", "main.ts")).toBe(`${WANTED}\n`);
});
