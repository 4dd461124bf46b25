/** The files of examples/deploy: that they are valid, agree with one another, and start the server that they are for. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { exchange } from "../support/client.ts";
import { findProgram, listening, newFolder, type Program, startProgram } from "../support/program.ts";

const root = path.join(import.meta.dirname, "..", "..");
const read = (name: string) => readFileSync(path.join(root, "examples", "deploy", name), "utf8");
const script = path.join(root, "build", "examples", "deploy", "server.js");

interface Probe {
  httpGet: { path: string; port: string };
  periodSeconds: number;
  failureThreshold: number;
}

interface Resource {
  apiVersion: string;
  kind: string;
  metadata: { name: string; labels: Record<string, string> };
  // biome-ignore lint/suspicious/noExplicitAny: what it is differs from kind to kind
  spec: any;
}

/** A library for YAML that one of our tools brings with it. */
const toolRequire = createRequire(createRequire(import.meta.url).resolve("@seriousme/openapi-schema-validator"));
const { parseAllDocuments } = toolRequire("yaml") as {
  parseAllDocuments(text: string): { errors: Error[]; toJS(): Resource }[];
};

describe("kubernetes.yaml", () => {
  const documents = parseAllDocuments(read("kubernetes.yaml"));
  const resources = Object.fromEntries(documents.map((document) => [document.toJS().kind, document.toJS()]));
  const { spec } = resources.Deployment;
  const pod = spec.template.spec;
  const [container] = pod.containers;
  const env = Object.fromEntries(container.env.map(({ name, value }: Record<string, string>) => [name, value]));

  test("is YAML of three resources that select the same pods", () => {
    expect(documents.flatMap(({ errors }) => errors)).toEqual([]);
    expect(documents.map((document) => document.toJS().apiVersion)).toEqual(["apps/v1", "v1", "policy/v1"]);
    const { labels } = spec.template.metadata;
    expect(spec.selector.matchLabels).toEqual(labels);
    expect(resources.Service.spec.selector).toEqual(labels);
    expect(resources.PodDisruptionBudget.spec.selector.matchLabels).toEqual(labels);
    expect(resources.PodDisruptionBudget.spec.minAvailable).toBeLessThan(spec.replicas);
  });

  test("asks for paths and the port that there are", () => {
    const [{ name, containerPort }] = container.ports;
    for (const probe of ["startupProbe", "livenessProbe", "readinessProbe"].map((each): Probe => container[each])) {
      expect(probe.httpGet.port).toBe(name);
      expect(["/livez", "/readyz"]).toContain(probe.httpGet.path);
    }
    expect(resources.Service.spec.ports[0].targetPort).toBe(name);
    expect(read("Dockerfile")).toContain(`PORT=${containerPort}\n`);
  });

  test("gives a server the time that it takes to stop, and to be known not to be ready", () => {
    const deadline = Number(/deadline: ([\d_]+)/.exec(read("server.ts"))?.[1].replace("_", ""));
    const drainDelay = Number(env.DRAIN_DELAY);
    expect(1000 * pod.terminationGracePeriodSeconds).toBeGreaterThan(drainDelay + deadline);
    const { periodSeconds, failureThreshold }: Probe = container.readinessProbe;
    expect(drainDelay).toBeGreaterThan(1000 * periodSeconds * failureThreshold);
  });

  test("runs it with no more rights than it needs", () => {
    expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } });
    expect(container.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    });
    expect(read("Dockerfile")).toMatch(/^USER node$/m);
  });
});

let children: ChildProcess[] = [];
let program: Program | undefined;
afterEach(async () => {
  for (const child of children) child.kill("SIGKILL");
  children = [];
  await program?.stop();
  program = undefined;
});

/** Starts the server as the files do, on a socket that is another's; gives the port once it serves. */
async function startServer(env: Record<string, string> = {}): Promise<{ child: ChildProcess; port: number }> {
  const { fd, port, close } = await listening();
  // As systemd hands sockets over: the shell becomes the server, so it has the same process id.
  const child = spawn("sh", ["-c", 'LISTEN_PID=$$ exec "$0" "$1"', process.execPath, script], {
    env: { ...process.env, LISTEN_FDS: "1", LISTEN_FDNAMES: "http", ...env },
    stdio: ["ignore", "inherit", "inherit", fd],
  });
  children.push(child);
  close();
  return { child, port };
}

