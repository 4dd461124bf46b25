/** Who may see what an inspector shows, what it hides even then, and what can be sent again. */
import { mkdtempSync, rmSync } from "node:fs";
import { request as ask } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import type { Details, Summary } from "../../src/dev/inspector/entries.ts";
import { masksOf } from "../../src/dev/inspector/masks.ts";
import { type InspectorOptions, inspector } from "../../src/dev/inspector.ts";
import { App, HttpResponse } from "../../src/index.ts";
import { cors } from "../../src/middleware/index.ts";
import { eventStream } from "../../src/services/events.ts";
import { exchange } from "../support/client.ts";

const open: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

function inspected(options: InspectorOptions = {}) {
  const app = new App({ logger: { debug() {}, info() {}, warn() {}, error() {} } });
  const routes = inspector(app, options);
  open.push(
    () => routes.close(),
    () => app.close({ deadline: 0 }),
  );
  app.include(routes);
  return app;
}

const exchanges = async (app: App) =>
  ((await app.inject({ path: "/_dev/exchanges" })).json() as { entries: Summary[] }).entries;
const details = async (app: App, id: number) => (await app.inject({ path: `/_dev/exchanges/${id}` })).json() as Details;
const plain = (base64: string) => Buffer.from(base64, "base64").toString("latin1");

describe("it answers", () => {
  const statusOf = async (app: App, headers: Record<string, string>, method = "GET", target = "/_dev/exchanges") =>
    (await app.inject({ method, path: target, headers })).status;

  test.each([
    ["localhost", 200],
    ["LOCALHOST:8080", 200],
    ["127.0.0.1:1", 200],
    ["[::1]:8080", 200],
    ["dev.example", 403],
    ["localhost.evil.example", 403],
    ["127.0.0.1.evil.example", 403],
    ["[::2]", 403],
  ])("to the host %s with %d", async (Host, status) => {
    expect(await statusOf(inspected(), { Host })).toBe(status);
  });

  test("to hosts that are named, and says how", async () => {
    const app = inspected({ hosts: ["Dev.example"] });
    expect(await statusOf(app, { Host: "dev.example:80" })).toBe(200);
    const refused = await app.inject({ path: "/_dev/", headers: { Host: "other.example" } });
    expect(refused.text()).toBe('the inspector does not answer to the host "other.example"; name it in hosts\n');
  });

  test.each(["Forwarded", "X-Forwarded-For", "X-Real-IP", "Via"])("no proxy that says so by %s", async (name) => {
    expect(await statusOf(inspected(), { [name]: "192.0.2.1" })).toBe(403);
    expect(await statusOf(inspected({ allowRemote: true }), { [name]: "192.0.2.1" })).toBe(200);
  });

  test("nobody whose address is not known to be of this machine", async () => {
    const folder = mkdtempSync(path.join(tmpdir(), "pyrois-inspector-"));
    open.push(() => rmSync(folder, { recursive: true }));
    const status = async (options: InspectorOptions, name: string) => {
      const socketPath = path.join(folder, name);
      await inspected(options).listen({ path: socketPath });
      return new Promise((resolve, reject) => {
        ask({ socketPath, path: "/_dev/", headers: { Host: "localhost" } }, ({ statusCode }) => resolve(statusCode))
          .on("error", reject)
          .end();
      });
    };
    expect(await status({}, "strict")).toBe(403);
    expect(await status({ allowRemote: true }, "open")).toBe(200);
  });

  const own = { Host: "localhost:8080", Origin: "http://localhost:8080" };
  test.each<[Record<string, string>, number, number]>([
    [{}, 200, 204],
    [own, 200, 204],
    [{ ...own, "Sec-Fetch-Site": "same-origin" }, 200, 204],
    [{ "Sec-Fetch-Site": "none" }, 200, 204],
    [{ ...own, Origin: "http://localhost:3000" }, 403, 403],
    [{ ...own, Origin: "null" }, 403, 403],
    [{ "Sec-Fetch-Site": "same-site" }, 403, 403],
    [{ "Sec-Fetch-Site": "cross-site", Origin: own.Origin, Host: own.Host }, 403, 403],
    [{ "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document" }, 200, 403],
    [{ "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe" }, 403, 403],
  ])("of a page that a browser tells of by %j: to read %d, to clear %d", async (headers, read, clear) => {
    const app = inspected();
    expect(await statusOf(app, headers)).toBe(read);
    expect(await statusOf(app, headers, "POST", "/_dev/clear")).toBe(clear);
    expect(await statusOf(app, headers, "POST", "/_dev/exchanges/1/replay")).toBe(clear === 204 ? 404 : 403);
  });

  test("no other site, were the application to let all of them read", async () => {
    const app = inspected();
    app.use(cors({ origins: "*" }));
    expect(await statusOf(app, { Origin: "https://evil.example", "Sec-Fetch-Site": "cross-site" })).toBe(403);
  });

  test("with a policy that runs its own files only, errors too", async () => {
    const app = inspected();
    for (const target of ["/_dev/", "/_dev/inspector.js", "/_dev/nothing", "/_dev/exchanges/9"]) {
      const { headers } = await app.inject({ path: target });
      expect(headers.get("content-security-policy")).toMatch(
        /^default-src 'none'; script-src 'self'; style-src 'self';/,
      );
      expect(headers.get("content-security-policy")).toContain("frame-ancestors 'none'");
      expect(headers.get("x-content-type-options")).toBe("nosniff");
      expect(headers.get("cache-control")).toBe("no-store");
    }
    const page = (await app.inject({ path: "/_dev/" })).text();
    expect(page).not.toMatch(/<script(?![^>]*src=)|<style|\son\w+=|style=/);
    const moved = await app.inject({ path: "/_dev" });
    expect([moved.status, moved.headers.get("location")]).toEqual([302, "/_dev/"]);
  });

  test("in production there is none", () => {
    const before = process.env.NODE_ENV;
    process.env.NODE_ENV = "production";
    try {
      expect(() => inspector(new App())).toThrow("NODE_ENV is production");
    } finally {
      process.env.NODE_ENV = before;
    }
  });
});

