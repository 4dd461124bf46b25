/** A `fetch` whose exchanges are kept in a file, and come from there when they are asked for again. */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import path from "node:path";
import { differences } from "./difference.ts";
import { Mask } from "./mask.ts";
import { steadied } from "./parts.ts";
import { type RecordedExchange, type RecordedRequest, recordBody, replayBody } from "./recorded.ts";

/** "record" asks and keeps, in place of what the file has; "replay" never asks; "auto" replays where there is a file. */
export type RecordMode = "record" | "replay" | "auto";

/** What is recorded, and when an exchange matches. */
export interface RecordOptions {
  /** "auto" by default. */
  readonly mode?: RecordMode;
  /** What is recorded; the global `fetch` by default. */
  readonly fetch?: typeof fetch;
  /** Names of fields, parameters and members of JSON that are secrets, beside the usual ones. */
  readonly mask?: readonly string[];
  /** Fields of requests that must be the same for an exchange to match, beside method, URL and content. */
  readonly match?: readonly string[];
  /** Whether exchanges must be asked for in the order they were recorded in; false by default. */
  readonly ordered?: boolean;
}

/** The `fetch` of a recording. */
export interface Recorder {
  (input: Request | URL | string, init?: RequestInit): Promise<Response>;
  /** What this one does. */
  readonly mode: "record" | "replay";
  /** Recorded requests that nobody has asked for yet, as "GET http://localhost/"; none while it records. */
  unused(): string[];
}

/** A request that was not recorded, or not so, or not so often; its message shows the nearest that was. */
export class RecordingMismatchError extends Error {
  override readonly name = "RecordingMismatchError";
  /** The recorded request that is most like it; undefined where there is none. */
  readonly nearest: RecordedRequest | undefined;

  constructor(message: string, nearest: RecordedRequest | undefined) {
    super(message);
    this.nearest = nearest;
  }
}

/** Fields of answers that are no longer true of content that was decoded, or tell of a connection. */
const DROPPED: ReadonlySet<string> = new Set([
  ...["connection", "content-encoding", "content-length", "keep-alive", "transfer-encoding"],
]);

/** Statuses that have no content (Fetch §2.2.3). */
const BARE: ReadonlySet<number> = new Set([204, 205, 304]);

const MODES: readonly unknown[] = ["record", "replay", "auto"];

function nameOf({ method, url }: RecordedRequest): string {
  return `${method} ${url}`;
}

async function describe(request: Request): Promise<RecordedRequest> {
  const { method, url } = request;
  const headers = Object.fromEntries(request.headers);
  const [type, bytes] = steadied(headers["content-type"], new Uint8Array(await request.clone().arrayBuffer()));
  const body = recordBody(bytes);
  return { method, url, headers: { ...headers, ...(type && { "content-type": type }) }, ...(body && { body }) };
}

/** A file of exchanges; they are written as they come, each time as a whole. */
class Tape {
  readonly #file: string;
  /** In the order they were begun; null while they are under way. */
  readonly #exchanges: (RecordedExchange | null)[] = [];

  constructor(file: string) {
    this.#file = file;
  }

