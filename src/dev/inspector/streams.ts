/** Content of responses that comes piece by piece, looked at on its way. */
import type { BodyStream } from "../../http/index.ts";
import { current, type Listener } from "./logs.ts";

type Pieces = AsyncIterator<string | Uint8Array>;

/** A stream of Node: what sends it has to hear of errors before it is iterated, and may end it. */
type NodeStream = { on(...values: unknown[]): unknown; destroy(): unknown };

/** The same content; `look` gets each piece that is one, in UTF-8 where it is text. Its source works for `listener`. */
export class WatchedStream implements AsyncIterable<string | Uint8Array> {
  readonly #source: BodyStream;
  readonly #listener: Listener;
  readonly #look: (piece: Uint8Array) => void;
  readonly on?: NodeStream["on"];
  readonly destroy?: NodeStream["destroy"];

  constructor(body: BodyStream, listener: Listener, look: (piece: Uint8Array) => void) {
    // A response can be given more than once.
    this.#source = body instanceof WatchedStream ? body.#source : body;
    this.#listener = listener;
    this.#look = look;
    const { on, destroy } = this.#source as Partial<NodeStream>;
    if (typeof on === "function" && typeof destroy === "function") {
      this.on = on.bind(this.#source);
      this.destroy = destroy.bind(this.#source);
    }
  }

  [Symbol.asyncIterator](): Pieces {
    const pieces: Pieces = this.#source[Symbol.asyncIterator]();
    const next = async () => {
      const step = await pieces.next();
      if (!step.done) this.#see(step.value);
      return step;
    };
    return {
      next: () => current.run(this.#listener, next),
      return: async () => (await pieces.return?.()) ?? { done: true, value: undefined },
    };
  }

  #see(piece: unknown): void {
    if (typeof piece === "string") this.#look(Buffer.from(piece));
    else if (piece instanceof Uint8Array) this.#look(piece);
  }
}
