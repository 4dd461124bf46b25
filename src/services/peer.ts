/** Packages that only some applications need, and install themselves. */

/**
 * Loads a package for whoever needs it. Rejects with an Error that says what to install where it is missing, and as
 * `load` does where it fails otherwise.
 */
export async function loadPeer<T>(name: string, user: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "ERR_MODULE_NOT_FOUND") throw cause;
    throw new Error(`${user} needs the package ${name}; install it with: npm install ${name}`, { cause });
  }
}
