/** Sockets from systemd, and what it is told: by its own programs, and a receiver on a real datagram socket. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { get } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, test } from "vitest";
import { App } from "../../src/index.ts";
import { systemd, systemdSocket } from "../../src/services/systemd.ts";
import { deferred } from "../support/deferred.ts";
import { linesOf } from "../support/lines.ts";
import { findProgram } from "../support/program.ts";

const folder = mkdtempSync(path.join(tmpdir(), "pyrois-systemd-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const NAMES = ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES", "NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"];
const before = Object.fromEntries(NAMES.map((name) => [name, process.env[name]]));

/** Sets what systemd would; all else of it is not there. */
function setEnvironment(values: Record<string, string | number>): void {
  for (const name of NAMES) delete process.env[name];
  for (const [name, value] of Object.entries(values)) process.env[name] = String(value);
}

beforeEach(() => setEnvironment({}));
afterAll(() => {
  for (const [name, value] of Object.entries(before)) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
});

let children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children) child.kill("SIGKILL");
  children = [];
});

describe("systemdSocket", () => {
  const { pid } = process;

  test("is none where systemd has opened none for this process", () => {
    expect(systemdSocket()).toEqual({});
    for (const values of [
      { LISTEN_PID: pid },
      { LISTEN_FDS: 1 },
      { LISTEN_PID: pid + 1, LISTEN_FDS: 1 },
      { LISTEN_PID: pid, LISTEN_FDS: 0 },
      { LISTEN_PID: pid, LISTEN_FDS: "x" },
    ]) {
      setEnvironment(values);
      expect(systemdSocket("http"), JSON.stringify(values)).toEqual({});
    }
  });

  test("is the only one, or the one of a name", () => {
    setEnvironment({ LISTEN_PID: pid, LISTEN_FDS: 1 });
    expect(systemdSocket()).toEqual({ fd: 3 });
    setEnvironment({ LISTEN_PID: pid, LISTEN_FDS: 3, LISTEN_FDNAMES: "http:metrics:http2" });
    expect(systemdSocket("metrics")).toEqual({ fd: 4 });
    expect(systemdSocket("http2")).toEqual({ fd: 5 });
  });

  test("is refused where it is not clear which is meant", () => {
    setEnvironment({ LISTEN_PID: pid, LISTEN_FDS: 2, LISTEN_FDNAMES: "http:http" });
    expect(() => systemdSocket()).toThrow("systemd has handed over 2 sockets (http, http): say which is meant");
    expect(() => systemdSocket("http")).toThrow('2 are named "http"');
    expect(() => systemdSocket("https")).toThrow('0 are named "https"');
    setEnvironment({ LISTEN_PID: pid, LISTEN_FDS: 1 });
    expect(() => systemdSocket("http")).toThrow('sockets (unknown): 0 are named "http"');
  });

  // CI has it; elsewhere this part is left out where there is none.
  const activate = findProgram("systemd-socket-activate");
  test.skipIf(activate === undefined && !process.env.CI)("is listened on (systemd-socket-activate)", async () => {
    const socketPath = path.join(folder, "http.sock");
    const script = `
      import { App } from "pyrois";
      import { systemdSocket } from "pyrois/systemd";
      await new App({ fallback: () => "activated" }).run({ port: 0, ...systemdSocket("http") });`;
    const args = ["--listen", socketPath, "--fdname", "http", process.execPath, "--input-type=module", "-e", script];
    const child = spawn(activate as string, args, { stdio: ["ignore", "inherit", "pipe"] });
    children.push(child);
    await once(child.stderr, "data");
    // The connection that starts it is served.
    const body = await new Promise((resolve) => {
      get({ socketPath }, (response) => response.on("data", (data) => resolve(String(data))));
    });
    expect(body).toBe("activated");
    child.kill("SIGTERM");
    expect(await once(child, "exit")).toEqual([0, null]);
  });
});

/** Writes each datagram as a line. What comes beside it is closed, and so the sender knows that it was read. */
const RECEIVER = `
import socket, sys
receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
receiver.bind(sys.argv[1])
print("ready", flush=True)
with open(sys.argv[2], "a") as lines:
    while True:
        lines.write(receiver.recv(4096).decode().strip().replace("\\n", " ") + "\\n")
        lines.flush()
`;

