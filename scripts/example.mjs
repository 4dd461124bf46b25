// `npm run example NAME` runs one of the examples; without a name it lists them.
import { readdirSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";

const folder = path.join(path.dirname(import.meta.dirname), "build", "examples");
/** What several examples share, and the parts of one, are none themselves. */
const PARTS = /^(?:serve|engine\/answer|tutorial\/(?!server$).*)$/;
const names = readdirSync(folder, { recursive: true })
  .filter((file) => file.endsWith(".js"))
  .map((file) => file.slice(0, -3).replaceAll(path.sep, "/"))
  .filter((name) => !PARTS.test(name))
  .sort();
const name = process.argv[2];

if (names.includes(name)) await import(pathToFileURL(path.join(folder, `${name}.js`)).href);
else {
  console.error(`Usage: npm run example NAME, where NAME is one of: ${names.join(", ")}`);
  process.exitCode = 1;
}
