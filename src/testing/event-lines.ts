/** Events out of the lines that they came in (HTML standard, §9.2.6). */

/** One event. */
export interface TestEvent {
  /** "message" where it has no name of its own. */
  readonly event: string;
  readonly data: string;
  /** The id of the last event that had one, this one or before; "" where none had. */
  readonly id: string;
  /** Milliseconds, where the event says how long to wait before coming again. */
  readonly retry?: number;
}

/** Reads events out of text that comes in any cut. */
export class EventLines {
  readonly #tell: (event: TestEvent) => void;
  #rest = "";
  /** Whether the last character was a carriage return. */
  #returned = false;
  #data: string[] = [];
  #event = "";
  #retry: number | undefined;
  /** The id of the last event that had one. */
  lastEventId: string;

  constructor(tell: (event: TestEvent) => void, lastEventId: string) {
    this.#tell = tell;
    this.lastEventId = lastEventId;
  }

  push(text: string): void {
    if (text === "") return;
    // A carriage return at the end has ended a line; the line feed that may follow is its second half.
    const more = this.#returned && text.startsWith("\n") ? text.slice(1) : text;
    this.#returned = text.endsWith("\r");
    const lines = (this.#rest + more).split(/\r\n|\n|\r/);
    this.#rest = lines.pop() ?? "";
    for (const line of lines) this.#line(line);
  }

  #line(line: string): void {
    if (line === "") {
      this.#dispatch();
      return;
    }
    const colon = line.indexOf(":");
    const name = colon < 0 ? line : line.slice(0, colon);
    this.#field(name, colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, ""));
  }

  #field(name: string, value: string): void {
    if (name === "data") this.#data.push(value);
    else if (name === "event") this.#event = value;
    else if (name === "id" && !value.includes("\0")) this.lastEventId = value;
    else if (name === "retry" && /^\d+$/.test(value)) this.#retry = Number(value);
  }

  /** Without data nobody is told of an event. */
  #dispatch(): void {
    const retry = this.#retry === undefined ? {} : { retry: this.#retry };
    const event = { event: this.#event || "message", data: this.#data.join("\n"), id: this.lastEventId, ...retry };
    if (this.#data.length > 0) this.#tell(event);
    this.#data = [];
    this.#event = "";
    this.#retry = undefined;
  }
}
