/** Names of requests: where they come from, and where they are told. */
import { describe, expect, test } from "vitest";
import { App, HttpError, type Logger, NotFoundError } from "../../src/index.ts";
import { type RequestIdOptions, requestId } from "../../src/middleware/index.ts";
import { createLogger } from "../../src/services/logger.ts";

const UUID = /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/;

function serve(options: RequestIdOptions = {}, logger: Logger = console): App {
  const ids = requestId(options);
  const app = new App({ logger }).use(ids).on("response", ids.echo);
  app.on("error", () => {});
  app.get("/", ({ state }) => state.id ?? "none");
  app.get("/later", async ({ state }) => ({ id: state.id }));
  app.get("/throws", () => {
    throw new Error("inside");
  });
  app.get("/refused", () => Promise.reject(new HttpError(418)));
  return app;
}

test("a handler knows the name, and the response says it, whenever it comes", async () => {
  const app = serve();
  const first = await app.inject();
  expect(first.text()).toMatch(UUID);
  expect(first.headers.getAll("x-request-id")).toEqual([first.text()]);
  const later = await app.inject({ path: "/later" });
  expect(later.json()).toEqual({ id: later.headers.get("X-Request-Id") });
  expect(later.headers.get("X-Request-Id")).not.toBe(first.text());
});

test.each(["/throws", "/refused", "/nowhere"])("the response of an error says it: %s", async (path) => {
  expect((await serve().inject({ path })).headers.get("x-request-id")).toMatch(UUID);
});

test("without the hook, what is thrown passes by", async () => {
  const app = new App().use(requestId());
  app.get("/", () => "");
  expect((await app.inject()).headers.has("x-request-id")).toBe(true);
  expect((await app.inject({ path: "/nowhere" })).headers.has("x-request-id")).toBe(false);
});

test("where all is synchronous it stays so", () => {
  const handler = requestId()(() => "x");
  const request = { state: {}, log: console, headers: new Map() };
  expect(handler(request as never)).not.toBeInstanceOf(Promise);
});

describe("a name that a request brings", () => {
  const bring = async (id: string, options?: RequestIdOptions) =>
    (await serve(options).inject({ headers: { "X-Request-Id": id } })).text();

  test("is not taken, unless it is trusted", async () => {
    expect(await bring("abc")).toMatch(UUID);
    expect(await bring("abc", { trust: true })).toBe("abc");
  });

  test("is replaced where it is too long, or could forge a line", async () => {
    const longest = "a".repeat(128);
    expect(await bring(longest, { trust: true })).toBe(longest);
    expect(await bring(`${longest}a`, { trust: true })).toMatch(UUID);
    expect(await bring("ab", { trust: true, maxLength: 2 })).toBe("ab");
    expect(await bring("abc", { trust: true, maxLength: 2 })).toMatch(UUID);
    for (const id of ["", "a b", 'a"b', "a\tb", "a,b", "ä"]) expect(await bring(id, { trust: true })).toMatch(UUID);
    expect(await bring("Az09_-.:+/=@~", { trust: true })).toBe("Az09_-.:+/=@~");
  });
});

test("the field and its maker may be one's own", async () => {
  let count = 0;
  const app = serve({ header: "X-Trace", generate: ({ path }) => `${path}${++count}` });
  const response = await app.inject();
  expect([response.text(), response.headers.get("x-trace"), count]).toEqual(["/1", "/1", 1]);
});

test("around an application and a group it is one name", async () => {
  let count = 0;
  const ids = requestId({ generate: () => `n${++count}` });
  const app = new App().use(ids);
  app.group("/a", { middleware: [ids] }).get("/b", ({ state }) => state.id ?? "");
  expect((await app.inject({ path: "/a/b" })).text()).toBe("n1");
});

describe("request.log", () => {
  test("is a child with the name, of that request alone", async () => {
    const lines: Record<string, unknown>[] = [];
    const stream = { write: (line: string) => void lines.push(JSON.parse(line)) };
    const logger = await createLogger({ console: false, stream });
    const app = serve({}, logger);
    app.get("/log", async (request) => {
      request.log.info("before");
      await Promise.resolve();
      request.log.error(new NotFoundError());
      return request.state.id ?? "";
    });
    const ids = await Promise.all([1, 2].map(async () => (await app.inject({ path: "/log" })).text()));
    for (const id of ids)
      expect(lines.filter((line) => line.id === id).map(({ level }) => level)).toEqual(["info", "error"]);
    app.environment.logger.info("nobody's");
    expect(lines.at(-1)).not.toHaveProperty("id");
  });

  test("names the request where a logger has no children", async () => {
    const calls: unknown[][] = [];
    const take =
      (level: string) =>
      (...values: unknown[]) =>
        void calls.push([level, ...values]);
    const logger = { debug: take("debug"), info: take("info"), warn: take("warn"), error: take("error") };
    const app = serve({ generate: () => "n1" }, logger);
    app.get("/log", ({ log }) => {
      for (const level of ["debug", "info", "warn", "error"] as const) log[level]("text", 7);
      return "";
    });
    await app.inject({ path: "/log" });
    expect(calls).toEqual(["debug", "info", "warn", "error"].map((level) => [level, "[n1]", "text", 7]));
  });
});

test.each<[options: object, says: string]>([
  [{ header: "X Id" }, 'header is the name of a field, not "X Id"'],
  [{ maxLength: 0 }, "maxLength must be at least 1 character"],
  [{ generate: "x" }, "generate is a function"],
])("%j is refused", (options, says) => {
  expect(() => requestId(options)).toThrow(says);
});
