import * as v from "valibot";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { App, HttpResponse, json, type Schema, ValidationError } from "../../src/index.ts";

const User = z.object({ name: z.string().min(1), age: z.number().int().optional() });

describe.each([
  ["zod", User],
  ["valibot", v.object({ name: v.pipe(v.string(), v.minLength(1)), age: v.optional(v.pipe(v.number(), v.integer())) })],
] as const)("a body with a schema of %s", (_, body) => {
  const app = new App();
  app.post("/", (request) => ({ hello: request.valid.body.name }), { schema: { body } });

  test("is what the schema makes of it", async () => {
    const { status, json } = await app.inject({ method: "POST", body: { name: "Ada", extra: 1 } });
    expect([status, json()]).toEqual([200, { hello: "Ada" }]);
  });

  test("that is not valid gets 422, with what is wrong and where", async () => {
    const answer = await app.inject({ method: "POST", body: { name: "", age: 1.5 } });
    expect(answer.status).toBe(422);
    expect(answer.text()).toMatch(/^the request's body is not valid\n\/name: .+\n\/age: .+\n$/);
    const problem = await app.inject({
      method: "POST",
      body: { name: 5 },
      headers: { Accept: "application/problem+json" },
    });
    expect(problem.json()).toMatchObject({
      title: "Unprocessable Content",
      status: 422,
      detail: "the request's body is not valid",
      errors: [{ in: "body", pointer: "#/name", detail: expect.stringContaining("string") }],
    });
  });

  test.each([
    ["no JSON", '{"name"', "application/json", 400],
    ["no content", null, undefined, 422],
    ["text", "name", "text/plain", 415],
    ["bytes", Buffer.from("x"), "application/octet-stream", 415],
    ["JSON of another name", '{"name":"Ada"}', "application/vnd.user+json", 200],
    ["JSON with its charset", '{"name":"Ada"}', "application/json; charset=utf-8", 200],
    ["a form", "name=Ada", "application/x-www-form-urlencoded", 200],
  ])("%s", async (_name, content, type, status) => {
    const headers = type === undefined ? {} : { "Content-Type": type };
    expect((await app.inject({ method: "POST", body: content, headers })).status).toBe(status);
  });
});

describe("schemas", () => {
  test("of params, query and headers", async () => {
    const app = new App();
    const schema = {
      params: z.object({ id: z.number().max(100) }),
      query: z.object({
        page: z.coerce.number().default(1),
        tag: z.union([z.string(), z.array(z.string())]).optional(),
      }),
      headers: z.object({ "x-key": z.string().length(3) }),
    };
    app.get("/users/{id:int}", ({ valid }) => ({ ...valid.params, ...valid.query, key: valid.headers["x-key"] }), {
      schema,
    });
    const ask = (path: string, key = "abc") => app.inject({ path, headers: { "X-Key": key } });
    expect((await ask("/users/7")).json()).toEqual({ id: 7, page: 1, key: "abc" });
    expect((await ask("/users/7?page=2&tag=a&tag=b")).json()).toEqual({ id: 7, page: 2, tag: ["a", "b"], key: "abc" });
    expect((await ask("/users/7?__proto__=1&page=3")).json()).toEqual({ id: 7, page: 3, key: "abc" });
    const wrong = [await ask("/users/101"), await ask("/users/7?page=x"), await ask("/users/7", "no")];
    expect(wrong.map(({ status }) => status)).toEqual([400, 400, 400]);
    expect(wrong.map((answer) => answer.text().split("\n", 2).join(" ").split(":")[0])).toEqual([
      "the request's params is not valid /id",
      "the request's query is not valid /page",
      "the request's headers is not valid /x-key",
    ]);
  });

  test("that take time are awaited, one part after the other", async () => {
    const order: string[] = [];
    const slow = (name: string): Schema => ({
      "~standard": {
        version: 1,
        vendor: "slow",
        validate: async (value) => {
          order.push(name);
          return { value };
        },
      },
    });
    const app = new App();
    app.post("/", () => order.join(" "), {
      schema: { body: slow("body"), query: slow("query"), headers: slow("headers") },
    });
    expect((await app.inject({ method: "POST", body: {} })).text()).toBe("query headers body");
  });

  test("of a synchronous part keep a handler synchronous", async () => {
    const app = new App();
    let handled = false;
    app.get(
      "/",
      () => {
        handled = true;
        return "";
      },
      { schema: { query: z.object({}) } },
    );
    const found = app.find("GET", "/");
    const answer = found.kind === "found" && found.value.handler({ query: "", params: {} } as never);
    expect([answer, handled]).toEqual(["", true]);
  });

  test("of the response send what the schema makes of it, and nothing else", async () => {
    const told: unknown[] = [];
    const app = new App().on("error", (error) => told.push(String(error)));
    const schema = { response: z.object({ name: z.string() }) };
    const user = { name: "Ada", password: "secret" };
    app.get("/user", () => user, { schema });
    app.get("/later", async () => user, { schema });
    app.get("/own", () => json(user, { status: 201 }), { schema });
    app.get("/wrong", () => ({ name: 5 }) as never, { schema });
    expect((await app.inject({ path: "/user" })).json()).toEqual({ name: "Ada" });
    expect((await app.inject({ path: "/later" })).json()).toEqual({ name: "Ada" });
    expect((await app.inject({ path: "/own" })).json()).toEqual(user);
    expect((await app.inject({ path: "/wrong" })).status).toBe(500);
    expect(told).toEqual([expect.stringContaining("the handler's answer is not what its schema says: /name")]);
  });

  test("of the response alone leave nothing valid", async () => {
    const app = new App();
    app.get("/", ({ valid }) => Object.keys(valid).length, { schema: { response: z.number() } });
    expect((await app.inject()).text()).toBe("0");
  });

  test("of the response check what comes later, by whatever kind of promise", async () => {
    const then = (resolve: (value: object) => void) => [resolve({ name: "Ada", password: "secret" })];
    const app = new App();
    app.get("/", () => ({ then }) as never, { schema: { response: z.object({ name: z.string() }) } });
    expect((await app.inject()).json()).toEqual({ name: "Ada" });
  });

  test("that find a thousand things wrong tell twenty", async () => {
    const app = new App();
    app.post("/", () => "", { schema: { body: z.array(z.string()) } });
    const answer = await app.inject({ method: "POST", body: Array.from({ length: 1000 }, (_, index) => index) });
    const lines = answer.text().trimEnd().split("\n");
    expect([lines.length, lines.at(-1)]).toEqual([22, "and 980 more"]);
  });

  test("pointers escape what would be read as a step", async () => {
    const app = new App();
    app.post("/", () => "", { schema: { body: z.object({ "a/b~c": z.object({ d: z.string() }) }) } });
    expect((await app.inject({ method: "POST", body: { "a/b~c": {} } })).text()).toContain("\n/a~1b~0c/d: ");
  });

  test("leave the content as it came beside what they make of it", async () => {
    const app = new App();
    app.post("/", async (request) => `${request.valid.body.name} ${await request.text()}`, { schema: { body: User } });
    expect((await app.inject({ method: "POST", body: { name: "Ada" } })).text()).toBe('Ada {"name":"Ada"}');
  });

  test("are checked within middleware, and their errors can be caught", async () => {
    const app = new App();
    app.catch(ValidationError, ({ part, issues }) => ({ part, at: issues.map(({ pointer }) => pointer) }));
    app.use(
      (next) => (request) => (request.headers.has("x-key") ? next(request) : new HttpResponse("", { status: 401 })),
    );
    app.post("/", () => "", { schema: { body: User } });
    expect((await app.inject({ method: "POST", body: {} })).status).toBe(401);
    const caught = await app.inject({ method: "POST", body: {}, headers: { "X-Key": "1" } });
    expect(caught.json()).toEqual({ part: "body", at: ["/name"] });
  });

  test("that are none, or of no part, are refused at once", () => {
    const route = (schema: object) => () => new App().get("/here", () => "", { schema });
    expect(route({ body: { type: "object" } })).toThrow("the schema body of /here is no Standard Schema");
    expect(route({ response: null })).toThrow("the schema response of /here is no Standard Schema");
    expect(route({ cookies: User })).toThrow("/here has no part cookies for a schema to check");
  });

  test("that throw are answered with 500", async () => {
    const broken: Schema = {
      "~standard": {
        version: 1,
        vendor: "broken",
        validate() {
          throw new Error("broken");
        },
      },
    };
    const told: unknown[] = [];
    const app = new App().on("error", (error) => told.push(String(error)));
    app.get("/", () => "", { schema: { query: broken } });
    expect((await app.inject()).status).toBe(500);
    expect(told).toEqual(["Error: broken"]);
  });
});

test("pointers are fragments of a URI in problem details", async () => {
  const app = new App();
  app.post("/", () => "", { schema: { body: z.object({ "a b/é~": z.number() }) } });
  const answer = await app.inject({ method: "POST", body: {}, headers: { Accept: "application/json" } });
  expect(answer.json()).toMatchObject({ errors: [{ pointer: "#/a%20b~1%C3%A9~0" }] });
  expect((await app.inject({ method: "POST", body: {} })).text()).toContain("/a b~1é~0: ");
});

test("what schemas and handlers give may be any thenable", async () => {
  const later = <T>(value: T) =>
    // biome-ignore lint/suspicious/noThenProperty: this is what is tried
    ({ then: (resolve: (given: T) => void) => void setImmediate(resolve, value) }) as unknown as Promise<T>;
  const schema: Schema<unknown, unknown> = {
    "~standard": { version: 1, vendor: "here", validate: (value) => later({ value }) },
  };
  const app = new App();
  app.post("/", ({ valid }) => later({ valid }), { schema: { query: schema, body: schema, response: schema } });
  const answer = await app.inject({ method: "POST", path: "/?a=1", body: { b: 2 } });
  expect(answer.json()).toEqual({ valid: { query: { a: "1" }, body: { b: 2 } } });
});