  /** A place for an exchange that begins; gives what fills it. */
  begin(): (exchange: RecordedExchange) => void {
    const index = this.#exchanges.push(null) - 1;
    return (exchange) => {
      this.#exchanges[index] = exchange;
      const exchanges = this.#exchanges.filter((each) => each !== null);
      mkdirSync(path.dirname(this.#file), { recursive: true });
      writeFileSync(`${this.#file}.new`, `${JSON.stringify({ exchanges }, null, 2)}\n`);
      renameSync(`${this.#file}.new`, this.#file);
    };
  }
}

function recording(file: string, { fetch = globalThis.fetch }: RecordOptions, mask: Mask): Recorder {
  const tape = new Tape(file);
  const serve = async (input: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
    const keep = tape.begin();
    const request = new Request(input, { duplex: "half", ...init } as RequestInit);
    const asked = await describe(request);
    const response = await fetch(request);
    const bytes = new Uint8Array(await response.arrayBuffer());
    const headers = [...response.headers].filter(([name]) => !DROPPED.has(name));
    const body = recordBody(bytes);
    keep(mask.exchange({ request: asked, response: { status: response.status, headers, ...(body && { body }) } }));
    return answerOf(response.status, headers, bytes, response.url || asked.url);
  };
  return Object.assign(serve, { mode: "record" as const, unused: () => [] });
}

function answerOf(
  status: number,
  headers: readonly (readonly [string, string])[],
  bytes: Uint8Array<ArrayBuffer> | null,
  url: string,
): Response {
  const response = new Response(BARE.has(status) ? null : bytes, { status, headers: headers as [string, string][] });
  return Object.defineProperty(response, "url", { value: url });
}

/** The exchanges of a file. Throws an Error that names it where it is no recording. */
function readTape(file: string): RecordedExchange[] {
  if (!existsSync(file)) throw new Error(`there is no recording ${file}: make it with mode "record" or "auto"`);
  try {
    const { exchanges } = JSON.parse(readFileSync(file, "utf8")) as { exchanges: RecordedExchange[] };
    for (const { request, response } of exchanges) new URL(request.url).href.at(response.status);
    return exchanges;
  } catch (cause) {
    throw new Error(`${file} is no recording: ${(cause as Error).message}`, { cause });
  }
}

/** Finds what was recorded of requests, each once. */
class Replay {
  readonly #file: string;
  readonly #left: RecordedExchange[];
  readonly #all: readonly RecordedExchange[];
  readonly #options: RecordOptions;

  constructor(file: string, options: RecordOptions) {
    this.#file = file;
    this.#options = options;
    this.#left = readTape(file);
    this.#all = [...this.#left];
  }

  get unused(): string[] {
    return this.#left.map(({ request }) => nameOf(request));
  }

  /** Takes the exchange of a request. Throws a RecordingMismatchError where there is none. */
  take(asked: RecordedRequest): RecordedExchange {
    const candidates = this.#options.ordered ? this.#left.slice(0, 1) : this.#left;
    const found = candidates.find(({ request }) => this.#differences(request, asked).length === 0);
    if (found === undefined) throw this.#mismatch(asked, candidates);
    this.#left.splice(this.#left.indexOf(found), 1);
    return found;
  }

  #differences(recorded: RecordedRequest, asked: RecordedRequest): string[] {
    return differences(recorded, asked, this.#options.match ?? []);
  }

  #mismatch(asked: RecordedRequest, candidates: readonly RecordedExchange[]): RecordingMismatchError {
    const start = `${nameOf(asked)} has no exchange in ${this.#file}`;
    const count = this.#all.filter(({ request }) => this.#differences(request, asked).length === 0).length;
    if (count > 0 && !this.#options.ordered) {
      const message = `${start} any more: it was recorded ${count === 1 ? "once" : `${count} times`}`;
      return new RecordingMismatchError(message, asked);
    }
    const [nearest] = (candidates.length > 0 ? candidates : this.#all)
      .map(({ request }) => ({ request, lines: this.#differences(request, asked) }))
      .sort((one, other) => one.lines.length - other.lines.length);
    if (nearest === undefined) return new RecordingMismatchError(`${start}, which is empty`, undefined);
    const next = this.#options.ordered ? "the next one there" : "the nearest there";
    const text = [`${start}; ${next} is ${nameOf(nearest.request)}:`, ...nearest.lines].join("\n  ");
    return new RecordingMismatchError(text, nearest.request);
  }
}

function replaying(file: string, options: RecordOptions, mask: Mask): Recorder {
  const replay = new Replay(file, options);
  const serve = async (input: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
    const request = new Request(input, { duplex: "half", ...init } as RequestInit);
    request.signal.throwIfAborted();
    const { response } = replay.take(mask.request(await describe(request)));
    return answerOf(response.status, response.headers, replayBody(response.body), request.url);
  };
  return Object.assign(serve, { mode: "replay" as const, unused: () => replay.unused });
}

/**
 * A `fetch` that keeps its exchanges in a file of JSON, or gives what was kept, without secrets in either. Answers are
 * given once they have come whole. Throws a TypeError for a mode that there is not, and where it is to replay an Error
 * that names the file which is not there or is no recording.
 */
export function record(file: string, options: RecordOptions = {}): Recorder {
  const { mode = "auto", mask: names = [] } = options;
  if (!MODES.includes(mode)) throw new TypeError(`mode is one of ${MODES.join(", ")}, not ${JSON.stringify(mode)}`);
  const mask = new Mask(names);
  const plays = mode === "replay" || (mode === "auto" && existsSync(file));
  return plays ? replaying(file, options, mask) : recording(file, options, mask);
}
