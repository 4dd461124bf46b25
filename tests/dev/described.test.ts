/** All that stands around handlers says what it is. */
import { expect, test } from "vitest";
import { App, around, described, descriptionOf, json, Router } from "../../src/index.ts";
import * as middleware from "../../src/middleware/index.ts";
import { cached } from "../../src/services/cache.ts";
import { events } from "../../src/services/events.ts";
import { session } from "../../src/services/session.ts";
import { staticFiles } from "../../src/services/static.ts";

const KEYS = ["Zt7oWcD3mR9sLq1xPv5kYb8nHf2jGu4eAi6w"];

/** What makes middleware and hooks, with what it needs. */
const MADE: Readonly<Record<string, () => object>> = {
  basicAuth: () => middleware.basicAuth({ users: {}, realm: "r" }),
  bearerAuth: () => middleware.bearerAuth({ tokens: {}, realm: "r" }),
  bodyLimit: () => middleware.bodyLimit(1),
  cacheControl: () => middleware.cacheControl({ maxAge: 1 }),
  compression: () => middleware.compression(),
  concurrencyLimit: () => middleware.concurrencyLimit({ max: 1 }),
  cors: () => middleware.cors({ origins: "*" }),
  csrf: () => middleware.csrf({ field: "f" }),
  decompression: () => middleware.decompression({ maxSize: 1 }),
  etag: () => middleware.etag(),
  globalHeaders: () => middleware.globalHeaders({ A: "1" }),
  keepRequest: () => middleware.keepRequest(),
  rateLimit: () => middleware.rateLimit({ limit: 1, window: 1 }),
  requestId: () => middleware.requestId({ maxLength: 9 }),
  securityHeaders: () => middleware.securityHeaders({ frameOptions: "DENY" }),
  serverTiming: () => middleware.serverTiming({ total: "t" }),
  timeout: () => middleware.timeout(1),
  trustedProxies: () => middleware.trustedProxies(["loopback"]),
};

/** What of the same entry makes no middleware. */
const OTHERS = ["cacheControlValue", "currentRequest"];

test("every middleware is tried", () => {
  const names = Object.keys(middleware).filter((name) => /^[a-z]/.test(name) && !OTHERS.includes(name));
  expect(names.sort()).toEqual(Object.keys(MADE).sort());
});

test.each(Object.entries(MADE))("%s", (name, make) => {
  expect(descriptionOf(make())?.name).toBe(name);
});

test("options have their defaults, and those that were given", () => {
  const optionsOf = (it: object) => descriptionOf(it)?.options;
  expect(optionsOf(MADE.bodyLimit())).toEqual({ maxBodySize: 1 });
  expect(optionsOf(MADE.cors())).toMatchObject({ origins: "*", credentials: false, maxAge: 600 });
  expect(optionsOf(MADE.rateLimit())).toMatchObject({ limit: 1, window: 1, algorithm: "sliding" });
  expect(optionsOf(MADE.requestId())).toEqual({ header: "X-Request-Id", trust: false, maxLength: 9 });
  expect(optionsOf(MADE.timeout())).toMatchObject({ time: 1 });
  expect(optionsOf(session({ keys: KEYS }))).toMatchObject({
    name: "session",
    stored: false,
    keys: [{ size: 36, known: false }],
  });
  expect(descriptionOf(cached())?.name).toBe("cached");
});

test("handlers, and applications too", () => {
  const app = new App({ development: true });
  app.ws("/ws", {}, { origins: ["https://a.example"] });
  app.include(staticFiles("tests"), { prefix: "/static" });
  app.get(
    "/events",
    events(async function* () {}),
  );
  app.get("/plain", () => json(1));
  const names = app.routes.map(({ handler }) => descriptionOf(handler)?.name);
  expect(names).toEqual(["webSocket", "staticFiles", "staticFiles", "events", undefined]);
  expect(descriptionOf(app)).toMatchObject({ name: "application", options: { development: true, maxParts: 100 } });
});

test("layers are those of a route from the outside in, and copies", () => {
  const named = (name: string) =>
    described(
      around((_, next) => next()),
      name,
      { a: 1 },
    );
  const app = new App().use(named("app"));
  const router = new Router().use(named("router"));
  router.get("/", () => null, { middleware: [named("route")] });
  app.group("/a", { middleware: [named("group")] }).include(router);
  const [route] = app.routes;
  const names = () => app.layersOf(route).flatMap((layer) => layer.middleware.map((each) => descriptionOf(each)?.name));
  expect(names()).toEqual(["app", "group", "router", "route"]);
  app.layersOf(route)[0].middleware.length = 0;
  expect(names().length).toBe(4);
  expect(app.layersOf().length).toBe(1);
  expect(descriptionOf(named("x"))).toEqual({ name: "x", options: { a: 1 } });
  expect(descriptionOf(() => null)).toBe(undefined);
});
