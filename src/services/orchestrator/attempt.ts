/** One attempt at a task. */
import { TaskError, type TaskErrorCode } from "./errors.ts";
import { titleOf, type Work } from "./task.ts";
import type { RunOptions, Threads } from "./threads.ts";
import { after, follow } from "./wait.ts";

/** What would go wrong again. */
const FINAL: readonly TaskErrorCode[] = ["NOT_SENDABLE", "NOT_SELF_CONTAINED", "NO_SUCH_TASK"];

/** Whether an attempt that has failed with an error can be made again. */
export function mayRetry(error: unknown): boolean {
  return !(error instanceof TaskError && FINAL.includes(error.code));
}

/** As `run` of the threads, within milliseconds: after them it rejects with a TaskError, and the thread is ended. */
export async function attempt(
  threads: Threads,
  work: Work,
  { timeout, signal, onProgress }: RunOptions & { readonly timeout: number },
): Promise<unknown> {
  const controller = new AbortController();
  const unfollow = follow(controller, signal);
  const stop = after(timeout, () => {
    controller.abort(new TaskError("TIMEOUT", `${titleOf(work)} took longer than ${timeout} ms`));
  });
  try {
    return await threads.run(work, { signal: controller.signal, onProgress });
  } finally {
    stop();
    unfollow();
  }
}
