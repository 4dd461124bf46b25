// Builds everything that is not committed: the wasm modules, their bytes as source, dist/ and the examples.
import { execFileSync } from "node:child_process";
import { chmodSync, copyFileSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";

const root = path.dirname(import.meta.dirname);
process.chdir(root);

function run(script, ...args) {
  execFileSync(process.execPath, [path.join("node_modules", script), ...args], { stdio: "inherit" });
}

function generate(name, text) {
  writeFileSync(`src/parser/generated/${name}.ts`, text);
}

/** Writes the bytes of a module as a source file. */
function inline(build) {
  const bytes = readFileSync(`build/parser.${build}.wasm`).toString("base64");
  generate(build, `/** The ${build} build of the parser, in base64. */\nexport const ${build}: string = "${bytes}";\n`);
}

/** Translates the module to plain JavaScript, as a function that makes one instance after the other. */
async function translate() {
  run("binaryen/bin/wasm2js", "build/parser.js.wasm", "-O3", "-o", "build/parser.js");
  const source = readFileSync("build/parser.js", "utf8");
  const factory = /^function asmFunc\(imports\) \{[\s\S]*?^\}$/m.exec(source);
  if (!factory) throw new Error("wasm2js gave no asmFunc");
  const helpers = source.slice(0, factory.index).replace(/^import .*$/gm, "");
  const { transform } = await import("esbuild");
  const { code } = await transform(`${helpers}\n${factory[0]}\nexport function instantiate() { return asmFunc({}); }`, {
    minify: true,
    format: "esm",
  });
  generate("js", `// @ts-nocheck\n/** The plain JavaScript build of the parser. */\n${typed(code)}`);
}

/** Gives the exported function the type that isolated declarations ask for. */
function typed(code) {
  const result = code.replace(
    /export\s*\{\s*(\w+) as instantiate\s*\};?\s*$/,
    "export const instantiate: () => any = $1;\n",
  );
  if (result === code) throw new Error("the translated module does not end with its export");
  return result;
}

/** Names of a CommonJS package as a module: what esbuild adds to such a package would else be one more file to load. */
async function asModule(build, name, names) {
  const outfile = `build/${name}.js`;
  const stdin = { contents: `export { ${names} } from "${name}";`, resolveDir: root };
  await build({ stdin, bundle: true, format: "esm", target: "es2022", outfile });
  return path.resolve(outfile);
}

/**
 * A few files in place of one for each source: to find and to link modules is most of the time that starting takes.
 * For the same reason `cookie` is taken in, which all load: from where it is installed that takes 4 ms.
 */
async function bundle() {
  const { build } = await import("esbuild");
  const alias = { cookie: await asModule(build, "cookie", ["parseCookie", "stringifySetCookie"]) };
  const { dependencies, peerDependencies, exports } = JSON.parse(readFileSync("package.json", "utf8"));
  const external = Object.keys({ ...dependencies, ...peerDependencies });
  const options = { bundle: true, format: "esm", target: "es2022", platform: "node", external, alias };
  const entries = Object.values(exports)
    .filter((entry) => entry.default !== undefined)
    .map((entry) => entry.default.replace("./dist/", "src/").replace(/js$/, "ts"));
  // What a thread begins with that serves, the command, and what `pyrois dev` has another process begin with.
  const entryPoints = [...entries, "src/server/thread-worker.ts", "src/cli.ts", "src/cli/dev/child.ts"];
  await build({ ...options, entryPoints, outdir: "dist", splitting: true, chunkNames: "chunks/[hash]" });
  // What the floor of the benchmark reads with.
  await build({ ...options, entryPoints: ["src/server/direct-read.ts"], outfile: "build/direct-read.js" });
}

rmSync("build", { recursive: true, force: true });
rmSync("dist", { recursive: true, force: true });
mkdirSync("src/parser/generated", { recursive: true });

for (const build of ["simd", "scalar", "js"]) run("assemblyscript/bin/asc.js", "--target", build);
inline("simd");
inline("scalar");
await translate();
run("typescript/bin/tsc", "-p", "tsconfig.json", "--emitDeclarationOnly");
await bundle();
copyFileSync("node_modules/cookie/LICENSE", "dist/cookie.LICENSE");
// What threads begin with: plain JavaScript, which they can run from src/ as well.
copyFileSync("src/services/orchestrator/worker.js", "dist/services/orchestrator/worker.js");
// What the inspector's page consists of: browsers run it as it is written.
cpSync("src/dev/inspector/page", "dist/dev/inspector/page", { recursive: true });
chmodSync("dist/cli.js", 0o755);
copyFileSync("build/parser.simd.wasm", "dist/parser.wasm");
copyFileSync("build/parser.scalar.wasm", "dist/parser.scalar.wasm");
run("typescript/bin/tsc", "-p", "examples/tsconfig.json");
