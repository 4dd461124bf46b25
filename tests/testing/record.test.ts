/** Exchanges that are recorded, and replayed. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { App, empty, HttpResponse, json, redirect } from "../../src/index.ts";
import { client, fetchOf, RecordingMismatchError, type RecordOptions, record } from "../../src/testing.ts";

const folder = mkdtempSync(path.join(tmpdir(), "pyrois-record-"));
afterAll(() => rmSync(folder, { recursive: true }));
let files = 0;
const newFile = () => path.join(folder, "below", `${++files}.json`);

let count = 0;
const app = new App();
app.get("/count", () => ({ count: ++count }));
app.post("/echo", async (request) => {
  const type = request.headers.get("content-type") ?? "text/plain";
  return new HttpResponse(await request.bytes(), { headers: { "Content-Type": type, ETag: '"1"' } });
});
app.get("/empty", () => empty());
app.post("/login", () => json({ token: "t-123", user: { name: "x", Password: 5 } }).setCookie("sid", "s-123"));

const origin = "http://localhost";
const fetch = fetchOf(app);
const post = (body: BodyInit, headers: Record<string, string> = {}) => ({ method: "POST", body, headers });

/** A recording of these requests, and what is replayed of it. */
async function taped(requests: readonly [string, RequestInit?][], options: RecordOptions = {}) {
  const file = newFile();
  const recorder = record(file, { fetch, ...options });
  const answers: string[] = [];
  for (const [place, init] of requests) answers.push(await (await recorder(`${origin}${place}`, init)).text());
  return { file, answers, replay: record(file, { ...options, fetch: () => Promise.reject(new Error("was asked")) }) };
}

test("asks once, and gives the same again without asking", async () => {
  const { file, answers, replay } = await taped([["/count"], ["/echo", post("é")], ["/count"]]);
  expect(answers).toEqual(['{"count":1}', "é", '{"count":2}']);
  expect([record(newFile()).mode, replay.mode]).toEqual(["record", "replay"]);
  expect(replay.unused()).toEqual([
    "GET http://localhost/count",
    "POST http://localhost/echo",
    "GET http://localhost/count",
  ]);
  const echo = await replay(`${origin}/echo`, post("é"));
  expect([echo.status, echo.headers.get("etag"), echo.url, await echo.text()]).toEqual([
    200,
    '"1"',
    "http://localhost/echo",
    "é",
  ]);
  expect(await (await replay(`${origin}/count`)).json()).toEqual({ count: 1 });
  expect(await (await replay(new Request(`${origin}/count`))).json()).toEqual({ count: 2 });
  expect(replay.unused()).toEqual([]);
  const { exchanges } = JSON.parse(readFileSync(file, "utf8"));
  expect(exchanges[0]).toMatchObject({
    request: { method: "GET", url: "http://localhost/count", headers: {} },
    response: { status: 200, body: { json: { count: 1 } } },
  });
});

test("content of every kind comes back as it was", async () => {
  const bodies = ["text", '{"a":1}', '{ "a": 1 }', new Uint8Array([0, 255, 1]), "\ufeffbom"];
  const { replay } = await taped([...bodies.map((body): [string, RequestInit] => ["/echo", post(body)]), ["/empty"]]);
  for (const body of bodies) {
    const response = await replay(`${origin}/echo`, post(body));
    expect(Buffer.from(await response.arrayBuffer())).toEqual(Buffer.from(body as string));
  }
  const response = await replay(`${origin}/empty`);
  expect([response.status, response.body]).toEqual([204, null]);
});

test("secrets are in no file, and what is asked matches without them", async () => {
  const headers = { Authorization: "Bearer b-123", "X-Own": "o-123", "Content-Type": "application/json" };
  const login: [string, RequestInit] = ["/login?api_key=q-123&a=1", post('{"password":"p-123"}', headers)];
  const form: [string, RequestInit] = ["/echo", post(new URLSearchParams({ client_secret: "f-123", a: "1" }))];
  const { file, answers, replay } = await taped([login, form], { mask: ["x-own"] });
  expect(answers[0]).toContain("t-123");
  const text = readFileSync(file, "utf8");
  expect(text).not.toContain("-123");
  const response = await replay(`${origin}${login[0]}`, { ...login[1] });
  expect(await response.json()).toEqual({ token: "***", user: { name: "x", Password: "***" } });
  expect(response.headers.getSetCookie()).toEqual(["sid=***; Path=/; HttpOnly; SameSite=Lax"]);
  const other = await replay(`${origin}/echo`, post(new URLSearchParams({ client_secret: "another", a: "1" })));
  expect(await other.text()).toBe("client_secret=***&a=1");
});

