/** Responses whose content is kept, and sent again and again: what is made of it need be made once. */
import { type BodyInit, HttpResponse, type ResponseInit } from "../http/index.ts";

/** What was made of contents, by the objects that have them. */
const made = new WeakMap<object, Map<string, unknown>>();

/** A response made of something that is kept, and goes on having the same content. */
export class KeptResponse extends HttpResponse {
  readonly #keeper: object;
  readonly #content: BodyInit;

  /** What is made of the content lasts as long as the `keeper`. */
  constructor(keeper: object, body: string | Uint8Array | null, init: ResponseInit, type: string | null) {
    super(body, init, type);
    this.#keeper = keeper;
    this.#content = body;
  }

  /** What was made of the content so far, by whatever name; null where it is not that of the keeper any more. */
  get made(): Map<string, unknown> | null {
    if (this.body !== this.#content) return null;
    let all = made.get(this.#keeper);
    if (all === undefined) {
      all = new Map();
      made.set(this.#keeper, all);
    }
    return all;
  }
}
