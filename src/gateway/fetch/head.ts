/** The head of a Request of fetch, as requests of this framework read it. */
import { isToken } from "../../http/index.ts";
import { HeaderFields, methodId, ReleasedError, RequestHead } from "../../parser/index.ts";
import { FetchSource, framingOf, lengthOf, type Place, placeOf, targetOf } from "./source.ts";

/** Fields that are looked up in the Headers of a Request; what goes through all of them reads the head in bytes. */
class FetchFields extends HeaderFields {
  readonly #head: FetchHead;

  constructor(head: FetchHead) {
    super(head);
    this.#head = head;
  }

  override has(name: string): boolean {
    return this.get(name) !== null;
  }

  override get(name: string): string | null {
    const { request } = this.#head;
    // To Headers, what is no name is an error.
    if (!isToken(name)) return null;
    return request.headers.get(name) ?? (name.toLowerCase() === "host" ? this.#head.authority : null);
  }
}

/**
 * The head of a Request. What is asked of most requests is read there; all else is read of the head in bytes, which is
 * made for that.
 */
export class FetchHead extends RequestHead {
  #request: Request | null;
  #place: Place | null = null;
  #fields: FetchFields | null = null;
  #framing = -1;

  constructor(request: Request) {
    super(new FetchSource(request));
    this.#request = request;
  }

  /** Throws a ReleasedError where the exchange is over. */
  get request(): Request {
    if (this.#request === null) throw new ReleasedError();
    return this.#request;
  }

  override release(): void {
    super.release();
    this.#request = null;
  }

  get #parts(): Place {
    const { request } = this;
    this.#place ??= placeOf(request.url);
    return this.#place;
  }

  override get method(): string {
    return this.request.method;
  }

  override get methodId(): number {
    return methodId(this.request.method);
  }

  override get target(): string {
    return targetOf(this.#parts);
  }

  override get path(): string {
    return this.#parts.path;
  }

  override get query(): string {
    return this.#parts.query;
  }

  /** The host of the URL, which is what the host of the application took for it. */
  override get authority(): string {
    return this.#parts.authority;
  }

  override get minorVersion(): number {
    return 1;
  }

  override get framing(): number {
    if (this.#framing < 0) this.#framing = framingOf(this.request);
    return this.#framing;
  }

  override get contentLength(): number {
    return lengthOf(this.request);
  }

  override get headers(): HeaderFields {
    this.#fields ??= new FetchFields(this);
    return this.#fields;
  }
}
