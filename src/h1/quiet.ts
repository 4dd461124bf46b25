function ignore(): void {}

/** A promise that nobody may be waiting for: its rejection then concerns nobody, and does not end the process. */
export function quiet<T>(promise: Promise<T>): Promise<T> {
  promise.catch(ignore);
  return promise;
}
