/**
 * Has an error that a listener has thrown be one that nobody has caught, as on node:http: whoever has called it, in the
 * middle of a connection's bytes, goes on first.
 */
export function rethrow(error: unknown): void {
  process.nextTick(() => {
    throw error;
  });
}
