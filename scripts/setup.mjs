// Makes a fresh clone ready: installs and builds where something is missing or stale, and is quick where nothing is.
// `node scripts/setup.mjs bench tests/hosts` makes the folders that have a package.json of their own ready too.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";

const root = path.dirname(import.meta.dirname);
process.chdir(root);

const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`Pyrois needs Node 20.19 or later; this is ${process.versions.node}.`);
  process.exit(1);
}

function readOr(file, other) {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return other;
  }
}

/** All files below a place, sorted; of a file itself. */
function filesOf(place) {
  if (!statSync(place).isDirectory()) return [place];
  return readdirSync(place, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.parentPath.split(path.sep).includes("generated"))
    .map((entry) => path.join(entry.parentPath, entry.name))
    .sort();
}

function hashOf(places) {
  const hash = createHash("sha256");
  for (const file of places.flatMap(filesOf)) hash.update(file).update("\0").update(readFileSync(file));
  return hash.digest("hex");
}

/** Does the work where the places it depends on have changed since it was last done. */
function renew(what, stampFile, places, work) {
  const stamp = hashOf(places);
  if (readOr(stampFile, "") === stamp) return;
  console.error(`${what} …`);
  const started = performance.now();
  work();
  mkdirSync(path.dirname(stampFile), { recursive: true });
  writeFileSync(stampFile, stamp);
  console.error(`${what}: done in ${((performance.now() - started) / 1000).toFixed(1)} s`);
}

/**
 * Installs what a folder's lockfile says, with the npm that runs this script, or the one on the path. Not by `npm ci`:
 * it refuses a lockfile in which a package's variants for other platforms are missing, as npm itself may write it.
 */
function install(folder) {
  const npm = process.env.npm_execpath;
  const [command, ...first] = npm ? [process.execPath, npm] : ["npm"];
  execFileSync(command, [...first, "install", "--no-save", "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd: folder,
    stdio: ["ignore", "ignore", "inherit"],
    shell: !npm && process.platform === "win32",
  });
}

try {
  renew("Installing", "node_modules/.pyrois", ["package.json", "package-lock.json"], () => install("."));
  renew(
    "Building",
    "build/.stamp",
    [
      ...["assembly", "src", "examples", "asconfig.json", "tsconfig.json", "package.json", "package-lock.json"],
      ...["build", "declarations", "minify"].map((script) => `scripts/${script}.mjs`),
    ],
    () => execFileSync(process.execPath, ["scripts/build.mjs"], { stdio: "inherit" }),
  );
  for (const folder of process.argv.slice(2)) {
    const stamp = path.join(folder, "node_modules/.pyrois");
    renew(`Installing for ${folder}`, stamp, [path.join(folder, "package.json")], () => install(folder));
  }
} catch (error) {
  console.error(`Setting up failed: ${error.message}`);
  process.exit(1);
}
