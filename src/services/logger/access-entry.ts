import type { HttpRequest } from "../../http/index.ts";

/** What `pyrois:request:end` tells. */
export interface RequestEnd {
  readonly request: HttpRequest;
  readonly status: number;
  readonly bytes: number;
  readonly duration: number;
  readonly application: unknown;
}

/** A status that only logs know, as other servers write it: the client has gone. */
const CLIENT_GONE = 499;

/**
 * A request that is over. What it says of the request is read when it is asked for, and cannot be read any more once its
 * line is made. What the client has sent is as it was sent: escape it.
 */
export class AccessEntry {
  readonly #end: RequestEnd;
  /** When it was over, in milliseconds since 1970; one time for all of one turn of the event loop. */
  readonly time: number;

  constructor(end: RequestEnd, time: number) {
    this.#end = end;
    this.time = time;
  }

  /** Address at the other end of the connection; "-" where none is known. */
  get client(): string {
    return this.#end.request.remoteAddress ?? "-";
  }

  get method(): string {
    return this.#end.request.method;
  }

  get target(): string {
    return this.#end.request.target;
  }

  /** "1.0" or "1.1". */
  get version(): string {
    return this.#end.request.version;
  }

  /** Status of the response; 499 where the client has gone before there was one. */
  get status(): number {
    return this.#end.status || CLIENT_GONE;
  }

  /** Bytes of content that were sent. */
  get bytes(): number {
    return this.#end.bytes;
  }

  /** Milliseconds from its head to the end of its response, to the microsecond. */
  get duration(): number {
    return Math.round(this.#end.duration * 1000) / 1000;
  }

  get referer(): string | null {
    return this.#end.request.headers.get("referer");
  }

  get userAgent(): string | null {
    return this.#end.request.headers.get("user-agent");
  }

  /** What `requestId` has named it. */
  get id(): string | undefined {
    return (this.#end.request.state as { readonly id?: string }).id;
  }

  /** All of it but the time, as plain data. */
  toJSON(): Record<string, unknown> {
    const { client, method, target, version, status, bytes, duration, referer, userAgent, id } = this;
    return { client, method, target, version, status, bytes, duration, referer, userAgent, id };
  }
}
