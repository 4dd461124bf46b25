/** Names and passwords, and tokens: who is let in, and what the others are told. */
import { describe, expect, test } from "vitest";
import { App, type Middleware } from "../../src/index.ts";
import { basicAuth, bearerAuth, type Verified } from "../../src/middleware/index.ts";

declare module "../../src/index.ts" {
  interface RequestState {
    user?: Verified;
  }
}

const base64 = (text: string | Uint8Array) => Buffer.from(text as string).toString("base64");

/** Status and challenge of what is answered, and who was let in. */
async function ask(middleware: Middleware, ...lines: string[]): Promise<[number, string | null, unknown?]> {
  const app = new App({ logger: { debug() {}, info() {}, warn() {}, error() {} } });
  app.use(middleware);
  app.get("/", ({ state }) => ({ user: state.user }));
  const response = await app.inject({ headers: lines.map((line) => ["Authorization", line] as const) });
  const challenge = response.headers.get("www-authenticate");
  return response.status === 200
    ? [200, challenge, (response.json() as { user: unknown }).user]
    : [response.status, challenge];
}

describe("basicAuth", () => {
  const users = { ada: "correct horse", "jürgen 😀": "pässword:with:colons", empty: "", é: "é" };
  const middleware = basicAuth({ users, realm: 'the "garden"\\' });
  const refused = [401, 'Basic realm="the \\"garden\\"\\\\", charset="UTF-8"'];

  test.each(["ada:correct horse", "jürgen 😀:pässword:with:colons", "empty:", "e\u0301:e\u0301"])(
    "lets %j in",
    async (credentials) => {
      const [name] = credentials.normalize().split(":");
      expect(await ask(middleware, `Basic ${base64(credentials)}`)).toEqual([200, null, name]);
      expect(await ask(middleware, `bASIC   ${base64(credentials)}`)).toEqual([200, null, name]);
    },
  );

  test.each([
    "ada:correct hors",
    "ada:correct horse ",
    "ada:Correct horse",
    "ada:",
    "Ada:correct horse",
    "nobody:",
    "nobody:correct horse",
    "__proto__:",
    "constructor:x",
    ":",
    "ada",
    "",
    "ada:correct horse\0",
    "ada\r\n:correct horse",
  ])("refuses %j", async (credentials) => {
    expect(await ask(middleware, `Basic ${base64(credentials)}`)).toEqual(refused);
  });

  const good = base64("ada:correct horse");
  test.each([
    "Basic",
    "Basic ",
    `Basic${good}`,
    `Bearer ${good}`,
    `Basic ${good}=`,
    `Basic ${good.slice(0, -1)}`,
    `Basic ${good.slice(0, 8)}!${good.slice(8)}`,
    `Basic ${good.slice(0, 8)} ${good.slice(8)}`,
    `Basic ${good}, Basic ${good}`,
    "Basic ====",
    `Basic ${base64(Uint8Array.from([0x61, 0x3a, 0xff]))}`,
    `Basic realm="x"`,
  ])("refuses %j", async (line) => {
    expect(await ask(middleware, line)).toEqual(refused);
  });

  test("refuses whoever says nothing, or two things", async () => {
    expect(await ask(middleware)).toEqual(refused);
    expect(await ask(middleware, `Basic ${good}`, `Basic ${good}`)).toEqual(refused);
  });

  test.each(["a\0:b", "a:b\n", "a:\u007f"])("asks nobody about %j", async (credentials) => {
    expect((await ask(basicAuth({ verify: () => true }), `Basic ${base64(credentials)}`))[0]).toBe(401);
  });

  test("asks a function, at once or later, and takes what it gives for the user", async () => {
    const answers: [Verified | Promise<Verified>, unknown][] = [
      [{ id: 7 }, { id: 7 }],
      [Promise.resolve({ id: 8 }), { id: 8 }],
      [true, "ada"],
      [Promise.resolve(true), "ada"],
      [0, 0],
    ];
    for (const [given, user] of answers) {
      expect(await ask(basicAuth({ verify: () => given }), `Basic ${good}`)).toEqual([200, null, user]);
    }
    for (const given of [null, undefined, false, Promise.resolve(null)]) {
      const [status, challenge] = await ask(basicAuth({ verify: () => given }), `Basic ${good}`);
      expect([status, challenge]).toEqual([401, 'Basic realm="Restricted", charset="UTF-8"']);
    }
    const seen: unknown[] = [];
    await ask(basicAuth({ verify: (...values) => seen.push(...values.slice(0, 2)) }), `Basic ${good}`);
    expect(seen).toEqual(["ada", "correct horse"]);
    expect((await ask(basicAuth({ verify: () => Promise.reject(new Error("down")) }), `Basic ${good}`))[0]).toBe(500);
  });

  test("refuses options that make no sense", () => {
    expect(() => basicAuth({})).toThrow("either users or verify");
    expect(() => basicAuth({ users, verify: () => true })).toThrow("either users or verify");
    for (const realm of ["ä", "a\r\nb", "\0"]) expect(() => basicAuth({ users, realm })).toThrow("realm must be");
  });
});

