/** Lines that others write to a file. */
import { appendFileSync, readFileSync, watch } from "node:fs";

/** The lines of a file, once it has as many. */
export function linesOf(file: string, count: number): Promise<string[]> {
  appendFileSync(file, "");
  return new Promise((resolve) => {
    const look = () => {
      const lines = readFileSync(file, "utf8").split("\n").slice(0, -1);
      if (lines.length < count) return;
      watcher.close();
      resolve(lines);
    };
    const watcher = watch(file, look);
    look();
  });
}
