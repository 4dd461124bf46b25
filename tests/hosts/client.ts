/** A client on any stream of bytes, for hosts that have node:net and no test runner. */
import { equal } from "node:assert/strict";
import type { Socket } from "node:net";
import { parseResponses, type RawResponse } from "../support/client.ts";

/** Resolves when the event loop has been round: then the other end has read what was written on this machine. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

export class Client {
  readonly socket: Socket;
  /** What came back and was not yet taken as a response; one byte a character. */
  received = "";
  /** Whether the server has ended the connection, in whatever way. */
  #ended = false;
  #wake: () => void = () => {};

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on("data", (bytes: Buffer) => {
      this.received += bytes.toString("latin1");
      this.#wake();
    });
    for (const event of ["end", "close", "error"]) {
      socket.on(event, () => {
        this.#ended = true;
        this.#wake();
      });
    }
  }

  /** Writes bytes of one character each in pieces of a size, and gives the server time to read each by itself. */
  async write(text: string, size: number = text.length): Promise<void> {
    for (let at = 0; at < text.length; at += size) {
      // Not as text: Deno's TLS makes UTF-8 of Latin-1 where several texts are written at once.
      this.socket.write(Buffer.from(text.slice(at, at + size), "latin1"));
      await turn();
    }
  }

  /** Resolves when the condition holds, or the server has ended the connection. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition() && !this.#ended) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** Takes the next responses. Throws where the connection ends before they have come. */
  async responses(count: number): Promise<RawResponse[]> {
    const taken: RawResponse[] = [];
    await this.until(() => {
      const { all, rest } = parseResponses(this.received);
      taken.push(...all);
      this.received = rest;
      return taken.length >= count;
    });
    equal(taken.length, count, `${taken.length} responses came, not ${count}`);
    return taken;
  }

  async response(): Promise<RawResponse> {
    return (await this.responses(1))[0];
  }

  /** Takes the next responses, which must all be 200 with these bodies. */
  async answers(bodies: readonly string[]): Promise<void> {
    const all = await this.responses(bodies.length);
    for (const [at, { status, body }] of all.entries()) {
      equal(status, 200, `answer ${at}: ${status} ${body.slice(0, 100)}`);
      equal(body, bodies[at], `answer ${at}`);
    }
  }

  /** Waits until the server has ended the connection; gives what came before that and was not taken. */
  async end(): Promise<string> {
    await this.until(() => false);
    return this.received;
  }
}
