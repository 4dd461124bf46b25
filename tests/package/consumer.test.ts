/** A project of somebody else's that has the package as it is packed, with the strictest options and no types of browsers. */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { build as esbuild } from "esbuild";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { entries, project } from "../support/packed.ts";

const root = path.join(import.meta.dirname, "..", "..");
const hosts = (program: string) => path.join(root, "tests/hosts/node_modules", program);
const tsc = path.join(root, "node_modules/typescript/bin/tsc");

const MAIN = `
import { App, around, type Handler, HttpError, type HttpRequest, json, type Middleware, toResponse } from "pyrois";
import { Application, type Handler as AnyHandler } from "pyrois/app";
import { sealedCookie, signedCookie } from "pyrois/cookies";
import { fromFetch, toFetch } from "pyrois/fetch";
import { ConnectionGroup, type Transport } from "pyrois/h1";
import { type ParserModule, RequestParser } from "pyrois/parser";

const year = { pattern: /\\d{4}/, parse: (text: string) => Number(text) };
const app = new App({ slashes: "redirect", converters: { year } });
const seen: Middleware = (next) => (request) => next(request);
app.use(seen, around(async (request, next) => {
  const response = toResponse(await next());
  response.headers.set("X-Path", request.path);
  return response;
}));
app.get("/in/{year:year}", ({ params }) => params.year + 1);
app.group("/{tenant}").get("/posts/{slug:slug?}", ({ params }) => \`\${params.tenant} \${params.slug?.length}\`);
async function show(request: HttpRequest<{ id: number }>) {
  return json({ id: request.params.id });
}
app.get("/show/{id:int}", show);
const any: Handler = (request) => {
  if (request.host === null) throw new HttpError(400);
  return request.params.anything;
};
app.get("/any/{x}", any);
app.ws("/chat/{room}", { upgrade: () => ({ user: 1 }), open: (socket) => socket.send(socket.params.room + socket.data.user) });
const group = new ConnectionGroup({
  request: (exchange) => void exchange.respond({ status: 200, contentType: null, fields: null, body: "", trailers: null }),
});

declare module "pyrois" {
  interface RequestState {
    user?: { name: string };
  }
}
const keys = ["a key of at least 32 characters, so"];
const session = sealedCookie<{ user: string }>("session", { keys, maxAge: 60 });
const theme = signedCookie("theme", { keys, secure: false });
app.get("/state", async (request) => {
  request.state.user = { name: (await session.read(request))?.user ?? "nobody" };
  const response = json({ name: request.state.user.name, theme: request.cookies.theme?.length ?? 0 });
  // @ts-expect-error: a property that nobody has declared
  request.state.nothing;
  await theme.write(response, "dark");
  return response.setCookie("a", "b", { maxAge: 1 });
});
console.log((await app.inject({ path: "/state" })).text());
const there = toFetch<[{ address: string }]>(new Application(), { remoteAddress: (_, { address }) => address });
const here: AnyHandler = fromFetch((request, native) => new Response(\`\${request.url} \${native.path}\`));
console.log((await new App({ fallback: here }).inject()).text(), (await there.fetch(new Request("http://a/"), { address: "b" })).status);
const nothing: [Transport?, ParserModule?] = [];
console.log(group.size, nothing.length, typeof RequestParser, (await app.inject({ path: "/in/1999" })).text());
`;
const WANTED = '{"name":"nobody","theme":0}\nhttp://localhost/ / 404\n0 0 function 2000\n';

/** Every entry, each with all its types: what some of them add to the state of requests, main.ts does not know of. */
const ENTRIES = [
  ...[...entries.keys()].map((name, index) => `import * as entry${index} from "${name}";`),
  `console.log([${[...entries.keys()].map((_, index) => `entry${index}`).join(", ")}].map((each) => typeof each).join());`,
].join("\n");

const COMMON = `
import { App } from "pyrois";
import { Parser } from "pyrois/parser";
const app = new App();
app.get("/", () => new Parser().build);
void app.inject().then((response) => console.log(response.text()));
`;

/** What a page could use: all there is of the parser, and no more. */
const PAGE = `
import { RequestParser } from "pyrois/parser";
export const heads = [...new RequestParser().push(new TextEncoder().encode("GET /a HTTP/1.1\\r\\nHost: b\\r\\n\\r\\n"))]
  .flatMap((event) => event.type === "head" ? [event.head.path] : []);
console.log(heads.join());
`;

const OPTIONS = {
  target: "es2022",
  lib: ["es2023"],
  types: ["node"],
  outDir: "out",
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  verbatimModuleSyntax: false,
  skipLibCheck: false,
};

/** Milliseconds that compilers and bundlers may take where others are at work too. */
const PATIENCE = 60_000;

