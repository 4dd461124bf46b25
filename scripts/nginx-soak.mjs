// `npm run soak:nginx -- --minutes 3`: load on kept connections through nginx, with the configuration of
// examples/deploy and a server of the built library; anything but 200 is a failure.
import path from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { build } from "esbuild";

process.chdir(path.dirname(import.meta.dirname));
const OUT = "build/soak";
const { values } = parseArgs({ options: { minutes: { type: "string", default: "3" } } });
const minutes = Number(values.minutes);
if (!(minutes >= 0)) {
  console.error("Usage: npm run soak:nginx -- [--minutes N]");
  process.exit(1);
}

await build({
  entryPoints: ["tests/soak/nginx.ts", "tests/soak/nginx-server.ts"],
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node20",
  // The library itself is the built one.
  packages: "external",
  outdir: OUT,
  outExtension: { ".js": ".mjs" },
  logLevel: "warning",
});
const { soakNginx } = await import(pathToFileURL(path.resolve(OUT, "nginx.mjs")).href);
console.log(`Soaking behind nginx for ${minutes} minutes`);
const held = await soakNginx({
  minutes,
  server: path.resolve(OUT, "nginx-server.mjs"),
  config: path.resolve("examples/deploy/nginx.conf"),
});
process.exit(held ? 0 : 1);
