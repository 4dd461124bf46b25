/** Applications of this framework, wherever there is fetch. */
import { endServed, type Servable, startServed } from "../../app/index.ts";
import { DEFAULT_CONNECTION_OPTIONS } from "../../h1/index.ts";
import { readMultipart } from "./multipart.ts";
import { type Reception, Visit } from "./visit.ts";

/** Milliseconds that an orchestrator has to stop. */
const DEADLINE = 10_000;

/** What `toFetch` may be told; `Host` is what the host gives with a request. */
export interface ToFetchOptions<Host extends readonly unknown[] = readonly unknown[]> {
  /** Bytes of content that a request may have; beyond it 413. 1048576 by default; a route may grant more. */
  readonly maxBodySize?: number;
  /** The address of the client, of what the host gives with a request; called where somebody asks for it. */
  readonly remoteAddress?: (request: Request, ...host: Host) => string | undefined;
}

/** An application as hosts of fetch take it; both functions can be taken out of it. */
export interface FetchApplication<Host extends readonly unknown[] = readonly unknown[]> {
  /** Serves a request; what else the host gives goes to `remoteAddress`. Never rejects. */
  readonly fetch: (request: Request, ...host: Host) => Response | Promise<Response>;
  /**
   * Tells hooks that it stops, and that it has stopped once the orchestrator has, for which that has `deadline`
   * milliseconds, 10 000 by default. Requests are the host's to wait for. Rejects where a hook or the orchestrator does.
   */
  readonly close: (options?: { readonly deadline?: number }) => Promise<void>;
}

function receptionOf(served: Servable, { maxBodySize }: { readonly maxBodySize?: number }): Reception {
  const granted = maxBodySize ?? DEFAULT_CONNECTION_OPTIONS.maxBodySize;
  if (typeof granted !== "number" || !(granted >= 0)) {
    throw new RangeError(`maxBodySize must be a number of at least 0, not ${granted}`);
  }
  return { served, environment: { ...served.environment, multipart: readMultipart }, maxBodySize: granted };
}

/** Where an application is in its life, on a host that tells nothing of its own. */
class Life {
  readonly #served: Servable;
  #starting: Promise<void> | null = null;
  started = false;

  constructor(served: Servable) {
    this.#served = served;
  }

  /** Starts it, once; where that fails, the next call tries again. */
  start(): Promise<void> {
    this.#starting ??= this.#start();
    return this.#starting;
  }

  async #start(): Promise<void> {
    try {
      await startServed(this.#served);
      this.started = true;
    } catch (error) {
      this.#starting = null;
      throw error;
    }
  }

  async end(deadline: number): Promise<void> {
    if (this.#starting === null) return;
    await this.#starting;
    this.#starting = null;
    this.started = false;
    try {
      await this.#served.tell("stopping");
    } finally {
      await endServed(this.#served, deadline);
    }
  }
}

/**
 * An application for Bun, Deno, workerd and all else that serves by `fetch(request)`. Before the first request it is told
 * that it starts. WebSocket, upgrades and tunnels are answered with 501. Throws a RangeError for a maxBodySize that is
 * no number of bytes.
 */
export function toFetch<Host extends readonly unknown[] = readonly unknown[]>(
  served: Servable,
  options: ToFetchOptions<Host> = {},
): FetchApplication<Host> {
  const reception = receptionOf(served, options);
  const { remoteAddress } = options;
  const life = new Life(served);
  const visit = (request: Request, host: Host) =>
    new Visit(reception, request, () => remoteAddress?.(request, ...host));
  const begin = async (request: Request, host: Host): Promise<Response> => {
    try {
      await life.start();
    } catch (error) {
      return visit(request, host).fail(error);
    }
    return visit(request, host).serve();
  };
  return {
    fetch: (request, ...host) => (life.started ? visit(request, host).serve() : begin(request, host)),
    close: ({ deadline = DEADLINE } = {}) => life.end(deadline),
  };
}
