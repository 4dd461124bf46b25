import type { HttpRequest } from "../../http/index.ts";
import { TIMER_MAX } from "../timer.ts";
import { HEARTBEAT, type ServerSentEvent, serializeEvent } from "./event.ts";
import type { EventStreamOptions } from "./options.ts";

/** The stream of events to one client. */
export interface EventStream {
  /** The id of the last event that the client has had, of an earlier stream; "" where it says none. */
  readonly lastEventId: string;
  /** Aborted when the stream is over, whoever has ended it. */
  readonly signal: AbortSignal;
  /** Whether events can be sent. */
  readonly open: boolean;
  /** Bytes that wait for the client to read. */
  readonly unsentSize: number;
  /**
   * Sends an event; text and bytes are the data of one. Resolves with true once the system has it, which a slow client
   * delays, and with false where the stream is over. Throws a TypeError or RangeError for what cannot be sent.
   */
  send(event: ServerSentEvent | string | Uint8Array): Promise<boolean>;
  /** Ends it once all is sent. A browser then comes again after a while, unless it is answered with 204. */
  close(): void;
}

/** What is called with the stream once it has begun; a function that it returns is called when the stream is over. */
export type ServeEvents = (stream: EventStream) => unknown;

const byteLength = Buffer.byteLength;
const END: IteratorReturnResult<undefined> = { done: true, value: undefined };

type Settle = (sent: boolean) => void;
type Step = IteratorResult<string, undefined>;

/** The streams that end when a server stops, by the signal that tells of it: it has one listener for all of them. */
const streams = new WeakMap<AbortSignal, Set<ServedStream>>();

function streamsUntil(stopping: AbortSignal): Set<ServedStream> {
  const known = streams.get(stopping);
  if (known) return known;
  const open = new Set<ServedStream>();
  streams.set(stopping, open);
  stopping.addEventListener("abort", () => {
    for (const stream of open) stream.close();
  });
  return open;
}

/** As the client has sent it: in UTF-8, of which fields have each byte as a character. */
function lastEventIdOf({ headers }: HttpRequest): string {
  return Buffer.from(headers.get("last-event-id") ?? "", "latin1").toString();
}

/** Content of a response: what is sent is what is iterated. It begins when it is iterated, which HEAD never is. */
export class ServedStream implements EventStream, AsyncIterableIterator<string, undefined> {
  readonly lastEventId: string;
  readonly #serve: ServeEvents;
  readonly #options: Required<EventStreamOptions>;
  readonly #request: HttpRequest;
  /** Text that waits for its turn, and whom to tell once it has left. */
  #waiting = "";
  #waitingSize = 0;
  #settleWaiting: Settle[] = [];
  /** As these, of what the system has not taken yet. */
  #leavingSize = 0;
  #settleLeaving: Settle[] = [];
  #state: "new" | "open" | "closing" | "over" = "new";
  #failure: { readonly error: unknown } | null = null;
  /** Whoever waits for more to send. */
  #wake: ((step: Step | Promise<Step>) => void) | null = null;
  #heartbeat: NodeJS.Timeout | undefined;
  #siblings: Set<ServedStream> | null = null;
  #controller: AbortController | null = null;
  #cleanUp: (() => unknown) | null = null;

  constructor(request: HttpRequest, serve: ServeEvents, options: Required<EventStreamOptions>) {
    this.lastEventId = lastEventIdOf(request);
    this.#request = request;
    this.#serve = serve;
    this.#options = options;
  }

  get open(): boolean {
    return this.#state === "open";
  }

  get unsentSize(): number {
    return this.#waitingSize + this.#leavingSize;
  }

