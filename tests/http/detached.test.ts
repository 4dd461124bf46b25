/** Requests that outlast their exchange. */
import { expect, test } from "vitest";
import { App, type HttpRequest } from "../../src/index.ts";

declare module "../../src/http/state.ts" {
  interface RequestState {
    detachedUser?: string;
  }
}

test("a detached request has head, parameters, state and log, and no content, when the other is over", async () => {
  let detached: HttpRequest | undefined;
  let original: HttpRequest | undefined;
  const app = new App();
  app.post("/{id:int}", async (request) => {
    request.state.detachedUser = "ada";
    original = request;
    detached = request.detach();
    return request.text();
  });
  const headers = { "X-A": "b", Cookie: "c=d" };
  expect((await app.inject({ method: "POST", path: "/7?q=1", body: "text", headers })).text()).toBe("text");
  // What is parsed meanwhile is not seen.
  await app.inject({ path: "/another", headers: { "X-A": "other" } });
  expect(() => original?.method).toThrow("its exchange is over");
  const { method, path, query, params, state, cookies, log, done, remoteAddress } = detached as HttpRequest;
  expect([method, path, query, params.id, state.detachedUser, cookies.c]).toEqual(["POST", "/7", "q=1", 7, "ada", "d"]);
  expect([log, done, remoteAddress, detached?.headers.get("x-a")]).toEqual([console, false, "127.0.0.1", "b"]);
  expect([await detached?.text(), await detached?.parse()]).toEqual(["", null]);
  expect(() => original?.detach()).toThrow("its exchange is over");
});

test("detached while the head still lies where the next one is read", async () => {
  const kept: HttpRequest[] = [];
  const app = new App();
  app.get("/{name}", (request) => {
    kept.push(request.detach());
    return request.path;
  });
  for (const path of ["/a", "/b"]) expect((await app.inject({ path })).text()).toBe(path);
  expect(kept.map(({ path, params }) => [path, params.name])).toEqual([
    ["/a", "a"],
    ["/b", "b"],
  ]);
});
