/** Parts are the same however their content comes, and nothing that a client makes up takes more than its size. */
import { expect, test } from "vitest";
import { App, DEFAULT_CONTENT_LIMITS, HttpError, type MultipartLimits } from "../../src/index.ts";
import { readMultipart } from "../../src/server/multipart.ts";
import { random } from "../support/pair.ts";

async function* inPieces(bytes: Uint8Array, size: () => number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; ) {
    const piece = bytes.subarray(at, at + size());
    at += piece.length;
    yield piece;
  }
}

/** Everything that parts are, or what refuses them. */
async function look(
  content: AsyncIterable<Uint8Array>,
  boundary = "b",
  limits: Partial<MultipartLimits> = {},
): Promise<unknown> {
  const all: unknown[] = [];
  try {
    for await (const part of readMultipart(content, boundary, { ...DEFAULT_CONTENT_LIMITS, ...limits })) {
      const { name, filename, type, headers } = part;
      all.push([name, filename, type, [...headers], Buffer.from(await part.bytes()).toString("latin1")]);
    }
  } catch (error) {
    all.push((error as Error).message);
  }
  return all;
}

const whole = (text: string) => inPieces(Buffer.from(text, "latin1"), () => Number.POSITIVE_INFINITY);

const SAMPLES = [
  'preamble\r\n--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nabc\r\n-\r\n--\r\n--B\r\r\n\r\n--b\r\n' +
    'content-disposition: form-data; name="f"; filename="x.txt"\r\nContent-Type: text/csv\r\n\r\n\r\n--b--\r\nend',
  "--b\r\nContent-Disposition: form-data;\r\n name=a\r\n\r\n\r\n--b\r\nContent-Disposition: form-data; name=b\r\n\r\n--b\r\n--b--",
  "--b\r\nContent-Disposition: form-data; name=a\r\n\r\nabc\r\n--b-\r\n\r\n\r\n--b--",
  "--b\r\nContent-Disposition: form-data; name=a\r\n\r\nabc\r\n--b",
  "--b--",
];

test.each(SAMPLES)("cut at every place, at two places, and byte by byte: %j", async (sample) => {
  const bytes = Buffer.from(sample, "latin1");
  const wanted = await look(whole(sample));
  expect(await look(inPieces(bytes, () => 1))).toEqual(wanted);
  for (let first = 1; first < bytes.length; ++first) {
    expect(await look(inPieces(bytes, () => first)), `every ${first}`).toEqual(wanted);
    const cuts = [first, (bytes.length - first) >> 1, bytes.length];
    expect(await look(inPieces(bytes, () => cuts.shift() as number)), `at ${first}`).toEqual(wanted);
  }
});

test("contents that nearly are boundaries come as they were sent, however they are cut", async () => {
  const below = random(77);
  for (let round = 0; round < 300; ++round) {
    const boundary = ["b", "--", "b-b", "x".repeat(70), "-=_?"][below(5)];
    const bits = ["\r", "\n", "-", `\r\n--${boundary.slice(0, -1)}`, `--${boundary}`, `\r\n${boundary}`, "x", "\0\xff"];
    const contents = Array.from({ length: 1 + below(4) }, () =>
      Array.from({ length: below(30) }, () => bits[below(bits.length)]).join(""),
    ).map((content) => content.replaceAll(`\r\n--${boundary}`, ""));
    if (contents.some((content) => `\r\n${content}`.includes(`\r\n--${boundary}`))) continue;
    const parts = contents.map(
      (content) => `--${boundary}\r\nContent-Disposition: form-data; name=a\r\n\r\n${content}\r\n`,
    );
    const bytes = Buffer.from(`${parts.join("")}--${boundary}--`, "latin1");
    const largest = 1 + below(below(2) ? 4 : 200);
    const found = (await look(
      inPieces(bytes, () => 1 + below(largest)),
      boundary,
    )) as unknown[][];
    expect(found.map((part) => part.at(-1))).toEqual(contents);
  }
});

/** Text again and again, a mebibyte at the most at once. */
async function* repeated(text: string, times: number, read: { bytes: number }): AsyncGenerator<Uint8Array> {
  const some = Math.max(1, Math.floor(1_000_000 / text.length));
  const piece = Buffer.from(text.repeat(some));
  for (let at = 0; at < times; at += some) {
    read.bytes += piece.length;
    yield piece;
  }
}

