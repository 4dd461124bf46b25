/** A project of somebody else's, with the strictest options and no types of browsers, that uses every entry. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, expect, test } from "vitest";

const root = path.join(import.meta.dirname, "..", "..");
const folder = mkdtempSync(path.join(tmpdir(), "pyrois-consumer-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

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
const OPTIONS = {
  compilerOptions: {
    target: "es2022",
    module: "nodenext",
    lib: ["es2023"],
    types: ["node"],
    outDir: "out",
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    skipLibCheck: false,
  },
  include: ["main.ts"],
};

test("its types check, and it runs", () => {
  mkdirSync(path.join(folder, "node_modules", "@types"), { recursive: true });
  symlinkSync(root, path.join(folder, "node_modules", "pyrois"), "junction");
  const types = path.join("node_modules", "@types", "node");
  symlinkSync(path.join(root, types), path.join(folder, types), "junction");
  writeFileSync(path.join(folder, "package.json"), '{"type":"module"}');
  writeFileSync(path.join(folder, "tsconfig.json"), JSON.stringify(OPTIONS));
  writeFileSync(path.join(folder, "main.ts"), MAIN);
  const run = (...args: string[]) => execFileSync(process.execPath, args, { cwd: folder, encoding: "utf8" });
  expect(run(path.join(root, "node_modules/typescript/bin/tsc"), "-p", ".")).toBe("");
  expect(run("out/main.js")).toBe('{"name":"nobody","theme":0}\nhttp://localhost/ / 404\n0 0 function 2000\n');
});
