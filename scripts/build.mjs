// Builds everything that is not committed: the wasm modules, their bytes as source, dist/ and the examples.
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";

const root = path.dirname(import.meta.dirname);
process.chdir(root);

function run(script, ...args) {
  execFileSync(process.execPath, [path.join("node_modules", script), ...args], { stdio: "inherit" });
}

rmSync("build", { recursive: true, force: true });
rmSync("dist", { recursive: true, force: true });
mkdirSync("src/parser/generated", { recursive: true });

for (const build of ["simd", "scalar"]) {
  run("assemblyscript/bin/asc.js", "--target", build);
  const bytes = readFileSync(`build/parser.${build}.wasm`).toString("base64");
  writeFileSync(
    `src/parser/generated/${build}.ts`,
    `/** The ${build} build of the parser, in base64. */\nexport const ${build}: string = "${bytes}";\n`,
  );
}
run("typescript/bin/tsc", "-p", "tsconfig.json");
copyFileSync("build/parser.simd.wasm", "dist/parser.wasm");
run("typescript/bin/tsc", "-p", "examples/tsconfig.json");
