import { afterAll, beforeAll, expect, test } from "vitest";
import { App, type HttpRequest, type Server } from "../../src/index.ts";
import { exchange } from "../support/client.ts";
import { deferred } from "../support/deferred.ts";

const app = new App().on("error", () => {});
let kept: HttpRequest | undefined;
let server: Server;
app.route(
  "/all",
  async (request) => {
    const before = request.headers.get("x-a");
    await null;
    const { method, target, path, query, version, headers } = request;
    return {
      ...{ before, method, target, path, query, version },
      all: headers.entries(),
      joined: [headers.get("X-A"), headers.get("cookie"), headers.get("content-type"), headers.get("x-none")],
      odd: [headers.get("X-odd"), headers.getAll("X-ODD"), headers.has("x-odd"), headers.has("x-od"), headers.size],
    };
  },
  { methods: "*" },
);
app.get("/keep", (request) => {
  kept = request;
  return "kept";
});

beforeAll(async () => {
  server = await app.listen({ port: 0 });
});
afterAll(() => app.close());

test("a request reads the same before and after an await, with the next one behind it", async () => {
  const fields =
    "Host: a\r\nX-A: 1\r\nx-a: 2\r\nCookie: a=1\r\ncookie: b=2\r\nContent-Type: text/x\r\nContent-Type: text/y\r\nX-Odd: 3\r\nX-oDD: 4\r\n\r\n";
  const [response, next] = await exchange(
    server.address.port,
    `PROPFIND /all?q=1 HTTP/1.1\r\n${fields}GET /all HTTP/1.1\r\nHost: b\r\n\r\n`,
  );
  expect(JSON.parse(response.body)).toEqual({
    ...{ before: "1, 2", method: "PROPFIND", target: "/all?q=1", path: "/all", query: "q=1", version: "1.1" },
    all: [
      ["Host", "a"],
      ["X-A", "1"],
      ["x-a", "2"],
      ["Cookie", "a=1"],
      ["cookie", "b=2"],
      ["Content-Type", "text/x"],
      ["Content-Type", "text/y"],
      ["X-Odd", "3"],
      ["X-oDD", "4"],
    ],
    joined: ["1, 2", "a=1; b=2", "text/x", null],
    odd: ["3, 4", ["3", "4"], true, false, 9],
  });
  expect(JSON.parse(next.body).all).toEqual([["Host", "b"]]);
});

test("content that was left in the middle can no more be read, and says why", async () => {
  const left = deferred();
  const app = new App();
  app.post("/", async (request) => {
    for await (const _ of request.body) break;
    const reasons = [request.text(), request.json(), request.form()].map((read) => read.catch(String));
    left.resolve();
    return Promise.all(reasons);
  });
  async function* body() {
    yield "some";
    await left.promise;
    yield " more";
  }
  const headers = { "Content-Type": "application/x-www-form-urlencoded" };
  const response = await app.inject({ method: "POST", headers, body: body() });
  expect(response.json()).toEqual(
    Array(3).fill("TypeError: this content was read piece by piece, and left before its end"),
  );
});

test("a request that is over throws a clear error", async () => {
  await exchange(server.address.port, "GET /keep HTTP/1.1\r\nHost: a\r\n\r\n");
  expect(() => kept?.method).toThrow("no longer valid");
  expect(() => kept?.headers.get("host")).toThrow("no longer valid");
});
