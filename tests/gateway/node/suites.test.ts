/** What the suites of others have found to differ from node:http. */
import http, { type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import drop from "../../../src/gateway/node.ts";
import { RawClient } from "../../support/client.ts";
import { deferred } from "../../support/deferred.ts";

const servers: Server[] = [];

async function connectTo(server: Server): Promise<RawClient> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return new RawClient((server.address() as AddressInfo).port);
}

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

const REQUEST = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

describe.each([
  ["node:http", http],
  ["pyrois/node", drop],
] as const)("%s", (_name, { createServer }) => {
  test("a timeout of sockets does not hold for connections that wait for the next request", async () => {
    const told: string[] = [];
    const server = createServer({ keepAliveTimeout: 5000 }, (req, res) => {
      req.socket.on("timeout", () => told.push("socket"));
      res.end("ok");
    });
    server.setTimeout(50, () => told.push("server"));
    const client = await connectTo(server);
    await client.write(REQUEST);
    await client.responses(1);
    // Longer than the timeout, which is what must not be told.
    await new Promise((resolve) => setTimeout(resolve, 150));
    await client.write(REQUEST);
    await client.responses(2);
    expect([client.ended, told]).toEqual([false, []]);
    client.destroy();
  });

  test("a timeout of sockets holds for each request anew", async () => {
    const server = createServer({ keepAliveTimeout: 5000 }, (req, res) => {
      if (req.url === "/") res.end("ok");
    });
    server.setTimeout(50);
    const client = await connectTo(server);
    await client.write(REQUEST);
    await client.responses(1);
    await client.write(REQUEST.replace("/", "/hangs"));
    await client.end();
    expect(await client.responses(1)).toHaveLength(1);
  });

  test("a server that closes goes on to serve the connections that are at work", async () => {
    const [begun, go] = [deferred(), deferred()];
    const server = createServer(async (req, res) => {
      begun.resolve();
      await go.promise;
      res.end(req.url);
    });
    const client = await connectTo(server);
    await client.write(REQUEST);
    await begun.promise;
    server.close();
    await client.write(REQUEST.replace("/", "/sent-while-it-closes"));
    go.resolve();
    await client.responses(2);
    await client.write(REQUEST.replace("/", "/afterwards"));
    const answers = await client.responses(3);
    expect(answers.map(({ body }) => body)).toEqual(["/", "/sent-while-it-closes", "/afterwards"]);
    client.destroy();
  });
});

test("a server that closes does not keep connections for as long as others", async () => {
  const [begun, go] = [deferred(), deferred()];
  const server = drop.createServer({ keepAliveTimeout: 3_600_000 }, async (_req, res) => {
    begun.resolve();
    await go.promise;
    res.end("last");
  });
  const client = await connectTo(server);
  await client.write(REQUEST);
  await begun.promise;
  const closed = new Promise((resolve) => server.close(resolve));
  go.resolve();
  await client.end();
  client.destroy();
  await closed;
});