const canNotify = findProgram("systemd-notify") !== undefined && findProgram("python3") !== undefined;
// CI has them; elsewhere this part is left out where there are none.
describe.skipIf(!canNotify && !process.env.CI)("systemd (systemd-notify, python3)", () => {
  let number = 0;
  let words: (count: number) => Promise<string[]>;

  beforeEach(async () => {
    const [address, lines] = [path.join(folder, `${++number}.sock`), path.join(folder, `${number}.lines`)];
    writeFileSync(lines, "");
    const child = spawn("python3", ["-c", RECEIVER, address, lines], { stdio: ["ignore", "pipe", "inherit"] });
    children.push(child);
    await once(child.stdout, "data");
    setEnvironment({ NOTIFY_SOCKET: address });
    // What says only that all before was read is no word.
    words = async (count) => {
      for (let all = count; ; ++all) {
        const found = (await linesOf(lines, all)).filter((line) => line !== "BARRIER=1");
        if (found.length >= count) return found;
      }
    };
  });

  test("is told nothing by workers, which come and go while the service stays", async () => {
    process.env.PYROIS_WORKER = "1";
    try {
      const worker = systemd();
      const app = new App();
      await app.load(worker);
      await app.listen({ port: 0 });
      await worker.ready();
      await app.close();
    } finally {
      delete process.env.PYROIS_WORKER;
    }
    await systemd().status("all that is said");
    expect(await words(1)).toEqual(["STATUS=all that is said"]);
  });

  test("is told that the server is ready, how it does, and that it stops, in this order", async () => {
    const unit = systemd();
    const app = new App();
    await app.load(unit);
    const running = app.run({
      port: 0,
      onListen: () => {
        unit.ready();
        unit.status("two\nlines");
        unit.reloading();
        unit.ready().then(() => app.close());
      },
    });
    await running;
    expect(await words(5)).toEqual([
      "READY=1",
      "STATUS=two lines",
      expect.stringMatching(/^RELOADING=1 MONOTONIC_USEC=\d+$/),
      "READY=1",
      "STOPPING=1",
    ]);
  });

  test("its watchdog hears of it at half of its time, until the server has stopped", async () => {
    process.env.WATCHDOG_USEC = "100000";
    process.env.WATCHDOG_PID = String(process.pid);
    const unit = systemd();
    const app = new App();
    await app.load(unit);
    await app.listen({ port: 0 });
    await unit.ready();
    expect(await words(3)).toEqual(["READY=1", "WATCHDOG=1", "WATCHDOG=1"]);
    await app.close();
    expect((await words(4)).slice(3)).toContain("STOPPING=1");
  });

  test("its watchdog hears nothing of a server that says that it is not alive", async () => {
    process.env.WATCHDOG_USEC = "20000";
    const warned: string[] = [];
    const log = () => {};
    const app = new App({ logger: { debug: log, info: log, error: log, warn: (text) => warned.push(String(text)) } });
    const asked = deferred();
    let times = 0;
    const unit = systemd({
      alive() {
        if (++times === 3) asked.resolve();
        if (times === 2) throw new Error("it cannot tell");
        return false;
      },
    });
    await app.load(unit);
    await app.listen({ port: 0 });
    await unit.ready();
    await asked.promise;
    await app.close();
    expect(await words(2)).toEqual(["READY=1", "STOPPING=1"]);
    expect(warned.slice(0, 2)).toEqual([
      "systemd's watchdog is not told: the server says that it is not alive",
      "systemd's watchdog is not told: the server cannot say that it is alive",
    ]);
  });

  test("its watchdog is another's where it says so", async () => {
    process.env.WATCHDOG_USEC = "2";
    process.env.WATCHDOG_PID = String(process.pid + 1);
    const unit = systemd({ alive: () => expect.unreachable() });
    await unit.ready();
    await unit.status("last");
    expect(await words(2)).toEqual(["READY=1", "STATUS=last"]);
  });
});

test("without systemd nothing is told", async () => {
  process.env.WATCHDOG_USEC = "1000";
  const unit = systemd();
  const app = new App();
  await app.load(unit);
  await app.run({ port: 0, onListen: () => unit.ready().then(() => app.close()) });
});

test("where it cannot be told, the log says so once and the server goes on", async () => {
  setEnvironment({ NOTIFY_SOCKET: path.join(folder, "nowhere.sock") });
  const warned: unknown[][] = [];
  const log = () => {};
  const app = new App({ logger: { debug: log, info: log, error: log, warn: (...values) => warned.push(values) } });
  const unit = systemd();
  await app.load(unit);
  await app.run({ port: 0, onListen: () => unit.ready().then(() => app.close()) });
  expect(warned.map(([text, error]) => [text, String(error)])).toEqual([
    ["systemd cannot be told of this server", expect.stringMatching(/^Error: systemd-notify READY=1: /)],
  ]);
});
