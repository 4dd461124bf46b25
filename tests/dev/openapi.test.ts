/** The document of an application's routes, checked by a validator of others. */
import { Validator } from "@seriousme/openapi-schema-validator";
import * as v from "valibot";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { asWritten } from "../../src/app/index.ts";
import {
  type Method,
  type OpenApiDocument,
  type OpenApiOptions,
  type Operation,
  openApi,
} from "../../src/dev/openapi.ts";
import { App, Blueprint, get, type Middleware, post, Router, route, type Schema, use } from "../../src/index.ts";
import { basicAuth, bearerAuth } from "../../src/middleware/index.ts";

const none = () => null;
const validator = new Validator();

/** The document of an application as it is sent, found to be valid. */
async function documentOf(app: Pick<App, "routes">, options?: OpenApiOptions): Promise<OpenApiDocument> {
  const document = JSON.parse(JSON.stringify(openApi(app, options)));
  // The validator adds to what it is given.
  expect(await validator.validate(structuredClone(document))).toEqual({ valid: true });
  for (const [, name] of JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/([^"]*)"/g)) {
    expect(Object.keys(document.components.schemas)).toContain(name);
  }
  return document;
}

async function pathsOf(register: (app: App) => unknown, options?: OpenApiOptions): Promise<OpenApiDocument["paths"]> {
  const app = new App();
  register(app);
  return (await documentOf(app, options)).paths;
}

/** The operation of an application with one route. */
async function operationOf(register: (app: App) => unknown): Promise<Operation> {
  const [item] = Object.values(await pathsOf(register));
  const [operation] = Object.values(item) as Operation[];
  return operation;
}

const schemaOf = (operation: Operation, status: string) => {
  const response = operation.responses[status];
  return "content" in response ? response.content?.["application/json"].schema : response;
};
const PROBLEM_RESPONSE = (name: string) => ({ $ref: `#/components/responses/${name}` });

describe("paths", () => {
  test.each<[pattern: string, path: string, schemas: Record<string, object>]>([
    ["/a", "/a", {}],
    ["/{name}", "/{name}", { name: { type: "string" } }],
    ["/:name/x", "/{name}/x", { name: { type: "string" } }],
    ["/{id:int}", "/{id}", { id: { type: "integer" } }],
    ["/{x:float}", "/{x}", { x: { type: "number" } }],
    ["/{x:bool}", "/{x}", { x: { type: "boolean" } }],
    ["/{x:uuid}", "/{x}", { x: { type: "string", format: "uuid" } }],
    ["/{x:date}", "/{x}", { x: { type: "string", format: "date" } }],
    ["/{x:alpha}", "/{x}", { x: { type: "string", pattern: "^[A-Za-z]+$" } }],
    ["/{x:alnum}", "/{x}", { x: { type: "string", pattern: "^[\\dA-Za-z]+$" } }],
    ["/{x:hex}", "/{x}", { x: { type: "string", pattern: "^[\\dA-Fa-f]+$" } }],
    ["/{x:slug}", "/{x}", { x: { type: "string", pattern: "^[\\da-z]+(?:-[\\da-z]+)*$" } }],
    ["/{x:re([A-Z]{3})}", "/{x}", { x: { type: "string", pattern: "^(?:[A-Z]{3})$" } }],
    ["/{x:int|uuid}", "/{x}", { x: { anyOf: [{ type: "integer" }, { type: "string", format: "uuid" }] } }],
    ["/f/{file:path}", "/f/{file}", { file: { type: "string" } }],
    ["/{name}.{ext:alpha}", "/{name}.{ext}", { name: { type: "string" }, ext: SCHEMA_OF_ALPHA() }],
    ["/caf%C3%A9", "/caf%C3%A9", {}],
  ])("%s", async (pattern, path, schemas) => {
    const paths = await pathsOf((app) => app.get(pattern, none));
    expect(Object.keys(paths)).toEqual([path]);
    const parameters = paths[path].get?.parameters ?? [];
    expect(Object.fromEntries(parameters.map(({ name, schema }) => [name, schema]))).toEqual(schemas);
    expect(parameters.every((each) => each.in === "path" && each.required)).toBe(true);
  });

  test("there is one for each way in which segments may be missing", async () => {
    const paths = await pathsOf((app) => app.get("/posts/{page:int=1}/{day:date?}", none, { name: "posts" }));
    expect(Object.keys(paths)).toEqual(["/posts", "/posts/{page}", "/posts/{page}/{day}"]);
    const operations = Object.values(paths).map(({ get }) => get as Operation);
    expect(operations.map(({ operationId }) => operationId)).toEqual(["getPosts", "getPostsPage", "posts"]);
    expect(operations.map(({ description }) => description)).toEqual(["`page` is 1.", undefined, undefined]);
    expect(operations[1].parameters?.[0].schema).toEqual({ type: "integer", default: 1 });
  });

  test("a default that is a date is its text", async () => {
    const paths = await pathsOf((app) => app.get("/{day:date=2020-02-03}", none));
    expect(paths["/{day}"].get?.parameters?.[0].schema).toMatchObject({ default: "2020-02-03" });
  });

  test("converters of one's own are text", async () => {
    const app = new App({ converters: { year: { pattern: /\d{4}/, parse: Number } } });
    app.get("/{y:year=2000}", none);
    const { paths } = await documentOf(app);
    expect(paths["/{y}"].get?.parameters?.[0].schema).toEqual({ type: "string", default: "2000" });
  });

  test("what OpenAPI cannot tell apart is one operation", async () => {
    const query = z.object({ a: z.string() });
    const paths = await pathsOf((app) => {
      app.get("/users/{id:int}", none, { doc: { summary: "By id" }, schema: { query } });
      app.get("/users/{name:alpha}", none, {
        doc: { summary: "By name", responses: { 410: "Gone" } },
        schema: { query: z.object({ b: z.string() }) },
      });
      app.delete("/users/{key}", none);
    });
    expect(Object.keys(paths)).toEqual(["/users/{id}"]);
    const { get, delete: del } = paths["/users/{id}"];
    expect(get?.summary).toBe("By id");
    expect(get?.description).toBe("Also served here: `GET /users/{name:alpha}`, By name");
    expect(get?.parameters?.map(({ schema, required }) => [schema, required])).toEqual([
      [{ anyOf: [{ type: "integer" }, SCHEMA_OF_ALPHA()] }, true],
      [{ type: "string" }, false],
      [{ type: "string" }, false],
    ]);
    expect(Object.keys(get?.responses ?? {})).toContain("410");
    expect(del?.parameters?.[0]).toMatchObject({ name: "id", description: "Called `key` there." });
  });
});

function SCHEMA_OF_ALPHA() {
  return { type: "string", pattern: "^[A-Za-z]+$" };
}

describe("methods, names and tags", () => {
  test("each method is an operation, and a route for all is what is left", async () => {
    const paths = await pathsOf((app) => {
      app.route("/a", none, { methods: "*", doc: { summary: "all" } });
      app.route("/a", none, { methods: ["GET", "PUT"], doc: { summary: "some" } });
    });
    const item = paths["/a"] as Record<Method, Operation>;
    expect(Object.keys(item).sort()).toEqual(["delete", "get", "head", "options", "patch", "post", "put"]);
    expect([item.get, item.put, item.post].map(({ summary }) => summary)).toEqual(["some", "some", "all"]);
  });

  test("methods that OpenAPI does not know are told of", async () => {
    const paths = await pathsOf((app) => app.route("/a", none, { methods: ["PROPFIND", "QUERY"] }).get("/b", none));
    expect(paths["/a"]).toEqual({ description: "Also: PROPFIND, QUERY" });
  });

  test("the server as a whole is no path", async () => {
    expect(await pathsOf((app) => app.route("*", none, { methods: ["OPTIONS"] }))).toEqual({});
  });

  test("operations are called what their routes are, or by method and path, each by another name", async () => {
    const paths = await pathsOf((app) => {
      app.get("/users/{id:int}/last-seen", none);
      app.post("/users", none, { name: "create" });
      app.get("/x/y", none);
      app.get("/x-y", none);
    });
    const operations = Object.values(paths).map((item) => Object.values(item)[0] as Operation);
    expect(operations.map(({ operationId }) => operationId)).toEqual([
      "getUsersIdLastSeen",
      "create",
      "getXY",
      "getXY2",
    ]);
  });

  test("tags are the blueprint, else the prefix without its parameters, else what the route says", async () => {
    class Users extends Blueprint {
      @get("/u")
      show() {
        return null;
      }
    }
    const app = new App();
    app.addBlueprint(new Users({ prefix: "/in" }));
    app.group("/api/v1").group("/teams/{team}").get("/a", none);
    const inner = new Router({ prefix: "/inner" });
    app.include(new Router({ prefix: "/outer" }).include(inner), { prefix: "/x" });
    inner.get("/b", none);
    app.get("/c", none);
    app.get("/d", none, { doc: { tags: ["mine", "Users"] } });
    const { paths, tags } = await documentOf(app);
    expect(Object.values(paths).map((item) => item.get?.tags)).toEqual([
      ["Users"],
      ["api/v1/teams"],
      ["x/outer/inner"],
      undefined,
      ["mine", "Users"],
    ]);
    expect(tags?.map(({ name }) => name)).toEqual(["Users", "api/v1/teams", "x/outer/inner", "mine"]);
  });

  test("routes of one host have it as their server", async () => {
    const paths = await pathsOf((app) => {
      app.get("/a", none, { host: "example.org" }).get("/b", none, { host: "*.example.org" });
      for (const host of ["one.org", "two.org"]) app.get("/c", none, { host });
      app.get("/d", none, { host: "one.org" }).get("/d", none);
    });
    expect(paths["/c"].get?.servers).toEqual([{ url: "//one.org" }, { url: "//two.org" }]);
    expect(paths["/d"].get).not.toHaveProperty("servers");
    expect(paths["/a"].get?.servers).toEqual([{ url: "//example.org" }]);
    expect(paths["/b"].get?.servers).toEqual([
      { url: "//{subdomain}.example.org", variables: { subdomain: { default: "www" } } },
    ]);
  });
});

describe("what a route says of itself", () => {
  test("is told, and what is hidden is not", async () => {
    const doc = { summary: "A", description: "B", tags: ["c"], deprecated: true };
    const paths = await pathsOf((app) => app.get("/a", none, { doc }).get("/b", none, { doc: { hidden: true } }));
    expect(Object.keys(paths)).toEqual(["/a"]);
    expect(paths["/a"].get).toMatchObject(doc);
  });

  test("by decorators as well", async () => {
    class Users extends Blueprint {
      @post("/", { doc: { summary: "Makes one" } })
      create() {
        return null;
      }

      @route("/", { methods: ["PUT"], doc: { hidden: true } })
      replace() {
        return null;
      }
    }
    const app = new App();
    app.addBlueprint(new Users({ prefix: "/users" }));
    expect((await documentOf(app)).paths).toEqual({
      "/users/": { post: expect.objectContaining({ summary: "Makes one" }) },
    });
    expect(app.routes[0].doc).toEqual({ summary: "Makes one" });
    // What comments are read of.
    expect(asWritten(app.routes[0].handler)).toBe(Users.prototype.create);
  });

  test("responses by status, with schemas", async () => {
    const made = z.object({ id: z.number() });
    const responses = { 201: { description: "Made", schema: made }, 409: "Taken", default: "Else" };
    const operation = await operationOf((app) => app.post("/", none, { doc: { responses } }));
    expect(Object.keys(operation.responses)).toEqual(["201", "409", "default"]);
    expect(schemaOf(operation, "201")).toMatchObject({ properties: { id: { type: "number" } } });
    expect(operation.responses[409]).toMatchObject({ description: "Taken" });
    expect(Object.keys((operation.responses[409] as { content: object }).content)).toEqual([
      "application/problem+json",
      "text/plain",
    ]);
    expect(operation.responses.default).toMatchObject({ description: "Else" });
  });

  test("with a schema of responses there is 200, described where it is", async () => {
    const response = z.object({ a: z.string() });
    const doc = { responses: { 200: "The thing", 202: "Later" } };
    const operation = await operationOf((app) => app.get("/", () => ({ a: "" }), { schema: { response }, doc }));
    expect(Object.keys(operation.responses)).toEqual(["200", "202", "default"]);
    expect(operation.responses[200]).toMatchObject({ description: "The thing" });
    expect(schemaOf(operation, "200")).toMatchObject({ required: ["a"] });
  });

  test("a WebSocket switches protocols", async () => {
    const operation = await operationOf((app) => app.ws("/ws", {}));
    expect(operation.summary).toBe("WebSocket");
    expect(Object.keys(operation.responses)).toEqual(["101", "default"]);
  });
});

describe("schemas", () => {
  test("of query and fields are parameters, and of parameters what is more than their converters say", async () => {
    const schema = {
      params: z.object({ id: z.number().min(5).describe("The id"), day: z.date() }),
      query: z.object({ page: z.coerce.number().default(1), tag: z.array(z.string()).optional() }),
      headers: z.object({ "x-key": z.string(), authorization: z.string(), Accept: z.string() }),
    };
    const operation = await operationOf((app) => app.get("/{id:int}/{day:date}", none, { schema }));
    expect(operation.parameters).toEqual([
      { name: "id", in: "path", required: true, description: "The id", schema: { type: "number", minimum: 5 } },
      expect.objectContaining({ name: "day", schema: { type: "string", format: "date" } }),
      { name: "page", in: "query", required: false, schema: { type: "number", default: 1 } },
      { name: "tag", in: "query", required: false, schema: { type: "array", items: { type: "string" } } },
      { name: "x-key", in: "header", required: true, schema: { type: "string" } },
    ]);
    expect(Object.keys(operation.responses)).toEqual(["200", "400", "404", "default"]);
  });

  test("of content are what is taken, as a form too where all of it is text", async () => {
    const text = z.object({ name: z.string(), tags: z.array(z.string()) });
    const paths = await pathsOf((app) => {
      app.post("/form", none, { schema: { body: text }, maxBodySize: 64 });
      app.post("/json", none, { schema: { body: z.object({ age: z.number() }).optional() } });
    });
    expect(paths["/form"].post?.requestBody).toMatchObject({ description: "At most 64 bytes.", required: true });
    expect(Object.keys(paths["/form"].post?.requestBody?.content ?? {})).toEqual([
      "application/json",
      "application/x-www-form-urlencoded",
      "multipart/form-data",
    ]);
    expect(paths["/json"].post?.requestBody?.required).toBe(false);
    expect(Object.keys(paths["/json"].post?.requestBody?.content ?? {})).toEqual(["application/json"]);
    expect(Object.keys(paths["/form"].post?.responses ?? {})).toEqual(["200", "400", "413", "415", "422", "default"]);
  });

  test("that are needed again are components, once for what is taken and what is given", async () => {
    const user = z.object({ name: z.string() });
    const app = new App();
    app.post("/a", () => ({ name: "" }), { schema: { body: user, response: user }, name: "create" });
    app.get("/b", () => ({ name: "" }), { schema: { response: user } });
    app.put("/c", none, { schema: { body: user } });
    app.put("/d", none, { schema: { body: z.object({ other: z.string() }) } });
    const { paths, components } = await documentOf(app);
    expect(Object.keys(components.schemas)).toEqual(["Problem", "CreateBody", "CreateResponse"]);
    const taken = { $ref: "#/components/schemas/CreateBody" };
    expect(paths["/a"].post?.requestBody?.content["application/json"].schema).toEqual(taken);
    expect(paths["/c"].put?.requestBody?.content["application/json"].schema).toEqual(taken);
    expect(schemaOf(paths["/b"].get as Operation, "200")).toEqual({ $ref: "#/components/schemas/CreateResponse" });
    expect(paths["/d"].put?.requestBody?.content["application/json"].schema).toHaveProperty("properties.other");
  });

  test("have their own names, definitions and references, to themselves too", async () => {
    const user = z.object({ name: z.string() }).meta({ id: "User" });
    const tree = z.object({
      owner: user,
      get children() {
        return z.array(tree);
      },
    });
    const lazy: z.ZodType = z.lazy(() => z.object({ next: lazy.optional() }));
    const app = new App();
    app.get("/user", () => ({ name: "" }), { schema: { response: user } });
    app.post("/tree", none, { schema: { body: tree } });
    app.post("/lazy", none, { schema: { body: z.object({ lazy }) } });
    const { schemas } = (await documentOf(app)).components;
    expect(Object.keys(schemas)).toEqual(["Problem", "User", "PostTreeBody", "UserInput", "PostLazyBodyPart"]);
    expect(schemas.PostTreeBody).toMatchObject({
      properties: {
        owner: { $ref: "#/components/schemas/UserInput" },
        children: { items: { $ref: "#/components/schemas/PostTreeBody" } },
      },
    });
    expect(schemas.PostLazyBodyPart).toEqual({
      type: "object",
      properties: { next: { $ref: "#/components/schemas/PostLazyBodyPart" } },
    });
    expect(JSON.stringify(schemas)).not.toMatch(/\$defs|\$schema/);
  });

  test("data that looks like a reference stays, and a property may have any name", () => {
    const reference = { $ref: "#/$defs/A" };
    const properties = { default: reference, enum: { const: reference }, $ref: { type: "string" } };
    const given = { type: "object", properties, default: reference, $defs: { A: { type: "string" } } };
    const app = new App().post("/", none, { schema: { body: z.any() } });
    // Not by the validator, which takes such data for a reference.
    const { paths, components } = openApi(app, { jsonSchema: () => given });
    const placed = { $ref: "#/components/schemas/A" };
    expect(components.schemas.A).toEqual({ type: "string" });
    expect(paths["/"].post?.requestBody?.content["application/json"].schema).toEqual({
      type: "object",
      properties: { default: placed, enum: { const: reference }, $ref: { type: "string" } },
      default: reference,
    });
  });

  test("whose definitions have the same name are the same where all is that they lead to", async () => {
    const a = { type: "array", items: { $ref: "#/$defs/B" } };
    const given = (type: string) => ({ properties: { a: { $ref: "#/$defs/A" } }, $defs: { A: a, B: { type } } });
    const all = new Map(["string", "number", "string"].map((type) => [z.any() as Schema, given(type)]));
    const app = new App();
    for (const [body] of all) app.post(`/p${app.routes.length}`, none, { schema: { body } });
    const { components } = await documentOf(app, { jsonSchema: (schema) => all.get(schema) });
    const { Problem: _, PostP0Body: __, ...schemas } = components.schemas;
    expect(schemas).toEqual({
      A: { type: "array", items: { $ref: "#/components/schemas/B" } },
      B: { type: "string" },
      A2: { type: "array", items: { $ref: "#/components/schemas/B2" } },
      B2: { type: "number" },
    });
  });

  test("of zod say what JSON cannot with a note, and a date that is sent as its text", async () => {
    const schema = { body: z.object({ at: z.date(), big: z.bigint() }), response: z.object({ at: z.date() }) };
    const operation = await operationOf((app) => app.post("/", () => ({ at: new Date() }), { schema }));
    expect(operation.requestBody?.content["application/json"].schema).toMatchObject({
      properties: {
        at: { description: "What zod calls date; JSON Schema has no such thing." },
        big: { description: "What zod calls bigint; JSON Schema has no such thing." },
      },
    });
    expect(schemaOf(operation, "200")).toMatchObject({ properties: { at: { type: "string", format: "date-time" } } });
  });

  test("of zod before it had Standard JSON Schema are converted by its function", async () => {
    const user = z.object({ name: z.string() });
    const { jsonSchema: _, ...standard } = user["~standard"] as unknown as { jsonSchema: unknown };
    const older = { _zod: user._zod, "~standard": standard };
    const operation = await operationOf((app) => app.post("/", none, { schema: { body: older as unknown as Schema } }));
    expect(operation.requestBody?.content["application/json"].schema).toHaveProperty("properties.name.type", "string");
  });

  test("that cannot be converted are anything, with a note", async () => {
    const body = v.object({ a: v.string() });
    const failing: Schema = {
      "~standard": {
        version: 1,
        vendor: "mine",
        validate: (value: unknown) => ({ value }),
        jsonSchema: {
          input() {
            throw new Error("it is a secret");
          },
        },
      } as never,
    };
    const odd: Schema = {
      "~standard": { ...failing["~standard"], jsonSchema: { input: () => ({ default: 5n }) } } as never,
    };
    const empty: Schema = { "~standard": { ...failing["~standard"], jsonSchema: { input: () => null } } as never };
    const paths = await pathsOf((app) => {
      app.post("/empty", none, { schema: { body: empty } });
      app.post("/odd", none, { schema: { body: odd } });
      app.post("/valibot", none, { schema: { body, query: body } });
      app.post("/mine", none, { schema: { body: failing } });
    });
    const { requestBody, description, parameters } = paths["/valibot"].post as Operation;
    const note =
      "Checked by a schema of valibot that could not be converted (`npm install @valibot/to-json-schema` and it can).";
    expect(requestBody?.content).toEqual({ "application/json": { schema: { description: note } } });
    expect([description, parameters]).toEqual([`Of the query: ${note}`, undefined]);
    expect(JSON.stringify(paths["/odd"].post?.requestBody)).toContain("serialize a BigInt");
    expect(paths["/empty"].post?.requestBody?.content["application/json"].schema).toEqual({
      description: "Checked by a schema of mine that could not be converted.",
    });
    expect(paths["/mine"].post?.requestBody?.content["application/json"].schema).toEqual({
      description: "Checked by a schema of mine that could not be converted: it is a secret.",
    });
  });

  test("are converted by a function of one's own, where that gives something", async () => {
    const schema = { query: v.object({ a: v.string() }), body: z.object({ b: z.string() }) };
    const paths = await pathsOf((app) => app.post("/", none, { schema }), {
      jsonSchema: (each, side) =>
        each["~standard"].vendor === "valibot"
          ? { type: "object", properties: { a: { type: "string", title: side } }, required: ["a"] }
          : undefined,
    });
    const { parameters, requestBody } = paths["/"].post as Operation;
    expect(parameters).toEqual([
      { name: "a", in: "query", required: true, schema: { type: "string", title: "input" } },
    ]);
    expect(requestBody?.content["application/json"].schema).toHaveProperty("properties.b");
  });
});

describe("errors", () => {
  test("are told where they can happen, once for all operations", async () => {
    const app = new App();
    app.get("/", none).get("/{id}", none);
    const { paths, components } = await documentOf(app);
    expect(paths["/"].get?.responses).toEqual({ 200: { description: "OK" }, default: PROBLEM_RESPONSE("Error") });
    expect(paths["/{id}"].get?.responses).toEqual({
      200: { description: "OK" },
      400: PROBLEM_RESPONSE("BadRequest"),
      404: PROBLEM_RESPONSE("NotFound"),
      default: PROBLEM_RESPONSE("Error"),
    });
    expect(Object.keys(components.responses)).toEqual(["Error", "BadRequest", "NotFound"]);
    expect(components.schemas.Problem).toMatchObject({ properties: { errors: { type: "array" } } });
  });
});

describe("security", () => {
  const token = bearerAuth({ tokens: { secret: "me" } });

  test("is what middleware asks for, around the application, groups, routes, blueprints and methods", async () => {
    @use(token)
    class Mine extends Blueprint {
      @use(basicAuth({ users: {} }))
      @get("/method")
      show() {
        return null;
      }
    }
    const key: Middleware = Object.assign((next: Parameters<Middleware>[0]) => next, {
      security: [{ type: "apiKey", in: "header", name: "X-Key" }] as const,
    });
    const app = new App();
    app.get("/open", none);
    app.get("/route", none, { middleware: [token] });
    app.group("/group", { middleware: [basicAuth({ users: {} })] }).get("/", none);
    app.get("/key", none, { middleware: [key] });
    app.addBlueprint(new Mine());
    const { paths, components } = await documentOf(app);
    const needed = Object.entries(paths).map(([path, item]) => [path, item.get?.security]);
    expect(Object.fromEntries(needed)).toEqual({
      "/open": undefined,
      "/route": [{ bearerAuth: [] }],
      "/group/": [{ basicAuth: [] }],
      "/key": [{ apiKey: [] }],
      "/method": [{ bearerAuth: [], basicAuth: [] }],
    });
    expect(components.securitySchemes).toEqual({
      bearerAuth: { type: "http", scheme: "bearer" },
      basicAuth: { type: "http", scheme: "basic" },
      apiKey: { type: "apiKey", in: "header", name: "X-Key" },
    });
    expect(paths["/route"].get?.responses).toHaveProperty("401", PROBLEM_RESPONSE("Unauthorized"));
    expect(paths["/open"].get?.responses).not.toHaveProperty("401");
  });

  test("has names of one's own, and may be needed everywhere", async () => {
    const app = new App().use(token).get("/", none);
    const securitySchemes = {
      mine: { type: "http", scheme: "bearer" },
      other: { type: "apiKey", in: "cookie", name: "session" },
    } as const;
    const document = await documentOf(app, { securitySchemes, security: ["other"] });
    expect(document.paths["/"].get?.security).toEqual([{ mine: [] }]);
    expect([document.security, document.components.securitySchemes]).toEqual([[{ other: [] }], securitySchemes]);
    for (const name of ["nothing", "toString"]) {
      expect(() => openApi(app, { securitySchemes, security: [name] })).toThrow(
        `security names "${name}", which is no scheme`,
      );
    }
  });
});

test("info is what is given, else what package.json says; servers are URLs or more", async () => {
  const app = new App();
  const { info, servers, paths } = await documentOf(app);
  expect([info.title, servers, paths]).toEqual(["pyrois", undefined, {}]);
  const given = await documentOf(app, {
    info: { title: "Mine", version: "1.2.3", description: "About it" },
    servers: ["https://example.org", { url: "/v1", description: "here" }],
  });
  expect(given.info).toEqual({ title: "Mine", version: "1.2.3", description: "About it" });
  expect(given.servers).toEqual([{ url: "https://example.org" }, { url: "/v1", description: "here" }]);
});

test("a large application with all of it at once", async () => {
  const user = z.object({ name: z.string(), born: z.date().optional() }).meta({ id: "User", title: "A user" });
  const page = v.object({ page: v.optional(v.string(), "1") });
  const app = new App({ converters: { year: { pattern: /\d{4}/ } }, development: true });
  app.use(basicAuth({ users: {} }));
  for (let version = 1; version <= 30; ++version) {
    const group = app.group(`/v${version}/{tenant:slug}`, { middleware: [bearerAuth({ tokens: {} })] });
    const doc = { summary: `List ${version}`, responses: { 206: { description: "A part", schema: z.array(user) } } };
    group.get("/users/{page:int=1}/{year:re(\\d{4})?}", () => [], { schema: { query: page }, doc });
    group.get("/users/by/{key:int|uuid|alpha}", () => ({ name: "" }), { schema: { response: user } });
    group.get("/users/by/{name:slug}", none, { name: `by name ${version}` });
    group.post("/users", none, { schema: { body: user, headers: z.object({ "x-tenant": z.string() }) } });
    group.route("/files/{file:path}", none, { methods: "*", host: "*.example.org", maxBodySize: 1e6 });
    group.route("/odd", none, { methods: ["PROPFIND", "TRACE"] });
    group.delete("/years/:year", none, { doc: { deprecated: true, description: "# Years" } });
  }
  app.ws("/chat/{room}", {});
  app.get("/{y:year}", none);
  const { paths, components } = await documentOf(app);
  expect(Object.keys(paths)).toHaveLength(30 * 7 + 2);
  const operations = Object.values(paths).flatMap((item) => Object.values(item) as (Operation | string)[]);
  const ids = operations.flatMap((each) => (typeof each === "string" ? [] : [each.operationId]));
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.length).toBe(30 * (3 + 1 + 1 + 7 + 1 + 1) + 2);
  expect(Object.keys(components.schemas)).toEqual(["Problem", "User", "UserInput"]);
});
