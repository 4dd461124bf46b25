/** Very many connections on one timer. No time is measured: each is ended in its way, or the test does not end. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { App, type Server } from "../../src/index.ts";
import { RawClient } from "../support/client.ts";

const COUNT = 1000;
const app = new App();
app.get("/", () => "ok");
let server: Server;
beforeAll(async () => {
  server = await app.listen({ port: 0, headTimeout: 2500, keepAliveTimeout: 2500 });
});
afterAll(() => app.close({ deadline: 0 }));

const request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
/** What connections send, and the statuses that come back until they are closed. */
const KINDS: readonly [sent: string, statuses: string][] = [
  ["", ""],
  ["GET / HT", "408"],
  [request, "200"],
  [`${request}${request}GET / HTTP/1.1\r\nHost`, "200,200,408"],
];

test("each of a thousand is closed by its own timeout", async () => {
  const outcomes = await Promise.all(
    Array.from({ length: COUNT }, async (_, at) => {
      const client = new RawClient(server.address.port);
      const [sent] = KINDS[at % KINDS.length];
      if (sent !== "") await client.write(sent);
      await client.end();
      client.destroy();
      return client.received.match(/(?<=HTTP\/1\.1 )\d+/g)?.join() ?? "";
    }),
  );
  expect(outcomes).toEqual(outcomes.map((_, at) => KINDS[at % KINDS.length][1]));
  const { acceptedConnections, requests, parseErrors, activeRequests } = server.counters;
  expect([acceptedConnections, requests, parseErrors, activeRequests]).toEqual([COUNT, 750, 500, 0]);
});
