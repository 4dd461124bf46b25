import { expect, test } from "vitest";
import { App } from "../../src/index.ts";
import { currentRequest, keepRequest } from "../../src/middleware/index.ts";

async function deep(): Promise<string> {
  await new Promise((resolve) => setImmediate(resolve));
  return currentRequest().path;
}

test("each request is found from below, over awaits, however many are at work", async () => {
  const app = new App().use(keepRequest());
  app.get("/{name}", async () => `${currentRequest().params.name} ${await deep()}`);
  const answers = Array.from({ length: 20 }, async (_, index) => (await app.inject({ path: `/${index}` })).text());
  expect(await Promise.all(answers)).toEqual(Array.from({ length: 20 }, (_, index) => `${index} /${index}`));
});

test("a synchronous handler stays so", async () => {
  const app = new App().use(keepRequest()).get("/", () => currentRequest().method);
  expect((await app.inject()).text()).toBe("GET");
});

test("where there is none, it says what to do", async () => {
  expect(currentRequest).toThrow("no request is at work here; have keepRequest() stand around its route");
  const app = new App().on("error", () => {}).get("/", () => currentRequest().path);
  expect((await app.inject()).status).toBe(500);
});
