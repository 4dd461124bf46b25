/** The built package, used through its own name as a user would. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { build } from "esbuild";
import { expect, test } from "vitest";
import { ABI_VERSION } from "../../src/parser/abi.ts";
import { entries } from "../support/packed.ts";

test("the entries load through import and require, and the types are named first", async () => {
  const { App } = await import("pyrois");
  const { Parser, ParseError } = await import("pyrois/parser");
  const { ConnectionGroup } = await import("pyrois/h1");
  expect((await import("pyrois/cookies")).sealedCookie).toBeTypeOf("function");
  expect((await import("pyrois/static")).staticFiles).toBeTypeOf("function");
  // One class, whichever entry it comes from.
  expect([(await import("pyrois")).ParseError === ParseError, typeof ConnectionGroup]).toEqual([true, "function"]);
  expect(createRequire(import.meta.url)("pyrois").App).toBeTypeOf("function");
  expect([typeof App, typeof Parser]).toEqual(["function", "function"]);
  const { exports } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
  for (const entry of [".", "./cookies", "./h1", "./parser", "./static"]) {
    expect(Object.keys(exports[entry])[0]).toBe("types");
  }
});

test("the framework and its gateway to fetch need nothing but what any host has", async () => {
  const { metafile } = await build({
    stdin: {
      contents: 'export * from "pyrois/app"; export * from "pyrois/fetch";',
      resolveDir: path.join(import.meta.dirname, "..", ".."),
    },
    bundle: true,
    platform: "neutral",
    format: "esm",
    write: false,
    metafile: true,
    logOverride: { "ignored-bare-import": "silent" },
  });
  const [{ imports, exports }] = Object.values(metafile.outputs);
  expect(imports).toEqual([]);
  expect(exports).toEqual(expect.arrayContaining(["Application", "fromFetch", "toFetch", "HttpRequest", "Router"]));
});

/** What an entry loads as it is imported: files, and what is not in the package. */
async function loadedBy(name: string): Promise<{ files: string[]; others: string[]; bytes: number }> {
  const { metafile } = await build({
    entryPoints: [`${entries.get(name)}.js`],
    bundle: true,
    platform: "node",
    format: "esm",
    packages: "external",
    write: false,
    metafile: true,
    outdir: "build",
    logOverride: { "ignored-bare-import": "silent" },
  });
  const inputs = Object.entries(metafile.inputs);
  const imports = inputs.flatMap(([, { imports }]) => imports.filter(({ kind }) => kind === "import-statement"));
  const others = imports.filter(({ external }) => external).map((each) => each.path);
  const bytes = inputs.reduce((sum, [, input]) => sum + input.bytes, 0);
  return { files: inputs.map(([file]) => path.basename(file)), others: [...new Set(others)], bytes };
}

test.each([...entries.keys()])("%s loads no package as it is imported", async (name) => {
  const { others } = await loadedBy(name);
  expect(others.filter((each) => !each.startsWith("node:"))).toEqual([]);
});

test.each(["pyrois/parser", "pyrois/h1", "pyrois/app", "pyrois/fetch"])("%s loads nothing of Node", async (name) => {
  expect((await loadedBy(name)).others).toEqual([]);
});

test("the parser's entry loads the parser and nothing else", async () => {
  const { outputFiles } = await build({
    entryPoints: [path.join(import.meta.dirname, "../../src/parser/index.ts")],
    bundle: true,
    format: "esm",
    target: "es2022",
    minify: true,
    write: false,
  });
  const { bytes } = await loadedBy("pyrois/parser");
  // What its sources come to, and the longer names that functions and classes keep.
  expect(bytes / outputFiles[0].contents.length).toBeLessThan(1.05);
});

test("stacks name functions and classes", async () => {
  const { App } = await import("pyrois");
  const app = new App();
  let stack: string | undefined;
  app.get("/", () => {
    stack = new Error("here").stack;
    return null;
  });
  await app.inject();
  expect(stack).toMatch(/at App\.handle /);
  expect(stack).toMatch(/at Service\.request /);
});

test("cookies are read and written by what was built, under the licence of their package", async () => {
  const { App, HttpResponse } = await import("pyrois");
  const app = new App();
  app.get("/", ({ cookies }) => new HttpResponse(cookies.a ?? null).setCookie("b", "2"));
  const response = await app.inject({ headers: { Cookie: "a=1" } });
  expect([response.text(), response.headers.get("set-cookie")]).toEqual(["1", "b=2; Path=/; HttpOnly; SameSite=Lax"]);
  const dist = new URL("../../dist/", import.meta.url);
  expect(readFileSync(new URL("cookie.LICENSE", dist), "utf8")).toContain("MIT License");
  expect(readFileSync(new URL("index.js", dist), "utf8")).not.toMatch(/from ?"cookie"/);
});

test("the raw module has no imports, a fixed memory, and is small", () => {
  const bytes = readFileSync(createRequire(import.meta.url).resolve("pyrois/parser.wasm"));
  expect(bytes.length).toBeLessThanOrEqual(16384);
  const module = new WebAssembly.Module(bytes);
  expect(WebAssembly.Module.imports(module)).toEqual([]);
  const { exports } = new WebAssembly.Instance(module, {});
  expect((exports.abiVersion as WebAssembly.Global).value).toBe(ABI_VERSION);
  expect(() => (exports.memory as WebAssembly.Memory).grow(1)).toThrow(RangeError);
});
