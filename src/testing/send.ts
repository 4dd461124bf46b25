/** How requests get to an application in memory, and to a server. */
import type { Duplex } from "node:stream";
import type { Servable } from "../app/index.ts";
import type { IncomingResponse } from "../h1/index.ts";
import { StreamPieces } from "../http/web-stream.ts";
import { decoded } from "./decode.ts";
import { fetchFailed, type Hop, type Send } from "./hop.ts";
import { connect } from "./memory.ts";
import { clientOver } from "./transport.ts";

/** Statuses that never have content (Fetch §2.2.3). */
const BARE: ReadonlySet<number> = new Set([204, 205, 304]);

const UPGRADED = "the connection speaks another protocol now: WebSocket is opened by openWebSocket";

/** What is under way of one request; when it is over the connection is gone. */
class Visit {
  readonly #stream: Duplex;
  readonly #signal: AbortSignal;

  constructor(stream: Duplex, signal: AbortSignal) {
    this.#stream = stream;
    this.#signal = signal;
    signal.addEventListener("abort", this.end);
  }

  readonly end = (): void => {
    this.#signal.removeEventListener("abort", this.end);
    this.#stream.destroy();
  };

  /** The error of what has failed: the reason of the signal where that has ended it. */
  errorOf(error: TypeError): unknown {
    return this.#signal.aborted ? this.#signal.reason : error;
  }

  /** Content as a stream that asks for a piece when it is asked for one. */
  streamOf(pieces: AsyncIterator<Uint8Array>): ReadableStream<Uint8Array> {
    return new ReadableStream<Uint8Array>(
      {
        pull: async (controller) => {
          try {
            const { done, value } = await pieces.next();
            if (!done) {
              controller.enqueue(value);
              return;
            }
            controller.close();
            this.end();
          } catch (cause) {
            this.end();
            throw this.errorOf(new TypeError("terminated", { cause }));
          }
        },
        cancel: this.end,
      },
      { highWaterMark: 0 },
    );
  }
}

function responseOf({ head, content }: IncomingResponse, method: string, visit: Visit): Response {
  const { status, reason: statusText } = head;
  const headers = new Headers([...head.headers] as [string, string][]);
  const bare = method === "HEAD" || BARE.has(status);
  if (bare) visit.end();
  const body = bare ? null : visit.streamOf(decoded(content.pieces(), headers.get("content-encoding")));
  return new Response(body, { status, statusText, headers });
}

/** Sends requests to an application in memory, each on a connection of its own. */
export function toApplication(served: Servable): Send {
  return async ({ url, method, headers, body, signal }) => {
    signal.throwIfAborted();
    const stream = connect(served, url.protocol === "https:");
    const visit = new Visit(stream, signal);
    const fields = [...headers].filter(([name]) => name !== "host");
    const host = headers.get("host") ?? url.host;
    const content = body instanceof ReadableStream ? new StreamPieces(body) : body;
    try {
      const message = { method, target: `${url.pathname}${url.search}`, host, fields, body: content };
      const response = await clientOver(stream).request(message);
      if (response.taken !== null) throw new Error(UPGRADED);
      return responseOf(response, method, visit);
    } catch (error) {
      visit.end();
      throw visit.errorOf(fetchFailed(error));
    }
  };
}

/** Sends requests by a `fetch`. */
export function byFetch(fetch: typeof globalThis.fetch): Send {
  return ({ url, ...init }: Hop) => {
    const all = { ...init, redirect: "manual", duplex: "half" } as RequestInit;
    return fetch(url, all);
  };
}
