/** The folder that templates are read from, and no file outside of it. */
import { readFileSync, realpathSync, type Stats, statSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { TemplateError } from "./error.ts";

/** Codes of errors that mean that there is no such file. */
const MISSING: readonly unknown[] = ["ENOENT", "ENOTDIR", "ENAMETOOLONG", "ELOOP"];
/** Absolute on one system or another, or nothing that a file could be called. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: that is one of what no file can have in its name
const NO_NAME = /^$|^\/|^[A-Za-z]:|[\\\x00]/;

/** Whether a name is relative to the template that names it. */
function isRelative(name: string): boolean {
  return /^\.\.?\//.test(name);
}

/** What tells one version of a file from the next. */
function versionOf({ mtimeMs, ctimeMs, size, ino }: Stats): string {
  return `${mtimeMs} ${ctimeMs} ${size} ${ino}`;
}

export class TemplateFolder {
  readonly #root: string;
  readonly #extension: string;
  /** Versions of what was read, by path. */
  readonly #versions = new Map<string, string>();

  /** Throws an Error that names the directory where there is none. `extension` is added to names that have none. */
  constructor(directory: string | URL, extension: string) {
    const root = path.resolve(typeof directory === "string" ? directory : fileURLToPath(directory));
    if (!statSync(root, { throwIfNoEntry: false })?.isDirectory()) {
      throw new Error(`there is no directory of templates at ${root}: name one with the option directory`);
    }
    this.#root = realpathSync(root);
    this.#extension = extension;
  }

  /**
   * The one name of a template, whatever it is called: with "/" between its segments, and its extension. A name that
   * begins with "./" or "../" is relative to the template `from`. Throws a TypeError for what is no name, and a
   * TemplateError for one that leaves the folder.
   */
  resolve(name: string, from = ""): string {
    if (typeof name !== "string") throw new TypeError(`the name of a template is a text, not ${name}`);
    const joined = path.posix.normalize(isRelative(name) ? path.posix.join(path.posix.dirname(from), name) : name);
    if (NO_NAME.test(name) || joined === ".." || joined.startsWith("../")) throw this.#leaves(name);
    return path.posix.extname(joined) === "" ? joined + this.#extension : joined;
  }

  #leaves(name: string): TemplateError {
    return new TemplateError(JSON.stringify(name), null, "a template is named by its path within the folder");
  }

  /** Where a template is; null where there is none. Throws a TemplateError where a link leads out of the folder. */
  #locate(name: string): string | null {
    try {
      const file = realpathSync(path.join(this.#root, name));
      if (!file.startsWith(path.join(this.#root, path.sep))) throw this.#leaves(name);
      return statSync(file).isFile() ? file : null;
    } catch (error) {
      if (MISSING.includes((error as NodeJS.ErrnoException).code)) return null;
      throw error;
    }
  }

  /** Whether there is a template of a name that was resolved. Throws as `read`. */
  has(name: string): boolean {
    return this.#locate(name) !== null;
  }

  /** The text of a template by a name that was resolved. Throws a TemplateError where there is none. */
  read(name: string): string {
    const file = this.#locate(name);
    if (file === null) throw new TemplateError(name, null, `there is no such template in ${this.#root}`);
    // Before it is read: a change meanwhile is then found later, not missed.
    this.#versions.set(file, versionOf(statSync(file)));
    const text = readFileSync(file, "utf8");
    return text.startsWith("\ufeff") ? text.slice(1) : text;
  }

  /** Whether something that was read has changed since; what was read counts as forgotten then. */
  hasChanged(): boolean {
    for (const [file, version] of this.#versions) {
      const stats = statSync(file, { throwIfNoEntry: false });
      if (stats !== undefined && versionOf(stats) === version) continue;
      this.#versions.clear();
      return true;
    }
    return false;
  }
}
