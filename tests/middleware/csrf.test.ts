/** Requests that pages of other sites would have a browser send. */
import { describe, expect, test } from "vitest";
import { App, type InjectResponse } from "../../src/index.ts";
import { type CsrfOptions, csrf } from "../../src/middleware/index.ts";
import { session, sessionOf } from "../../src/services/session.ts";
import { MemoryStore } from "../../src/services/stores.ts";

const keys = ["a key of a token that has 32 characters or more"];
const FORM = "application/x-www-form-urlencoded";

function appWith(options: CsrfOptions): App {
  const app = new App();
  if (options.keys === undefined) app.use(session({ keys, store: new MemoryStore() }));
  app.use(csrf(options));
  app.get("/", () => "plain");
  app.get("/token", ({ state }) => state.csrf ?? "none");
  app.get("/twice", ({ state }) => [state.csrf, state.csrf]);
  app.route("/", async (request) => `did ${request.method} ${await request.text()}`, {
    methods: ["POST", "PUT", "PATCH", "DELETE", "PURGE"],
  });
  app.post("/form", async (request) => Object.fromEntries(await request.form()));
  app.post("/token", ({ state }) => state.csrf ?? "none");
  app.post("/login", (request) => {
    sessionOf(request).regenerate();
    return request.state.csrf ?? "none";
  });
  return app;
}

/** What a page gets, and what its client sends back. */
async function open(app: App): Promise<{ Cookie: string; "X-CSRF-Token": string }> {
  const page = await app.inject({ path: "/token" });
  return { Cookie: cookieOf(page), "X-CSRF-Token": page.text() };
}

function cookieOf({ headers }: InjectResponse): string {
  return (headers.get("set-cookie") ?? "").split(";")[0];
}

const kinds: { kind: string; options: CsrfOptions }[] = [
  { kind: "a cookie", options: { keys } },
  { kind: "the session", options: {} },
];

describe.each(kinds)("csrf with $kind", ({ options }) => {
  const app = appWith(options);
  const post = async (headers: Record<string, string>, method = "POST") =>
    (await app.inject({ method, headers, body: "x" })).status;

  test("lets requests pass that change nothing, and keeps nothing for them", async () => {
    const plain = await app.inject({ headers: { Origin: "https://evil.example", "Sec-Fetch-Site": "cross-site" } });
    expect([plain.text(), plain.headers.has("set-cookie")]).toEqual(["plain", false]);
    expect((await app.inject({ method: "HEAD" })).status).toBe(200);
    expect((await app.inject({ method: "OPTIONS" })).status).toBe(204);
  });

  test.each(["POST", "PUT", "PATCH", "DELETE", "PURGE"])("lets %s pass with the token alone", async (method) => {
    const headers = await open(app);
    expect(await post(headers, method)).toBe(200);
    expect(await post({ Cookie: headers.Cookie }, method)).toBe(403);
    expect(await post({ "X-CSRF-Token": headers["X-CSRF-Token"] }, method)).toBe(403);
    expect(await post({}, method)).toBe(403);
  });

  test("gives another token each time, and all of them are good", async () => {
    const { Cookie } = await open(app);
    const page = await app.inject({ path: "/twice", headers: { Cookie } });
    const tokens = page.json() as string[];
    expect(new Set(tokens).size).toBe(2);
    expect(page.headers.has("set-cookie")).toBe(false);
    for (const token of tokens) expect(await post({ Cookie, "X-CSRF-Token": token })).toBe(200);
  });

  test("refuses a token that is another's, was changed or cut off", async () => {
    const [mine, other] = [await open(app), await open(app)];
    const token = mine["X-CSRF-Token"];
    const half = token.length >> 1;
    const wrong = [
      ...[other["X-CSRF-Token"], "", "x", token.slice(0, -1), token.slice(0, half), `${token}AAAA`, "A".repeat(86)],
      `${token.slice(0, half)}${token[half] === "A" ? "B" : "A"}${token.slice(half + 1)}`,
      mine.Cookie.split("=")[1],
    ];
    for (const text of wrong) expect(await post({ ...mine, "X-CSRF-Token": text }), text).toBe(403);
    expect(await post({ ...mine, Cookie: other.Cookie })).toBe(403);
    for (const text of ["csrf=x", `${mine.Cookie.slice(0, -1)}!`]) {
      expect(await post({ ...mine, Cookie: text }), text).toBe(403);
    }
    expect(await post(mine)).toBe(200);
  });

  test("takes the token of a form, which the handler still gets", async () => {
    const { Cookie, "X-CSRF-Token": token } = await open(app);
    const send = (body: string, more = {}) =>
      app.inject({ method: "POST", path: "/form", headers: { Cookie, "Content-Type": FORM, ...more }, body });
    expect((await send(`a=1&_csrf=${token}`)).json()).toEqual({ a: "1", _csrf: token });
    expect((await send("a=1&_csrf=x")).status).toBe(403);
    expect((await send("a=1")).status).toBe(403);
    // The header counts where it is there.
    expect((await send(`_csrf=${token}`, { "X-CSRF-Token": "x" })).status).toBe(403);
    // What is no form is not read.
    expect((await send(`_csrf=${token}`, { "Content-Type": "text/plain" })).status).toBe(403);
    const boundary = "--b\r\nContent-Disposition: form-data; name=";
    const parts = `${boundary}"_csrf"\r\n\r\n${token}\r\n${boundary}"f"; filename="a"\r\n\r\nfile\r\n--b--\r\n`;
    expect((await send(parts, { "Content-Type": "multipart/form-data; boundary=b" })).status).toBe(200);
    const file = `${boundary}"_csrf"; filename="a"\r\n\r\n${token}\r\n--b--\r\n`;
    expect((await send(file, { "Content-Type": "multipart/form-data; boundary=b" })).status).toBe(403);
  });

  test("asks the browser where a request comes from", async () => {
    const good = await open(app);
    const from = (headers: Record<string, string>) => post({ ...good, ...headers });
    for (const site of ["cross-site", "same-site", "other"]) expect(await from({ "Sec-Fetch-Site": site })).toBe(403);
    for (const site of ["same-origin", "none"]) {
      expect(await from({ "Sec-Fetch-Site": site })).toBe(200);
      expect(await from({ "Sec-Fetch-Site": site, Origin: "null" })).toBe(200);
    }
    for (const origin of ["null", "https://evil.example", "http://localhost:81", "http://localhost.evil", "x", ""]) {
      expect(await from({ Origin: origin }), origin).toBe(403);
    }
    for (const origin of ["http://localhost", "https://localhost"]) expect(await from({ Origin: origin })).toBe(200);
    const host = (Host: string, Origin: string) => from({ Host, Origin });
    expect(await host("a.example:8443", "https://a.example:8443")).toBe(200);
    expect(await host("A.example:443", "https://a.example")).toBe(200);
    expect(await host("a.example:443", "http://a.example")).toBe(403);
    expect(await host("a.example", "https://b.a.example")).toBe(403);
  });

  test("trusts other origins that it is told to", async () => {
    const open2 = appWith({ ...options, origins: ["https://shop.example"] });
    const good = await open(open2);
    const from = async (Origin: string) => {
      const headers = { ...good, Origin, "Sec-Fetch-Site": "cross-site" };
      return (await open2.inject({ method: "POST", headers })).status;
    };
    expect([await from("https://shop.example"), await from("https://shop.example.evil")]).toEqual([200, 403]);
  });

  test("names are options", async () => {
    const named = appWith({ ...options, header: "X-Proof", field: "proof" });
    const { Cookie, "X-CSRF-Token": token } = await open(named);
    const send = async (headers: Record<string, string>, body = "") =>
      (await named.inject({ method: "POST", headers: { Cookie, ...headers }, body })).status;
    expect([await send({ "X-Proof": token }), await send({ "X-CSRF-Token": token })]).toEqual([200, 403]);
    expect(await send({ "Content-Type": FORM }, `proof=${token}`)).toBe(200);
  });

  test("a handler that may change things gets a token too", async () => {
    const good = await open(app);
    const again = await app.inject({ method: "POST", path: "/token", headers: good });
    expect(await post({ ...good, "X-CSRF-Token": again.text() })).toBe(200);
  });
});

