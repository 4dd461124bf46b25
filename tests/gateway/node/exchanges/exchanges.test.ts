/** The same applications of Express and Koa on node:http and on this server: their answers byte for byte. */
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createServer as createOurs, fromNode } from "../../../../src/gateway/node.ts";
import { App } from "../../../../src/index.ts";
import { deferred } from "../../../support/deferred.ts";
import { DIFFERENCES } from "./differences.ts";
import { EXCHANGES, type SentExchange } from "./exchanges.ts";
import { makeExpressApp } from "./express-app.ts";
import { makeKoaApp } from "./koa-app.ts";

type Listener = ReturnType<typeof makeExpressApp>;

/** Files that Express serves, as old as can be told. */
function makeFiles(): string {
  const folder = mkdtempSync(path.join(tmpdir(), "pyrois-exchanges-"));
  mkdirSync(path.join(folder, "sub"));
  const files = {
    "a.txt": "0123456789".repeat(100),
    "index.html": "<p>index",
    "data.bin": "\0\x01".repeat(100_000),
    "with space.txt": "space",
    ".hidden": "hidden",
    "sub/index.html": "<p>sub",
  };
  for (const [name, text] of Object.entries(files)) {
    writeFileSync(path.join(folder, name), text);
    utimesSync(path.join(folder, name), 1_577_836_800, 1_577_836_800);
  }
  return folder;
}

/** The same message with all of its chunks in one. */
function inOneChunk(text: string): string {
  const start = text.indexOf("\r\n\r\n") + 4;
  let content = "";
  let at = start;
  for (;;) {
    const end = text.indexOf("\r\n", at);
    const size = Number.parseInt(text.slice(at, end), 16);
    if (!(size > 0)) return text.slice(0, start) + content + text.slice(at);
    content += text.slice(end + 2, end + 2 + size);
    at = end + 2 + size + 2;
  }
}

/** Sends what an exchange is, and gives all that comes until the server closes, without dates. */
async function answerOf(port: number, { writes, awaits, inPieces }: SentExchange): Promise<string> {
  const socket = connect({ port, host: "127.0.0.1", noDelay: true });
  socket.setEncoding("latin1");
  let received = "";
  const awaited = deferred();
  socket.on("data", (text) => {
    received += text;
    if (awaits !== undefined && received.includes(awaits)) awaited.resolve();
  });
  // Where more is sent than is read, or the application cuts, the end may be a reset.
  socket.on("error", () => {});
  const closed = new Promise((resolve) => socket.on("close", resolve));
  for (const write of writes) {
    await new Promise((resolve) => socket.write(write, "latin1", resolve));
    // What is sent in pieces is to arrive in pieces.
    await (awaits === undefined ? new Promise(setImmediate) : awaited.promise);
  }
  await closed;
  const answer = received.replaceAll(/\r\nDate: [^\r]*/g, "\r\nDate: now");
  return inPieces ? inOneChunk(answer) : answer;
}

const files = makeFiles();
const servers: Server[] = [];
const apps: App[] = [];
const ports: Record<string, Record<SentExchange["app"], number>> = {};

async function portOf(server: Server): Promise<number> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

async function portOfApp(listener: Listener): Promise<number> {
  // Without the third argument, which would have the application leave 404 to ours.
  const app = new App({ fallback: fromNode((req, res) => listener(req, res)) });
  apps.push(app);
  return (await app.listen({ port: 0 })).address.port;
}

beforeAll(async () => {
  for (const [name, serve] of [
    ["node:http", (listener: Listener) => portOf(createServer(listener))],
    ["pyrois/node", (listener: Listener) => portOf(createOurs(listener) as unknown as Server)],
    ["fromNode", portOfApp],
  ] as const) {
    ports[name] = { express: await serve(makeExpressApp(files)), koa: await serve(makeKoaApp()) };
  }
});

afterAll(async () => {
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
  for (const app of apps) await app.close({ deadline: 0 });
  rmSync(files, { recursive: true });
});

test("no two exchanges have a name", () => {
  const names = EXCHANGES.map(({ name }) => name);
  expect(names.filter((name, at) => names.indexOf(name) !== at)).toEqual([]);
  expect(Object.keys(DIFFERENCES).filter((name) => !names.includes(name))).toEqual([]);
  expect(names.length).toBeGreaterThan(300);
});

describe.each(["pyrois/node", "fromNode"] as const)("%s answers as node:http", (name) => {
  test.concurrent.each(EXCHANGES)("$name", async (exchange) => {
    const { app } = exchange;
    const [expected, answer] = await Promise.all(
      ["node:http", name].map((server) => answerOf(ports[server][app], exchange)),
    );
    // An application's server keeps connections longer, and says nothing of it.
    const wanted = name === "fromNode" ? expected.replaceAll("Keep-Alive: timeout=5\r\n", "") : expected;
    const difference = DIFFERENCES[exchange.name]?.[name];
    if (difference === undefined) expect(answer).toBe(wanted);
    else {
      expect(answer).toMatch(difference);
      expect(answer).not.toBe(wanted);
    }
  });
});
