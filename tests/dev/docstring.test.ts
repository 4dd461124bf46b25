/** What comments of handlers say of their routes, where compilers have left them. */
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { docstringOf, readDocstring } from "../../src/dev/openapi/docstring.ts";
import { openApi } from "../../src/dev/openapi.ts";
import { App, type Handler } from "../../src/index.ts";

/** A function with its comments, which the tests' own compiler would take away. */
const written = (source: string) => new Function(`return (${source})`)() as Handler;

const AREION = `
  Fetches users.

  Only those that
  are active.

  Args:
      team (str): The team
          that they are in
      page (int): Which page (default is 2)
      tags (list[str], optional): What they have
      strict (bool): Whether (default is false)
      extra (dict | None): More
      odd (Thing): Unknown
      plain: Without a type

  Returns:
      list[dict]: The users
`;

describe("readDocstring", () => {
  test("prose with sections, as Areion has it", () => {
    expect(readDocstring(AREION)).toEqual({
      summary: "Fetches users.",
      description: "Only those that\nare active.",
      deprecated: false,
      parameters: [
        { name: "team", schema: { type: "string" }, description: "The team that they are in", required: true },
        { name: "page", schema: { type: "integer", default: 2 }, description: "Which page", required: false },
        {
          name: "tags",
          schema: { type: "array", items: { type: "string" } },
          description: "What they have",
          required: false,
        },
        { name: "strict", schema: { type: "boolean", default: false }, description: "Whether", required: false },
        {
          name: "extra",
          schema: { anyOf: [{ type: "object" }, { type: "null" }] },
          description: "More",
          required: true,
        },
        { name: "odd", schema: {}, description: "Unknown", required: true },
        { name: "plain", schema: {}, description: "Without a type", required: true },
      ],
      returns: { schema: { type: "array", items: { type: "object" } }, description: "The users" },
    });
  });

  test.each(["Args:", "Arguments:", "Parameters:", "Params:", "params:"])("%s begins the parameters", (section) => {
    const { parameters, description } = readDocstring(`A\n\n${section}\n  a (int): b\n\nMore`);
    expect([parameters.map(({ name }) => name), description]).toEqual([["a"], "More"]);
  });

  test("JSDoc", () => {
    const text = `* Fetches users.
       * Of a team.
       *
       * @param {string} team - The team
       *   that they are in
       * @param {number} [page=2] - Which page
       * @param {string[]=} tags
       * @param strict Whether
       * @deprecated use others
       * @returns {Array<object>} the users`;
    expect(readDocstring(text)).toEqual({
      summary: "Fetches users.",
      description: "Of a team.",
      deprecated: true,
      parameters: [
        { name: "team", schema: { type: "string" }, description: "The team that they are in", required: true },
        { name: "page", schema: { type: "number", default: 2 }, description: "Which page", required: false },
        { name: "tags", schema: { type: "array", items: { type: "string" } }, description: "", required: false },
        { name: "strict", schema: {}, description: "Whether", required: true },
      ],
      returns: { schema: { type: "array", items: { type: "object" } }, description: "the users" },
    });
  });

  test.each([
    ["(str)", "red", "red"],
    ["(str)", "'red'", "red"],
    ["(str)", "5", "5"],
    ["(int)", "5", 5],
    ["(float)", "-0.5", -0.5],
    ["", "True", true],
    ["", "None", null],
    ["", "red", "red"],
  ])("the default of %s is %s", (type, text, value) => {
    const [{ schema }] = readDocstring(`Args:\n  a ${type}: b (default is ${text})`).parameters;
    expect(schema.default).toEqual(value);
  });

  test.each([
    ["Returns: the user", {}, "the user"],
    ["Returns:\n  dict: the user", { type: "object" }, "the user"],
    ["Returns:\n  the user: or nobody", {}, "the user: or nobody"],
    ["Return: int: a number", { type: "integer" }, "a number"],
  ])("%j", (text, schema, description) => {
    expect(readDocstring(text).returns).toEqual({ schema, description });
  });

  test("nothing", () => {
    const empty = { summary: "", description: "", deprecated: false, parameters: [], returns: null };
    expect(readDocstring("")).toEqual(empty);
  });
});