test("a token of the time before a login is none after it, and the page after it has a new one", async () => {
  const app = appWith({});
  const before = await open(app);
  const login = await app.inject({ method: "POST", path: "/login", headers: before });
  const Cookie = cookieOf(login);
  expect(Cookie).not.toBe(before.Cookie);
  const post = async (token: string) =>
    (await app.inject({ method: "POST", headers: { Cookie, "X-CSRF-Token": token } })).status;
  expect([await post(before["X-CSRF-Token"]), await post(login.text())]).toEqual([403, 200]);
});

test("the cookie is one that scripts do not see, and with secure one of this host", async () => {
  const set = async (options: CsrfOptions) =>
    (await appWith(options).inject({ path: "/token" })).headers.get("set-cookie");
  expect(await set({ keys })).toMatch(/^csrf=[\w.-]+; Path=\/; HttpOnly; SameSite=Lax$/);
  expect(await set({ keys, secure: true, name: "x", sameSite: "strict" })).toMatch(
    /^__Host-x=[\w.-]+; Path=\/; HttpOnly; Secure; SameSite=Strict$/,
  );
});

test("refuses options that make no sense, and says that there is no session", async () => {
  expect(() => csrf({ keys: ["short"] })).toThrow("at least 32 characters");
  for (const origin of [
    "shop.example",
    "https://shop.example/",
    "https://shop.example/x",
    "https://SHOP.example",
    "",
  ]) {
    expect(() => csrf({ origins: [origin] }), origin).toThrow("is no origin");
  }
  const errors: unknown[] = [];
  const app = new App().on("error", (error) => errors.push(error));
  app.use(csrf());
  app.get("/", () => "");
  expect((await app.inject()).status).toBe(500);
  expect(String(errors[0])).toContain("put session() around the handler");
});

test("with a cookie no promise is made for who has none", async () => {
  const seen: unknown[] = [];
  const app = new App();
  app.use((next) => (request) => {
    const answer = next(request);
    seen.push(answer);
    return answer;
  });
  app.use(csrf({ keys }));
  app.get("/", () => "in");
  await app.inject();
  expect(seen).toEqual(["in"]);
});
