/** One request on its way, without what follows of its answer. */

/** A request as it is sent to one place. */
export interface Hop {
  readonly url: URL;
  readonly method: string;
  readonly headers: Headers;
  /** A stream can be sent once. */
  readonly body: Uint8Array | ReadableStream<Uint8Array> | null;
  readonly signal: AbortSignal;
}

/** Sends a request and gives its answer, whatever that is; rejects as `fetch` does. */
export type Send = (hop: Hop) => Promise<Response>;

/** The error that `fetch` rejects with where there is no answer. */
export function fetchFailed(cause: unknown): TypeError {
  return new TypeError("fetch failed", { cause });
}
