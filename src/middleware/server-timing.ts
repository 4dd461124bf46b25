/** What a response took, for whoever looks at it in a browser (W3C Server Timing). */

import { isPromise } from "../app/handler.ts";
import { described, type Middleware } from "../app/index.ts";
import { type HttpRequest, isToken } from "../http/index.ts";
import { withResponse } from "./with-response.ts";

declare module "../http/state.ts" {
  interface RequestState {
    /** What has taken how long, where `serverTiming` is around. */
    timing?: Timing;
  }
}

/** What `Server-Timing` tells of a response. */
export interface ServerTimingOptions {
  /** What the time of the whole is called; "total" by default, false for none. */
  readonly total?: string | false;
  /** Marks that a response may have; further ones are left out. 32 by default. */
  readonly maxMarks?: number;
  /** Has a response say nothing: how long things take is a secret at times. */
  readonly skip?: (request: HttpRequest) => boolean;
}

const MAX_MARKS = 32;
/** What stands in a quoted-string as it is, or behind a backslash (RFC 9110 §5.6.4). */
const DESCRIPTION = /^[\t\x20-\x7e]*$/;

function checkName(name: string): void {
  if (!isToken(name)) throw new TypeError(`the name of a mark is a token, not ${JSON.stringify(name)}`);
}

/** server-timing-metric = metric-name *( OWS ";" OWS server-timing-param ) */
function metric(name: string, milliseconds: number, description?: string): string {
  const duration = `${name};dur=${Math.round(milliseconds * 100) / 100}`;
  return description === undefined ? duration : `${duration};desc="${description.replace(/["\\]/g, "\\$&")}"`;
}

/** What was timed of a request. */
export class Timing {
  readonly #marks: string[] = [];
  readonly #max: number;

  constructor(maxMarks: number) {
    this.#max = maxMarks;
  }

  /** Says that something has taken so many milliseconds. Throws a TypeError where that could not be written. */
  mark(name: string, milliseconds: number, description?: string): void {
    checkName(name);
    if (!Number.isFinite(milliseconds)) throw new TypeError(`${name} has taken no number: ${milliseconds}`);
    if (description !== undefined && !DESCRIPTION.test(description)) {
      throw new TypeError(`a description is plain ASCII, not ${JSON.stringify(description)}`);
    }
    if (this.#marks.length < this.#max) this.#marks.push(metric(name, milliseconds, description));
  }

  /** Does something, and says how long it has taken, or its promise, even where it fails. Throws as `mark`. */
  measure<T>(name: string, work: () => T, description?: string): T {
    checkName(name);
    const began = performance.now();
    const end = () => this.mark(name, performance.now() - began, description);
    let result: T;
    try {
      result = work();
    } catch (error) {
      end();
      throw error;
    }
    if (isPromise(result)) return Promise.resolve(result).finally(end) as T;
    end();
    return result;
  }

  /** The marks as the field has them; "" for none. */
  toString(): string {
    return this.#marks.join(", ");
  }
}

/**
 * Says in Server-Timing what `request.state.timing` was told, and what the whole has taken, up to the first byte of the
 * response. Responses of what is thrown say nothing. Throws a TypeError or RangeError for an option that makes no sense.
 */
export function serverTiming(options: ServerTimingOptions = {}): Middleware {
  const { total = "total", maxMarks = MAX_MARKS, skip } = options;
  if (total !== false && !isToken(total)) throw new TypeError(`total is a token, not ${JSON.stringify(total)}`);
  if (!(maxMarks >= 0)) throw new RangeError(`maxMarks must be a number of at least 0, not ${maxMarks}`);
  if (skip !== undefined && typeof skip !== "function") throw new TypeError("skip is a function");
  const middleware: Middleware = (next) => (request) => {
    const began = performance.now();
    const timing = new Timing(maxMarks);
    request.state.timing = timing;
    if (skip?.(request)) return next(request);
    return withResponse(next(request), (response) => {
      const marks = timing.toString();
      if (marks !== "") response.headers.append("Server-Timing", marks);
      if (total !== false) response.headers.append("Server-Timing", metric(total, performance.now() - began));
    });
  };
  return described(middleware, "serverTiming", { total, maxMarks });
}
