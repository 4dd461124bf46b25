import { REASON_PHRASES } from "../h1/index.ts";
import { type HeadersInit, HttpHeaders } from "./headers.ts";

/** What an error says beside its status. */
export interface HttpErrorOptions extends ErrorOptions {
  /** Fields of the response that tells it. */
  readonly headers?: HeadersInit;
  /** Members of its problem details (RFC 9457 §3) beside `status`, and beside or in place of `type`, `title` and `detail`. */
  readonly problem?: Readonly<Record<string, unknown>>;
}

/**
 * An error that is a response: thrown anywhere in a handler, it is answered with its status and message. The message
 * is seen by the client; it is the reason phrase where none is given.
 */
export class HttpError extends Error {
  /** From 400 to 599. */
  readonly status: number;
  /** Fields of the response. */
  readonly headers: HttpHeaders;
  /** Members of its problem details; undefined where there are none of its own. */
  readonly problem: Readonly<Record<string, unknown>> | undefined;

  /** Throws a RangeError for a status that is no error (400 to 599). */
  constructor(status: number, message?: string, options: HttpErrorOptions = {}) {
    super(message ?? REASON_PHRASES[status] ?? "Error", options);
    if (!Number.isInteger(status) || status < 400 || status > 599) {
      throw new RangeError(`the status of an error is a whole number from 400 to 599, not ${status}`);
    }
    this.name = new.target.name;
    this.status = status;
    this.headers = new HttpHeaders(options.headers);
    this.problem = options.problem;
  }
}
