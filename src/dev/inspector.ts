/** `pyrois/inspector`: a page that shows what an application is asked and what it answers, while it is developed. */
import { readFileSync } from "node:fs";
import { type Application, type Handler, Router } from "../app/index.ts";
import { ConflictError, type HttpRequest, HttpResponse, json, NotFoundError, redirect } from "../http/index.ts";
import { keepFromOthers } from "./guard.ts";
import { surroundingsOf } from "./inspector/around.ts";
import { guard } from "./inspector/guard.ts";
import { Live } from "./inspector/live.ts";
import { checkOptions, type InspectorOptions } from "./inspector/options.ts";
import { Recorder, unrecorded } from "./inspector/recorder.ts";
import type { Recording } from "./inspector/recording.ts";

export { DEFAULT_INSPECTOR_OPTIONS, type InspectorOptions } from "./inspector/options.ts";

/** What can be inspected: an `App`. */
export interface Inspected extends Application {
  /** Serves bytes in memory: how requests are sent again. */
  injectBytes(bytes: Uint8Array, signal?: AbortSignal): Promise<Uint8Array>;
}

/** From src/ as from dist/, whose chunks lie in a folder beside this one. */
const FOLDER = new URL("../dev/inspector/page/", import.meta.url);
const FILES: Readonly<Record<string, string>> = {
  "inspector.html": "text/html; charset=utf-8",
  "inspector.css": "text/css; charset=utf-8",
  "icon.svg": "image/svg+xml",
  "inspector.js": "text/javascript; charset=utf-8",
  "list.js": "text/javascript; charset=utf-8",
  "details.js": "text/javascript; charset=utf-8",
  "content.js": "text/javascript; charset=utf-8",
  "curl.js": "text/javascript; charset=utf-8",
  "numbers.js": "text/javascript; charset=utf-8",
  "dom.js": "text/javascript; charset=utf-8",
};

/** Not to be described with what it describes. */
const HIDDEN = { hidden: true };

/** The routes of an inspector. */
export class Inspector extends Router<"/_dev"> {
  readonly #app: Inspected;
  readonly #recorder: Recorder;
  readonly #live: Live;
  readonly #options: Required<InspectorOptions>;

  constructor(app: Inspected, options: Required<InspectorOptions>) {
    super({ prefix: "/_dev", middleware: [guard(options)], origin: "the inspector" });
    this.#app = app;
    this.#options = options;
    this.#recorder = new Recorder(app, options);
    this.#live = new Live(this.#recorder);
    this.on("response", keepFromOthers);
    this.#servePage();
    this.#serve("GET", "/exchanges", () => this.#list());
    this.#serve("GET", "/exchanges/{id:int}", (request) => this.#show(request));
    this.#serve("POST", "/exchanges/{id:int}/replay", (request) => this.#replay(request));
    this.#serve("POST", "/clear", () => this.#clear());
    this.#serve("GET", "/events", (request) => this.#live.serve(request));
    this.route(
      "/{rest:path}",
      unrecorded(() => {
        throw new NotFoundError();
      }),
      { methods: "*", doc: HIDDEN },
    );
  }

  /** Records no more, and ends what is shown live. */
  close(): void {
    this.#recorder.close();
    this.#live.close();
  }

  #serve(method: string, path: string, handler: Handler): void {
    this.route(path, unrecorded(handler), { methods: [method], doc: HIDDEN });
  }

  #servePage(): void {
    // What is relative in the page is so to a folder.
    this.#serve("GET", "", ({ path }) => redirect(`${path}/`));
    for (const [name, type] of Object.entries(FILES)) {
      const text = readFileSync(new URL(name, FOLDER), "utf8");
      const path = name === "inspector.html" ? "/" : `/${name}`;
      this.#serve("GET", path, () => new HttpResponse(text, { headers: { "Content-Type": type } }));
    }
  }

  #list(): HttpResponse {
    const { maxContent, maxExchanges } = this.#options;
    const { revision } = this.#recorder;
    return json({ revision, maxContent, maxExchanges, entries: this.#recorder.summaries() });
  }

  /** Throws an HttpError 404 where an exchange is not kept any more, or never was. */
  #recordingOf({ params }: HttpRequest): Recording {
    const recording = this.#recorder.recording(params.id);
    if (recording === undefined) throw new NotFoundError(`exchange ${params.id} is not kept any more`);
    return recording;
  }

  #show(request: HttpRequest): HttpResponse {
    const recording = this.#recordingOf(request);
    return json(recording.details(surroundingsOf(this.#app, recording.route)));
  }

  #replay(request: HttpRequest): HttpResponse {
    const recording = this.#recordingOf(request);
    const reason = recording.unrepeatable;
    if (reason !== null) throw new ConflictError(`the request cannot be sent again: ${reason}`);
    // It shows up as an exchange of its own; nobody waits for it here.
    void this.#app.injectBytes(recording.replay(), AbortSignal.timeout(this.#options.replayTimeout));
    return new HttpResponse(null, { status: 202 });
  }

  #clear(): null {
    this.#recorder.clear();
    this.#live.clear();
    return null;
  }
}

/**
 * A page that shows the last exchanges of an application as they happen, as routes to include:
 *
 *     if (process.env.NODE_ENV !== "production") app.include(inspector(app));
 *
 * It is at `/_dev`, and answers this machine only. From the call on all is recorded, until `close`. Throws an Error where
 * NODE_ENV says that this is production, and a RangeError or TypeError for an option that makes no sense.
 */
export function inspector(app: Inspected, options: InspectorOptions = {}): Inspector {
  if (process.env.NODE_ENV === "production") {
    throw new Error("the inspector shows all that is sent, and is for development: NODE_ENV is production");
  }
  return new Inspector(app, checkOptions(options));
}
