import { isBare } from "../../h1/serialize.ts";
import {
  type BodyInit as Content,
  fromFetchResponse,
  HttpResponse,
  isHopByHop,
  StreamPieces,
  TO_RESPONSE,
} from "../../http/index.ts";
import { hostClasses } from "./host.ts";

/** Content that a light Response keeps as it is. */
type LightBody = string | Uint8Array | ReadableStream<Uint8Array> | null;
type Line = readonly [name: string, value: string];

/** What fetch calls text whose type nobody says. */
const TEXT_TYPE = "text/plain;charset=UTF-8";
const JSON_TYPE = "application/json";

function isLightBody(body: unknown): body is LightBody {
  if (body === null || typeof body === "string" || body instanceof Uint8Array) return true;
  return body instanceof ReadableStream && !body.locked;
}

/** Whether a status may go with content, and with none; what may not, the host's own class refuses. */
function isLightStatus(status: unknown, body: LightBody): status is number {
  if (typeof status !== "number" || !Number.isInteger(status) || status < 200 || status > 599) return false;
  return body === null || !isBare(status);
}

/** A value without the space around it, which fields do not have (Fetch §2.2.2). */
function trimmed(value: unknown): string {
  const text = `${value}`;
  const isClean = text.charCodeAt(0) > 0x20 && text.charCodeAt(text.length - 1) > 0x20;
  return isClean ? text : text.replace(/^[\t\n\r ]+|[\t\n\r ]+$/g, "");
}

/** Fields as they are now: whoever gave them may go on with them. */
function linesOf(headers: HeadersInit): Line[] {
  if (typeof headers !== "object" || headers === null) throw new TypeError("headers are an object, or a list of pairs");
  const lines: Line[] = [];
  if (!(Symbol.iterator in headers)) {
    for (const name of Object.keys(headers)) lines.push([name, trimmed((headers as Record<string, unknown>)[name])]);
    return lines;
  }
  for (const pair of headers as Iterable<Line>) {
    if (pair.length !== 2) throw new TypeError("a field is a pair of a name and a value");
    lines.push([`${pair[0]}`, trimmed(pair[1])]);
  }
  return lines;
}

function isContentType(name: string): boolean {
  return name.length === 12 && name.toLowerCase() === "content-type";
}

/**
 * A Response of fetch that keeps what it was made of, which is all that is needed to send it. A real one is made where
 * anything else is asked for, and answers from then on.
 */
export class LightResponse {
  readonly #body: LightBody = null;
  readonly #status: number = 200;
  readonly #statusText: string = "";
  /** All but the Content-Type; null for none. */
  readonly #lines: readonly Line[] | null = null;
  #type: string | null = null;
  /** In place of the lines and the type, once somebody has asked for them. */
  #headers: Headers | null = null;
  #real: Response | null = null;

  /** Throws as the class of the host does; for a field that cannot be sent only where it is used. */
  constructor(body: BodyInit | null = null, init?: ResponseInit) {
    const status = init?.status ?? 200;
    if (!isLightBody(body) || !isLightStatus(status, body)) {
      this.#real = new (hostClasses().Response)(body, init);
      return;
    }
    this.#body = body instanceof Uint8Array ? body.slice() : body;
    if (init === undefined || init === null) return;
    this.#status = status;
    if (init.statusText !== undefined) this.#statusText = `${init.statusText}`;
    const headers = LightResponse.#fieldsOf(init);
    if (headers === undefined) return;
    const others: Line[] = [];
    for (const line of linesOf(headers)) {
      if (!isContentType(line[0])) others.push(line);
      else this.#type = this.#type === null ? line[1] : `${this.#type}, ${line[1]}`;
    }
    if (others.length > 0) this.#lines = others;
  }

  /** The fields of an init, which may be a light Response: of that no Headers need be made. */
  static #fieldsOf(init: ResponseInit): HeadersInit | undefined {
    if (!(#body in init) || init.#real !== null || init.#headers !== null) return init.headers;
    return init.#allLines() as [string, string][];
  }

  get #contentType(): string | null {
    return this.#type ?? (typeof this.#body === "string" ? TEXT_TYPE : null);
  }

  #allLines(): Line[] {
    const type = this.#contentType;
    const lines = this.#lines ?? [];
    return type === null ? [...lines] : [...lines, ["content-type", type]];
  }

  get headers(): Headers {
    this.#headers ??= this.#real?.headers ?? new (hostClasses().Headers)(this.#allLines() as [string, string][]);
    return this.#headers;
  }

  get status(): number {
    return this.#real?.status ?? this.#status;
  }

  get ok(): boolean {
    return this.status >= 200 && this.status < 300;
  }

  get statusText(): string {
    return this.#real?.statusText ?? this.#statusText;
  }

  get bodyUsed(): boolean {
    return this.#real?.bodyUsed ?? false;
  }

  get body(): ReadableStream<Uint8Array> | null {
    return this.#real === null && this.#body === null ? null : LightResponse.real(this).body;
  }

  clone(): LightResponse {
    const { status, statusText, headers } = this;
    return new LightResponse(LightResponse.real(this).clone().body, { status, statusText, headers });
  }

  /** What is sent of a light Response. Throws a TypeError where the content was read, or a field cannot be sent. */
  static toHttpResponse(light: LightResponse): HttpResponse {
    if (light.#real !== null) return fromFetchResponse(light.#real, light.headers);
    const body: Content = light.#body instanceof ReadableStream ? new StreamPieces(light.#body) : light.#body;
    const status = light.#status;
    const lines = light.#headers ?? light.#lines;
    const type = light.#headers === null ? light.#contentType : null;
    if (lines === null) return new HttpResponse(body, { status }, type);
    const headers: Line[] = [];
    for (const line of lines) if (!isHopByHop(line[0].toLowerCase())) headers.push(line);
    return new HttpResponse(body, { status, headers }, type);
  }

  /** The real Response of a light one. */
  static real(light: LightResponse): Response {
    if (light.#real === null) {
      const { status, statusText, headers } = light;
      light.#real = new (hostClasses().Response)(light.#body as BodyInit | null, { status, statusText, headers });
    }
    return light.#real;
  }

  static json(value: unknown, init?: ResponseInit): LightResponse | Response {
    const text = JSON.stringify(value);
    if (text === undefined) throw new TypeError(`${typeof value} has no JSON`);
    const response = new LightResponse(text, init);
    if (response.#real !== null) return hostClasses().Response.json(value, init);
    response.#type ??= JSON_TYPE;
    return response;
  }
}

// Not within the class, for declarations cannot be made of a name that is found when it runs.
Object.defineProperty(LightResponse.prototype, TO_RESPONSE, {
  value(this: LightResponse) {
    return LightResponse.toHttpResponse(this);
  },
});
