/** Parts of this package that only development needs, loaded by their entries. */
import { CommandError } from "./command.ts";

/** What an entry of this package exports. Rejects with a CommandError where this package is without it. */
export async function loadEntry<T>(entry: string): Promise<T> {
  try {
    return (await import(entry)) as T;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "ERR_PACKAGE_PATH_NOT_EXPORTED") throw error;
    throw new CommandError(`this version of pyrois is without ${entry}`);
  }
}
