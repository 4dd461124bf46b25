/** JSON that comes from outside. */
import { createHmac } from "node:crypto";
import { expect, test } from "vitest";
import { App } from "../../src/index.ts";

const app = new App().on("error", () => {});
app.post("/", async (request) => ({ value: await request.json() }));

function post(body: string | Uint8Array, to: App = app) {
  return to.inject({ method: "POST", body });
}

const nested = (depth: number, open = "[", close = "]", inner = "") => open.repeat(depth) + inner + close.repeat(depth);

test.each([
  ["arrays", nested(512), nested(513)],
  ["objects", nested(512, '{"a":', "}", "1"), nested(513, '{"a":', "}", "1")],
  ["both, with space", nested(256, ' [ { "a" :', "}\n]", "0"), nested(257, ' [ { "a" :', "}\n]", "0")],
  ["siblings", `[${"[],".repeat(9000)}${nested(511)}]`, `[${"[],".repeat(9000)}${nested(512)}]`],
])("levels up to maxJsonDepth, and one more: %s", async (_, most, more) => {
  expect((await post(most)).status).toBe(200);
  const refused = await post(more);
  expect([refused.status, refused.text()]).toEqual([
    400,
    "the content is nested deeper than maxJsonDepth, 512 levels\n",
  ]);
});

test.each(["[", '"', '\\"', "\\\\", '\\\\\\"[[', "]]", "é[", "{"])(
  "what stands in strings is no level: %s",
  async (text) => {
    const value = { a: nested(600, text, text), [nested(600, text, "")]: [text] };
    expect((await post(JSON.stringify(value))).json()).toEqual({ value });
  },
);

test("a limit of the application's own", async () => {
  const shallow = new App({ maxJsonDepth: 2 }).on("error", () => {});
  shallow.post("/", async (request) => ({ value: await request.json() }));
  expect((await post("[[1]]", shallow)).json()).toEqual({ value: [[1]] });
  expect((await post("[[[1]]]", shallow)).status).toBe(400);
  expect((await post("[[[", shallow)).status).toBe(400);
});

test.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, "8" as never])(
  "maxJsonDepth cannot be %s",
  (maxJsonDepth) => {
    expect(() => new App({ maxJsonDepth })).toThrow(RangeError);
    expect(() => new App({ maxJsonDepth })).toThrow("maxJsonDepth must be a whole number of at least 1");
  },
);

test("a million levels", async () => {
  expect((await post("[".repeat(1_000_000))).status).toBe(400);
  expect((await post('{"a":'.repeat(200_000))).status).toBe(400);
  expect((await post("[".repeat(1_100_000))).status).toBe(413);
});

test.each([
  '{"__proto__":1}',
  '{"\\u005f_proto__":null}',
  '{"__\\u0070roto__":{}}',
  '[{"a":[{"b":{"\\u005F\\u005fprot\\u006f__":{}}}]}]',
  '{"constructor":{"prototype":{}}}',
  '{"\\u0063onstructor":{"prototyp\\u0065":1}}',
  '[[],{"constructor":{"prototype":0}}]',
])("what may set a prototype is refused: %s", async (body) => {
  const { status, text } = await post(body);
  expect([status, text()]).toEqual([
    400,
    expect.stringMatching(/^the content has a member named (__proto__|constructor)/),
  ]);
});

test.each([
  '"__proto__"',
  '{"a":"__proto__"}',
  '["constructor","prototype"]',
  '{"constructor":"Foo"}',
  '{"constructor":{"a":1},"prototype":{}}',
  '{"constructor":["prototype"]}',
  '{"constructor":null,"\\u0061":1}',
  '{"\\\\u005f_proto__":1}',
  '{"__proto":1}',
])("what only looks like it is taken: %s", async (body) => {
  expect((await post(body)).json()).toEqual({ value: JSON.parse(body) });
});

test.each([
  ["a byte that is no UTF-8", [0x22, 0xff, 0x22]],
  ["an overlong form", [0x22, 0xc0, 0xaf, 0x22]],
  ["half a character", [0x22, 0xe2, 0x82, 0x22]],
  ["a surrogate", [0x22, 0xed, 0xa0, 0x80, 0x22]],
  ["nothing", []],
])("%s is no JSON", async (_, bytes) => {
  const { status, text } = await post(Uint8Array.from(bytes));
  expect([status, text()]).toEqual([400, expect.stringMatching(/^the content is not valid JSON/)]);
});

test("what was parsed can still be read as it came, in any order and again", async () => {
  const key = "secret";
  const hooks = new App().on("error", () => {});
  hooks.post("/late", async (request) => {
    const { event } = (await request.json()) as { event: string };
    const signature = createHmac("sha256", key)
      .update(await request.bytes())
      .digest("hex");
    return { event, valid: signature === request.headers.get("x-signature") };
  });
  hooks.post("/all", async (request) => {
    const together = await Promise.all([
      request.json(),
      request.bytes(),
      request.text(),
      request.json(),
      request.parse(),
    ]);
    const [json, bytes, text, again, parsed] = together;
    const later = [await request.text(), Buffer.from(await request.bytes()).toString(), await request.json()];
    return { json, text, again, parsed, later, same: Buffer.from(bytes).toString() === text };
  });
  const body = ' {"event" : "paid", "née": 1}\n';
  const signature = createHmac("sha256", key).update(body).digest("hex");
  const headers = { "X-Signature": signature, "Content-Type": "application/json" };
  for (const content of [body, pieces(body)]) {
    const late = await hooks.inject({ method: "POST", path: "/late", headers, body: content });
    expect(late.json()).toEqual({ event: "paid", valid: true });
  }
  const value = JSON.parse(body);
  for (const content of [body, pieces(body)]) {
    const all = await hooks.inject({ method: "POST", path: "/all", headers, body: content });
    expect(all.json()).toEqual({
      json: value,
      text: body,
      again: value,
      parsed: value,
      later: [body, body, value],
      same: true,
    });
  }
});

/** A text in chunks of one byte. */
async function* pieces(text: string): AsyncGenerator<Uint8Array> {
  for (const byte of Buffer.from(text)) yield Uint8Array.of(byte);
}
