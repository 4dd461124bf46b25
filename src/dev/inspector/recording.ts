/** One exchange, as it is kept. */
import type { RouteInfo } from "../../app/index.ts";
import { HandOver, type HttpRequest, type HttpResponse } from "../../http/index.ts";
import { decoded } from "./decoded.ts";
import type { Details, Field, Line, Shown, Summary } from "./entries.ts";
import { type Listener, line, shown } from "./logs.ts";
import type { Masks } from "./masks.ts";
import type { InspectorOptions } from "./options.ts";
import { Sample } from "./sample.ts";
import { WatchedStream } from "./streams.ts";

/** What recordings of one inspector share. */
export interface Recordings {
  readonly options: Required<InspectorOptions>;
  readonly masks: Masks;
  /** Told where a recording has changed. */
  changed(recording: Recording): void;
}

/** The field that a replayed request says its original by. */
export const REPLAY_FIELD = "X-Pyrois-Replay";
const REPLAY_LINE = /^x-pyrois-replay:.*\r\n/gim;

const round = (milliseconds: number): number => Math.round(milliseconds * 1000) / 1000;

/** The content that a response has in one piece; null where it has none. */
function inOnePiece(body: HttpResponse["body"]): Uint8Array | null {
  if (typeof body === "string") return Buffer.from(body);
  return body instanceof Uint8Array ? body : null;
}

export class Recording implements Listener {
  readonly id: number;
  /** Counts the changes of all entries: of two states of one, the higher is the later. */
  revision = 0;
  readonly at: number = Date.now();
  readonly method: string;
  readonly route: RouteInfo | null;
  status = 0;
  duration = 0;
  over = false;
  readonly #began = performance.now();
  readonly #shared: Recordings;
  /** One character for each byte. */
  readonly #head: string;
  readonly #target: string;
  readonly #client: string;
  readonly #requestContent: Sample;
  readonly #responseContent: Sample;
  #requestWhole = false;
  #trailers: Field[] = [];
  #params: Field[] = [];
  #response: { readonly status: number; readonly fields: Field[] } | null = null;
  #answeredAfter: number | null = null;
  #sent = 0;
  readonly #logs: Line[] = [];
  #logCount = 0;
  readonly #errors: string[] = [];
  #errorCount = 0;

  constructor(id: number, request: HttpRequest, route: RouteInfo | null, shared: Recordings) {
    this.id = id;
    this.route = route;
    this.#shared = shared;
    const { method, target, remoteAddress = "", remotePort } = request;
    this.method = method;
    this.#target = target;
    this.#client = remotePort === undefined ? remoteAddress : `${remoteAddress} port ${remotePort}`;
    this.#head = Buffer.from(request.rawHead()).toString("latin1");
    const { maxContent } = shared.options;
    this.#requestContent = new Sample(maxContent);
    this.#responseContent = new Sample(maxContent);
    request.watchContent({
      piece: (bytes) => this.#requestContent.add(bytes),
      end: () => {
        this.#requestWhole = true;
      },
    });
  }

