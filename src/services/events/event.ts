/** Events as they leave (HTML standard, §9.2 "Server-sent events"). */

/** One event, for the `EventSource` of a browser. */
export interface ServerSentEvent {
  /** Text, or bytes of it in UTF-8, as it is; anything else as JSON. */
  readonly data?: unknown;
  /** What listeners ask for; "message" by default. Without line ends and U+0000. */
  readonly event?: string;
  /** What a browser that comes again says in `Last-Event-ID`; "" for nothing. Without line ends and U+0000. */
  readonly id?: string;
  /** Milliseconds that a browser waits from now on before it comes again. */
  readonly retry?: number;
}

/** Ends a line to whoever reads the stream. */
const LINE_END = /\r\n|\r|\n/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: what would end the field, or have it ignored
const NO_VALUE = /[\r\n\x00]/;
const decoder = new TextDecoder();

/** What a client gets so that the connection is no idle one: a comment. */
export const HEARTBEAT = ":\n\n";

function textOf(data: unknown): string {
  if (typeof data === "string") return data;
  if (data instanceof Uint8Array) return decoder.decode(data);
  const text = JSON.stringify(data);
  if (text === undefined) throw new TypeError(`${typeof data} has no JSON`);
  return text;
}

function line(name: string, value: string): string {
  if (typeof value !== "string") throw new TypeError(`${name} of an event must be a text, not ${value}`);
  if (NO_VALUE.test(value)) {
    throw new TypeError(`${name} of an event has no line ends and no U+0000, unlike ${JSON.stringify(value)}`);
  }
  return `${name}: ${value}\n`;
}

function retryLine(retry: number): string {
  if (Number.isSafeInteger(retry) && retry >= 0) return `retry: ${retry}\n`;
  throw new RangeError(`retry of an event must be a whole number of milliseconds, not ${retry}`);
}

/** The lines of an event. Throws a TypeError or RangeError that names what cannot be sent. */
export function serializeEvent({ data, event, id, retry }: ServerSentEvent): string {
  let lines = "";
  if (event !== undefined) lines += line("event", event);
  if (id !== undefined) lines += line("id", id);
  if (retry !== undefined) lines += retryLine(retry);
  // Without data nobody is told of an event: one with a name is meant to be told.
  if (data !== undefined || event !== undefined) {
    for (const part of textOf(data ?? (data === null ? null : "")).split(LINE_END)) lines += `data: ${part}\n`;
  }
  if (lines === "") throw new TypeError("an event has data, event, id or retry");
  return `${lines}\n`;
}
