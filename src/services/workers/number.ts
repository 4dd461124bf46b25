/** What tells a process that it is a worker of a server with `workers`: its number, from 1. */
export const WORKER_VARIABLE = "PYROIS_WORKER";

/** The number of this worker; null for a process that is none. */
export function workerNumber(): number | null {
  const text = process.env[WORKER_VARIABLE];
  return text === undefined ? null : Number(text);
}
