/** Server-sent events of an application, in memory, or of a server. */
import type { HeadersInit } from "../http/index.ts";
import { client } from "./client.ts";
import { EventLines, type TestEvent } from "./event-lines.ts";
import type { Target } from "./fetch.ts";
import { Inbox } from "./inbox.ts";
import { UnexpectedResponseError } from "./unexpected.ts";

export type { TestEvent } from "./event-lines.ts";

/** What events are asked for with. */
export interface EventsInit {
  readonly headers?: HeadersInit;
  /** The id of the last event that was had, of an earlier stream. */
  readonly lastEventId?: string;
}

/** A stream of events. Iterated, it gives events until it ends; who leaves then, closes it. */
export interface TestEvents extends AsyncIterable<TestEvent> {
  /** The answer whose content they are. */
  readonly response: Response;
  /** What a browser that comes again says in `Last-Event-ID`. */
  readonly lastEventId: string;
  /**
   * The next event, of those that have come the first. Rejects where none came within so many milliseconds, 2000 by
   * default, and where the stream has ended.
   */
  next(timeout?: number): Promise<TestEvent>;
  /** Goes, as a client that closes its connection. */
  close(): Promise<void>;
}

class OpenEvents implements TestEvents {
  readonly response: Response;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #events = new Inbox<TestEvent>("event");
  readonly #lines: EventLines;

  constructor(response: Response, lastEventId: string) {
    this.response = response;
    this.#reader = (response.body as ReadableStream<Uint8Array>).getReader();
    this.#lines = new EventLines((event) => this.#events.add(event), lastEventId);
    this.#read();
  }

  get lastEventId(): string {
    return this.#lines.lastEventId;
  }

  async #read(): Promise<void> {
    const decoder = new TextDecoder();
    try {
      for (;;) {
        const { done, value } = await this.#reader.read();
        if (done) break;
        this.#lines.push(decoder.decode(value, { stream: true }));
      }
      this.#events.end("the stream has ended");
    } catch (error) {
      this.#events.end("the stream was cut off", error as Error);
    }
  }

  next(timeout?: number): Promise<TestEvent> {
    return this.#events.next(timeout);
  }

  close(): Promise<void> {
    return this.#reader.cancel();
  }

  [Symbol.asyncIterator](): AsyncIterator<TestEvent> {
    return this.#events.all(() => this.close());
  }
}

/** Latin-1, of which fields have each byte as a character, of what is UTF-8 there. */
function asField(text: string): string {
  return Buffer.from(text).toString("latin1");
}

/**
 * Opens a stream of events. Rejects with an `UnexpectedResponseError` where what is answered is none, and as `fetch`
 * where there is no answer.
 */
export async function openEvents(target: Target, path = "/", init: EventsInit = {}): Promise<TestEvents> {
  const { headers, lastEventId = "" } = init;
  const fields = { Accept: "text/event-stream", ...(lastEventId !== "" && { "Last-Event-ID": asField(lastEventId) }) };
  const response = await client(target, { headers: fields }).get(path, headers === undefined ? {} : { headers });
  const type = response.headers.get("content-type") ?? "none";
  if (response.status === 200 && /^text\/event-stream\b/i.test(type)) return new OpenEvents(response, lastEventId);
  const { status } = response;
  const message = `the answer is no stream of events: status ${status}, content-type ${type}`;
  throw new UnexpectedResponseError(message, status, response.headers, await response.text());
}
