/** What an application serves in development beside its own routes, to whom, and that it is away otherwise. */
import path from "node:path";
import { build } from "esbuild";
import { describe, expect, test } from "vitest";
import { openApi } from "../../src/dev/openapi.ts";
import { App, Router, ServerBuilder } from "../../src/index.ts";
import { cors } from "../../src/middleware/index.ts";

const PAGES = ["/openapi", "/openapi.json", "/docs"];
const ask = async (app: App, path: string, headers: Record<string, string> = {}) => app.inject({ path, headers });
const statuses = async (app: App) => Promise.all(PAGES.map(async (page) => (await ask(app, page)).status));

describe("in development", () => {
  const app = new App({ development: true });
  app.get("/a", () => "a");

  test("the document is served as JSON, and follows the routes", async () => {
    for (const page of ["/openapi", "/openapi.json"]) {
      const answer = await ask(app, page);
      expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "application/json"]);
      expect(answer.json()).toEqual(JSON.parse(JSON.stringify(openApi(app))));
    }
    app.get("/later", () => "b");
    expect((await ask(app, "/openapi")).json()).toHaveProperty("paths./later");
    app.remove("/later");
    expect((await ask(app, "/openapi")).json()).not.toHaveProperty("paths./later");
  });

  test("the pages are no routes, and not in the document", async () => {
    expect(app.routes.map(({ pattern }) => pattern)).toEqual(["/a"]);
    expect(Object.keys(openApi(app).paths)).toEqual(["/a"]);
    expect(app.allowedMethods("/docs")).toEqual([]);
  });

  test("only GET and HEAD come there", async () => {
    const head = await app.inject({ method: "HEAD", path: "/openapi" });
    expect([head.status, head.text()]).toEqual([200, ""]);
    expect((await app.inject({ method: "POST", path: "/openapi" })).status).toBe(404);
  });

  test("all other paths are as they were", async () => {
    for (const other of ["/doc", "/docsy", "/openapi.yaml", "/"]) expect((await ask(app, other)).status).toBe(404);
    expect((await ask(app, "/a")).text()).toBe("a");
  });

  test("a server that was built has them as well", async () => {
    const builder = new ServerBuilder()
      .withRouter(new Router().get("/a", () => "a"))
      .withPort(0)
      .withLogger(console);
    const server = await builder.withDevelopmentMode(true).build().start();
    const answer = await fetch(`${server.url}openapi.json`);
    expect([answer.status, Object.keys((await answer.json()).paths)]).toEqual([200, ["/a"]]);
    await server.stop({ deadline: 0 });
  });
});

describe("a route of one's own", () => {
  test("wins at such a path, whenever it is registered", async () => {
    const app = new App({ development: true });
    expect(await statuses(app)).toEqual([200, 200, 200]);
    for (const page of PAGES) app.get(page, () => `mine of ${page}`);
    app.get("/docs/{page}", ({ params }) => params.page);
    for (const page of PAGES) expect((await ask(app, page)).text()).toBe(`mine of ${page}`);
    expect((await ask(app, "/docs/start.js")).text()).toBe("start.js");
    app.remove("/openapi");
    expect((await ask(app, "/openapi")).json()).toHaveProperty("openapi");
  });

  test("wins in whatever case it is written, where that does not count", async () => {
    const app = new App({ development: true, caseSensitive: false }).get("/Docs", () => "mine");
    expect((await ask(app, "/docs")).text()).toBe("mine");
  });

  test("does not where it merely matches, as the files of a folder do", async () => {
    const app = new App({ development: true });
    app.get("/{file:path}", ({ params }) => params.file);
    app.route("/{name}", ({ params }) => `put ${params.name}`, { methods: ["PUT"] });
    expect(await statuses(app)).toEqual([200, 200, 200]);
    expect((await ask(app, "/docsy")).text()).toBe("docsy");
    expect((await app.inject({ method: "PUT", path: "/docs" })).text()).toBe("put docs");
  });

  test("is served without a promise where it needs none", () => {
    const app = new App({ development: true });
    const seen: unknown[] = [];
    app.use((next) => (request) => {
      seen.push(next(request));
      return seen[0] as string;
    });
    app.get("/{name}", ({ params }) => params.name);
    return app.inject({ path: "/x" }).then(() => expect(seen).toEqual(["x"]));
  });
});

