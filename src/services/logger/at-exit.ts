/** What is still to be written when the process ends. */

const finishers = new Set<() => void>();

function finishAll(): void {
  for (const finish of finishers) finish();
}

/**
 * Has something done when the process ends, by itself or by `process.exit`; it must not throw, nor wait. Gives what
 * takes that back. All share one listener, however many they are.
 */
export function atExit(finish: () => void): () => void {
  if (finishers.size === 0) process.on("exit", finishAll);
  finishers.add(finish);
  return () => {
    if (finishers.delete(finish) && finishers.size === 0) process.off("exit", finishAll);
  };
}
