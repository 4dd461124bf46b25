/** Fields of all responses, and those by which browsers guard what they show. */
import { readFileSync } from "node:fs";
import { Agent, get } from "node:https";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { App, HttpResponse, NotFoundError } from "../../src/index.ts";
import {
  globalHeaders,
  type SecurityHeadersOptions,
  securityHeaders,
  trustedProxies,
} from "../../src/middleware/index.ts";
import { browser, evaluateInPage } from "../support/browser.ts";

describe("globalHeaders", () => {
  test("are on every response, errors too; a handler's own stay", async () => {
    const app = new App().on("error", () => {});
    app.use(
      globalHeaders([
        ["X-A", "1"],
        ["X-A", "2"],
        ["X-B", "b"],
      ]),
    );
    app.get("/", () => "ok");
    app.get("/own", () => new HttpResponse("", { headers: { "x-a": "mine" } }));
    app.get("/404", () => Promise.reject(new NotFoundError()));
    app.get("/500", () => undefined as never);
    const found = async (path: string) => {
      const { headers } = await app.inject({ path });
      return [headers.get("x-a"), headers.get("x-b")];
    };
    for (const path of ["/", "/404", "/500", "/nowhere"]) expect(await found(path), path).toEqual(["1, 2", "b"]);
    expect(await found("/own")).toEqual(["mine", "b"]);
  });

  test("are the same on a response that is given twice", async () => {
    const app = new App().use(globalHeaders({ "X-A": "1" }));
    const same = new HttpResponse("same");
    app.get("/", () => same);
    await app.inject();
    expect((await app.inject()).headers.getAll("x-a")).toEqual(["1"]);
  });

  test("are refused where they cannot be sent", () => {
    for (const name of ["Content-Length", "transfer-encoding", "Connection", "Keep-Alive"]) {
      expect(() => globalHeaders({ [name]: "1" })).toThrow(`${name} is no field of all responses`);
    }
    expect(() => globalHeaders({ "X-A": "a\r\nX-B: b" })).toThrow("X-A");
  });
});

async function fieldsOf(options: SecurityHeadersOptions, own: Record<string, string> = {}) {
  const app = new App().use(securityHeaders(options));
  app.get("/", () => new HttpResponse("ok", { headers: own }));
  const { headers } = await app.inject();
  return new Map([...headers].map(([name, value]) => [name.toLowerCase(), value]));
}

describe("securityHeaders", () => {
  test("by default", async () => {
    const fields = await fieldsOf({});
    for (const name of ["content-length", "content-type", "date"]) fields.delete(name);
    expect(Object.fromEntries(fields)).toEqual({
      "content-security-policy":
        "default-src 'self'; base-uri 'self'; form-action 'self'; frame-ancestors 'self'; img-src 'self' data:; " +
        "object-src 'none'; script-src 'self'; script-src-attr 'none'; style-src 'self'",
      "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
      "x-content-type-options": "nosniff",
      "x-frame-options": "SAMEORIGIN",
      "referrer-policy": "no-referrer",
      "cross-origin-opener-policy": "same-origin",
      "cross-origin-resource-policy": "same-origin",
      "origin-agent-cluster": "?1",
      "x-dns-prefetch-control": "off",
      "x-permitted-cross-domain-policies": "none",
    });
  });

  test("are on errors too, and a handler's own stay", async () => {
    const app = new App().use(securityHeaders());
    expect((await app.inject({ path: "/nowhere" })).headers.get("x-content-type-options")).toBe("nosniff");
    const own = await fieldsOf({}, { "Referrer-Policy": "origin", "Content-Security-Policy": "default-src *" });
    expect([own.get("referrer-policy"), own.get("content-security-policy")]).toEqual(["origin", "default-src *"]);
  });

  test("each may be another, or none", async () => {
    const none = await fieldsOf({
      contentSecurityPolicy: false,
      permissionsPolicy: false,
      contentTypeOptions: false,
      frameOptions: "DENY",
      crossOriginEmbedderPolicy: "require-corp",
    });
    expect(none.has("content-security-policy") || none.has("permissions-policy")).toBe(false);
    expect(none.has("x-content-type-options")).toBe(false);
    expect([none.get("x-frame-options"), none.get("cross-origin-embedder-policy")]).toEqual(["DENY", "require-corp"]);
  });

  test("policies are made of directives, beside the default ones", async () => {
    const fields = await fieldsOf({
      contentSecurityPolicy: {
        directives: {
          "default-src": false,
          "img-src": "* data:",
          "script-src": ["'self'", "https://cdn.example"],
          "upgrade-insecure-requests": true,
        },
        reportOnly: true,
      },
      permissionsPolicy: { camera: "self", usb: "*", fullscreen: ["self", '"https://a.example"'], midi: false },
    });
    expect(fields.get("content-security-policy-report-only")).toBe(
      "base-uri 'self'; form-action 'self'; frame-ancestors 'self'; img-src * data:; object-src 'none'; " +
        "script-src 'self' https://cdn.example; script-src-attr 'none'; style-src 'self'; upgrade-insecure-requests",
    );
    expect(fields.has("content-security-policy")).toBe(false);
    expect(fields.get("permissions-policy")).toBe('camera=(self), usb=*, fullscreen=(self "https://a.example")');
    expect((await fieldsOf({ contentSecurityPolicy: "default-src x" })).get("content-security-policy")).toBe(
      "default-src x",
    );
  });

  test("a nonce is another each time, and what the handler knows", async () => {
    const app = new App().use(securityHeaders({ contentSecurityPolicy: { nonce: true } }));
    app.get("/", (request) => request.state.cspNonce ?? "none");
    const ask = async () => {
      const answer = await app.inject();
      const policy = answer.headers.get("content-security-policy") ?? "";
      expect(policy.split(`'nonce-${answer.text()}'`)).toHaveLength(3);
      expect(policy).toContain("script-src 'self' 'nonce-");
      return answer.text();
    };
    const [one, two] = [await ask(), await ask()];
    expect(one).toMatch(/^[A-Za-z0-9+/]{22}==$/);
    expect(one).not.toBe(two);
  });

  test.each([
    [{ contentSecurityPolicy: { directives: { "img-src": "a; script-src *" } } }, "contentSecurityPolicy: img-src"],
    [{ contentSecurityPolicy: { directives: { "img-src": "a," } } }, "which is no source"],
    [{ contentSecurityPolicy: { directives: { "img src": "a" } } }, "which is no directive"],
    [{ contentSecurityPolicy: "a\nb" }, "Content-Security-Policy"],
    [{ permissionsPolicy: { camera: "a\nb;" } }, "permissionsPolicy: camera"],
    [{ strictTransportSecurity: { maxAge: -1 } }, "strictTransportSecurity.maxAge"],
    [{ frameOptions: "a\r\nb" }, "X-Frame-Options"],
  ] as [SecurityHeadersOptions, string][])("options that make no sense are refused: %j", (options, message) => {
    expect(() => securityHeaders(options)).toThrow(message);
  });
});

