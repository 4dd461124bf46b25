/** What a handler reads of its request is its own request's, before and after it waits, and nothing once it is over. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { App, type HttpRequest, type Server } from "../../src/index.ts";
import { RawClient } from "../support/client.ts";
import { random } from "../support/pair.ts";

const CONNECTIONS = 40;
const REQUESTS = 25;

/** All that can be read of a request without waiting. */
function look(request: HttpRequest): string {
  const { headers, method, path, query, target, params } = request;
  const fields = [
    headers.get("X-Id"),
    headers.get("x-long"),
    headers.size,
    headers.has("x-only"),
    headers.getAll("x-id"),
  ];
  const raw = Buffer.from(request.rawHead()).toString("latin1");
  return JSON.stringify([method, path, query, target, params.id, fields, headers.entries(), raw]);
}

const below = random(1234);
const wait = async () => {
  for (let steps = below(4); steps > 0; --steps) {
    if (below(2)) await new Promise((resolve) => setImmediate(resolve));
    else await Promise.resolve();
  }
};

const released: (() => unknown)[] = [];
const kept: (() => Promise<unknown>)[] = [];
const differed: string[] = [];
const app = new App();
app.route(
  "/{id}",
  async (request) => {
    const first = look(request);
    const { headers } = request;
    for (let times = 0; times < 3; ++times) {
      await wait();
      if (look(request) !== first) differed.push(first);
    }
    const content = below(2) ? await request.text() : Buffer.from(await request.bytes()).toString();
    const again = Buffer.from(await request.bytes()).toString();
    await wait();
    if (look(request) !== first || again !== content) differed.push(first);
    if (released.length < 100) {
      released.push(
        () => request.path,
        () => request.headers.size,
        () => headers.get("x-id"),
        () => request.rawHead(),
      );
      released.push(
        () => [...headers.entries()],
        () => request.trailers,
        () => request.remoteAddress,
        () => request.inform(103),
      );
      kept.push(
        () => request.bytes(),
        () => request.text(),
        () => request.json(),
        () => request.body.next(),
      );
    }
    return `${first}\n${content}`;
  },
  { methods: "*" },
);
/** Answers at once, from what is still borrowed. */
app.route("/at/once/{id}", (request) => look(request), { methods: ["GET"] });

let server: Server;
beforeAll(async () => {
  server = await app.listen({ port: 0, maxPipelinedRequests: 8 });
});
afterAll(() => app.close({ deadline: 0 }));

/** A request, and what its handler must have read. All have the same shape, and each has values of its own. */
function make(connection: number, at: number): { sent: string; expected: string } {
  const id = `${String(connection).padStart(3, "0")}-${String(at).padStart(3, "0")}`;
  const kind = below(4);
  const method = kind < 2 ? "GET" : kind === 2 ? "POST" : "PUT";
  const once = kind === 0 && below(2) === 0;
  const path = once ? `/at/once/${id}` : `/${id}`;
  const content = kind < 2 ? "" : `content of ${id} `.repeat(1 + below(30));
  const fields: [string, string][] = [
    ["Host", "a"],
    ["X-Id", id],
    ["X-Long", id.repeat(20)],
    ["x-id", `${id}!`],
  ];
  if (below(2)) fields.push(["X-Only", "1"]);
  if (kind === 2) fields.push(["Content-Length", String(content.length)]);
  if (kind === 3) fields.push(["Transfer-Encoding", "chunked"]);
  const target = `${path}?q=${id}`;
  const head = `${method} ${target} HTTP/1.1\r\n${fields.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n`;
  const half = content.length >> 1;
  const chunks = [content.slice(0, half), content.slice(half)].map(
    (chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`,
  );
  const body = kind === 3 ? `${chunks.join("")}0\r\n\r\n` : content;
  const ids = [id, `${id}!`];
  const read = [ids.join(", "), id.repeat(20), fields.length, fields.some(([name]) => name === "X-Only"), ids];
  const looked = JSON.stringify([method, path, `q=${id}`, target, id, read, fields, head]);
  return { sent: head + body, expected: once ? looked : `${looked}\n${content}` };
}

test("interleaved with others of the same shape, each handler reads its own request", async () => {
  await Promise.all(
    Array.from({ length: CONNECTIONS }, async (_, connection) => {
      const client = new RawClient(server.address.port);
      const requests = Array.from({ length: REQUESTS }, (_, at) => make(connection, at));
      const bytes = requests.map(({ sent }) => sent).join("");
      for (let at = 0; at < bytes.length; ) {
        const size = 1 + below(below(2) ? 40 : 4000);
        await client.write(bytes.slice(at, at + size));
        at += size;
      }
      const answers = await client.responses(REQUESTS);
      expect(answers.map(({ body }) => body)).toEqual(requests.map(({ expected }) => expected));
      client.destroy();
    }),
  );
  expect(differed).toEqual([]);
});

test("nothing can be read of a request whose response was sent", async () => {
  expect(released.length).toBeGreaterThanOrEqual(100);
  for (const read of released) expect(read).toThrow(/no longer valid|already has its response/);
  for (const read of kept) await expect(read()).rejects.toThrow("no longer valid");
});