test("a million parts are refused after a hundred", async () => {
  const read = { bytes: 0 };
  const part = "--b\r\nContent-Disposition: form-data; name=a\r\n\r\n\r\n";
  const found = (await look(repeated(part, 1_000_000, read))) as unknown[];
  expect([found.length, found.at(-1)]).toEqual([101, "the content has more parts than maxParts, 100"]);
  expect(read.bytes).toBeLessThan(2_000_000);
});

test("a million parts without a header are refused at the first", async () => {
  const read = { bytes: 0 };
  expect(await look(repeated("--b\r\n", 1_000_000, read))).toEqual([expect.stringMatching("no empty line ends it")]);
  expect(read.bytes).toBeLessThan(2_000_000);
});

test.each([
  ["one line", `X: ${"x".repeat(1_048_576)}\r\n`],
  ["lines", "X: 1\r\n".repeat(170_000)],
  ["names", Array.from({ length: 100_000 }, (_, at) => `x${at}:\r\n`).join("")],
  ["a folded line", `X: 1\r\n${" \r\n".repeat(340_000)}`],
])("part headers of a mebibyte are refused: %s", async (_, lines) => {
  const text = `--b\r\nContent-Disposition: form-data; name=a\r\n${lines}\r\n\r\n--b--`;
  expect(await look(whole(text))).toEqual([expect.stringMatching(/^the header of a part is beyond maxPartHeader/)]);
});

test("part headers without end take no more than their limit", async () => {
  const read = { bytes: 0 };
  async function* content(): AsyncGenerator<Uint8Array> {
    yield Buffer.from("--b\r\nContent-Disposition: form-data; name=a\r\nX: ");
    yield* repeated("x", 50_000_000, read);
  }
  const before = process.memoryUsage().heapUsed;
  expect(await look(content())).toEqual(["the header of a part is not valid: no empty line ends it"]);
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(20_000_000);
});

test("many tiny parts in one piece come to an end, in memory too", async () => {
  const part = '--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nx\r\n';
  const app = new App({ maxFormFields: 50_000 }).on("error", () => {});
  app.post("/", async (request) => ({ size: (await request.form()).getAll("a").length }));
  const headers = { "Content-Type": "multipart/form-data; boundary=b" };
  const answer = await app.inject({ method: "POST", headers, body: `${part.repeat(19_000)}--b--` });
  expect(answer.json()).toEqual({ size: 19_000 });
});

test("what wants no more of the parts wants no more of the content", async () => {
  const read = { bytes: 0 };
  let over = false;
  async function* content(): AsyncGenerator<Uint8Array> {
    try {
      yield* repeated('--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n\r\n', 1_000_000, read);
    } finally {
      over = true;
    }
  }
  for await (const _ of readMultipart(content(), "b", DEFAULT_CONTENT_LIMITS)) break;
  expect([over, read.bytes < 2_000_000]).toEqual([true, true]);
});

test("pieces are the reader's, who may change them", async () => {
  async function* content(): AsyncGenerator<Uint8Array> {
    // What may be the beginning of a boundary, and is none; then one that is.
    for (const text of ["--b\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n-", "x\r\n", "--b--"])
      yield Buffer.from(text);
  }
  let read = "";
  for await (const part of readMultipart(content(), "b", DEFAULT_CONTENT_LIMITS)) {
    for await (const piece of part.body) {
      read += Buffer.from(piece).toString();
      piece.fill(0);
    }
  }
  expect(read).toBe("1\r\n-x");
});

test("an error is that of the content, for whoever reads, and again", async () => {
  const broken = new HttpError(400, "broken");
  async function* content(): AsyncGenerator<Uint8Array> {
    yield Buffer.from("--b\r\nContent-Disposition: form-data; name=a\r\n\r\nabc");
    throw broken;
  }
  const parts = readMultipart(content(), "b", DEFAULT_CONTENT_LIMITS);
  const { value: part } = await parts.next();
  await expect(part?.bytes()).rejects.toBe(broken);
  await expect(part?.text()).rejects.toBe(broken);
  await expect(parts.next()).rejects.toBe(broken);
  expect(await parts.next()).toEqual({ done: true, value: undefined });
});
