// `npm run example NAME` runs one of the examples; without a name it lists them.
import { readdirSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";

const folder = path.join(path.dirname(import.meta.dirname), "build", "examples");
const names = readdirSync(folder)
  .filter((file) => file.endsWith(".js") && file !== "serve.js")
  .map((file) => file.slice(0, -3));
const name = process.argv[2];

if (names.includes(name)) await import(pathToFileURL(path.join(folder, `${name}.js`)).href);
else {
  console.error(`Usage: npm run example NAME, where NAME is one of: ${names.join(", ")}`);
  process.exitCode = 1;
}
