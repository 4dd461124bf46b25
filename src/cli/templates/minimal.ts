import type { Template } from "./index.ts";

const APP = `import { App } from "pyrois";

export const app = new App();

app.get("/", () => "Hello, World!");
app.get("/hello/{name}", ({ params }) => \`Hello, \${params.name}!\`);
`;

const TEST = `import assert from "node:assert/strict";
import { test } from "node:test";
import { app } from "../src/app.ts";

test("it says hello", async () => {
  const response = await app.inject({ path: "/hello/you" });
  assert.deepEqual([response.status, response.text()], [200, "Hello, you!"]);
});

test("what is not there is a 404", async () => {
  assert.equal((await app.inject({ path: "/nowhere" })).status, 404);
});
`;

/** Two routes and two tests. */
export const minimal: Template = {
  summary: "an application of two routes",
  files: { "src/app.ts": APP, "tests/app.test.ts": TEST },
};
