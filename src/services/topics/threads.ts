/** Messages between the threads of a process. */
import { BroadcastChannel } from "node:worker_threads";
import { pack, unpack } from "./message.ts";
import type { TopicsTransport, TransportEvents } from "./transport.ts";

/** What names messages between threads. */
export interface ThreadTransportOptions {
  /** Name of the channel that the threads share. */
  readonly channel?: string;
}

/**
 * Carries messages to the other threads of this process (`node:worker_threads`). A thread that is busy gets them when it
 * is not any more; until then they wait in its memory, without a bound.
 */
export class ThreadTransport implements TopicsTransport {
  readonly #name: string;
  #channel: BroadcastChannel | null = null;

  constructor({ channel = "pyrois:topics" }: ThreadTransportOptions = {}) {
    this.#name = channel;
  }

  open({ receive, up }: TransportEvents): void {
    const channel = new BroadcastChannel(this.#name);
    channel.onmessage = (event) => {
      const { data } = event as { data: [topic: string, text: string] };
      receive(data[0], unpack(data[1]).message);
    };
    // That messages might come is no reason for a thread to go on.
    channel.unref();
    this.#channel = channel;
    up();
  }

  publish(topic: string, message: unknown): void {
    this.#channel?.postMessage([topic, pack(message)]);
  }

  close(): void {
    this.#channel?.close();
    this.#channel = null;
  }
}