  /** Notes the response that a handler has given, and has what it iterates looked at as it leaves. */
  answered(response: HttpResponse, request: HttpRequest): void {
    this.#answeredAfter = round(performance.now() - this.#began);
    const { contentType, headers } = response;
    const type: Field[] = contentType === null ? [] : [["Content-Type", contentType]];
    this.#response = { status: response.status, fields: [...type, ...headers] };
    this.#params = Object.entries(request.params).map(([name, value]) => [name, this.#show(this.#hidden(name, value))]);
    if (response instanceof HandOver || this.method === "HEAD") return;
    const { body } = response;
    const whole = inOnePiece(body);
    if (whole !== null) this.#responseContent.add(whole);
    else if (typeof body === "object" && body !== null && Symbol.asyncIterator in body) {
      response.body = new WatchedStream(body, this, (piece) => this.#responseContent.add(piece));
    }
    this.#changed();
  }

  /** Notes how it ended; the request can be read for the last time. */
  ended(status: number, sent: number, request: HttpRequest): void {
    this.duration = round(performance.now() - this.#began);
    this.status = status;
    this.#sent = sent;
    this.over = true;
    this.#trailers = [...(request.trailers ?? [])];
    this.#changed();
  }

  logged(level: string, values: readonly unknown[]): void {
    const { maxLogs, maxLogSize } = this.#shared.options;
    if (++this.#logCount <= maxLogs) {
      const text = line(values, this.#shared.masks, maxLogSize);
      this.#logs.push({ after: round(performance.now() - this.#began), level, text });
    }
    this.#changed();
  }

  /** Notes an error that the client sees nothing of. */
  failed(error: unknown): void {
    if (++this.#errorCount <= this.#shared.options.maxLogs) this.#errors.push(this.#show(error));
    this.#changed();
  }

  #changed(): void {
    this.#shared.changed(this);
  }

  #show(value: unknown): string {
    return shown(value, this.#shared.masks, this.#shared.options.maxLogSize);
  }

  /** A value without what its name says is secret. */
  #hidden(name: string, value: unknown): unknown {
    return (this.#shared.masks.value({ [name]: value }) as Record<string, unknown>)[name];
  }

  get #replayOf(): number | null {
    const [, id] = /^x-pyrois-replay: (\d{1,15})\r$/im.exec(this.#head) ?? [];
    return id === undefined ? null : Number(id);
  }

  summary(): Summary {
    const { id, revision, at, method, route, status, duration, over } = this;
    return {
      kind: "exchange",
      id,
      revision,
      at,
      method,
      target: this.#shared.masks.target(this.#target),
      status: over ? status : (this.#response?.status ?? 0),
      over,
      duration,
      received: this.#requestContent.size,
      sent: over ? this.#sent : this.#responseContent.size,
      route: route?.pattern ?? null,
      failed: this.#errorCount > 0,
      replayOf: this.#replayOf,
    };
  }

  /** All of it; `surroundings` are what stands around its route. */
  details(surroundings: Details["surroundings"]): Details {
    const { masks } = this.#shared;
    const head = masks.head(this.#head);
    const [, ...lines] = head.slice(0, -4).split("\r\n");
    const fields = lines.map((line): Field => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon), line.slice(colon + 1).trim()];
    });
    const coding = (all: readonly Field[]) => all.find(([name]) => /^content-encoding$/i.test(name))?.[1] ?? "";
    const response = this.#response && { ...this.#response, fields: masks.fields(this.#response.fields) };
    return {
      ...this.summary(),
      client: this.#client,
      head: Buffer.from(head, "latin1").toString("base64"),
      fields,
      params: this.#params,
      handler: this.route === null ? null : { name: this.route.name ?? null, method: this.route.method },
      surroundings,
      request: this.#content(this.#requestContent, coding(fields)),
      trailers: masks.fields(this.#trailers),
      answeredAfter: this.#answeredAfter,
      response,
      content: this.#content(this.#responseContent, coding(response?.fields ?? [])),
      logs: this.#logs,
      lostLogs: Math.max(0, this.#logCount - this.#logs.length),
      errors: this.#errors,
      lostErrors: this.#errorCount - this.#errors.length,
      masked: masks.head(this.#head) !== this.#head || this.#isMasked(),
    };
  }

  #isMasked(): boolean {
    const text = this.#requestContent.bytes().toString("latin1");
    return this.#shared.masks.content(text) !== text;
  }

  #content(sample: Sample, coding: string): Shown {
    const { masks } = this.#shared;
    const encode = (bytes: Buffer) => Buffer.from(masks.content(bytes.toString("latin1")), "latin1").toString("base64");
    const bytes = sample.bytes();
    const plain = coding === "" || bytes.length === 0 ? null : decoded(bytes, coding);
    return { size: sample.size, whole: sample.whole, bytes: encode(bytes), plain: plain && encode(plain) };
  }

  /** Why it cannot be sent again; null where it can. */
  get unrepeatable(): string | null {
    if (this.method === "CONNECT" || /^upgrade:/im.test(this.#head)) return "it asks for another protocol";
    if (!this.#requestWhole) return "its content did not come whole";
    return this.#requestContent.whole ? null : "its content is larger than maxContent";
  }

  /** The request as it came, with a field that says whose replay it is, and its content in one chunk where it was in some. */
  replay(): Uint8Array {
    const head = this.#head.replace(REPLAY_LINE, "").slice(0, -2);
    const start = Buffer.from(`${head}${REPLAY_FIELD}: ${this.id}\r\n\r\n`, "latin1");
    const content = this.#requestContent.bytes();
    if (!/^transfer-encoding:/im.test(this.#head)) return Buffer.concat([start, content]);
    const size = content.length > 0 ? `${content.length.toString(16)}\r\n` : "";
    const trailers = this.#trailers.map(([name, value]) => `${name}: ${value}\r\n`).join("");
    const end = `${content.length > 0 ? "\r\n" : ""}0\r\n${trailers}\r\n`;
    return Buffer.concat([start, Buffer.from(size), content, Buffer.from(end, "latin1")]);
  }
}
