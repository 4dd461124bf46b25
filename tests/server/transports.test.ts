/** Ways to reach a server other than by TCP: TLS, and Unix sockets. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { get as httpGet } from "node:http";
import { get as httpsGet, type RequestOptions, request } from "node:https";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { connect } from "node:tls";
import { afterEach, describe, expect, test } from "vitest";
import { App } from "../../src/index.ts";
import { exchange, RawClient } from "../support/client.ts";
import { echo } from "../support/echo.ts";

const fixture = (name: string) => readFileSync(new URL(`../fixtures/${name}`, import.meta.url));
const key = fixture("localhost.key");
const cert = fixture("localhost.crt");
let app: App;

function newApp(): App {
  app = new App();
  app.get("/", () => "ok");
  app.post("/echo", echo);
  return app;
}

afterEach(() => app.close({ deadline: 0 }));

/** Sends a request; resolves with status and content. */
function ask(
  get: typeof httpsGet | typeof request,
  options: RequestOptions,
  content?: Buffer,
): Promise<[number, Buffer]> {
  return new Promise((resolve, reject) => {
    const outgoing = get(options, (response) => {
      const pieces: Buffer[] = [];
      response.on("data", (piece) => pieces.push(piece));
      response.on("end", () => resolve([response.statusCode ?? 0, Buffer.concat(pieces)]));
    });
    outgoing.on("error", reject);
    if (content) outgoing.end(content);
  });
}

describe("TLS", () => {
  test("serves requests and large content, and speaks http/1.1", async () => {
    const server = await newApp().listen({ port: 0, tls: { key, cert } });
    expect(server.url).toMatch(/^https:/);
    const { port } = server.address;
    const trusting = { host: "127.0.0.1", port, ca: cert, servername: "localhost" };
    expect(await ask(httpsGet, { ...trusting, path: "/" })).toEqual([200, Buffer.from("ok")]);
    const content = Buffer.alloc(500_000, "content");
    const [status, echoed] = await ask(request, { ...trusting, path: "/echo", method: "POST" }, content);
    expect([status, echoed.equals(content)]).toEqual([200, true]);

    const socket = connect({ ...trusting, ALPNProtocols: ["h2", "http/1.1"] });
    await new Promise((resolve) => socket.once("secureConnect", resolve));
    expect(socket.alpnProtocol).toBe("http/1.1");
    socket.destroy();
  });

  test("asks for certificates where it is told to", async () => {
    const tls = { key, cert, ca: cert, requestCert: true, rejectUnauthorized: true };
    const { port } = (await newApp().listen({ port: 0, tls })).address;
    const trusting = { host: "127.0.0.1", port, ca: cert, servername: "localhost", path: "/" };
    await expect(ask(httpsGet, { ...trusting, agent: false })).rejects.toThrow();
    expect((await ask(httpsGet, { ...trusting, key, cert, agent: false }))[0]).toBe(200);
  });

  test("a client that speaks no TLS harms nothing", async () => {
    const { port } = (await newApp().listen({ port: 0, tls: { key, cert } })).address;
    const client = new RawClient(port);
    await client.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    await client.end();
    client.destroy();
    const trusting = { host: "127.0.0.1", port, ca: cert, servername: "localhost", path: "/", agent: false };
    expect((await ask(httpsGet, trusting))[0]).toBe(200);
  });
});

describe.skipIf(process.platform === "win32")("Unix sockets", () => {
  const folder = mkdtempSync(path.join(tmpdir(), "pyrois-socket-"));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  test("serve requests", async () => {
    const socketPath = path.join(folder, "http.sock");
    const server = await newApp().listen({ path: socketPath });
    expect(() => server.address).toThrow(socketPath);
    const body = await new Promise<string>((resolve) => {
      httpGet({ socketPath, path: "/" }, (response) => response.on("data", (piece) => resolve(String(piece))));
    });
    expect(body).toBe("ok");
    await expect(new App().listen({ path: socketPath })).rejects.toThrow(
      `cannot listen on ${socketPath}: another program`,
    );
  });
});

test.skipIf(process.platform === "win32")("an inherited descriptor is listened on", async () => {
  const parent = createServer().listen(0, "127.0.0.1");
  await once(parent, "listening");
  const { port } = parent.address() as { port: number };
  const { fd } = (parent as unknown as { _handle: { fd: number } })._handle;
  const script = `import("pyrois").then(async ({ App }) => {
    await new App({ fallback: () => "inherited" }).listen({ fd: 3 });
    console.log("listening");
  })`;
  const child = spawn(process.execPath, ["-e", script], { stdio: ["ignore", "pipe", "inherit", fd] });
  try {
    await once(child.stdout as NodeJS.ReadableStream, "data");
    parent.close();
    expect((await exchange(port, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"))[0].body).toBe("inherited");
  } finally {
    child.kill("SIGKILL");
  }
});
