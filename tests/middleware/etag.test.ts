/** Tags of answers, and what clients get that have them already. */
import { Readable } from "node:stream";
import { expect, test } from "vitest";
import { App, HttpResponse } from "../../src/index.ts";
import { compression } from "../../src/middleware/compression.ts";
import { etag } from "../../src/middleware/etag.ts";
import { KeptResponse } from "../../src/services/kept.ts";

function appOf(answer: () => unknown): App {
  const app = new App();
  app.use(etag());
  app.get("/", answer as () => string);
  app.post("/", answer as () => string);
  return app;
}

async function tagOf(answer: () => unknown): Promise<string | null> {
  return (await appOf(answer).inject()).headers.get("etag");
}

test("the tag is strong, and that of the bytes", async () => {
  const tag = await tagOf(() => "ä text");
  expect(tag).toMatch(/^"[\w-]{22}"$/);
  expect(await tagOf(async () => Buffer.from("ä text"))).toBe(tag);
  expect(await tagOf(() => "ä text ")).not.toBe(tag);
  expect(await tagOf(() => ({ a: 1 }))).toBe(await tagOf(() => new HttpResponse('{"a":1}')));
});

test.each([
  ["the tag", (tag: string) => tag, 304],
  ["the weak tag", (tag: string) => `W/${tag}`, 304],
  ["a list with it", (tag: string) => `"a", W/"b,c" ,${tag}`, 304],
  ["*", () => "*", 304],
  ["another", () => '"other"', 200],
  ["one that begins as it does", (tag: string) => tag.slice(0, -2), 200],
  ["no quotes", (tag: string) => tag.replaceAll('"', ""), 200],
  ["nothing", () => "", 200],
])("If-None-Match with %s", async (_, ifNoneMatch, status) => {
  const fields = {
    "Cache-Control": "max-age=5",
    Vary: "X",
    "Content-Language": "de",
    "Last-Modified": "x",
    "X-A": "b",
  };
  const app = appOf(() => new HttpResponse("text", { headers: fields }));
  const tag = (await app.inject()).headers.get("etag") ?? "";
  for (const method of ["GET", "HEAD"]) {
    const response = await app.inject({ method, headers: { "If-None-Match": ifNoneMatch(tag) } });
    expect(response.status).toBe(status);
    if (status === 200) continue;
    const names = [...response.headers].map(([name]) => name);
    expect(names.sort()).toEqual(["Cache-Control", "Date", "ETag", "Vary", "X-A"]);
    expect(response.text()).toBe("");
  }
});

test("a tag of one's own counts, for streams too, and those are let go", async () => {
  let stream = Readable.from(["never"]);
  const app = appOf(() => {
    stream = Readable.from(["text"]);
    return new HttpResponse(stream, { headers: { ETag: 'W/"own"' } });
  });
  expect((await app.inject()).headers.get("etag")).toBe('W/"own"');
  const response = await app.inject({ headers: { "If-None-Match": '"own"' } });
  expect([response.status, stream.destroyed]).toEqual([304, true]);
});

test("streams without a tag, other statuses, nothing, and other methods have none", async () => {
  expect(await tagOf(() => Readable.from(["text"]))).toBeNull();
  expect(await tagOf(() => null)).toBeNull();
  expect(await tagOf(() => new HttpResponse("x", { status: 404 }))).toBeNull();
  const app = appOf(() => "text");
  const posted = await app.inject({ method: "POST", headers: { "If-None-Match": "*" } });
  expect([posted.status, posted.headers.get("etag")]).toEqual([200, null]);
});

test("with compression the tag is weak, and 304 says the one that the client has", async () => {
  const app = appOf(() => "text ".repeat(200));
  app.on("response", compression());
  const packed = { "Accept-Encoding": "gzip" };
  const tag = (await app.inject({ headers: packed })).headers.get("etag") ?? "";
  expect(tag).toMatch(/^W\//);
  const response = await app.inject({ headers: { ...packed, "If-None-Match": tag } });
  expect([response.status, response.headers.get("etag"), response.headers.get("vary")]).toEqual([
    304,
    tag,
    "Accept-Encoding",
  ]);
});

test("the tag of kept content is made once", async () => {
  const keeper = { body: "text" };
  const kept = () => new KeptResponse(keeper, {}, "text/plain");
  const tag = await tagOf(kept);
  expect(kept().made?.get("ETag")).toBe(tag);
  kept().made?.set("ETag", '"marked"');
  expect(await tagOf(kept)).toBe('"marked"');
  expect(await tagOf(() => Object.assign(kept(), { body: "other" }))).not.toBe('"marked"');
});
