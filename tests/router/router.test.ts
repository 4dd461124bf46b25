import { describe, expect, test } from "vitest";
import { PathRouter } from "../../src/router/index.ts";

const router = new PathRouter<string>();
for (const [method, pattern] of [
  ["GET", "/"],
  ["GET", "/users"],
  ["POST", "/users"],
  ["GET", "/users/{id}"],
  ["GET", "/users/me"],
  ["GET", "/users/{id}/posts/{post}"],
  ["PUT", "/users/me/name"],
  ["*", "/any/{what}"],
]) {
  router.add(method, pattern, `${method} ${pattern}`);
}

describe("find", () => {
  test.each([
    ["GET", "/", "GET /", null],
    ["HEAD", "/", "GET /", null],
    ["POST", "/users", "POST /users", null],
    ["GET", "/users/7", "GET /users/{id}", { id: "7" }],
    ["HEAD", "/users/7", "GET /users/{id}", { id: "7" }],
    ["GET", "/users/me", "GET /users/me", null],
    ["GET", "/users/a%20b", "GET /users/{id}", { id: "a b" }],
    ["GET", "/users/1/posts/2", "GET /users/{id}/posts/{post}", { id: "1", post: "2" }],
    ["GET", "/users/me/posts/2", "GET /users/{id}/posts/{post}", { id: "me", post: "2" }],
    ["PURGE", "/any/thing", "* /any/{what}", { what: "thing" }],
  ])("%s %s", (method, path, value, params) => {
    const found = router.find(method, path);
    if (found.kind !== "found") throw new Error(found.kind);
    expect(found.value).toBe(value);
    if (params === null) expect(Object.keys(found.params ?? {})).toEqual([]);
    else expect({ ...found.params }).toEqual(params);
  });

  test.each(["/nothing", "/users/", "/users//posts/2", "//users", "users", "", "*", "/Users"])(
    "none for %j",
    (path) => {
      expect(router.find("GET", path).kind).toBe("none");
    },
  );

  test.each(["/users/%", "/users/%zz", "/users/%ff", "/users/%c0%ae"])("invalid for %s", (path) => {
    expect(router.find("GET", path).kind).toBe("invalid");
  });

  test("names the methods of a path that has not this one", () => {
    expect(router.find("DELETE", "/users")).toEqual({ kind: "method", allowed: ["GET", "HEAD", "POST"] });
    expect(router.find("GET", "/users/me/name")).toEqual({ kind: "method", allowed: ["PUT"] });
  });

  test("names of parameters cannot reach a prototype", () => {
    const own = new PathRouter<string>();
    own.add("GET", "/{__proto__}", "x");
    const found = own.find("GET", "/polluted");
    const params = found.kind === "found" ? (found.params ?? {}) : {};
    expect(Object.keys(params)).toEqual(["__proto__"]);
    expect("toString" in params).toBe(false);
  });
});

describe("add", () => {
  test.each(["/files/*", "/*", "/*/x"])("refuses a wildcard of others, %j, and says what ours is", (pattern) => {
    const message = `"*" is no wildcard, the rest of a path is {name:path}, in GET ${pattern}`;
    expect(() => new PathRouter().add("GET", pattern, null)).toThrow(new TypeError(message));
    expect(() => new PathRouter().add("GET", "/a*/{star:re(\\*)}", null)).not.toThrow();
  });

  test.each(["", "users", "/{}", "/{1a}", "/{a", "/a}", "/{a}/{a}"])("refuses the path %j", (pattern) => {
    expect(() => new PathRouter().add("GET", pattern, null)).toThrow(TypeError);
  });

  test("refuses a route that is taken, and names both", () => {
    expect(() => router.add("GET", "/users/{name}", "again")).toThrow("GET /users/{name} is taken by GET /users/{id}");
  });
});