describe("nobody else gets it:", () => {
  const app = new App({ development: true }).use(cors({ origins: "*" }));
  const own = { Host: "127.0.0.1:8080" };

  test.each(["localhost", "localhost:8080", "app.localhost", "127.0.0.1:1", "[::1]:8080", "192.168.1.5", "LOCALHOST"])(
    "%s is a host of one's own",
    async (Host) => {
      expect((await ask(app, "/openapi", { Host })).status).toBe(200);
    },
  );

  test.each(["evil.example", "localhost.evil.example", "127.0.0.1.nip.io", "notlocalhost", "evil.example:8080"])(
    "%s may be another's",
    async (Host) => {
      for (const page of PAGES) {
        const answer = await ask(app, page, { Host });
        expect(answer.status).toBe(403);
        expect(answer.text()).toBe(
          "the pages of development are at localhost, or at an address: no name is trusted here\n",
        );
      }
    },
  );

  test.each([
    [{ "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors" }, 403],
    [{ "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors" }, 403],
    [{ "Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "cors" }, 403],
    [{ "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document" }, 200],
    [{ "Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors" }, 200],
    [{ "Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document" }, 200],
    [{ Origin: "http://evil.example" }, 403],
    [{ Origin: "null" }, 403],
    [{ Origin: "http://127.0.0.1:8081" }, 403],
    [{ Origin: "http://127.0.0.1:8080" }, 200],
  ])("%j gets %i", async (headers, status) => {
    for (const page of PAGES) expect((await ask(app, page, { ...own, ...headers })).status).toBe(status);
  });

  test("fields of all answers, errors too, have browsers keep it from others", async () => {
    for (const [page, headers] of [
      ["/openapi", own],
      ["/docs", own],
      ["/docs/nothing", own],
      ["/openapi", { Host: "evil.example" }],
    ] as const) {
      const { headers: fields } = await ask(new App({ development: true }), page, headers);
      expect(fields.get("cross-origin-resource-policy")).toBe("same-origin");
      expect(fields.get("x-frame-options")).toBe("DENY");
      expect(fields.get("content-security-policy")).toContain("default-src 'none'");
      expect(fields.get("cache-control")).toBe("no-store");
      expect(fields.get("access-control-allow-origin")).toBeNull();
    }
  });
});

describe("otherwise", () => {
  test("there is nothing at these paths", async () => {
    for (const options of [{}, { development: false }])
      expect(await statuses(new App(options))).toEqual([404, 404, 404]);
  });

  test("and nothing of it is loaded with the rest", async () => {
    const entry = path.join(import.meta.dirname, "..", "..", "src", "index.ts");
    const options = { bundle: true, splitting: true, format: "esm", platform: "node", packages: "external" } as const;
    const { metafile } = await build({ ...options, entryPoints: [entry], outdir: "/", write: false, metafile: true });
    const first = Object.keys(metafile.outputs).find((file) => metafile.outputs[file].entryPoint === "src/index.ts");
    const loaded = new Set([first ?? ""]);
    // What is added is visited as well.
    for (const file of loaded) {
      const imports = metafile.outputs[file].imports.filter(
        ({ kind, external }) => kind === "import-statement" && !external,
      );
      for (const { path } of imports) loaded.add(path);
    }
    const isDev = (file: string) => file.startsWith("src/dev/");
    expect(Object.keys(metafile.inputs).some(isDev)).toBe(true);
    expect([...loaded].flatMap((file) => Object.keys(metafile.outputs[file].inputs)).filter(isDev)).toEqual([]);
  });
});
