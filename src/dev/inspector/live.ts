/** What changes, told to the pages that look. */
import type { HttpRequest, HttpResponse } from "../../http/index.ts";
import { type EventStream, eventStream } from "../../services/events.ts";
import { ProcessWatch } from "./process.ts";
import type { Recorder } from "./recorder.ts";

/** Milliseconds for which changes are gathered, and from one look at the process to the next. */
const GATHER = 50;
const LOOK = 1000;
/** Milliseconds after which a page comes again: servers that are developed are started anew often. */
const RETRY = 300;

export class Live {
  readonly #recorder: Recorder;
  readonly #streams = new Set<EventStream>();
  readonly #changed = new Set<number>();
  readonly #process = new ProcessWatch();
  #gathering: NodeJS.Timeout | undefined;
  #looking: NodeJS.Timeout | undefined;

  constructor(recorder: Recorder) {
    this.#recorder = recorder;
    recorder.onChange = (id) => this.#note(id);
  }

  /** A stream of events: `entries` that have changed, `numbers` each second, and `cleared`. */
  serve(request: HttpRequest): HttpResponse {
    return eventStream(request, (stream) => {
      if (this.#streams.size === 0) this.#start();
      this.#streams.add(stream);
      void stream.send({ event: "numbers", data: this.#numbers(), retry: RETRY });
      return () => {
        this.#streams.delete(stream);
        if (this.#streams.size === 0) this.#stop();
      };
    });
  }

  /** Tells that all was forgotten, and counts anew. */
  clear(): void {
    this.#process.clear();
    this.#changed.clear();
    this.#tell("cleared", { revision: this.#recorder.revision });
    this.#tell("numbers", this.#numbers());
  }

  close(): void {
    for (const stream of this.#streams) stream.close();
  }

  #start(): void {
    this.#process.start();
    this.#looking = setInterval(() => this.#tell("numbers", this.#numbers()), LOOK).unref();
  }

  #stop(): void {
    this.#process.stop();
    clearInterval(this.#looking);
    clearTimeout(this.#gathering);
    this.#gathering = undefined;
    this.#changed.clear();
  }

  #note(id: number): void {
    if (this.#streams.size === 0) return;
    this.#changed.add(id);
    this.#gathering ??= setTimeout(() => this.#tellEntries(), GATHER).unref();
  }

  #tellEntries(): void {
    this.#gathering = undefined;
    const entries = [...this.#changed].map((id) => this.#recorder.summary(id)).filter((entry) => entry !== undefined);
    this.#changed.clear();
    if (entries.length > 0) this.#tell("entries", entries);
  }

  #numbers(): object {
    return { process: this.#process.numbers(), routes: this.#recorder.durations.all() };
  }

  #tell(event: string, data: object): void {
    for (const stream of this.#streams) void stream.send({ event, data });
  }
}
