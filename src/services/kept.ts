/** Responses whose content is kept, and sent again and again: what is made of it need be made once. */
import { HttpResponse, type ResponseInit } from "../http/index.ts";

/** What has content that is kept. */
export interface Keeper {
  readonly body: string | Uint8Array | null;
}

/** What was made of contents, by who has them. */
const made = new WeakMap<Keeper, Map<string, unknown>>();

/** A response made of something that is kept, and goes on having the same content. */
export class KeptResponse extends HttpResponse {
  readonly #keeper: Keeper;

  /** What is made of the content lasts as long as the `keeper`. */
  constructor(keeper: Keeper, init: ResponseInit | undefined, type: string | null) {
    super(keeper.body, init, type);
    this.#keeper = keeper;
  }

  /** What was made of the content so far, by whatever name; null where it is not that of the keeper any more. */
  get made(): Map<string, unknown> | null {
    if (this.body !== this.#keeper.body) return null;
    let all = made.get(this.#keeper);
    if (all === undefined) {
      all = new Map();
      made.set(this.#keeper, all);
    }
    return all;
  }
}
