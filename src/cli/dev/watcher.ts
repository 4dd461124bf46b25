/** Tells of changes of files, by the folders that they are in: an editor may put a new file in place of the old. */
import { type FSWatcher, readdirSync, type Stats, statSync, watch } from "node:fs";
import path from "node:path";

/** Milliseconds for which nothing may change any more before a change is told: editors write in several steps. */
const QUIET = 20;
/** Milliseconds from one look to the next whether a folder that is gone has come again, as with another branch. */
const AGAIN = 100;

function folderAt(folder: string): number | null {
  const found = statSync(folder, { throwIfNoEntry: false });
  return found?.isDirectory() ? found.ino : null;
}

/** What tells one version of a file from the next; "" where there is none. */
function versionOf(file: string): string {
  const found: Stats | undefined = statSync(file, { throwIfNoEntry: false });
  return found === undefined ? "" : `${found.mtimeMs} ${found.size} ${found.ino}`;
}

export interface WatcherEvents {
  /** Something may have changed; `changed` follows where it has. */
  touched(): void;
  /** These files have changed. */
  changed(files: readonly string[]): void;
}

export class Watcher {
  readonly #events: WatcherEvents;
  /** Versions of the files that matter. */
  readonly #files = new Map<string, string>();
  readonly #folders = new Map<string, { readonly watcher: FSWatcher; readonly inode: number | null }>();
  /** Folders that are gone and may come again. */
  readonly #lost = new Set<string>();
  #awaiting: NodeJS.Timeout | null = null;
  /** Folders in which every file matters, and all below them. */
  readonly #trees = new Set<string>();
  /** Whether every file counts that is in a folder where one matters. */
  greedy = false;
  readonly #changed = new Set<string>();
  #timer: NodeJS.Timeout | null = null;

  constructor(events: WatcherEvents) {
    this.#events = events;
  }

  /** Has changes of a file told from now on. */
  addFile(file: string): void {
    if (this.#files.has(file)) return;
    this.#files.set(file, versionOf(file));
    this.#watch(path.dirname(file));
  }

  /** Has changes of all that is in a folder told from now on, or of a file. */
  addTree(folder: string): void {
    const found = statSync(folder, { throwIfNoEntry: false });
    if (found?.isFile()) this.addFile(folder);
    if (!found?.isDirectory()) return;
    this.#trees.add(folder);
    this.#scan(folder);
  }

  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    if (this.#awaiting !== null) clearInterval(this.#awaiting);
    for (const { watcher } of this.#folders.values()) watcher.close();
    this.#folders.clear();
  }

  #scan(tree: string): void {
    this.#watch(tree);
    for (const entry of readdirSync(tree, { recursive: true, withFileTypes: true })) {
      const file = path.join(entry.parentPath, entry.name);
      if (entry.isDirectory()) this.#watch(file);
      else if (!this.#files.has(file)) this.#files.set(file, versionOf(file));
    }
  }

  #watch(folder: string): void {
    if (this.#folders.has(folder)) return;
    try {
      const watcher = watch(folder, { persistent: false }, (_event, name) => {
        this.#look(folder, name);
        this.#check();
      });
      watcher.on("error", () => this.#forget(folder));
      this.#folders.set(folder, { watcher, inode: folderAt(folder) });
    } catch {
      // It is gone; what was in it is as well, and told by what imports it.
    }
  }

  #forget(folder: string): void {
    this.#folders.get(folder)?.watcher.close();
    this.#folders.delete(folder);
    this.#lost.add(folder);
    this.#awaiting ??= setInterval(() => this.#find(), AGAIN).unref();
  }

  /** Lets go of the folders that are not what they were: what watches one sees nothing of another in its place. */
  #check(): void {
    for (const [folder, { inode }] of this.#folders) if (folderAt(folder) !== inode) this.#forget(folder);
  }

  /** Watches what has come again, and looks at what is in it. */
  #find(): void {
    for (const folder of this.#lost) {
      if (folderAt(folder) === null) continue;
      this.#watch(folder);
      if (!this.#folders.has(folder)) continue;
      this.#lost.delete(folder);
      this.#look(folder, null);
      if (this.#isTree(folder)) for (const name of readdirSync(folder)) this.#look(folder, name);
    }
    if (this.#lost.size > 0 || this.#awaiting === null) return;
    clearInterval(this.#awaiting);
    this.#awaiting = null;
  }

  #isTree(folder: string): boolean {
    return [...this.#trees].some((each) => folder === each || folder.startsWith(each + path.sep));
  }

  #look(folder: string, name: string | null): void {
    const tree = this.#isTree(folder);
    const file = name === null ? null : path.join(folder, name);
    // Systems that do not say which file it was have all of the folder looked at.
    const files = file === null ? [...this.#files.keys()].filter((each) => path.dirname(each) === folder) : [file];
    for (const each of files) {
      const known = this.#files.get(each);
      if (known === undefined && !(tree || this.#counts(each))) continue;
      if (known !== versionOf(each)) this.#note(each, tree);
    }
  }

  /** Whether a file counts that was not among those that matter. */
  #counts(file: string): boolean {
    const name = path.basename(file);
    return this.greedy && !name.startsWith(".") && !name.endsWith("~");
  }

  #note(file: string, tree: boolean): void {
    this.#changed.add(file);
    // It counts from now on; its version comes with the change.
    if (tree) this.#files.set(file, "");
    if (tree && statSync(file, { throwIfNoEntry: false })?.isDirectory()) this.#scan(file);
    if (this.#timer === null) this.#events.touched();
    else clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#tell(), QUIET);
  }

  #tell(): void {
    this.#timer = null;
    const files = [...this.#changed];
    this.#changed.clear();
    for (const file of files) if (this.#files.has(file)) this.#files.set(file, versionOf(file));
    this.#events.changed(files);
  }
}
