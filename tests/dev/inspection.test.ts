/** Development mode has the inspector, from the start of the server on. */
import { afterEach, expect, test, vi } from "vitest";
import { App } from "../../src/index.ts";

let app: App;
afterEach(async () => {
  vi.unstubAllEnvs();
  await app.close({ deadline: 0 });
});

async function listen(
  options: { development?: boolean },
  prepare = (_app: App) => {},
): Promise<(path: string) => Promise<Response>> {
  app = new App(options);
  app.get("/", () => "here");
  prepare(app);
  const { url } = await app.listen({ port: 0 });
  return (path) => fetch(new URL(path, url));
}

test("it shows what came since the server started, and not itself", async () => {
  const get = await listen({ development: true });
  await (await get("/")).text();
  expect((await get("/_dev/")).headers.get("content-type")).toBe("text/html; charset=utf-8");
  const { entries } = (await (await get("/_dev/exchanges")).json()) as { entries: { target: string }[] };
  expect(entries.map(({ target }) => target)).toEqual(["/"]);
  const { paths } = (await (await get("/openapi.json")).json()) as { paths: object };
  expect(Object.keys(paths)).toEqual(["/"]);
});

test("it is not there without development, nor in production", async () => {
  expect((await (await listen({}))("/_dev/")).status).toBe(404);
  await app.close();
  vi.stubEnv("NODE_ENV", "production");
  expect((await (await listen({ development: true }))("/_dev/")).status).toBe(404);
});

test("a route of the application's own stays, and a server that starts again has it once", async () => {
  const get = await listen({ development: true }, (own) => own.get("/_dev/", () => "mine"));
  expect(await (await get("/_dev/")).text()).toBe("mine");
  await app.close();
  await listen({ development: true });
  await app.close();
  const { url } = await app.listen({ port: 0 });
  expect((await fetch(new URL("/_dev/", url))).status).toBe(200);
});