test("secrets in the place that a redirect leads to are in no file either", async () => {
  const away = new App();
  away.get("/", () => redirect("http://u:p-123@localhost/a?token=t-123&b=1#c"));
  const file = newFile();
  const response = await record(file, { fetch: fetchOf(away) })(`${origin}/`, { redirect: "manual" });
  expect(response.headers.get("location")).toContain("p-123");
  expect(readFileSync(file, "utf8")).toContain("http://***@localhost/a?token=***&b=1#c");
});

describe("a mismatch", () => {
  const message = async (asked: Promise<Response>) => {
    const error = await asked.catch((reason) => reason);
    expect(error).toBeInstanceOf(RecordingMismatchError);
    return error.message as string;
  };

  test("shows the nearest request, and the difference", async () => {
    const body = (name: string) => post(JSON.stringify({ name, tags: ["a"] }), { "Content-Type": "application/json" });
    const { file, replay } = await taped([["/count"], ["/echo?page=1", body("x")]]);
    expect(await message(replay(`${origin}/echo?page=2`, body("y")))).toBe(
      [
        `POST http://localhost/echo?page=2 has no exchange in ${file}; the nearest there is POST http://localhost/echo?page=1:`,
        '  url.query.page.0: recorded "1", asked "2"',
        '  body.name: recorded "x", asked "y"',
      ].join("\n"),
    );
    expect(await message(replay(`${origin}/counts`))).toContain('url.path: recorded "/count", asked "/counts"');
    expect(replay.unused().length).toBe(2);
  });

  test("says where it was recorded less often", async () => {
    const { replay } = await taped([["/count"]]);
    await replay(`${origin}/count`);
    expect(await message(replay(`${origin}/count`))).toMatch(/any more: it was recorded once$/);
  });

  test("is what comes out of order, where that counts", async () => {
    const { replay } = await taped([["/count"], ["/empty"]], { ordered: true });
    expect(await message(replay(`${origin}/empty`))).toContain("the next one there is GET http://localhost/count:");
    await replay(`${origin}/count`);
    expect((await replay(`${origin}/empty`)).status).toBe(204);
  });

  test("can be of fields that are named", async () => {
    const { replay } = await taped([["/echo", post("x", { Accept: "a" })]], { match: ["Accept"] });
    expect(await message(replay(`${origin}/echo`, post("x", { Accept: "b" })))).toContain(
      'headers.Accept: recorded "a", asked "b"',
    );
    expect((await replay(`${origin}/echo`, post("x", { accept: "a" }))).status).toBe(200);
  });
});

test("modes ask always, never, or where there is no file", async () => {
  const { file } = await taped([["/count"], ["/count"]]);
  const again = record(file, { mode: "record", fetch });
  await again(`${origin}/empty`);
  expect(JSON.parse(readFileSync(file, "utf8")).exchanges.length).toBe(1);
  const missing = newFile();
  expect(() => record(missing, { mode: "replay" })).toThrow(`there is no recording ${missing}`);
  expect(() => record(missing, { mode: "never" as "auto" })).toThrow(TypeError);
  writeFileSync(file, '{"exchanges":[{}]}');
  expect(() => record(file)).toThrow(`${file} is no recording`);
  await expect(record(newFile(), { fetch: () => Promise.reject(new Error("down")) })(origin)).rejects.toThrow("down");
});

test("a client records as well, cookies and redirects too", async () => {
  const file = newFile();
  const user = client(app, { fetch: record(file, { fetch }) });
  await user.post("/login");
  expect(user.cookies.get("sid")).toBe("s-123");
  await user.get("/count");
  const replayed = client(app, { fetch: record(file) });
  await replayed.post("/login");
  expect(replayed.cookies.get("sid")).toBe("***");
  expect((await replayed.get("/count")).status).toBe(200);
});

test("forms in parts match, whatever stands between the parts, and without their secrets", async () => {
  const form = (password: string, file = "\xff") => {
    const data = new FormData();
    data.set("name", "Ada");
    data.set("password", password);
    data.set("file", new Blob([Buffer.from(file, "latin1")]), "a.bin");
    return { method: "POST", body: data };
  };
  const { file, replay } = await taped([["/echo", form("p-123")]]);
  const [{ request }] = JSON.parse(readFileSync(file, "utf8")).exchanges;
  expect(Buffer.from(request.body.base64, "base64").toString()).not.toContain("p-123");
  await expect(replay(`${origin}/echo`, form("another", "\xfe"))).rejects.toThrow(RecordingMismatchError);
  expect((await replay(`${origin}/echo`, form("another"))).status).toBe(200);
});
