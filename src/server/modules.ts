/** Modules that register routes, loaded and unloaded while the application is served. */
import { AsyncLocalStorage } from "node:async_hooks";
import path from "node:path";
import { pathToFileURL } from "node:url";
import type { NewRoute, Registrations } from "../app/index.ts";

/** A module that can be loaded. */
export interface Loadable<App> {
  /** Registers what the module serves; all of it is served once this is done, or nothing where it fails. */
  setup(app: App): void | Promise<void>;
  /** Called when the routes were taken away: requests that began before may still be at work. */
  teardown?(app: App): void | Promise<void>;
}

/** A module that is loaded. */
interface Loaded<App> extends Registrations {
  readonly module: Loadable<App>;
  /** Which of its functions is at work. */
  running: "setup" | "teardown" | null;
}

/** Takes routes away and registers others in one step. */
type Replace = (old: readonly NewRoute[], routes: readonly NewRoute[]) => void;

/** Modules that were imported, by whatever application: Node keeps each of them by its URL for ever. */
let imports = 0;

export class Modules<App> {
  readonly #app: App;
  readonly #replace: Replace;
  readonly #loaded = new Map<unknown, Loaded<App>>();
  /** Tells apart, over awaits too, what the setup of a module registers, and what its functions ask for. */
  readonly #current = new AsyncLocalStorage<Loaded<App>>();
  /** Loads and unloads one after the other. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(app: App, replace: Replace) {
    this.#app = app;
    this.#replace = replace;
  }

  /** What the module that runs now registers; null outside of `setup`. */
  get current(): Registrations | null {
    const loaded = this.#current.getStore();
    // What outlasts `setup`, a timer perhaps, still has its store.
    return loaded?.running === "setup" ? loaded : null;
  }

  /** The URLs of what is loaded; what was given as an object has none. */
  get urls(): string[] {
    return [...this.#loaded.keys()].filter((key) => typeof key === "string");
  }

  async #inTurn<T>(what: string, work: () => Promise<T>): Promise<T> {
    const within = this.#current.getStore()?.running;
    // It would wait for the end of what may wait for it.
    if (within) throw new Error(`a module cannot ${what} another within its ${within}`);
    const done = this.#last.then(work);
    this.#last = done.catch(() => {});
    return done;
  }

  load(module: string | URL | Loadable<App>): Promise<void> {
    return this.#inTurn("load", () => this.#load(module));
  }

  async #load(module: string | URL | Loadable<App>): Promise<void> {
    const key = keyOf(module);
    const loaded: Loaded<App> = { module: await this.#import(module), routes: [], undo: [], running: null };
    const old = this.#loaded.get(key);
    try {
      await this.#run(loaded, "setup");
      this.#replace(old?.routes ?? [], loaded.routes);
    } catch (error) {
      takeBack(loaded);
      throw error;
    }
    this.#loaded.set(key, loaded);
    if (old) await this.#end(old);
  }

  async #run(loaded: Loaded<App>, what: "setup" | "teardown"): Promise<void> {
    loaded.running = what;
    try {
      await this.#current.run(loaded, async () => loaded.module[what]?.(this.#app));
    } finally {
      loaded.running = null;
      // While it is enabled every promise of the process costs more.
      this.#current.disable();
    }
  }

  async #import(module: string | URL | Loadable<App>): Promise<Loadable<App>> {
    const url = urlOf(module);
    // What has changed since it was imported has to have another URL.
    if (url !== null) url.searchParams.set("load", String(++imports));
    const found = (url === null ? module : await import(url.href)) as Partial<Loadable<App>> | null;
    if (typeof found?.setup === "function") return found as Loadable<App>;
    throw new TypeError(`${url === null ? "the module" : module} has no function setup(app)`);
  }

  unload(module: string | URL | Loadable<App>): Promise<void> {
    return this.#inTurn("unload", async () => {
      const key = keyOf(module);
      const loaded = this.#loaded.get(key);
      if (!loaded) throw new TypeError(`${typeof key === "string" ? key : "the module"} is not loaded`);
      this.#loaded.delete(key);
      this.#replace(loaded.routes, []);
      await this.#end(loaded);
    });
  }

  async #end(loaded: Loaded<App>): Promise<void> {
    takeBack(loaded);
    if (loaded.module.teardown) await this.#run(loaded, "teardown");
  }
}

function takeBack({ undo }: Registrations): void {
  for (const each of undo.splice(0).reverse()) each();
}

/** Where a module is imported from: paths are relative to the working directory; null for one that is there. */
function urlOf(module: string | URL | object): URL | null {
  if (module instanceof URL) return new URL(module);
  if (typeof module !== "string") return null;
  return module.startsWith("file:") ? new URL(module) : pathToFileURL(path.resolve(module));
}

/** What a module is known by. */
function keyOf(module: string | URL | object): unknown {
  return urlOf(module)?.href ?? module;
}
