/** A client on a raw socket: what is written is written as it is, and what comes back is read strictly. */
import { connect, type Socket } from "node:net";

export interface RawResponse {
  status: number;
  reason: string;
  headers: Map<string, string>;
  body: string;
}

/** Bytes of one character each. */
const latin1 = "latin1";

/**
 * Reads as many responses as the bytes hold, and adds them to those before them; the text that is left over comes back
 * too. `methods` are those of the requests that all of them answer.
 */
export function parseResponses(
  text: string,
  methods: readonly string[] = [],
  all: RawResponse[] = [],
): { all: RawResponse[]; rest: string } {
  let answered = all.filter(({ status }) => status >= 200).length;
  for (;;) {
    const end = text.indexOf("\r\n\r\n");
    if (end < 0) return { all, rest: text };
    const [line, ...lines] = text.slice(0, end).split("\r\n");
    const start = /^HTTP\/1\.1 (\d{3}) (.*)$/.exec(line);
    if (!start) throw new Error(`no status line: ${JSON.stringify(line)}`);
    const headers = new Map<string, string>();
    for (const field of lines) {
      const [, name, value] = /^([!#$%&'*+\-.^_`|~\w]+): ?(.*)$/.exec(field) ?? [];
      if (name === undefined || headers.has(name.toLowerCase())) throw new Error(`bad field: ${JSON.stringify(field)}`);
      headers.set(name.toLowerCase(), value);
    }
    const status = Number(start[1]);
    if (status < 200) {
      all.push({ status, reason: start[2], headers, body: "" });
      text = text.slice(end + 4);
      continue;
    }
    const bare = methods[answered] === "HEAD" || status === 204 || status === 304;
    const length = bare ? 0 : Number(headers.get("content-length"));
    if (!Number.isInteger(length)) throw new Error(`no Content-Length in ${JSON.stringify(text.slice(0, end))}`);
    if (text.length < end + 4 + length) return { all, rest: text };
    all.push({ status, reason: start[2], headers, body: text.slice(end + 4, end + 4 + length) });
    text = text.slice(end + 4 + length);
    ++answered;
  }
}

export class RawClient {
  readonly socket: Socket;
  received = "";
  ended = false;
  /** Responses that have come whole, and the characters of `received` that they took. */
  readonly #responses: RawResponse[] = [];
  #taken = 0;
  #wake: () => void = () => {};

  constructor(port: number) {
    this.socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true, noDelay: true });
    this.socket.setEncoding(latin1);
    this.socket.on("data", (text: string) => {
      this.received += text;
      this.#wake();
    });
    for (const event of ["end", "close", "error"]) {
      this.socket.on(event, () => {
        this.ended = true;
        this.#wake();
      });
    }
  }

  /** Writes bytes of one character each; resolves when they are handed to the system. */
  write(text: string): Promise<void> {
    return new Promise((resolve) => this.socket.write(text, latin1, () => resolve()));
  }

  /** Resolves when the condition holds, or the server has ended the connection. */
  async until(condition: () => boolean): Promise<void> {
    while (!this.ended && !condition()) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** Waits for a number of responses, of whatever status. */
  async responses(count: number, methods: readonly string[] = []): Promise<RawResponse[]> {
    const enough = () => {
      const { rest } = parseResponses(this.received.slice(this.#taken), methods, this.#responses);
      this.#taken = this.received.length - rest.length;
      return this.#responses.length >= count;
    };
    await this.until(enough);
    enough();
    return [...this.#responses];
  }

  /** Waits until the server has ended the connection. */
  async end(): Promise<void> {
    await this.until(() => this.ended);
  }

  destroy(): void {
    this.socket.destroy();
  }
}

/** Sends bytes, ends the sending side, and gives all that came back until the server closed. */
export async function exchange(port: number, text: string, methods: readonly string[] = []): Promise<RawResponse[]> {
  const client = new RawClient(port);
  await client.write(text);
  client.socket.end();
  await client.end();
  client.destroy();
  const { all, rest } = parseResponses(client.received, methods);
  if (rest !== "") throw new Error(`left over: ${JSON.stringify(rest)}`);
  return all;
}