describe("bearerAuth", () => {
  const tokens = { "abc.DEF-123_~+/==": { name: "ada", scope: "read write" }, other: "bob", no: null };
  const middleware = bearerAuth({ tokens, realm: "api" });

  test("lets tokens in that it knows", async () => {
    expect(await ask(middleware, "Bearer abc.DEF-123_~+/==")).toEqual([
      200,
      null,
      { name: "ada", scope: "read write" },
    ]);
    expect(await ask(middleware, "bearer  other")).toEqual([200, null, "bob"]);
  });

  test.each(["Bearer othe", "Bearer other2", "Bearer Other", "Bearer no", "Bearer __proto__", "Bearer toString"])(
    "says that %j is none of them",
    async (line) => {
      expect(await ask(middleware, line)).toEqual([401, 'Bearer realm="api", error="invalid_token"']);
    },
  );

  test.each(["Bearer", "Bearer a b", "Bearer =", "Bearer a=b", 'Bearer "other"', "Bearer other,other"])(
    "says that %j is no token",
    async (line) => {
      expect(await ask(middleware, line)).toEqual([400, 'Bearer realm="api", error="invalid_request"']);
    },
  );

  test("tells whoever says nothing no more than what is asked for", async () => {
    for (const lines of [[], ["Basic YTpi"], ["Bearerother"]]) {
      expect(await ask(middleware, ...lines)).toEqual([401, 'Bearer realm="api"']);
    }
    expect(await ask(bearerAuth({ tokens }))).toEqual([401, "Bearer"]);
  });

  test("does not choose between two", async () => {
    expect((await ask(middleware, "Bearer other", "Bearer x"))[0]).toBe(400);
  });

  test("asks for scopes", async () => {
    const scoped = (scope: string, user: Verified) =>
      ask(bearerAuth({ verify: async () => user, scope, realm: "api" }), "Bearer x");
    const lacking = (scope: string) => [403, `Bearer realm="api", scope="${scope}", error="insufficient_scope"`];
    expect(await scoped("read", { scope: "write read" })).toEqual([200, null, { scope: "write read" }]);
    expect(await scoped("read write", { scope: ["read", "write"] })).toEqual([200, null, { scope: ["read", "write"] }]);
    for (const user of [{ scope: "read" }, { scope: "" }, {}, { scope: null }, "read write", { scope: "readwrite" }]) {
      expect(await scoped("read write", user)).toEqual(lacking("read write"));
    }
    expect(await scoped("read", null)).toEqual([401, 'Bearer realm="api", scope="read", error="invalid_token"']);
  });

  test("refuses options that make no sense", () => {
    expect(() => bearerAuth({})).toThrow("either tokens or verify");
    expect(() => bearerAuth({ tokens, verify: () => true })).toThrow("either tokens or verify");
    for (const scope of ["", "a  b", 'a"b', "ä"]) expect(() => bearerAuth({ tokens, scope })).toThrow("is no scope");
    expect(() => bearerAuth({ tokens, realm: "a\nb" })).toThrow("realm must be");
  });
});

test("what is checked at once makes no promise", async () => {
  const seen: unknown[] = [];
  const app = new App();
  app.use((next) => (request) => {
    const answer = next(request);
    seen.push(answer);
    return answer;
  });
  app.use(bearerAuth({ tokens: { a: "x" } }));
  app.get("/", () => "in");
  await app.inject({ headers: { Authorization: "Bearer a" } });
  expect(seen).toEqual(["in"]);
});