describe("Strict-Transport-Security", () => {
  const HSTS = "strict-transport-security";

  test("is not sent where the client has not come by HTTPS, unless that is said", async () => {
    expect((await fieldsOf({})).has(HSTS)).toBe(false);
    const always = { maxAge: 60, includeSubDomains: false, preload: true, always: true };
    expect((await fieldsOf({ strictTransportSecurity: always })).get(HSTS)).toBe("max-age=60; preload");
    expect((await fieldsOf({ strictTransportSecurity: false })).has(HSTS)).toBe(false);
  });

  test("is sent over TLS", async () => {
    const fixture = (name: string) => readFileSync(path.join(import.meta.dirname, "..", "fixtures", name));
    const app = new App().use(securityHeaders());
    app.get("/", (request) => `${request.secure}`);
    const tls = { key: fixture("localhost.key"), cert: fixture("localhost.crt") };
    const { address } = await app.listen({ port: 0, tls });
    const agent = new Agent({ ca: tls.cert, servername: "localhost" });
    const [field, text] = await new Promise<[unknown, string]>((resolve, reject) => {
      get({ port: address.port, agent }, async (response) => {
        let body = "";
        for await (const piece of response) body += piece;
        resolve([response.headers[HSTS], body]);
      }).on("error", reject);
    });
    agent.destroy();
    await app.close({ deadline: 0 });
    expect([field, text]).toEqual(["max-age=15552000; includeSubDomains", "true"]);
  });

  test("is sent where a trusted proxy says that the client came by it", async () => {
    const app = new App().use(trustedProxies(["loopback"]), securityHeaders());
    app.get("/", () => "ok");
    const sent = async (protocol: string) =>
      (await app.inject({ headers: { "X-Forwarded-Proto": protocol } })).headers.has(HSTS);
    expect([await sent("https"), await sent("http")]).toEqual([true, false]);
  });
});

test.skipIf(!browser)("a browser runs scripts with the nonce, and no others", async () => {
  const app = new App().use(securityHeaders({ contentSecurityPolicy: { nonce: true } }));
  app.get("/", ({ state }) => {
    const scripts = `<script>document.title += "without"</script><script nonce="${state.cspNonce}">document.title += "with"</script>`;
    return `<!doctype html><title></title>${scripts}`;
  });
  const { url } = await app.listen({ port: 0 });
  try {
    expect(
      await evaluateInPage(
        url,
        `location.href === "${url}" && document.readyState === "complete" ? document.title : null`,
      ),
    ).toBe("with");
  } finally {
    await app.close({ deadline: 0 });
  }
});
