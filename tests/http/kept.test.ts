/** What requests carry beside what came: state, the parts of their server, and how they show themselves. */
import { inspect } from "node:util";
import { expect, test } from "vitest";
import { App, type HttpRequest } from "../../src/index.ts";

const SECRETS = { Authorization: "Basic x", Cookie: "a=secret", "Proxy-Authorization": "Bearer secret" };

/** A request that was answered, and what a function made of it before. */
async function during<T>(work: (request: HttpRequest) => T, app = new App()): Promise<[T, HttpRequest]> {
  let seen: [T, HttpRequest] | undefined;
  app.get("/at/{id:int}", async (request) => {
    seen = [work(request), request];
    return null;
  });
  const headers = { ...SECRETS, "X-A": "1" };
  expect((await app.inject({ path: "/at/7?q=1", headers })).status).toBe(204);
  if (seen === undefined) throw new Error("the handler was not called");
  return seen;
}

test("state is one record without a prototype, and outlasts the exchange", async () => {
  const [state, request] = await during(({ state }) => Object.assign(state, { user: "x" }));
  expect(request.done).toBe(true);
  expect([request.state === state, Object.getPrototypeOf(state), { ...state }]).toEqual([true, null, { user: "x" }]);
  const [other] = await during((request) => request.state);
  expect(Object.keys(other)).toEqual([]);
});

test("log is the server's, until another is put in its place", async () => {
  const other = { debug() {}, info() {}, warn() {}, error() {} };
  const [logs] = await during((request) => {
    const before = request.log;
    request.log = other;
    return [before, request.log];
  });
  expect(logs).toEqual([console, other]);
  const [next] = await during((request) => request.log);
  expect(next).toBe(console);
});

test("cookies can no more be read once it is over, though they were before", async () => {
  const [cookies, request] = await during((request) => request.cookies);
  expect(cookies.a).toBe("secret");
  expect(() => request.cookies).toThrow("no longer valid");
});

test("render answers with HTML of the engine", async () => {
  const engine = { render: async (name: string, values?: object) => `${name} ${JSON.stringify(values)}` };
  const app = new App({ engine });
  app.get("/", (request) => request.render("page", { a: 1 }));
  const response = await app.inject();
  expect([response.headers.get("content-type"), response.text()]).toEqual(["text/html; charset=utf-8", 'page {"a":1}']);
});

test("submitTask has the orchestrator do it", async () => {
  const orchestrator = { submit: async (task: unknown, ...values: unknown[]) => ({ task, values }) };
  const app = new App({ orchestrator });
  app.get("/", async (request) => (await request.submitTask("work", 1, 2)) as object);
  expect((await app.inject()).json()).toEqual({ task: "work", values: [1, 2] });
});

test("without an engine or an orchestrator both say how to give one", async () => {
  const [all] = await during((request) => Promise.allSettled([request.render("x"), request.submitTask("x")]));
  expect((await all).map((each) => each.status === "rejected" && each.reason.message)).toEqual([
    "there is no engine to render with: give one, as new App({ engine })",
    "there is no orchestrator to submit tasks to: give one, as new App({ orchestrator })",
  ]);
});

test("toJSON is the head as plain data, without secrets", async () => {
  const [json, request] = await during((request) => JSON.parse(JSON.stringify(request)));
  expect(json).toEqual({
    ...{ method: "GET", path: "/at/7", query: "q=1", params: { id: 7 } },
    headers: { host: "localhost", "x-a": "1", authorization: "…", cookie: "…", "proxy-authorization": "…" },
  });
  expect(() => request.toJSON()).toThrow("no longer valid");
});

test("a field may be called __proto__", async () => {
  const app = new App();
  app.get("/", (request) => Object.entries(request.toJSON().headers));
  expect((await app.inject({ headers: [["__proto__", "x"]] })).json()).toContainEqual(["__proto__", "x"]);
});

test("a console shows the head without secrets, and says when it is over", async () => {
  const [[shown, deep], request] = await during((request) => [
    inspect(request),
    inspect({ a: { b: request } }, { depth: 1 }),
  ]);
  expect(shown).toMatch(/^HttpRequest \{\s+method: 'GET',\s+path: '\/at\/7'/);
  expect(shown).toContain("id: 7");
  expect(shown).toContain("authorization: '…'");
  expect(shown).not.toContain("secret");
  expect(deep).toBe("{ a: { b: [HttpRequest] } }");
  expect(inspect(request)).toBe("HttpRequest (answered)");
});