describe("secrets", () => {
  const SENT = [
    "POST /?a=1&authorization=q-secret&b=2 HTTP/1.1",
    "Host: localhost",
    "Authorization: Bearer h-secret",
    "COOKIE: sid=c-secret; theme=d-secret",
    "X-Api-Key: k-secret",
    "Content-Type: application/json",
    "Content-Length: 77",
    "",
    '{"a":1,"Authorization" : "j-secret","x-api-key":{"in":["n-secret",5]},"z":"z"}',
  ].join("\r\n");

  async function shown(options: InspectorOptions) {
    const app = inspected(options);
    app.post("/", ({ log, headers }) => {
      log.info({ cookie: "l-secret", "x-api-key": "k-secret" });
      return new HttpResponse("authorization=r-secret&c=3", {
        headers: { "Set-Cookie": "sid=s-secret; Path=/; HttpOnly", "X-Api-Key": headers.get("x-api-key") ?? "" },
      });
    });
    const server = await app.listen({ port: 0 });
    const [answer] = await exchange(server.address.port, SENT.replace("77", String(SENT.split("\r\n\r\n")[1].length)));
    expect(answer.body).toBe("authorization=r-secret&c=3");
    const all = await details(app, 1);
    const { head, request, content } = all;
    return { all, text: JSON.stringify(all) + [head, request.bytes, content.bytes].map(plain).join() };
  }

  test("are masked in heads, fields, targets, content and logs, and all else stays where it is", async () => {
    const { all, text } = await shown({ secrets: ["X-Api-Key"] });
    expect(text).not.toMatch(/.-secret/);
    expect(all.target).toBe("/?a=1&authorization=********&b=2");
    const [sentHead, sentContent] = SENT.split("\r\n\r\n");
    expect(plain(all.head).length).toBe(`${sentHead}\r\n\r\n`.length);
    expect(plain(all.head)).toContain("\r\nCOOKIE: sid=********; theme=********\r\n");
    expect(plain(all.request.bytes)).toBe(
      '{"a":1,"Authorization" : "********","x-api-key":{"**":["********",*]},"z":"z"}',
    );
    expect(plain(all.request.bytes).length).toBe(sentContent.length);
    expect(plain(all.content.bytes)).toBe("authorization=********&c=3");
    expect(all.response?.fields).toContainEqual(["Set-Cookie", "sid=********; Path=/; HttpOnly"]);
    expect(all.masked).toBe(true);
  });

  test("of further names are shown where nobody names them, and all with showSecrets", async () => {
    expect((await shown({})).text.match(/.-secret/g)).toEqual(expect.arrayContaining(["k-secret", "n-secret"]));
    const { all, text } = await shown({ showSecrets: true });
    for (const letter of "qhcdkjnlrs") expect(text).toContain(`${letter}-secret`);
    expect(all.masked).toBe(false);
  });

  test("in content that is cut, nested, escaped, or full of them, are masked in no time", () => {
    const masks = masksOf([], false);
    expect(masks.content('{"cookie":"a\\"b')).toBe('{"cookie":"****');
    expect(masks.content('{"cookie":"a\\')).toBe('{"cookie":"**');
    expect(masks.content('[{"cookie":null},{"cookie":{"cookie":"x"}},"y"]')).toBe(
      '[{"cookie":****},{"cookie":{"******":"*"}},"y"]',
    );
    expect(masks.content('{"set-cookie":["a=b","c"],"d":"e"}')).toBe('{"set-cookie":["***","*"],"d":"e"}');
    const many = '{"cookie":{'.repeat(200_000);
    expect(masks.content(many)).toHaveLength(many.length);
  });

  test("where a field is wrong, nobody knows whose value it is: the bytes around are masked", async () => {
    for (const [showSecrets, quoted] of [
      [false, "\\x01"],
      [true, "secret\\x01"],
    ] as const) {
      const app = inspected({ showSecrets });
      const server = await app.listen({ port: 0 });
      await exchange(server.address.port, "GET / HTTP/1.1\r\nHost: a\r\nAuthorization: secret\x01\r\n\r\n");
      const [refused] = (await exchanges(app)) as unknown as { name: string; quoted: string }[];
      expect(refused.name).toBe("InvalidFieldValue");
      expect(refused.quoted).toContain(quoted);
      expect(refused.quoted.includes("secret")).toBe(showSecrets);
    }
  });
});

