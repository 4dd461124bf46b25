/** The package that this program belongs to. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

interface Package {
  readonly name: string;
  readonly version: string;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

function read(folder: string): Package | null {
  try {
    return JSON.parse(readFileSync(path.join(folder, "package.json"), "utf8")) as Package;
  } catch {
    return null;
  }
}

function find(folder: string): { root: string; manifest: Package } {
  const manifest = read(folder);
  if (manifest?.name === "pyrois") return { root: folder, manifest };
  const above = path.dirname(folder);
  if (above === folder) throw new Error("the package of pyrois is not whole: its package.json is missing");
  return find(above);
}

const found = find(path.dirname(fileURLToPath(import.meta.url)));

/** Where the package is. */
export const root: string = found.root;
/** Its package.json. */
export const manifest: Package = found.manifest;
