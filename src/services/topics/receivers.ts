/** Receivers of messages, each at its own pace. */
import type { Delivery } from "./message.ts";

/**
 * Takes text and bytes, as a WebSocket and a stream of events do. Where it has a `signal`, that is aborted when it is
 * closed; a promise of false from `send` means that as well.
 */
export interface Sender {
  send(message: string | Uint8Array): unknown;
  readonly signal?: AbortSignal;
}

/** Takes messages as they were published; the next one comes when the promise that it returns is settled. */
export type Listener<Message> = (message: Message, topic: string) => unknown;

/** Whoever can get messages of a topic: a function, or what can `send`. */
export type Receiver<Message> = Listener<Message> | Sender;

/** A receiver that is subscribed. */
export interface Subscription {
  /** Gives it a message. Never throws. */
  take(delivery: Delivery): void;
  /** Forgets what waits for it. */
  end(): void;
}

/** What subscriptions tell. */
export interface Reports {
  /** A receiver has failed at a message. */
  failed(error: unknown): void;
  /** It takes no more messages. */
  over(): void;
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && typeof (value as PromiseLike<unknown>).then === "function";
}

/** Gives messages away at once: what takes them has a bound of its own for what waits. */
export function sending(sender: Sender, { failed, over }: Reports): Subscription {
  const check = (sent: unknown) => {
    if (sent === false) over();
  };
  return {
    take(delivery) {
      try {
        const sent = sender.send(delivery.content);
        if (isPromise(sent)) sent.then(check, failed);
        else check(sent);
      } catch (error) {
        failed(error);
      }
    },
    end() {},
  };
}

/** Calls a function with one message after the other; where more than `maxWaiting` wait for it, it is given up. */
export function calling(listener: Listener<never>, maxWaiting: number, { failed, over }: Reports): Subscription {
  const waiting: Delivery[] = [];
  let busy = false;

  async function work(first: PromiseLike<unknown>): Promise<void> {
    let pending: unknown = first;
    for (;;) {
      try {
        await pending;
      } catch (error) {
        failed(error);
      }
      const next = waiting.shift();
      if (next === undefined) break;
      pending = call(next);
    }
    busy = false;
  }

  function call({ message, topic }: Delivery): unknown {
    try {
      return listener(message as never, topic);
    } catch (error) {
      failed(error);
      return undefined;
    }
  }

  return {
    take(delivery) {
      if (busy) {
        if (waiting.length < maxWaiting) {
          waiting.push(delivery);
          return;
        }
        const topic = JSON.stringify(delivery.topic);
        failed(new Error(`a receiver of ${topic} was unsubscribed: ${maxWaiting} messages wait for it already`));
        over();
        return;
      }
      const pending = call(delivery);
      if (!isPromise(pending)) return;
      busy = true;
      work(pending);
    },
    end() {
      waiting.length = 0;
    },
  };
}
