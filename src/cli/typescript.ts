/** Has this process run TypeScript, as the runtime allows. */
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { CommandError } from "./command.ts";

/** Whether the runtime itself runs TypeScript: Bun, Deno, and Node from 22.18 on, which knows no decorators. */
function isNative(): boolean {
  const { bun, deno } = process.versions;
  const { typescript } = process.features as { typescript?: unknown };
  return bun !== undefined || deno !== undefined || (typescript !== undefined && typescript !== false);
}

/** Where tsx is installed for a module; null where it is not. */
function tsxOf(file: string): string | null {
  try {
    // Named as those ask for it that require it; what is to be imported lies beside that.
    return createRequire(file)
      .resolve("tsx/esm/api")
      .replace(/\.cjs$/, ".mjs");
  } catch {
    return null;
  }
}

/**
 * Makes this process ready for a module of TypeScript: by tsx where the module's project has it, for that knows
 * decorators too, else by the runtime itself. Rejects with a CommandError that says what to install.
 */
export async function enableTypeScript(file: string): Promise<void> {
  if (!/\.[cm]?tsx?$/.test(file) || process.versions.bun !== undefined || process.versions.deno !== undefined) return;
  const tsx = tsxOf(file);
  if (tsx !== null) {
    const { register } = (await import(pathToFileURL(tsx).href)) as { register(): unknown };
    register();
  } else if (!isNative()) {
    throw new CommandError(
      `${file} is TypeScript, which Node ${process.versions.node} does not run by itself: "npm install --save-dev tsx" ` +
        "in its project, or use Node 22.18 or later",
    );
  }
}
