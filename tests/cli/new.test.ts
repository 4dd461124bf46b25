/** `pyrois new`: what it makes runs, tests and builds. */
import { execFileSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { command } from "../../src/cli/new.ts";
import { install, pyrois, Running } from "../support/pyrois.ts";

const root = path.join(import.meta.dirname, "..", "..");
const folder = realpathSync(mkdtempSync(path.join(tmpdir(), "pyrois-new-")));
const manifestOf = (at: string) => JSON.parse(readFileSync(path.join(at, "package.json"), "utf8"));
// What runs tests here is no part of theirs.
const { NODE_TEST_CONTEXT, VITEST, ...env } = process.env;

describe.each([
  { template: "minimal", path: "/", says: "Hello, World!" },
  { template: "api", path: "/health", says: '{"status":"ok"}' },
  { template: "class", path: "/users/1", says: '{"id":1,"name":"Ada"}' },
  { template: "pages", path: "/hello/you", says: "<h1>Hello, you!</h1>" },
])("the template $template", ({ template, path: asked, says }) => {
  const at = path.join(folder, template);
  const node = (...args: string[]) => execFileSync(process.execPath, args, { cwd: at, encoding: "utf8", env });
  beforeAll(async () => {
    const { code, out } = await pyrois(["new", template, "--template", template, "--no-install"], { cwd: folder });
    expect(code).toBe(0);
    expect(out).toContain(`Next:\n  cd ${template}\n  npm install\n  npm run dev\n  npm test\n`);
    install(at);
  });

  test("has all that a project needs", () => {
    for (const file of ["README.md", ".gitignore", "Dockerfile", ".dockerignore", "tsconfig.json", "src/app.ts"]) {
      expect(existsSync(path.join(at, file)), file).toBe(true);
    }
    // The tarball that pyrois may come from is there before it is installed.
    const dockerfile = readFileSync(path.join(at, "Dockerfile"), "utf8");
    expect(dockerfile).toContain("COPY package*.json *.tgz ./\nRUN npm install\n");
    const { scripts, dependencies, name } = manifestOf(at);
    expect(name).toBe(template);
    expect(Object.keys(scripts)).toEqual(expect.arrayContaining(["dev", "start", "test", "build"]));
    expect(dependencies).toEqual({ pyrois: `file:${root}` });
  });

  test("passes its tests", () => {
    const [, ...args] = manifestOf(at).scripts.test.split(" ");
    expect(node("--test-reporter=tap", ...args)).toMatch(/^# fail 0$/m);
  });

  test("has types that check, is built, and serves what was built", async () => {
    const tsc = "node_modules/typescript/bin/tsc";
    expect(node(tsc)).toBe("");
    expect(node(tsc, "-p", "tsconfig.build.json")).toBe("");
    const running = new Running(["start", "dist/app.js", "--port", "0"], { cwd: at });
    const [, url] = await running.says(/listening on (http:\/\/\S+)\//);
    expect(await (await fetch(url + asked)).text()).toContain(says);
    expect((await running.end()).code).toBe(0);
  });
});

describe("where pyrois comes from", () => {
  /** A copy of this package as a package manager installs it, which has noted where it is from. */
  function installed(resolved: object | null): string {
    const at = mkdtempSync(path.join(folder, "installed-"));
    const copy = path.join(at, "node_modules", "pyrois");
    mkdirSync(copy, { recursive: true });
    cpSync(path.join(root, "package.json"), path.join(copy, "package.json"));
    cpSync(path.join(root, "dist"), path.join(copy, "dist"), { recursive: true });
    if (resolved !== null) {
      const noted = { packages: { "node_modules/pyrois": resolved } };
      writeFileSync(path.join(at, "node_modules", ".package-lock.json"), JSON.stringify(noted));
    }
    return at;
  }

  const { version } = manifestOf(root);
  test.each([
    { from: "the registry", resolved: { resolved: `https://packages.example/pyrois-${version}.tgz` } },
    { from: "another package manager", resolved: null },
    {
      from: "a tarball",
      resolved: { resolved: "file:../pyrois.tgz" },
      wanted: `file:${path.join(folder, "pyrois.tgz")}`,
    },
  ])("$from", ({ resolved, wanted = `^${version}` }) => {
    const at = installed(resolved);
    const cli = path.join(at, "node_modules", "pyrois", "dist", "cli.js");
    execFileSync(process.execPath, [cli, "new", "made", "--no-install"], { cwd: at });
    expect(manifestOf(path.join(at, "made")).dependencies).toEqual({ pyrois: wanted });
  });
});

test("a folder that is not empty is left alone", async () => {
  const at = path.join(folder, "full");
  mkdirSync(at);
  writeFileSync(path.join(at, "mine.txt"), "mine");
  const { code, err } = await pyrois(["new", "full"], { cwd: folder });
  expect(err).toMatch(/full is not empty/);
  expect([code, readdirSync(at)]).toEqual([1, ["mine.txt"]]);
});

test("an empty folder is taken, and asked for by its path", async () => {
  const at = path.join(folder, "apps", "shop");
  mkdirSync(at, { recursive: true });
  expect((await pyrois(["new", "apps/shop", "--no-install"], { cwd: folder })).code).toBe(0);
  expect(manifestOf(at).name).toBe("shop");
});

test.each(["Shop", "my shop", ".shop", "_shop", "http", "node_modules", "a".repeat(215), "shop:1"])(
  "the name %j is refused",
  async (name) => {
    const making = command.run({ options: { "no-install": true }, positionals: [path.join(folder, name)] });
    await expect(making).rejects.toThrow(/cannot be the name of a package/);
    expect(existsSync(path.join(folder, name))).toBe(false);
  },
);

test("a name of 214 characters is not", async () => {
  expect((await pyrois(["new", "a".repeat(214), "--no-install"], { cwd: folder })).code).toBe(0);
});

test("a template that is not there is named, and what is meant", async () => {
  const { code, err } = await pyrois(["new", "other", "--template", "apu"], { cwd: folder });
  expect(err).toMatch(/there is no template apu\. Do you mean api\?/);
  expect([code, existsSync(path.join(folder, "other"))]).toEqual([2, false]);
});
