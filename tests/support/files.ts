/** What this process has open. */
import { readdirSync, readlinkSync } from "node:fs";

/** Where the descriptors of this process lead to; nowhere on systems that do not show it. */
export function openFiles(): string[] {
  if (process.platform !== "linux") return [];
  return readdirSync("/proc/self/fd").flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/self/fd/${fd}`)];
    } catch {
      // The one that the folder itself was read by is closed by now.
      return [];
    }
  });
}