  get signal(): AbortSignal {
    if (this.#controller === null) {
      this.#controller = new AbortController();
      if (this.#state === "over") this.#controller.abort();
    }
    return this.#controller.signal;
  }

  send(event: ServerSentEvent | string | Uint8Array): Promise<boolean> {
    const text = serializeEvent(typeof event === "string" || event instanceof Uint8Array ? { data: event } : event);
    if (!this.open) return Promise.resolve(false);
    return new Promise((resolve) => {
      this.#settleWaiting.push(resolve);
      this.#put(text);
    });
  }

  #put(text: string): void {
    this.#waiting += text;
    this.#waitingSize += byteLength(text);
    // The client comes again, and says what it has had last.
    if (this.unsentSize > this.#options.maxUnsent) this.#end();
    else this.#leave();
  }

  close(): void {
    if (this.#state !== "open") return;
    this.#state = "closing";
    if (this.#wake !== null) this.#end();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** The next text to send; the one before has left then. */
  next(): Promise<Step> {
    if (this.#state === "new") this.#begin();
    settle(this.#settleLeaving, true);
    this.#settleLeaving = [];
    this.#leavingSize = 0;
    return new Promise((resolve) => {
      this.#wake = resolve;
      this.#leave();
    });
  }

  /** The client has gone, or asked for no content. */
  async return(): Promise<Step> {
    this.#end();
    return END;
  }

  #begin(): void {
    this.#state = "open";
    this.#siblings = streamsUntil(this.#request.stopping);
    this.#siblings.add(this);
    const { heartbeat } = this.#options;
    if (heartbeat <= TIMER_MAX) this.#heartbeat = setInterval(() => this.#beat(), heartbeat).unref();
    const { signal, stopping } = this.#request;
    signal.addEventListener("abort", () => this.#end(), { once: true });
    this.#run();
    if (signal.aborted) this.#end();
    else if (stopping.aborted) this.close();
  }

  async #run(): Promise<void> {
    try {
      const cleanUp = await this.#serve(this);
      if (typeof cleanUp !== "function") return;
      this.#cleanUp = cleanUp as () => unknown;
      if (this.#state === "over") this.#tidy();
    } catch (error) {
      if (this.#state === "over") this.#tell(error);
      else this.#end({ error });
    }
  }

  /** Gives what waits to whoever waits for it, or the end where it has come. */
  #leave(): void {
    if (this.#wake === null) return;
    if (this.#waiting === "") {
      if (this.#state !== "open") this.#end();
      return;
    }
    const wake = this.#wake;
    const value = this.#waiting;
    this.#leavingSize = this.#waitingSize;
    this.#settleLeaving = this.#settleWaiting;
    this.#waiting = "";
    this.#waitingSize = 0;
    this.#settleWaiting = [];
    this.#wake = null;
    wake({ done: false, value });
  }

  #beat(): void {
    if (this.unsentSize === 0) this.#put(HEARTBEAT);
  }

  /** Ends it now, by an error where something has failed. */
  #end(failure: { readonly error: unknown } | null = this.#failure): void {
    this.#failure = failure;
    const wasOver = this.#state === "over";
    this.#state = "over";
    // Whoever iterates is told of an error once: it is theirs from there on.
    if (this.#wake !== null) {
      this.#wake(failure === null ? END : Promise.reject(failure.error));
      this.#wake = null;
      this.#failure = null;
    }
    if (wasOver) return;
    clearInterval(this.#heartbeat);
    this.#siblings?.delete(this);
    const unsent = [...this.#settleLeaving, ...this.#settleWaiting];
    this.#settleLeaving = [];
    this.#settleWaiting = [];
    this.#waiting = "";
    this.#waitingSize = 0;
    this.#leavingSize = 0;
    settle(unsent, false);
    this.#controller?.abort();
    this.#tidy();
  }

  async #tidy(): Promise<void> {
    const cleanUp = this.#cleanUp;
    this.#cleanUp = null;
    try {
      await cleanUp?.();
    } catch (error) {
      this.#tell(error);
    }
  }

  /** Nobody is left to answer: what has failed goes to the log, but for what was only told to end. */
  #tell(error: unknown): void {
    if ((error as Partial<Error> | null)?.name !== "AbortError") this.#request.log.error(error);
  }
}

function settle(all: readonly Settle[], sent: boolean): void {
  for (const each of all) each(sent);
}
