// `npm run test:hosts`: the parser's vectors on every JavaScript host there is, the server where it can listen, and
// applications by fetch where that is how the host serves; one line a host.
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { build } from "esbuild";

process.chdir(path.dirname(import.meta.dirname));
const OUT = "build/hosts";
/** Milliseconds that a host may take. */
const PATIENCE = 180_000;

async function bundle(entry, format, options = {}) {
  const { outputFiles } = await build({
    entryPoints: [`tests/hosts/${entry}.ts`],
    bundle: true,
    format,
    target: "es2022",
    write: false,
    // Of what dist/ has in pieces an entry may need some for nothing but its order.
    logOverride: { "ignored-bare-import": "silent" },
    ...options,
  });
  return outputFiles[0].text;
}

/** Runs a program; gives all it printed. Rejects where it fails or takes too long. */
function run(command, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"] });
    const timer = setTimeout(() => child.kill("SIGKILL"), PATIENCE);
    let output = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output += chunk));
    child.on("error", reject);
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      if (code === 0) resolve(output);
      else reject(new Error(`ended with ${signal ?? code}: ${output.slice(-400)}`));
    });
  });
}

const bin = (name) => path.resolve("tests/hosts/node_modules", name);

/** Chromium runs the page of its own with no network, and prints what became of it. */
async function chromium(program) {
  const profile = mkdtempSync(path.join(tmpdir(), "pyrois-chromium-"));
  try {
    const quiet = ["--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"];
    const flags = [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      ...quiet,
      `--user-data-dir=${profile}`,
    ];
    const page = await run(program, [
      ...flags,
      "--timeout=150000",
      "--dump-dom",
      `file://${path.resolve(OUT)}/page.html`,
    ]);
    return /<title>([\s\S]*?)<\/title>/.exec(page)?.[1].replaceAll("&quot;", '"').replaceAll("&amp;", "&") ?? "";
  } finally {
    rmSync(profile, { recursive: true, force: true });
  }
}

const script = path.resolve(OUT, "script.mjs");
const server = path.resolve(OUT, "server.mjs");
const fetching = path.resolve(OUT, "fetch.mjs");
const browser = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(existsSync);

/** A host that runs programs and can listen; `rights` are what it must be given for that. */
const listening = (name, command, args = [], rights = []) => ({
  name,
  vectors: () => run(command, [...args, script]),
  server: () => run(command, [...args, ...rights, server]),
});
/** The same for one that also serves by fetch. */
const fetcher = (name, command, args, rights = []) => ({
  ...listening(name, command, args, rights),
  fetch: () => run(command, [...(args ?? []), ...rights, fetching]),
});
const HOSTS = [
  listening(`node ${process.versions.node}`, process.execPath),
  ...["22", "24", "26"].map((version) => listening(`node ${version}`, bin(`node${version}/bin/node`))),
  fetcher("bun", bin(".bin/bun")),
  fetcher("deno", bin(".bin/deno"), ["run", "--no-remote"], ["-N", "-R", "-W", "-E"]),
  {
    name: "workerd",
    vectors: () => run(bin(".bin/workerd"), ["test", "tests/hosts/workerd.capnp"]),
    fetch: () => run(bin(".bin/workerd"), ["test", "tests/hosts/workerd-fetch.capnp"]),
  },
  { name: "chromium", vectors: browser && (() => chromium(browser)) },
];

/** Runs a program that prints its result as one line of JSON. */
async function resultOf(program) {
  const output = await program();
  const json = /^.*?(\{".*\}).*$/m.exec(output)?.[1];
  if (!json) throw new Error(`it gave no result: ${output.slice(-400)}`);
  return JSON.parse(json);
}

/** Says how the server did, with each way to read and write, and what it is known not to do on this host. */
function serverText(results) {
  const ways = results.map(
    ({ directly, passed }) => `${passed} checks ${directly ? "directly on handles" : "by streams"}`,
  );
  const differences = new Set(results.flatMap((result) => result.differences));
  return [`server ${ways.join(", ")}`, ...[...differences].map((name) => `known to differ: "${name}"`)].join("; ");
}

/** Runs all that a host can run, and says in one line how it did; gives whether it passed. */
async function test({ name, vectors, server, fetch }) {
  if (!vectors) throw new Error("it is not installed");
  const { builds, chosen, passed, failures } = await resultOf(vectors);
  const texts = [`${passed} vectors on ${builds.join(", ")}; by itself it chose ${chosen}`];
  let label = name;
  if (server) {
    const { host, results } = await resultOf(server);
    label = host;
    texts.push(serverText(results));
    for (const result of results) failures.push(...result.failures);
  }
  if (fetch) {
    const result = await resultOf(fetch);
    texts.push(`${result.passed} checks of an application by fetch`);
    failures.push(...result.failures);
  }
  console.log(`${label.padEnd(16)} ${failures.length === 0 ? "passed" : "FAILED"}  ${texts.join("; ")}`);
  for (const failure of failures.slice(0, 5)) console.log(`    ${failure.replaceAll(/\s+/g, " ").slice(0, 300)}`);
  return failures.length === 0;
}

mkdirSync(OUT, { recursive: true });
writeFileSync(script, await bundle("script", "esm"));
writeFileSync(server, await bundle("server", "esm", { platform: "node" }));
// No platform: what both are made of must need nothing of Node.
writeFileSync(fetching, await bundle("fetch", "esm"));
writeFileSync(path.join(OUT, "fetch-worker.js"), await bundle("fetch-worker", "esm"));
writeFileSync(path.join(OUT, "worker.js"), await bundle("worker", "esm", { external: ["parser.wasm"] }));
const inline = (await bundle("script", "iife")).replaceAll("</script", "<\\/script");
writeFileSync(
  path.join(OUT, "page.html"),
  `<!doctype html><meta charset="utf-8"><title></title><script>${inline}</script>`,
);

let passed = 0;
let failed = 0;
let skipped = 0;
for (const host of HOSTS) {
  const name = host.name.padEnd(16);
  if (!host.vectors && !process.env.CI) {
    console.log(`${name} skipped: it is not installed`);
    ++skipped;
    continue;
  }
  try {
    if (await test(host)) ++passed;
    else ++failed;
  } catch (error) {
    console.log(`${name} FAILED  ${error.message}`);
    ++failed;
  }
}
console.log(`\n${passed} passed, ${failed} failed${skipped ? `, ${skipped} skipped` : ""}`);
process.exitCode = failed > 0 ? 1 : 0;
