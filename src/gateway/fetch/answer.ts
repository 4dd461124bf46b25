/** From a response of this framework to one of fetch. */
import { type ContentStream, isStream, sizeOf, streamFraming } from "../../h1/body.ts";
import { refuseOwnField } from "../../h1/fields.ts";
import { discardContent, type OutgoingMessage } from "../../h1/index.ts";
import { holdErrors, letGo } from "../../h1/outgoing.ts";
import { checkContent, checkLength, checkStatus, isBare } from "../../h1/serialize.ts";

const encoder = new TextEncoder();

/** Who waits for what becomes of content that is iterated. */
export interface Watcher {
  /** It was sent, or nobody wants it. */
  ended(): void;
  /** Its source has failed. */
  failed(error: unknown): void;
}

function bytesOf(piece: unknown): Uint8Array {
  if (piece instanceof Uint8Array) return piece;
  if (typeof piece === "string") return encoder.encode(piece);
  throw new TypeError("a piece of content is text or a Uint8Array");
}

/** Content as a stream of the web that asks for a piece when it is asked for one, and lets go of its source. */
export class AnswerStream {
  readonly #source: ContentStream;
  readonly #iterator: AsyncIterator<string | Uint8Array>;
  readonly #watcher: Watcher;
  #over = false;
  readonly stream: ReadableStream<Uint8Array>;

  /** Throws where the content cannot be iterated. */
  constructor(body: ContentStream, watcher: Watcher) {
    this.#source = body;
    this.#iterator = body[Symbol.asyncIterator]();
    if (typeof this.#iterator?.next !== "function") throw new TypeError("the content has no iterator");
    holdErrors(body);
    this.#watcher = watcher;
    this.stream = new ReadableStream<Uint8Array>(
      { pull: (controller) => this.#pull(controller), cancel: () => this.stop() },
      { highWaterMark: 0 },
    );
  }

  async #pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    try {
      for (;;) {
        const { done, value } = await this.#iterator.next();
        if (this.#over) return;
        if (done) {
          this.#over = true;
          controller.close();
          this.#watcher.ended();
          return;
        }
        const bytes = bytesOf(value);
        // Who asked for a piece waits for one that has something in it.
        if (bytes.length === 0) continue;
        controller.enqueue(bytes);
        return;
      }
    } catch (error) {
      if (this.#over) return;
      controller.error(error);
      this.#watcher.failed(error);
      this.stop();
    }
  }

  /** Nobody reads on. What the source does about it concerns nobody. */
  stop(): void {
    if (this.#over) return;
    this.#over = true;
    letGo(this.#source, this.#iterator);
    this.#watcher.ended();
  }
}

/** The fields of a message as Headers. Throws a TypeError where one is not for applications to set. */
function headersOf({ contentType, fields }: OutgoingMessage): Headers {
  const headers = new Headers();
  if (contentType !== null) headers.set("Content-Type", contentType);
  for (const [name, value] of fields ?? []) {
    refuseOwnField(name);
    headers.append(name, value);
  }
  return headers;
}

/** Sees to the length of content that is there. Throws a TypeError where it is not what the headers say. */
function setLength(headers: Headers, size: number, status: number, headOnly: boolean): void {
  const announced = headers.get("content-length");
  checkLength(status, size, announced, headOnly);
  // 204 never has a length (RFC 9110 §8.6).
  if (status === 204) headers.delete("Content-Length");
  else if (headOnly && announced === null && !isBare(status)) headers.set("Content-Length", `${size}`);
}

/**
 * The Response that a message is; trailers, which fetch does not know, are left out. `watcher` is told of content that is
 * iterated. Throws a TypeError or RangeError where it cannot be sent as it is.
 */
export function toFetchResponse(
  message: OutgoingMessage,
  headOnly: boolean,
  watcher: Watcher,
): { readonly response: Response; readonly content: AnswerStream | null } {
  const { status, body } = message;
  checkStatus(status);
  const headers = headersOf(message);
  if (isStream(body)) {
    checkContent(status);
    // Here for its checks: the framing is the host's.
    streamFraming(headers.get("content-length"), "close");
    if (headOnly) {
      discardContent(message);
      return { response: new Response(null, { status, headers }), content: null };
    }
    const content = new AnswerStream(body, watcher);
    return { response: new Response(content.stream, { status, headers }), content };
  }
  const size = sizeOf(body);
  setLength(headers, size, status, headOnly);
  const sent = headOnly || size === 0 ? null : (body as BodyInit);
  return { response: new Response(sent, { status, headers }), content: null };
}
