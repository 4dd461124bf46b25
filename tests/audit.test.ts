/** Each rule finds what it is for, and nothing where that is in order. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import path from "node:path";
import { afterAll, afterEach, expect, test } from "vitest";
import { AUDIT_RULES, type AuditOptions, audit } from "../src/audit.ts";
import { App, type ApplicationOptions, Blueprint, described, descriptionOf, post, tunnel, use } from "../src/index.ts";
import {
  basicAuth,
  bearerAuth,
  cors,
  csrf,
  decompression,
  rateLimit,
  securityHeaders,
  trustedProxies,
} from "../src/middleware/index.ts";
import { session } from "../src/services/session.ts";
import { staticFiles } from "../src/services/static.ts";

const folder = mkdtempSync(path.join(tmpdir(), "pyrois-audit-"));
for (const name of ["project", "public"]) mkdirSync(path.join(folder, name));
writeFileSync(path.join(folder, "project", ".env"), "");
afterAll(() => rmSync(folder, { recursive: true }));

const { NODE_ENV } = process.env;
afterEach(() => {
  process.env.NODE_ENV = NODE_ENV;
});

const KEY = "Zt7oWcD3mR9sLq1xPv5kYb8nHf2jGu4eAi6w";
const OTHER_KEY = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const users = { ada: "Vr8#kLm2pQ!z" };
const sessions = (more = {}) => session({ keys: [KEY], ...more });
const never = () => null;

type Make = (app: App) => unknown;
/** An application with something in it, what it is made with, and what is asked of it. */
interface Case {
  readonly make?: Make;
  readonly app?: ApplicationOptions;
  readonly options?: AuditOptions;
}

const server = (given: AuditOptions["server"] = {}): Case => ({ options: { server: given } });
const made = (make: Make, options: AuditOptions = {}): Case => ({ make, options });
const production = { production: true };
const tls = { production: true, server: { tls: { key: "", cert: "" } } };
const ws = (options = {}) => made((app) => app.ws("/ws", {}, options));
const files = (root: string, options = {}) => made((app) => app.include(staticFiles(root, options)));

