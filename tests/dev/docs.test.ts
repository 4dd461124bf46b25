/** The page of the routes in a real browser, and where Swagger UI is missing. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { App, type Server } from "../../src/index.ts";
import { browser, evaluateInPage } from "../support/browser.ts";

describe("with Swagger UI", () => {
  const asked: string[] = [];
  const app = new App({ development: true });
  app.get("/users/{id:int}", ({ params }) => ({ id: params.id }), { doc: { summary: "A user" } });
  app.post(
    "/users",
    ({ valid }) => {
      asked.push(valid.body.name);
      return { made: valid.body.name };
    },
    { schema: { body: z.object({ name: z.string().default("Ada") }) }, doc: { summary: "Makes a user" } },
  );
  let server: Server;
  beforeAll(async () => {
    server = await app.listen({ port: 0 });
  });
  afterAll(() => app.close({ deadline: 0 }));

  /** Opens the operation that makes a user, has it executed, and gives what is shown then. */
  const EXECUTE = `document.readyState !== "complete" ? null : (async () => {
    const found = (selector) => new Promise((resolve) => {
      const look = () => {
        const element = document.querySelector(selector);
        if (element === null) return;
        observer.disconnect();
        resolve(element);
      };
      const observer = new MutationObserver(look);
      observer.observe(document, { subtree: true, childList: true, attributes: true });
      look();
    });
    const block = "#operations-default-postUsers ";
    for (const selector of [".opblock-summary-control", ".try-out__btn", ".execute"]) {
      (await found(block + selector)).click();
    }
    const answers = block + ".live-responses-table tbody ";
    return {
      answer: (await found(answers + ".response-col_description .highlight-code")).innerText,
      status: (await found(answers + ".response-col_status")).innerText.trim(),
      operations: document.querySelectorAll(".opblock").length,
      styled: getComputedStyle(document.querySelector(block + ".opblock-summary-method")).backgroundColor,
    };
  })()`;

  test.runIf(browser)(
    "shows the routes and calls them, and the browser has nothing to complain of",
    async () => {
      const complaints: string[] = [];
      const shown = await evaluateInPage(`${server.url}docs`, EXECUTE, complaints);
      expect(complaints).toEqual([]);
      const answer = expect.stringContaining('"made": "Ada"');
      expect(shown).toEqual({ answer, status: "200", operations: 2, styled: "rgb(73, 204, 144)" });
      expect(asked).toEqual(["Ada"]);
    },
    60_000,
  );

  test("the page, its script and its files are served under a policy without exceptions", async () => {
    for (const [file, type] of [
      ["", "text/html; charset=utf-8"],
      ["/start.js", "text/javascript; charset=utf-8"],
      ["/ui/swagger-ui-bundle.js", "text/javascript; charset=utf-8"],
    ]) {
      const answer = await app.inject({ path: `/docs${file}` });
      expect([answer.status, answer.headers.get("content-type")]).toEqual([200, type]);
      expect(answer.headers.get("content-security-policy")).not.toMatch(/unsafe|\*|http/);
      expect(answer.headers.get("content-security-policy")).toContain("frame-ancestors 'none'");
      expect(answer.headers.get("x-frame-options")).toBe("DENY");
    }
    const slash = await app.inject({ path: "/docs/" });
    expect([slash.status, slash.headers.get("location")]).toEqual([308, "/docs"]);
    for (const file of ["/ui/", "/ui/../package.json", "/ui/nothing.js"]) {
      expect((await app.inject({ path: `/docs${file}` })).status).toBe(404);
    }
  });
});

test("without Swagger UI there is a plain page that says how to get it", async () => {
  const folder = mkdtempSync(path.join(tmpdir(), "pyrois-docs-"));
  try {
    const entry = path.join(import.meta.dirname, "..", "..", "src", "index.ts");
    const options = { bundle: true, splitting: true, format: "esm", platform: "node", logLevel: "error" } as const;
    await build({ ...options, entryPoints: [entry], outdir: folder, outExtension: { ".js": ".mjs" } });
    const script = `
      import { App } from "./index.mjs";
      const app = new App({ development: true });
      const doc = { summary: "<b>A user</b>", description: "Of a team", deprecated: true };
      app.get("/users/{id:int}", () => null, { doc });
      app.post("/users", ({ body }) => null, { maxBodySize: 5 });
      const page = await app.inject({ path: "/docs" });
      const style = await app.inject({ path: "/docs/style.css" });
      console.log(page.status, style.status, style.headers.get("content-type"));
      console.log(page.text());`;
    writeFileSync(path.join(folder, "run.mjs"), script);
    const said = execFileSync(process.execPath, ["run.mjs"], { encoding: "utf8", cwd: folder });
    expect(said.split("\n")[0]).toBe("200 200 text/css; charset=utf-8");
    for (const part of [
      "npm install --save-dev swagger-ui-dist",
      '<link rel="stylesheet" href="docs/style.css">',
      "<h2><del><b>GET</b> /users/{id}</del></h2>\n<p>&lt;b&gt;A user&lt;/b&gt;</p>\n<p>Of a team</p>",
      "<tr><td><code>id</code><td>path<td><code>{&quot;type&quot;:&quot;integer&quot;}</code><td>",
      "<h2><b>POST</b> /users</h2>",
      "At most 5 bytes.",
    ]) {
      expect(said).toContain(part);
    }
    expect(said).not.toMatch(/<script|<style|style=/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