let folder: string;
const write = (name: string, text: string) => writeFileSync(path.join(folder, name), text);
const run = (command: string, ...args: string[]) =>
  execFileSync(command, args, { cwd: folder, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
const node = (...args: string[]) => run(process.execPath, ...args);

/** What the compiler says of some files, which it writes to out/ where it is told to. */
function compile(name: string, options: object, files: readonly string[]): string {
  write(`${name}.json`, JSON.stringify({ compilerOptions: { ...OPTIONS, ...options }, files }));
  try {
    return node(tsc, "-p", `${name}.json`);
  } catch (error) {
    return (error as { stdout: string }).stdout;
  }
}

beforeAll(() => {
  // prom-client stands in types that the entry for it gives.
  folder = project("@types/node", "prom-client");
  write("main.ts", MAIN);
  write("entries.ts", ENTRIES);
  write("common.cts", COMMON);
  write("page.ts", PAGE);
  const files = ["main.ts", "entries.ts", "common.cts", "page.ts"];
  expect(compile("nodenext", { module: "nodenext" }, files)).toBe("");
}, PATIENCE);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("its types check", { timeout: PATIENCE }, () => {
  test("as a bundler resolves them", () => {
    const options = { module: "esnext", moduleResolution: "bundler", noEmit: true };
    expect(compile("bundler", options, ["main.ts", "entries.ts"])).toBe("");
  });

  test("of the parser and of the framework, with no types of Node", () => {
    write(
      "framework.ts",
      ["app", "fetch", "h1"].map((name) => `export * as ${name} from "pyrois/${name}";`).join("\n"),
    );
    const options = { module: "nodenext", types: [], lib: ["es2023", "dom"], noEmit: true };
    expect(compile("pure", options, ["page.ts", "framework.ts"])).toBe("");
  });

  test("and are more than any", () => {
    write(
      "wrong.ts",
      'import { App } from "pyrois"; new App({ nothing: 1 }); new App().get("/", ({ params }) => params.x);',
    );
    const said = compile("wrong", { module: "nodenext", noEmit: true }, ["wrong.ts"]);
    expect(said.match(/error TS\d+/g)).toEqual(["error TS2353", "error TS2339"]);
  });
});

test("it runs", () => {
  expect(node("out/main.js")).toBe(WANTED);
  expect(node("out/entries.js")).toBe(`${Array(entries.size).fill("object").join()}\n`);
});

test("it runs as CommonJS", () => {
  expect(readFileSync(path.join(folder, "out/common.cjs"), "utf8")).toContain('require("pyrois")');
  expect(node("out/common.cjs")).toBe("simd\n");
});

const HOSTS = [
  ...["22", "24", "26"].map((version) => ({ program: `node${version}/bin/node`, args: [] })),
  { program: ".bin/bun", args: [] },
  { program: ".bin/deno", args: ["run", "--no-remote", "-A"] },
];

describe.each(HOSTS)("on $program", ({ program, args }) => {
  test.skipIf(!existsSync(hosts(program)))("it runs, as CommonJS too", () => {
    expect(run(hosts(program), ...args, "out/main.js")).toBe(WANTED);
    expect(run(hosts(program), ...args, "out/common.cjs")).toBe("simd\n");
  });
});

describe("bundled", () => {
  test("by esbuild", async () => {
    const external = ["@fastify/*", "ws"];
    const outfile = path.join(folder, "esbuild.mjs");
    const entryPoints = [path.join(folder, "out/main.js")];
    const { warnings } = await esbuild({
      entryPoints,
      outfile,
      external,
      bundle: true,
      platform: "node",
      format: "esm",
      minify: true,
      logOverride: { "ignored-bare-import": "silent" },
    });
    expect(warnings).toEqual([]);
    expect(node("esbuild.mjs")).toBe(WANTED);
  });

  test("by Vite, for Node", { timeout: PATIENCE }, async () => {
    const { build } = await import("vite");
    const input = path.join(folder, "out/main.js");
    await build({
      root: folder,
      configFile: false,
      logLevel: "error",
      ssr: { noExternal: ["pyrois"] },
      build: { ssr: input, outDir: "vite-node", emptyOutDir: false },
    });
    expect(readFileSync(path.join(folder, "vite-node/main.js"), "utf8")).not.toMatch(/from\s*"pyrois/);
    expect(node("vite-node/main.js")).toBe(WANTED);
  });

  test("by Vite, the parser for pages", { timeout: PATIENCE }, async () => {
    const { build } = await import("vite");
    const lib = { entry: path.join(folder, "out/page.js"), formats: ["es" as const], fileName: "page" };
    await build({ root: folder, configFile: false, logLevel: "error", build: { lib, outDir: "vite-page" } });
    const code = readFileSync(path.join(folder, "vite-page/page.js"), "utf8");
    expect(code).not.toMatch(/\b(?:import|require)\b/);
    expect(node("vite-page/page.js")).toBe("/a\n");
  });
});