const ask = async (port: number, where: string) => (await fetch(`http://127.0.0.1:${port}${where}`)).json();

describe("the server", () => {
  test("is healthy by what the Dockerfile asks, and ends with 0 on SIGTERM", async () => {
    const { child, port } = await startServer();
    const check = JSON.parse(/HEALTHCHECK [^\n]*\\\n {2}CMD (.*)/.exec(read("Dockerfile"))?.[1] ?? "[]") as string[];
    expect(await ask(port, "/readyz")).toEqual({ status: "ready", checks: {} });
    const run = () => execFileSync(process.execPath, check.slice(1), { env: { ...process.env, PORT: String(port) } });
    run();
    child.kill("SIGTERM");
    expect(await once(child, "exit")).toEqual([0, null]);
    expect(run).toThrow();
  });

  test("says in one line what is wrong", () => {
    const run = () =>
      execFileSync(process.execPath, [script], { env: { ...process.env, PORT: "x" }, stdio: "pipe", encoding: "utf8" });
    expect(run).toThrow(/\nport must be a whole number from 0 to 65535, not NaN\n$/);
  });

  test("believes the proxies that it is told of", async () => {
    const headers = { "X-Forwarded-For": "192.0.2.1" };
    const trusting = await startServer({ TRUSTED: "loopback,10.0.0.0/8" });
    const you = async (port: number) => (await fetch(`http://127.0.0.1:${port}/`, { headers })).json();
    expect(await you(trusting.port)).toEqual({ you: "192.0.2.1" });
    expect(await you((await startServer()).port)).toEqual({ you: "127.0.0.1" });
  });
});

const haproxy = findProgram("haproxy");
// CI has it; elsewhere this part is left out where there is none.
test.skipIf(haproxy === undefined && !process.env.CI)(
  "haproxy.cfg has one of two servers drained before it stops",
  async () => {
    const servers = [
      await startServer({ PROXY: "loopback", DRAIN_DELAY: "60000" }),
      await startServer({ PROXY: "loopback" }),
    ];
    for (const { port } of servers) {
      const [{ status }] = await exchange(port, "PROXY UNKNOWN\r\nGET /readyz HTTP/1.1\r\nHost: a\r\n\r\n");
      expect(status).toBe(200);
    }
    const front = await listening();
    const config = read("haproxy.cfg")
      .replace("maxconn 10000", "maxconn 100")
      .replace("bind :80", "bind fd@3")
      .replace("inter 1s", "inter 50ms")
      .replace("127.0.0.1:8080", `127.0.0.1:${servers[0].port}`)
      .replace("127.0.0.1:8081", `127.0.0.1:${servers[1].port}`)
      .replace("global\n", "global\n  log stderr local0\n")
      .replace("defaults\n", "defaults\n  log global\n");
    program = startProgram(haproxy as string, ["-db", "-f", "haproxy.cfg"], newFolder("haproxy.cfg", config), [
      front.fd,
    ]);
    front.close();
    expect(await ask(front.port, "/")).toEqual({ you: "127.0.0.1" });
    expect((await fetch(`http://127.0.0.1:${front.port}/readyz`)).status).toBe(404);
    servers[0].child.kill("SIGTERM");
    await program.said(/Server app\/one is DOWN/);
    // It still listens, and nothing is sent there any more.
    for (let count = 0; count < 20; ++count) expect(await ask(front.port, "/")).toEqual({ you: "127.0.0.1" });
    expect(servers[0].child.exitCode).toBe(null);
  },
);

const analyze = findProgram("systemd-analyze");
test.skipIf(analyze === undefined && !process.env.CI)("the units of systemd are valid (systemd-analyze)", () => {
  const folder = mkdtempSync(path.join(tmpdir(), "pyrois-units-"));
  const files = ["pyrois.service", "pyrois.socket"].map((name) => {
    const file = path.join(folder, name);
    // What it starts has to be there.
    const text = read(`systemd/${name}`).replace("/usr/bin/node /srv/app/server.js", process.execPath);
    writeFileSync(file, text.replaceAll("/srv/app", folder));
    return file;
  });
  expect(execFileSync(analyze as string, ["verify", ...files], { encoding: "utf8", stdio: "pipe" })).toBe("");
  rmSync(folder, { recursive: true });
});