describe("a replay", () => {
  const replay = (app: App, id: number) =>
    app.inject({ method: "POST", path: `/_dev/exchanges/${id}/replay`, headers: { "Sec-Fetch-Site": "same-origin" } });

  /** An application that notes what it gets, and resolves with that once there is so much of it. */
  function noting(options: InspectorOptions = {}) {
    const app = inspected(options);
    const seen: string[] = [];
    let wake = () => {};
    app.on("request", async (request) => {
      if (request.path.startsWith("/_dev")) return;
      const head = Buffer.from(request.rawHead()).toString("latin1");
      seen.push(head + Buffer.from(await request.bytes()).toString("latin1") + (request.trailers?.get("x-sum") ?? ""));
      wake();
    });
    const until = async (count: number) => {
      while (seen.length < count) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      return seen;
    };
    return { app, until };
  }

  test.each([
    ["GET /a%2Fb?c HTTP/1.1\r\nhOST: some.where\r\nX-Odd:  \xe9 \r\nConnection: close\r\n\r\n"],
    ["POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n\x00\r\xff"],
    ["GET / HTTP/1.0\r\n\r\n"],
  ])("sends the bytes of %j again, with a field more", async (sent) => {
    const { app, until } = noting();
    const server = await app.listen({ port: 0 });
    await exchange(server.address.port, sent);
    const [summary] = (await exchanges(app)).slice(-1);
    expect((await replay(app, summary.id)).status).toBe(202);
    const seen = await until(2);
    const at = sent.indexOf("\r\n\r\n") + 2;
    expect(seen).toEqual([sent, `${sent.slice(0, at)}X-Pyrois-Replay: ${summary.id}\r\n${sent.slice(at)}`]);
    // A replay of the replay is one of the replay, and has the field once.
    const again = (await exchanges(app)).at(-1)?.id ?? 0;
    await replay(app, again);
    const [, , third] = await until(3);
    expect(third.match(/X-Pyrois-Replay: \d+/g)).toEqual([`X-Pyrois-Replay: ${again}`]);
    expect((await exchanges(app)).map(({ replayOf }) => replayOf)).toEqual([null, summary.id, again]);
  });

  test("has content that came in chunks in one, with its trailers", async () => {
    const { app, until } = noting();
    const server = await app.listen({ port: 0 });
    const head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (const content of ["2\r\nab\r\n1\r\nc\r\n0\r\nX-Sum: 3\r\n\r\n", "0\r\n\r\n"])
      await exchange(server.address.port, head + content);
    for (const id of [1, 2]) await replay(app, id);
    const seen = await until(4);
    expect(seen.slice(2).map((text) => text.split("\r\n\r\n")[1])).toEqual(["abc3", ""]);
  });

  test("is none where bytes are missing, or another protocol is asked for, and says why", async () => {
    const app = inspected({ maxContent: 3 });
    app.post("/", async (request) => request.bytes());
    app.post("/unread", () => "unread");
    app.get("/up", () => "no");
    const server = await app.listen({ port: 0 });
    const ask = (line: string, fields: string, content = "") =>
      exchange(server.address.port, `${line} HTTP/1.1\r\nHost: a\r\n${fields}\r\n\r\n${content}`);
    await ask("POST /", "Content-Length: 3", "abc");
    await ask("POST /", "Content-Length: 4", "abcd");
    await ask("GET /up", "Connection: Upgrade\r\nUpgrade: other");
    await ask("POST /unread", "Content-Length: 3", "a");
    const answers = await Promise.all([1, 2, 3, 4].map((id) => replay(app, id)));
    expect(answers.map(({ status }) => status)).toEqual([202, 409, 409, 409]);
    expect(answers.slice(1).map((answer) => answer.text())).toEqual([
      "the request cannot be sent again: its content is larger than maxContent\n",
      "the request cannot be sent again: it asks for another protocol\n",
      "the request cannot be sent again: its content did not come whole\n",
    ]);
  });

  test("that has no end is cut after replayTimeout", async () => {
    const app = inspected({ replayTimeout: 1 });
    let streams = 0;
    const cut = new Promise((resolve) => {
      app.get("/events", (request) =>
        eventStream(request, (stream) => {
          if (++streams === 2) stream.signal.addEventListener("abort", resolve);
          else stream.close();
        }),
      );
    });
    await app.inject({ path: "/events" });
    await replay(app, 1);
    await cut;
    expect(streams).toBe(2);
  });
});

test("bytes are served in memory as they are, wrong ones too, until a signal ends it", async () => {
  const app = inspected();
  app.get("/", () => "Hello");
  const serve = async (text: string, signal?: AbortSignal) =>
    Buffer.from(await app.injectBytes(Buffer.from(text, "latin1"), signal)).toString("latin1");
  const two = "GET / HTTP/1.1\r\nHost: a\r\n\r\n".repeat(2);
  expect((await serve(two)).match(/HTTP\/1\.1 200 OK/g)).toHaveLength(2);
  expect(await serve("nonsense\r\n\r\n")).toMatch(/^HTTP\/1\.1 400 /);
  expect(await serve("")).toBe("");
  expect(await serve(two, AbortSignal.abort())).toBe("");
  const large = "x".repeat(200_000);
  app.post("/", (request) => request.text());
  const answer = await serve(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${large.length}\r\n\r\n${large}`);
  expect(answer.split("\r\n\r\n")[1]).toBe(large);
});
