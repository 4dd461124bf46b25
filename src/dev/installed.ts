/** Packages that an application may have installed, and that nothing here needs. */
import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";

/** What a package gives: looked for from here, then from the working directory; null where it is in neither place. */
export function fromInstalled<T>(take: (require: NodeJS.Require) => T): T | null {
  for (const base of [import.meta.url, pathToFileURL(path.resolve("package.json"))]) {
    try {
      return take(createRequire(base));
    } catch {}
  }
  return null;
}
