/** Forms in memory, and content that is read as its type says. */
import { gunzipSync, gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { App, type InjectResponse } from "../../src/index.ts";

const app = new App().on("error", () => {});
app.post("/form", async (request) => describeForm(await request.form()));
app.post("/twice", async (request) => {
  const [first, second] = [await request.form(), await request.form()];
  const text = Buffer.from(await request.bytes()).toString();
  return { first: await describeForm(first), second: await describeForm(second), text };
});
app.post("/parse", async (request) => {
  const value = await request.parse();
  if (value instanceof FormData) return { form: await describeForm(value) };
  if (value instanceof Uint8Array) return { bytes: [...value] };
  return { value };
});

/** The entries of a form; files with their name, type and text. */
async function describeForm(form: FormData): Promise<unknown[]> {
  return Promise.all(
    [...form].map(async ([name, value]) =>
      typeof value === "string"
        ? [name, value]
        : [name, { name: value.name, type: value.type, text: await value.text() }],
    ),
  );
}

const URLENCODED = "application/x-www-form-urlencoded";

function post(path: string, type: string | null, body: unknown, to: App = app): Promise<InjectResponse> {
  return to.inject({ method: "POST", path, body, headers: type === null ? {} : { "Content-Type": type } });
}

async function statusOf(answer: Promise<InjectResponse>): Promise<[number, string]> {
  const { status, text } = await answer;
  return [status, text().trim()];
}

/** A form as the web's own encoder writes it. */
async function encoded(form: FormData): Promise<[type: string, body: Uint8Array]> {
  const message = new Response(form);
  return [message.headers.get("content-type") as string, new Uint8Array(await message.arrayBuffer())];
}

test.each([
  [
    "a=1&b=2",
    [
      ["a", "1"],
      ["b", "2"],
    ],
  ],
  [
    "a=1&a=2&a=",
    [
      ["a", "1"],
      ["a", "2"],
      ["a", ""],
    ],
  ],
  [
    "a&&b=&=c&",
    [
      ["a", ""],
      ["b", ""],
      ["", "c"],
    ],
  ],
  [
    "n+m=a+b%2Bc&%C3%A9=%e2%82%ac&x=a=b",
    [
      ["n m", "a b+c"],
      ["é", "€"],
      ["x", "a=b"],
    ],
  ],
  ["é=€", [["é", "€"]]],
  ["", []],
])("urlencoded: %s", async (body, entries) => {
  expect((await post("/form", URLENCODED, body)).json()).toEqual(entries);
});

test.each(["a=%FF", "%C0%AF=1", "a=%ED%A0%80", "a=%", "a=%4", "a=%zz", "a=%E2%82"])(
  "what is not percent-encoded UTF-8 is refused: %s",
  async (body) => {
    expect(await statusOf(post("/form", URLENCODED, body))).toEqual([
      400,
      "the form is not valid percent-encoded UTF-8",
    ]);
  },
);

test("bytes that are no UTF-8 are refused", async () => {
  const body = Uint8Array.of(0x61, 0x3d, 0xff);
  expect(await statusOf(post("/form", URLENCODED, body))).toEqual([400, "the form is not valid UTF-8"]);
});

test.each([
  [URLENCODED, (count: number) => Array.from({ length: count }, (_, at) => `n${at}=v`).join("&")],
  ["multipart/form-data; boundary=b", multipartOf],
])("entries up to maxFormFields, and one more: %s", async (type, make) => {
  expect((await post("/form", type, make(1000))).json()).toHaveLength(1000);
  const refusal = [413, "the form has more fields than maxFormFields, 1000"];
  expect(await statusOf(post("/form", type, make(1001)))).toEqual(refusal);
  expect(await statusOf(post("/form", type, make(10_000)))).toEqual(refusal);
  const small = new App({ maxFormFields: 2 }).on("error", () => {});
  small.post("/form", async (request) => describeForm(await request.form()));
  expect((await post("/form", type, make(2), small)).json()).toHaveLength(2);
  expect((await post("/form", type, make(3), small)).status).toBe(413);
});

function multipartOf(count: number): string {
  const part = (at: number) => `--b\r\nContent-Disposition: form-data; name="n${at}"\r\n\r\nv\r\n`;
  return `${Array.from({ length: count }, (_, at) => part(at)).join("")}--b--`;
}

test("multipart, as the web writes it", async () => {
  const form = new FormData();
  form.append("text", "ä\r\nb");
  form.append('na"me', "1");
  form.append("na\r\nme", "2");
  form.append("file", new File(["one"], 'dir/ü"x.txt', { type: "text/plain" }));
  form.append("raw", new Blob(["\r\n--"]));
  const [type, body] = await encoded(form);
  expect((await post("/form", type, body)).json()).toEqual([
    ["text", "ä\r\nb"],
    ['na"me', "1"],
    ["na\r\nme", "2"],
    ["file", { name: 'ü"x.txt', type: "text/plain", text: "one" }],
    ["raw", { name: "blob", type: "application/octet-stream", text: "\r\n--" }],
  ]);
  const twice = (await post("/twice", type, body)).json() as Record<string, unknown>;
  expect(twice.first).toEqual(twice.second);
  expect(twice.text).toBe(Buffer.from(body).toString());
});

test("a field for a file where none was chosen", async () => {
  const head = 'Content-Disposition: form-data; name="f"; filename=""\r\nContent-Type: application/octet-stream';
  expect((await post("/form", "multipart/form-data; boundary=b", `--b\r\n${head}\r\n\r\n\r\n--b--`)).json()).toEqual([
    ["f", { name: "", type: "application/octet-stream", text: "" }],
  ]);
});

test("no field of a form, and none at all", async () => {
  expect((await post("/form", "multipart/form-data; boundary=b", "--b--\r\n")).json()).toEqual([]);
  expect((await post("/form", 'Multipart/Form-Data ;boundary="b"', "--b--")).json()).toEqual([]);
});

test.each([
  [null, "a=1"],
  ["application/json", "{}"],
  ["text/plain", "a=1"],
  ["multipart/mixed; boundary=b", "--b--"],
  ["application", "a=1"],
  [`${URLENCODED}; a`, "a=1"],
  [`${URLENCODED}; charset=utf-8; charset=utf-8`, "a=1"],
])("a form of type %s is refused", async (type, body) => {
  const answer = await post("/form", type, body);
  expect([answer.status, answer.text().trim(), answer.headers.get("Accept")]).toEqual([
    415,
    "the content must be application/x-www-form-urlencoded or multipart/form-data",
    "application/x-www-form-urlencoded, multipart/form-data",
  ]);
});

test("of charsets a form has one", async () => {
  for (const charset of ["utf-8", "UTF-8", '"utf-8"', "utf8"]) {
    expect((await post("/form", `${URLENCODED}; charset=${charset}`, "a=%C3%A9")).json()).toEqual([["a", "é"]]);
  }
  const refused = await statusOf(post("/form", `${URLENCODED};charset=latin1`, "a=%E9"));
  expect(refused).toEqual([415, "the charset of a form must be utf-8, not latin1"]);
  expect((await post("/form", "multipart/form-data; boundary=b; charset=utf-16", "--b--")).status).toBe(415);
  const field =
    '--b\r\nContent-Disposition: form-data; name="a"\r\nContent-Type: text/plain; charset=x\r\n\r\n1\r\n--b--';
  expect(await statusOf(post("/form", "multipart/form-data; boundary=b", field))).toEqual([
    415,
    'the charset of the part "a" must be utf-8, not x',
  ]);
});

test.each([
  ["application/json", '{"a":[1]}', { value: { a: [1] } }],
  ["application/problem+json; charset=utf-8", "1", { value: 1 }],
  ["APPLICATION/JSON", "null", { value: null }],
  [URLENCODED, "a=1", { form: [["a", "1"]] }],
  ["multipart/form-data; boundary=b", multipartOf(1), { form: [["n0", "v"]] }],
  ["text/plain", "é", { value: "é" }],
  ["text/csv; charset=UTF-8", "é", { value: "é" }],
  ["text/plain; charset=us-ascii", "e", { value: "e" }],
  ["text/plain; charset=ISO-8859-1", Uint8Array.of(0xe9), { value: "é" }],
  ["application/octet-stream", Uint8Array.of(0, 255), { bytes: [0, 255] }],
  ["application/jsonx", "1", { bytes: [0x31] }],
  ["multipart/mixed; boundary=b", "--", { bytes: [0x2d, 0x2d] }],
  ["nonsense", "1", { bytes: [0x31] }],
  [null, Uint8Array.of(1), { bytes: [1] }],
  ["application/json", "", { value: null }],
  [null, null, { value: null }],
])("parse: %s", async (type, body, wanted) => {
  expect((await post("/parse", type, body)).json()).toEqual(wanted);
});

test("parse refuses what the others refuse", async () => {
  expect((await post("/parse", "application/json", "{")).status).toBe(400);
  expect((await post("/parse", "application/json", '{"__proto__":1}')).status).toBe(400);
  expect((await post("/parse", URLENCODED, "%FF")).status).toBe(400);
  expect((await post("/parse", "multipart/form-data", "--b--")).status).toBe(400);
  expect((await post("/parse", "text/plain; charset=utf-16", "ab")).status).toBe(415);
});

test("content that is encoded is refused by whoever would decode it", async () => {
  const careful = new App().on("error", () => {});
  careful.post("/json", async (request) => [await request.json()]);
  careful.post("/form", async (request) => [...(await request.form())].length);
  careful.post("/parse", async (request) => [await request.parse()]);
  careful.post("/multipart", async (request) => [await request.multipart().next()]);
  careful.post("/bytes", async (request) => gunzipSync(await request.bytes()).toString());
  const send = (path: string, type: string, coding: string, body: unknown = gzipSync('{"a":1}')) =>
    careful.inject({ method: "POST", path, body, headers: { "Content-Type": type, "Content-Encoding": coding } });
  for (const [path, type] of [
    ["/json", "application/json"],
    ["/parse", "application/json"],
    ["/parse", "text/plain"],
    ["/form", URLENCODED],
    ["/multipart", "multipart/form-data; boundary=b"],
  ]) {
    const { status, headers, text } = await send(path, type, "gzip");
    expect([status, headers.get("accept-encoding"), text()]).toEqual([
      415,
      "identity",
      "the content must not be encoded, and is by gzip\n",
    ]);
  }
  expect((await send("/bytes", "application/json", "gzip")).text()).toBe('{"a":1}');
  expect((await send("/json", "application/json", "Identity", "{}")).status).toBe(200);
});

test("a form that nobody waits for ends no process", async () => {
  const careless = new App().on("error", () => {});
  careless.post("/", (request) => {
    request.form();
    request.parse();
    return "ok";
  });
  expect((await post("/", "text/plain; charset=x", "a", careless)).text()).toBe("ok");
});

test("ten thousand names in a query", async () => {
  const wide = new App();
  wide.get("/", ({ searchParams }) => ({ size: searchParams.size, last: searchParams.get("7pr") }));
  const path = `/?${Array.from({ length: 10_000 }, (_, at) => at.toString(36)).join("&")}`;
  expect((await wide.inject({ path })).status).toBe(414);
  const server = await wide.listen({ port: 0, maxTargetSize: 40_000, maxHeadSize: 49_152 });
  const response = await fetch(new URL(path, server.url));
  expect(await response.json()).toEqual({ size: 10_000, last: "" });
  await wide.close();
});
