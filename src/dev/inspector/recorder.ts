/** Watches an application, and keeps its last exchanges. */
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { type Application, type Handler, perRequest, type RouteInfo } from "../../app/index.ts";
import type { HttpRequest, HttpResponse } from "../../http/index.ts";
import type { ParseErrorMessage, RequestEndMessage } from "../../server/diagnostics.ts";
import { Durations } from "./durations.ts";
import type { Refused, Summary } from "./entries.ts";
import { current, listenTo } from "./logs.ts";
import { type Masks, masksOf } from "./masks.ts";
import type { InspectorOptions } from "./options.ts";
import { Recording, type Recordings } from "./recording.ts";

/** Handlers of inspectors: what they serve is not recorded. */
const own = new WeakSet<Handler>();

/** A handler whose requests no inspector records. */
export function unrecorded(handler: Handler): Handler {
  own.add(handler);
  return handler;
}

export class Recorder implements Recordings {
  readonly options: Required<InspectorOptions>;
  readonly masks: Masks;
  readonly durations: Durations = new Durations();
  /** Told of what has changed. */
  onChange: (id: number) => void = () => {};
  readonly #app: Application;
  readonly #recordings = perRequest<Recording>();
  /** The oldest first. */
  readonly #entries = new Map<number, Recording | Refused>();
  #lastId = 0;
  #revision = 0;
  #closed = false;

  constructor(app: Application, options: Required<InspectorOptions>) {
    this.#app = app;
    this.options = options;
    this.masks = masksOf(options.secrets, options.showSecrets);
    listenTo(app.environment.logger);
    app.onReport((error, request) => this.#recordings.get(request)?.failed(error));
    app.surround((serve) => (request) => (this.#closed ? serve(request) : this.#serve(serve, request)));
    subscribe("pyrois:request:end", this.#over);
    subscribe("pyrois:parse:error", this.#refused);
  }

  /** The revision of the last change. */
  get revision(): number {
    return this.#revision;
  }

  /** Records no more. */
  close(): void {
    this.#closed = true;
    unsubscribe("pyrois:request:end", this.#over);
    unsubscribe("pyrois:parse:error", this.#refused);
  }

  /** The route of a request; null where there is none, or a converter fails. */
  #routeOf({ method, path, host }: HttpRequest): RouteInfo | null {
    try {
      const found = this.#app.find(method, path, host ?? undefined);
      return found.kind === "found" ? found.value : null;
    } catch {
      return null;
    }
  }

  #serve(
    serve: (request: HttpRequest) => HttpResponse | Promise<HttpResponse>,
    request: HttpRequest,
  ): HttpResponse | Promise<HttpResponse> {
    const recording = this.#begin(request);
    if (recording === null) return serve(request);
    const response = current.run(recording, serve, request);
    const note = (given: HttpResponse) => {
      try {
        // Of a client that has gone nothing can be read.
        if (!request.done) recording.answered(given, request);
      } catch (error) {
        // A response of a class of its own can fail where it is looked at; to send it may still do.
        recording.failed(error);
      }
      return given;
    };
    return response instanceof Promise ? response.then(note) : note(response);
  }

  /** A new recording; null for a request of an inspector's own. */
  #begin(request: HttpRequest): Recording | null {
    const route = this.#routeOf(request);
    if (route !== null && own.has(route.handler)) return null;
    const recording = new Recording(++this.#lastId, request, route, this);
    this.#recordings.set(request, recording);
    this.#add(recording);
    return recording;
  }

  readonly #over = (message: unknown): void => {
    const { request, status, bytes, application } = message as RequestEndMessage;
    if (application !== this.#app) return;
    // One that was sent away for there are too many has no recording yet.
    const recording = this.#recordings.get(request) ?? this.#begin(request);
    recording?.ended(status, bytes, request);
    if (recording) this.durations.add(recording.route, recording.method, status, recording.duration);
  };

  readonly #refused = (message: unknown): void => {
    const { error, peer, application } = message as ParseErrorMessage;
    if (application !== this.#app) return;
    const { name, status, message: text, section, offset, quoted } = error;
    this.#add({
      kind: "parse error",
      id: ++this.#lastId,
      revision: 0,
      at: Date.now(),
      name,
      status,
      message: text,
      section,
      offset,
      quoted: name === "InvalidFieldValue" ? this.masks.quoted(quoted) : quoted,
      client:
        peer.remotePort === undefined ? (peer.remoteAddress ?? "") : `${peer.remoteAddress} port ${peer.remotePort}`,
    });
  };

  #add(entry: Recording | Refused): void {
    this.#entries.set(entry.id, entry);
    if (this.#entries.size > this.options.maxExchanges) {
      const [oldest] = this.#entries.keys();
      this.#entries.delete(oldest);
    }
    this.changed(entry);
  }

  changed(entry: Recording | Refused): void {
    (entry as { revision: number }).revision = ++this.#revision;
    this.onChange(entry.id);
  }

  /** Forgets all that is kept; what is still at work is not kept either. */
  clear(): void {
    this.#entries.clear();
    ++this.#revision;
    this.durations.clear();
  }

  /** The recording with an id, if it is still kept. */
  recording(id: number): Recording | undefined {
    const entry = this.#entries.get(id);
    return entry instanceof Recording ? entry : undefined;
  }

  /** An entry as the list shows it; undefined where it is not kept any more. */
  summary(id: number): Summary | Refused | undefined {
    const entry = this.#entries.get(id);
    return entry instanceof Recording ? entry.summary() : entry;
  }

  /** All that is kept, the oldest first. */
  summaries(): (Summary | Refused)[] {
    return [...this.#entries.values()].map((entry) => (entry instanceof Recording ? entry.summary() : entry));
  }
}
