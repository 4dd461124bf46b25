/** Waiting that can be cut short. */
import { TIMER_MAX } from "../timer.ts";

/** Calls back after a time; never where that is longer than a timer can wait. Gives what takes it back. */
export function after(milliseconds: number, call: () => void): () => void {
  if (milliseconds > TIMER_MAX) return () => {};
  const timer = setTimeout(call, milliseconds);
  return () => clearTimeout(timer);
}

/** Resolves after a time; rejects with the reason of the signal. */
export function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const stop = after(milliseconds, () => {
      signal.removeEventListener("abort", leave);
      resolve();
    });
    const leave = () => {
      stop();
      reject(signal.reason);
    };
    signal.addEventListener("abort", leave, { once: true });
  });
}

/** Whether a promise settles within a time. Never rejects. */
export async function settlesWithin(promise: Promise<unknown>, milliseconds: number): Promise<boolean> {
  let stop = () => {};
  const late = new Promise<boolean>((resolve) => {
    stop = after(milliseconds, () => resolve(false));
  });
  const settled = promise.then(
    () => true,
    () => true,
  );
  const within = await Promise.race([settled, late]);
  stop();
  return within;
}

/** Has a controller aborted when a signal is; gives what takes that back. */
export function follow(controller: AbortController, signal: AbortSignal | undefined): () => void {
  if (signal === undefined) return () => {};
  const abort = () => controller.abort(signal.reason);
  if (signal.aborted) abort();
  else signal.addEventListener("abort", abort, { once: true });
  return () => signal.removeEventListener("abort", abort);
}
