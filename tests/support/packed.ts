/** The package as npm packs it, and projects of somebody else's that have it. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

const root = path.join(import.meta.dirname, "..", "..");
export const manifest = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8"));

/** What can be imported: `pyrois`, `pyrois/parser` …, and the file of each in dist/, without its ending. */
export const entries: ReadonlyMap<string, string> = new Map(
  Object.entries<{ default?: string }>(manifest.exports)
    .filter(([, target]) => target.default !== undefined)
    .map(([name, target]) => [`pyrois${name.slice(1)}`, path.join(root, `${target.default}`.replace(/\.js$/, ""))]),
);

/** Packs what was built, into a folder; gives the path of the tarball. */
export function pack(folder: string): string {
  const args = ["pack", "--ignore-scripts", "--silent", "--pack-destination", folder];
  execFileSync("npm", args, { cwd: root, shell: process.platform === "win32" });
  return path.join(folder, `${manifest.name}-${manifest.version}.tgz`);
}

/**
 * A new folder with an empty project that has the package, unpacked, and beside it what it depends on and `others`, as
 * they are installed here. To be removed by whoever asked for it.
 */
export function project(...others: string[]): string {
  const folder = mkdtempSync(path.join(tmpdir(), "pyrois-project-"));
  const modules = path.join(folder, "node_modules");
  mkdirSync(modules);
  execFileSync("tar", ["-xzf", path.basename(pack(folder))], { cwd: folder });
  rmSync(path.join(folder, `${manifest.name}-${manifest.version}.tgz`));
  renameSync(path.join(folder, "package"), path.join(modules, "pyrois"));
  for (const name of [...Object.keys(manifest.dependencies), ...others]) {
    mkdirSync(path.dirname(path.join(modules, name)), { recursive: true });
    symlinkSync(path.join(root, "node_modules", name), path.join(modules, name), "junction");
  }
  writeFileSync(path.join(folder, "package.json"), '{"type":"module"}');
  return folder;
}
