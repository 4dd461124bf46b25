/** The application that a module exports. */
import { statSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import type { App } from "../index.ts";
import { CommandError } from "./command.ts";
import { enableTypeScript } from "./typescript.ts";

/** What a module is that is run. */
export interface Loaded {
  /** Its default export or `app`; null where neither is an application. */
  readonly app: App | null;
}

/** Whether a value is an application, perhaps one of another copy of this package. */
function isApp(value: unknown): value is App {
  const app = value as Partial<App> | null | undefined;
  return typeof app === "object" && typeof app?.run === "function" && typeof app.handle === "function";
}

/** Where a module is. Throws a CommandError where there is none. */
export function locate(name: string): string {
  const file = path.resolve(name);
  const found = statSync(file, { throwIfNoEntry: false });
  if (found === undefined) throw new CommandError(`there is no file ${file}`);
  if (found.isDirectory()) throw new CommandError(`${file} is a folder: name the module in it`);
  return file;
}

/** Imports a module. Rejects with whatever it throws. */
export async function importModule(file: string): Promise<Loaded> {
  const found = (await import(pathToFileURL(file).href)) as { default?: unknown; app?: unknown };
  return { app: [found.default, found.app].find(isApp) ?? null };
}

/** The application of a module that is for looking at. Rejects with a CommandError where it exports none. */
export async function loadApp(name: string): Promise<App> {
  const file = locate(name);
  await enableTypeScript(file);
  const { app } = await importModule(file);
  if (app === null) throw new CommandError(`${file} exports no application: export it as default, or as "app"`);
  return app;
}
