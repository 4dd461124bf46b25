/** Behind nginx, with the configuration that stands among the examples: whatever a server does, clients see nothing but 200. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { afterEach, describe, expect, test } from "vitest";
import { App, type RunningServer, type ServerOptions } from "../../src/index.ts";
import { Load, type LoadOptions } from "../support/load.ts";
import { type Nginx, type NginxOptions, nginx as program, startNginx } from "../support/nginx.ts";
import { listening } from "../support/program.ts";

const config = path.join(import.meta.dirname, "..", "..", "examples", "deploy", "nginx.conf");
let apps: App[] = [];
/** With what it has started. */
let manager: ChildProcess | undefined;
let nginx: Nginx | undefined;
let load: Load | undefined;

async function serve(options: ServerOptions = {}): Promise<RunningServer> {
  const app = new App();
  apps.push(app);
  app.get("/echo", () => "");
  app.post("/echo", (request) => request.text());
  return app.listen({ port: 0, ...options });
}

async function start(servers: readonly RunningServer[], options: Partial<NginxOptions> = {}): Promise<Nginx> {
  nginx = await startNginx({ config, ports: servers.map(({ address }) => address.port), ...options });
  return nginx;
}

function newLoad(options: Partial<LoadOptions> = {}): Load {
  load = new Load({ socketPath: (nginx as Nginx).socketPath, keepAlive: true, ...options });
  return load;
}

/** Resolves when so many more requests were sent. */
async function sent(count: number): Promise<void> {
  const { requests } = load as Load;
  while ((load as Load).requests < requests + count) await new Promise((resolve) => setImmediate(resolve));
}

afterEach(async () => {
  load?.close();
  await nginx?.stop();
  nginx = undefined;
  await Promise.all(apps.map((app) => app.close({ deadline: 0 })));
  apps = [];
  if (manager?.pid !== undefined) process.kill(-manager.pid, "SIGKILL");
  manager = undefined;
});

// CI has it; elsewhere this part is left out where there is none.
describe.skipIf(program === undefined && !process.env.CI)("nginx in front", () => {
  test("keeps connections, and each carries many requests", async () => {
    const server = await serve();
    await start([server]);
    const running = newLoad().run(16, () => 0);
    await sent(1000);
    load?.stop();
    await running;
    expect(load?.failures).toEqual({});
    expect(server.counters.requests).toBe(load?.requests);
    expect(server.counters.acceptedConnections).toBeLessThan(100);
  });

  test("idle connections that it keeps for a shorter time than the server are never closed under a request", async () => {
    const server = await serve({ keepAliveTimeout: 600 });
    await start([server], { keepaliveTimeout: "100ms" });
    const asking = newLoad();
    for (let pause = 90; pause <= 110; ++pause) {
      await Promise.all(Array.from({ length: 30 }, () => asking.ask()));
      await wait(pause);
    }
    expect(load?.failures).toEqual({});
    // It is nginx that has closed them.
    expect(server.counters.acceptedConnections).toBeGreaterThan(100);
  });

  test("requests go on while it loads its configuration anew", async () => {
    const server = await serve();
    const { reload } = await start([server]);
    // Connections of a client are what a worker closes as it goes: here each has its own for each request.
    const running = newLoad({ keepAlive: false }).run(8, () => 0);
    for (let times = 0; times < 3; ++times) {
      await sent(50);
      await reload();
    }
    await sent(50);
    load?.stop();
    await running;
    expect(load?.failures).toEqual({});
  });

  test("of two servers one after the other may restart: what may be sent twice goes to the other", async () => {
    const servers = [await serve(), await serve()];
    await start(servers);
    const running = newLoad({ idempotent: true }).run(16, () => 0);
    for (const [index, server] of servers.entries()) {
      await sent(300);
      const { port } = server.address;
      await apps[index].close({ drainDelay: 100 });
      await sent(100);
      servers[index] = await apps[index].listen({ port });
      await sent(100);
    }
    load?.stop();
    await running;
    expect(load?.failures).toEqual({});
    for (const { counters } of servers) expect(counters.requests).toBeGreaterThan(0);
  });

  test("one whose socket is another's, as that of systemd, may restart, and not even a POST is lost", async () => {
    const script = `import("pyrois").then(({ App }) => {
      const app = new App();
      app.get("/echo", () => "");
      app.post("/echo", (request) => request.text());
      app.run({ fd: 3, drainDelay: 200, onListen: () => console.log(process.pid) });
    })`;
    const socket = await listening();
    // Whoever starts it again has the socket as well: what connects meanwhile waits there.
    manager = spawn("sh", ["-c", `while "$0" -e '${script}'; do :; done`, process.execPath], {
      stdio: ["ignore", "pipe", "inherit", socket.fd],
      detached: true,
    });
    socket.close();
    const nextPid = async () => Number((await once(manager?.stdout as NodeJS.ReadableStream, "data"))[0]);
    let pid = await nextPid();
    nginx = await startNginx({ config, ports: [socket.port] });
    const running = newLoad().run(16, () => 0);
    for (let times = 0; times < 2; ++times) {
      await sent(200);
      process.kill(pid, "SIGTERM");
      pid = await nextPid();
    }
    await sent(200);
    load?.stop();
    await running;
    expect(load?.failures).toEqual({});
  });
});