describe("docstringOf", () => {
  test.each([
    "function show(request) { /** A */ return null; }",
    "async function (request) {\n  /** A */\n}",
    "(request) => { /** A */ }",
    "(request) => /** A */ null",
    "(/** A */ request) => null",
    "async ({ params }) => { /** A */ }",
    "{ show() { /** A */ } }.show",
  ])("%s", (source) => {
    expect(docstringOf(written(source))?.summary).toBe("A");
  });

  test.each([
    "() => null",
    "() => { /* A */ }",
    "() => { // A\n }",
    "() => { /**/ return 1; }",
    "() => { const a = /** @type {any} */ (5); }",
    "() => { call(); function inner() { /** A */ } }",
    "() => String(1, /** A */ 2)",
    "() => { return () => { /** A */ }; }",
  ])("nothing of %s", (source) => {
    expect(docstringOf(written(source))).toBeNull();
  });

  test("the request is no parameter, but what is in it", () => {
    const source = `function show(asked, other) {
      /**
       * @param asked - what is asked
       * @param request - the same
       * @param asked.params.id - the id
       * @param other - something */
    }`;
    expect(docstringOf(written(source))?.parameters.map(({ name }) => name)).toEqual(["id", "other"]);
  });
});

describe("openApi", () => {
  const commented = (text: string) => written(`(request) => {\n/**${text}*/\n return null; }`);
  const operationOf = (register: (app: App) => unknown) => {
    const app = new App();
    register(app);
    return Object.values(Object.values(openApi(app).paths)[0])[0];
  };

  test("has parameters of comments in the path and in the query", () => {
    expect(operationOf((app) => app.get("/{team}", commented(AREION)))).toMatchObject({
      summary: "Fetches users.",
      description: "Only those that\nare active.",
      parameters: [
        { name: "team", in: "path", required: true, description: "The team that they are in" },
        { name: "page", in: "query", required: false, schema: { type: "integer", default: 2 } },
        { name: "tags", in: "query" },
        { name: "strict", in: "query" },
        { name: "extra", in: "query" },
        { name: "odd", in: "query" },
        { name: "plain", in: "query" },
      ],
      responses: {
        200: { description: "The users", content: { "application/json": { schema: { type: "array" } } } },
      },
    });
  });

  test.each(["POST", "PUT", "PATCH"])("has them in the content of %s", (method) => {
    const handler = commented(
      "\nA\n\nArgs:\n  id (int): its id\n  name (str): its name\n  age (int): (default is 1)\n",
    );
    expect(operationOf((app) => app.route("/{id:int}", handler, { methods: [method] }))).toMatchObject({
      parameters: [{ name: "id", in: "path", description: "its id" }],
      requestBody: {
        required: true,
        content: {
          "application/json": {
            schema: {
              type: "object",
              properties: { name: { type: "string", description: "its name" }, age: { type: "integer", default: 1 } },
              required: ["name"],
            },
          },
        },
      },
    });
  });

  test("prefers what the route says, and its schemas", () => {
    const handler = commented("\nA\nB\n@param page - which page\n@param other - no part of it\n@returns a page");
    const operation = operationOf((app) => {
      const schema = { query: z.object({ page: z.string(), size: z.string().describe("how many") }) };
      app.get("/", handler, { schema, doc: { summary: "C", responses: { 200: "fine" } } });
    });
    expect(operation).toMatchObject({
      summary: "C",
      parameters: [
        { name: "page", description: "which page" },
        { name: "size", description: "how many" },
      ],
      responses: { 200: { description: "fine" } },
    });
    expect(operation).not.toHaveProperty("description");
    expect(operationOf((app) => app.get("/", handler, { doc: { tags: [] } }))).toMatchObject({
      summary: "A",
      description: "B",
    });
  });
});