/** What each rule finds, and what it does not. */
const CASES: Readonly<Record<string, { readonly bad: readonly Case[]; readonly good: readonly Case[] }>> = {
  "body-size-off": {
    bad: [
      server({ maxBodySize: Number.POSITIVE_INFINITY }),
      made((app) => app.post("/", never, { maxBodySize: Number.POSITIVE_INFINITY })),
    ],
    good: [server(), made((app) => app.post("/", never, { maxBodySize: 2 ** 30 }))],
  },
  "body-size-large": {
    bad: [server({ maxBodySize: 100 * 2 ** 20 + 1 })],
    good: [server({ maxBodySize: 100 * 2 ** 20 }), server({ maxBodySize: Number.POSITIVE_INFINITY })],
  },
  "timeouts-off": {
    bad: [
      server({ headTimeout: 100_001 }),
      server({ bodyTimeout: Number.POSITIVE_INFINITY }),
      server({ keepAliveTimeout: Number.POSITIVE_INFINITY }),
      server({ writeTimeout: Number.POSITIVE_INFINITY }),
      server({ minBodyRate: 0 }),
    ],
    good: [server({ headTimeout: 100_000, minBodyRate: 1 })],
  },
  "head-large": {
    bad: [server({ maxHeadSize: 163_841 }), server({ maxTargetSize: 81_921 }), server({ maxFields: 1001 })],
    good: [server({ maxHeadSize: 163_840, maxTargetSize: 81_920, maxFields: 1000 })],
  },
  "connections-unbounded": {
    bad: [{ options: production }],
    good: [server(), { options: { production: true, server: { maxConnections: 1000 } } }],
  },
  "content-limits-far": {
    bad: [{ app: { maxJsonDepth: 5121 } }, { app: { maxParts: 10_001 } }, { app: { maxPartHeaderSize: 2 ** 20 + 1 } }],
    good: [{}, { app: { maxJsonDepth: 5120, maxParts: 10_000 } }],
  },
  "decompression-off": {
    bad: [
      made((app) => app.use(decompression({ maxSize: Number.POSITIVE_INFINITY }))),
      made((app) => app.post("/", never, { middleware: [decompression({ maxRatio: 1032 })] })),
    ],
    good: [made((app) => app.use(decompression()))],
  },
  "web-socket-limits": {
    bad: [ws({ maxMessageSize: 2 ** 30 }), ws({ pingInterval: Number.POSITIVE_INFINITY })],
    good: [ws()],
  },
  "weak-key": {
    bad: [
      made((app) => app.use(session({ keys: [KEY, OTHER_KEY] }))),
      made((app) => app.use(session({ keys: ["my secret that nobody will ever guess"] }))),
      made((app) => app.use(csrf({ keys: [new Uint8Array(32)] }))),
    ],
    good: [made((app) => app.use(sessions(), csrf({ keys: [KEY] }))), made((app) => app.use(csrf()))],
  },
  "weak-password": {
    bad: [
      made((app) => app.use(basicAuth({ users: { ada: "password1234" } }))),
      made((app) => app.use(basicAuth({ users: { ada: "k9#x" } }))),
      made((app) => app.use(bearerAuth({ tokens: { abc: "ada" } }))),
    ],
    good: [
      made((app) => app.use(basicAuth({ users }), bearerAuth({ tokens: { [KEY]: "ada" } }))),
      made((app) => app.use(basicAuth({ verify: () => false }))),
    ],
  },
  "cookie-not-secure": {
    bad: [made((app) => app.use(sessions()), production), made((app) => app.use(csrf({ keys: [KEY] })), production)],
    good: [made((app) => app.use(sessions())), made((app) => app.use(sessions({ secure: true }), csrf()), production)],
  },
  "cookie-same-site": {
    bad: [made((app) => app.use(sessions({ sameSite: "none", secure: true })))],
    good: [made((app) => app.use(sessions()))],
  },
  "cookie-without-tls": {
    bad: [made((app) => app.use(sessions({ secure: true })), production)],
    good: [
      made((app) => app.use(sessions({ secure: true }))),
      made((app) => app.use(sessions({ secure: true })), tls),
      made((app) => app.use(trustedProxies(["loopback"]), sessions({ secure: true })), production),
    ],
  },
  "csrf-missing": {
    bad: [
      made((app) => app.use(sessions()).post("/", never)),
      made((app) => app.group("/a", { middleware: [sessions()] }).route("/", never, { methods: "*" })),
    ],
    good: [
      made((app) => app.use(sessions()).get("/", never)),
      made((app) => app.use(sessions(), csrf()).post("/", never)),
      made((app) => app.post("/", never)),
    ],
  },
  "cors-any-origin": {
    bad: [
      made((app) => app.use(cors({ origins: () => true, credentials: true }))),
      made((app) => app.use(cors({ origins: ["https://a.example", /https:.*/], credentials: true }))),
      made((app) => app.use(cors({ origins: /http:.*/, credentials: true }))),
    ],
    good: [
      made((app) => app.use(cors({ origins: "*" }))),
      made((app) => app.use(cors({ origins: /https:\/\/\w+\.example/, credentials: true }))),
      made((app) => app.use(cors({ origins: (_, { host }) => host === "a", credentials: true }))),
      made((app) => app.use(cors({ origins: async (_, { host }) => host === "a", credentials: true }))),
    ],
  },
  "cors-null": {
    bad: [made((app) => app.use(cors({ origins: ["null"] })))],
    good: [made((app) => app.use(cors({ origins: "*" })))],
  },
  "cors-public": {
    bad: [made((app) => app.use(cors({ origins: "*" })))],
    good: [made((app) => app.use(cors({ origins: "https://a.example" })))],
  },
  "web-socket-origins": { bad: [ws()], good: [ws({ origins: ["https://a.example"] })] },
  "trusted-any": {
    bad: [
      made((app) => app.use(trustedProxies(["loopback", "0.0.0.0/0"]))),
      made((app) => app.use(trustedProxies(["::/0"]))),
    ],
    good: [made((app) => app.use(trustedProxies(["loopback", "10.0.0.0/8"])))],
  },
  "login-unlimited": {
    bad: [
      made((app) => app.post("/login", never)),
      made((app) => app.post("/users/reset-password", never)),
      made((app) => app.post("/users/{id}/resetPassword", never)),
    ],
    good: [
      made((app) => app.post("/login", never, { middleware: [rateLimit({ limit: 1, window: 1 })] })),
      made((app) => app.get("/login", never).post("/authors", never).put("/things/{auth_token_id}", never)),
    ],
  },
  "no-security-headers": {
    bad: [made((app) => app.get("/", never))],
    good: [made((app) => app.use(securityHeaders()).get("/", never)), {}],
  },
  "basic-plain": {
    bad: [made((app) => app.use(basicAuth({ users })), production)],
    good: [made((app) => app.use(basicAuth({ users }))), made((app) => app.use(basicAuth({ users })), tls)],
  },
  "static-wide": {
    bad: [files(path.join(folder, "project")), files("/"), files(homedir())],
    good: [files(path.join(folder, "public"))],
  },
  "static-dotfiles": { bad: [files(folder, { dotfiles: true })], good: [files(folder)] },
  "static-links": { bad: [files(folder, { symlinks: "follow" })], good: [files(folder)] },
  "errors-leak": {
    bad: [
      made((app) => app.catch((error) => (error as Error).stack)),
      made((app) => app.catch(TypeError, (error) => `${error.stack}`)),
      made((app) => app.get("/", never, { catch: (error) => (error as Error).stack })),
    ],
    good: [made((app) => app.catch(() => "sorry"))],
  },
  "development-mode": {
    bad: [{ app: { development: true }, options: production }],
    good: [{ app: { development: true } }, { options: production }],
  },
  "plain-to-all": {
    bad: [server({ host: "0.0.0.0" }), server({ host: "192.0.2.1" })],
    good: [
      server({ host: "127.0.0.1" }),
      server({ host: "::1" }),
      server({ host: "0.0.0.0", tls: {} }),
      server({ host: "0.0.0.0", path: "/run/app.sock" }),
      { ...server({ host: "::" }), make: (app) => app.use(trustedProxies(["private"])) },
    ],
  },
  "tunnel-open": {
    bad: [{ app: { tunnel: () => tunnel(() => {}) } }],
    good: [{}, { app: { tunnel: () => tunnel(() => {}) }, make: (app) => app.use(basicAuth({ users })) }],
  },
};

