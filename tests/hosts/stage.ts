/** Servers and clients of one check, and what both are made of. */
import { createHash } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect as connectNet, type NetConnectOpts, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { App, type ServerOptions } from "../../dist/index.js";
import { forgetAccepted } from "./accepted.ts";
import { Client, turn } from "./client.ts";

export const MIB = 1048576;

const apps: App[] = [];
const sockets: Socket[] = [];

/** An application to which a check may add routes of its own. */
export function newApp(): App {
  const app = new App();
  apps.push(app);
  app.get("/", () => "ok");
  app.get("/now/{n}", ({ params }) => params.n);
  app.get("/later/{n}", async ({ params }) => {
    await turn();
    return params.n;
  });
  app.post("/whole", async (request) => sha256(await request.bytes()));
  app.post("/pieces", async ({ body }) => {
    const hash = createHash("sha256");
    for await (const piece of body) hash.update(piece);
    return hash.digest("hex");
  });
  return app;
}

/** Starts a server; gives its port. */
export async function serve(options: ServerOptions = {}, app: App = newApp()): Promise<number> {
  return (await app.listen({ port: 0, ...options })).address.port;
}

async function connected(socket: Socket, event: "connect" | "secureConnect"): Promise<Client> {
  sockets.push(socket);
  await once(socket, event);
  return new Client(socket);
}

/** A client that is connected, to a port of this machine or wherever else. */
export function connect(to: number | NetConnectOpts): Promise<Client> {
  const place = typeof to === "number" ? { host: "127.0.0.1", port: to } : to;
  return connected(connectNet({ ...place, allowHalfOpen: true, noDelay: true }), "connect");
}

/** A server that speaks TLS, a client of it, and the client's socket below. */
export async function secure(app: App = newApp()): Promise<{ port: number; client: Client; below: Socket }> {
  const key = readFileSync("tests/fixtures/localhost.key");
  const cert = readFileSync("tests/fixtures/localhost.crt");
  const port = await serve({ tls: { key, cert }, maxBodySize: 3 * MIB }, app);
  const below = connectNet({ host: "127.0.0.1", port, allowHalfOpen: true, noDelay: true });
  sockets.push(below);
  const client = await connected(connectTls({ socket: below, ca: cert, servername: "localhost" }), "secureConnect");
  return { port, client, below };
}

/** Ends what a check has left open. */
export async function cleanUp(): Promise<void> {
  for (const socket of sockets.splice(0)) socket.destroy();
  await Promise.all(apps.splice(0).map((app) => app.close({ deadline: 0 })));
  forgetAccepted();
}

/** The checksum that handlers answer with; of text, one byte a character. */
export function sha256(bytes: Uint8Array | string): string {
  const hash = createHash("sha256");
  return hash.update(typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes).digest("hex");
}

/** So many bytes, one a character, of which no two stretches are alike; `seed` tells one such text from another. */
export function content(size: number, seed = 0): string {
  const bytes = Buffer.alloc(size);
  for (let at = 0; at < size; ++at) bytes[at] = at * 31 + (at >> 8) * 7 + (at >> 16) * 3 + seed;
  return bytes.toString("latin1");
}

export const get = (target: string): string => `GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`;

/** A head that announces content. */
export const head = (target: string, size: number, more = ""): string =>
  `POST ${target} HTTP/1.1\r\nHost: a\r\nContent-Length: ${size}\r\n${more}\r\n`;

export const post = (target: string, body: string): string => head(target, body.length) + body;

export function chunked(target: string, body: string, size: number, trailers = ""): string {
  let chunks = "";
  for (let at = 0; at < body.length; at += size) {
    const piece = body.slice(at, at + size);
    chunks += `${piece.length.toString(16)}\r\n${piece}\r\n`;
  }
  return `POST ${target} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}0\r\n${trailers}\r\n`;
}

/** Content of one response in chunks, which must be complete and all there is. */
export function unchunk(received: string): string {
  let body = "";
  for (let at = received.indexOf("\r\n\r\n") + 4; ; ) {
    const line = received.indexOf("\r\n", at);
    const size = Number.parseInt(received.slice(at, line), 16);
    if (!(size > 0)) {
      if (received.slice(at) !== "0\r\n\r\n")
        throw new Error(`no chunk: ${JSON.stringify(received.slice(at, at + 20))}`);
      return body;
    }
    body += received.slice(line + 2, line + 2 + size);
    at = line + 4 + size;
  }
}
