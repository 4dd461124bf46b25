/** The slowhttptest of Debian, which holds connections by slow heads, slow content or slow reading. */
import { spawn } from "node:child_process";
import { once } from "node:events";

export interface SlowMode {
  readonly name: string;
  readonly args: readonly string[];
}

const CONNECTIONS = ["-c", "500", "-r", "100", "-l", "20", "-p", "3"];

export const SLOW_MODES: readonly SlowMode[] = [
  { name: "slow heads (-H)", args: ["-H", "-i", "1", "-x", "20"] },
  { name: "slow content (-B)", args: ["-B", "-i", "1", "-x", "10", "-s", "8192"] },
  { name: "slow reading (-X)", args: ["-X", "-w", "10", "-y", "20", "-n", "3", "-z", "5", "-k", "3"] },
];

/** Runs the tool in one mode; gives the lines of its last report, null where there is no such tool. */
export async function runSlow(mode: SlowMode, url: string): Promise<string[] | null> {
  const child = spawn("slowhttptest", [...mode.args, ...CONNECTIONS, "-u", url], { stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => {
      output += chunk;
    });
  }
  const timer = setTimeout(() => child.kill("SIGKILL"), 120_000);
  try {
    await once(child, "close");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  } finally {
    clearTimeout(timer);
  }
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are told by control characters
  return output.replace(/\x1b\[[0-9;]*[A-Za-z]/g, "").split("\n");
}

/** Every verdict that the tool gave on whether the service is available. */
export function verdictsOf(lines: readonly string[]): string[] {
  return lines.flatMap((line) => /service available:\s*(\S+)/i.exec(line)?.[1] ?? []);
}
