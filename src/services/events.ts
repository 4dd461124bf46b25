/** `pyrois/events`: server-sent events, for the `EventSource` of browsers. */
import { described, type Handler } from "../app/index.ts";
import { type HttpRequest, HttpResponse } from "../http/index.ts";
import type { ServerSentEvent } from "./events/event.ts";
import { checkOptions, type EventStreamOptions } from "./events/options.ts";
import { type EventStream, ServedStream, type ServeEvents } from "./events/stream.ts";

export type { ServerSentEvent } from "./events/event.ts";
export { DEFAULT_EVENT_STREAM_OPTIONS, type EventStreamOptions } from "./events/options.ts";
export type { EventStream, ServeEvents } from "./events/stream.ts";

const TYPE = "text/event-stream";
/** Neither kept by anybody, nor gathered by nginx. */
const HEADERS = [
  ["Cache-Control", "no-cache"],
  ["X-Accel-Buffering", "no"],
] as const;

function respond(request: HttpRequest, serve: ServeEvents, options: Required<EventStreamOptions>): HttpResponse {
  return new HttpResponse(new ServedStream(request, serve, options), { headers: HEADERS }, TYPE);
}

/**
 * A response of events:
 *
 *     app.get("/clock", (request) => eventStream(request, (stream) => {
 *       const timer = setInterval(() => stream.send({ event: "tick", data: Date.now() }), 1000);
 *       return () => clearInterval(timer);
 *     }));
 *
 * `serve` is called with the stream once that has begun, which it does not for HEAD; a function that it returns, or
 * resolves with, is called when the stream is over: closed, its client gone or too slow, or the server stopping. Where
 * `serve` fails, that is reported, and the connection cut.
 *
 * Throws a RangeError for an option that is out of its range.
 */
export function eventStream(request: HttpRequest, serve: ServeEvents, options: EventStreamOptions = {}): HttpResponse {
  return respond(request, serve, checkOptions(options));
}

/** What is known of a stream by whoever makes its events. */
export type EventStreamInfo = Pick<EventStream, "lastEventId" | "signal">;

/** Makes the events of a stream. */
export type GenerateEvents = (
  request: HttpRequest,
  stream: EventStreamInfo,
) => AsyncIterable<ServerSentEvent | string | Uint8Array>;

/**
 * A handler whose response are the events that a generator yields, each when the one before it has left:
 *
 *     app.get("/count", events(async function* (request, { lastEventId }) {
 *       for (let n = Number(lastEventId) + 1; n <= 10; ++n) yield { id: String(n), data: n };
 *     }));
 *
 * The stream ends with the generator. When it is over before, the generator is ended where it stands; one that waits for
 * something else meanwhile should heed `signal`. Throws a RangeError for an option that is out of its range.
 */
export function events(generate: GenerateEvents, options: EventStreamOptions = {}): Handler {
  const checked = checkOptions(options);
  const serve: Handler = (request) => respond(request, (stream) => relay(generate(request, stream), stream), checked);
  return described(serve, "events", checked);
}

async function relay(source: ReturnType<GenerateEvents>, stream: EventStream): Promise<void> {
  const iterator = source[Symbol.asyncIterator]();
  // It may wait for what never comes. What it does about it concerns nobody: who iterates is told.
  stream.signal.addEventListener("abort", () => void Promise.resolve(iterator.return?.()).catch(() => {}));
  for (;;) {
    const { done, value } = await iterator.next();
    if (done) break;
    if (!(await stream.send(value))) return;
  }
  stream.close();
}