function ask({ make, app: made, options }: Case) {
  const app = new App(made);
  make?.(app);
  return audit(app, options);
}

test("every rule is tried", () => {
  expect(Object.keys(CASES).sort()).toEqual(Object.keys(AUDIT_RULES).sort());
});

test.each(Object.entries(CASES))("%s", (rule, { bad, good }) => {
  for (const each of bad) {
    const found = ask(each).filter((finding) => finding.rule === rule);
    expect(found.length, String(each.make ?? JSON.stringify(each))).toBe(1);
    expect(found[0].level).toBe(AUDIT_RULES[rule]);
    for (const text of [found[0].what, found[0].where, found[0].how]) expect(text).toMatch(/^\S.*\S$/);
  }
  for (const each of good) expect(ask(each).map((finding) => finding.rule)).not.toContain(rule);
});

test("says where: the first place, and how many more there are", () => {
  const app = new App().use(securityHeaders());
  app.post("/login", never);
  app.group("/api").route("/auth/{id}", never, { methods: ["PUT", "DELETE"], host: "a.example" });
  expect(audit(app).map(({ rule, where }) => [rule, where])).toEqual([["login-unlimited", "POST /login, and 2 more"]]);
});

test("what is used by many routes is told of once, where it is first", () => {
  const app = new App().use(session({ keys: [OTHER_KEY] }), csrf(), securityHeaders());
  app.get("/", never).get("/other", never);
  app.include(staticFiles("/"), { prefix: "/files" });
  const [key, folder] = audit(app);
  expect([key.rule, key.where, folder.rule, folder.where]).toEqual([
    "weak-key",
    "the application",
    "static-wide",
    "GET /files/",
  ]);
  expect(folder.what).toBe("the folder /, which is served, is the whole disk");
});

test("hooks count as what they say they are", () => {
  const limit = described(() => {}, "rateLimit");
  const app = new App().use(securityHeaders()).on("request", limit);
  app.post("/login", never);
  expect(audit(app)).toEqual([]);
});

test("the gravest comes first, and what is ignored does not come", () => {
  const options = { server: { host: "0.0.0.0", maxBodySize: Number.POSITIVE_INFINITY, headTimeout: 1e9 } };
  const levels = audit(new App(), options).map(({ level }) => level);
  expect(levels).toEqual(["high", "medium", "low", "note"]);
  const ignore = ["body-size-off", "plain-to-all"];
  expect(audit(new App(), { ...options, ignore }).map(({ level }) => level)).toEqual(["medium", "note"]);
  expect(() => audit(new App(), { ignore: ["body-size"] })).toThrow('there is no rule "body-size"');
});

test("nothing is found in an application as it comes", () => {
  expect(audit(new App())).toEqual([]);
});

test("NODE_ENV says whether it is production", () => {
  process.env.NODE_ENV = "production";
  expect(audit(new App()).map(({ rule }) => rule)).toEqual(["connections-unbounded"]);
  expect(audit(new App(), { production: false })).toEqual([]);
});

test("what stands around methods of blueprints is seen", () => {
  class Login extends Blueprint {
    @use(rateLimit({ limit: 1, window: 1000 }))
    @post("/login")
    login() {
      return "in";
    }
  }
  const app = new App().use(securityHeaders());
  app.addBlueprint(new Login({}));
  expect(audit(app)).toEqual([]);
});

test("an application with converters of its own is looked at as well, and secrets are in no description", () => {
  const app = new App({ converters: { even: { pattern: /\d*[02468]/, parse: Number } } });
  app.use(session({ keys: [KEY] }), basicAuth({ users }), bearerAuth({ tokens: { [OTHER_KEY]: "ada" } }));
  expect(audit(app).map(({ rule }) => rule)).toEqual(["weak-password"]);
  const told = app.layersOf().flatMap(({ middleware }) => middleware.map(descriptionOf));
  expect(told.map((each) => each?.name)).toEqual(["session", "basicAuth", "bearerAuth"]);
  for (const secret of [KEY, OTHER_KEY, users.ada]) expect(JSON.stringify(told)).not.toContain(secret);
});

test("an option of the server that is undefined is its default", () => {
  const app = new App().use(securityHeaders());
  expect(audit(app, { server: { host: undefined, headTimeout: undefined, maxBodySize: undefined } as object })).toEqual(
    [],
  );
});
