/** The server of the soak behind nginx, as a process of its own. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import type { ServerCounters } from "pyrois";

export interface Child {
  readonly port: number;
  counters(): Promise<ServerCounters>;
  stop(): Promise<void>;
}

async function answer(child: ChildProcess): Promise<unknown> {
  return (await once(child, "message"))[0];
}

/** Starts its script; resolves once it accepts connections. */
export async function startChild(script: string): Promise<Child> {
  const child = fork(script);
  const port = (await answer(child)) as number;
  return {
    port,
    counters() {
      child.send("counters");
      return answer(child) as Promise<ServerCounters>;
    },
    async stop() {
      const gone = once(child, "exit");
      child.kill("SIGTERM");
      await gone;
    },
  };
}
