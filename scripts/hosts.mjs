// `npm run test:hosts`: the parser's vectors on every JavaScript host there is, one line a host.
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { build } from "esbuild";

process.chdir(path.dirname(import.meta.dirname));
const OUT = "build/hosts";
/** Milliseconds that a host may take. */
const PATIENCE = 180_000;

async function bundle(entry, format, external = []) {
  const { outputFiles } = await build({
    entryPoints: [`tests/hosts/${entry}.ts`],
    bundle: true,
    format,
    external,
    target: "es2022",
    write: false,
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
const browser = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(existsSync);
const HOSTS = [
  [`node ${process.versions.node}`, () => run(process.execPath, [script])],
  ...["22", "24", "26"].map((version) => [`node ${version}`, () => run(bin(`node${version}/bin/node`), [script])]),
  ["bun", () => run(bin(".bin/bun"), [script])],
  ["deno", () => run(bin(".bin/deno"), ["run", "--no-remote", script])],
  ["workerd", () => run(bin(".bin/workerd"), ["test", "tests/hosts/workerd.capnp"])],
  ["chromium", browser ? () => chromium(browser) : null],
];

/** Says in one line how a host did; gives its result. */
function report(name, result) {
  const { builds, chosen, passed, failures } = result;
  const state = failures.length === 0 ? "passed" : "FAILED";
  console.log(`${name.padEnd(16)} ${state}  ${passed} vectors on ${builds.join(", ")}; by itself it chose ${chosen}`);
  for (const failure of failures.slice(0, 5)) console.log(`    ${failure.slice(0, 300)}`);
  return result;
}

mkdirSync(OUT, { recursive: true });
writeFileSync(script, await bundle("script", "esm"));
writeFileSync(path.join(OUT, "worker.js"), await bundle("worker", "esm", ["parser.wasm"]));
const inline = (await bundle("script", "iife")).replaceAll("</script", "<\\/script");
writeFileSync(
  path.join(OUT, "page.html"),
  `<!doctype html><meta charset="utf-8"><title></title><script>${inline}</script>`,
);

let passed = 0;
let failed = 0;
let skipped = 0;
for (const [name, work] of HOSTS) {
  if (work === null && !process.env.CI) {
    console.log(`${name.padEnd(16)} skipped: it is not installed`);
    ++skipped;
    continue;
  }
  try {
    const output = await (work ?? (() => Promise.reject(new Error("it is not installed"))))();
    const json = /\{"chosen".*\}/.exec(output)?.[0];
    if (!json) throw new Error(`it gave no result: ${output.slice(-400)}`);
    const { failures } = report(name, JSON.parse(json));
    if (failures.length === 0) ++passed;
    else ++failed;
  } catch (error) {
    console.log(`${name.padEnd(16)} FAILED  ${error.message}`);
    ++failed;
  }
}
console.log(`\n${passed} passed, ${failed} failed${skipped ? `, ${skipped} skipped` : ""}`);
process.exitCode = failed > 0 ? 1 : 0;
