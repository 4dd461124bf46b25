/** A name for each request, by which it is found again in logs: its own, those of others, the client's. */
import { randomUUID } from "node:crypto";
import { described, type Middleware, type ResponseHook } from "../app/index.ts";
import { type HttpRequest, isToken, type Logger } from "../http/index.ts";
import { withResponse } from "./with-response.ts";

declare module "../http/state.ts" {
  interface RequestState {
    /** What `requestId` has named the request. */
    id?: string;
  }
}

/** Where the name of a request stands, and what it is made of. */
export interface RequestIdOptions {
  /** The field that names a request, in the response and where it is trusted in the request; "X-Request-Id" by default. */
  readonly header?: string;
  /** Whether a request may bring its name: right behind a proxy that sets the field, or takes it away; false by default. */
  readonly trust?: boolean;
  /** Characters that such a name may have; a longer one is replaced. 128 by default. */
  readonly maxLength?: number;
  /** Makes a name; a random UUID by default. */
  readonly generate?: (request: HttpRequest) => string;
}

/** The middleware, and a hook for the responses that pass no middleware by. */
export interface RequestId extends Middleware {
  /** Names the request in a response, of errors too, as `app.on("response", ids.echo)`. */
  readonly echo: ResponseHook;
}

const MAX_LENGTH = 128;
/** What names others give consist of, in UUIDs, ULIDs, base64 and trace ids; with it nobody can forge a line of a log. */
const NAME = /^[\w.:+/=@~-]+$/;

/** Has a logger that knows no children begin with the name. */
class Named implements Logger {
  readonly #logger: Logger;
  readonly #name: string;

  constructor(logger: Logger, id: string) {
    this.#logger = logger;
    this.#name = `[${id}]`;
  }

  debug(...values: unknown[]): void {
    this.#logger.debug(this.#name, ...values);
  }

  info(...values: unknown[]): void {
    this.#logger.info(this.#name, ...values);
  }

  warn(...values: unknown[]): void {
    this.#logger.warn(this.#name, ...values);
  }

  error(...values: unknown[]): void {
    this.#logger.error(this.#name, ...values);
  }
}

function childOf(logger: Logger, id: string): Logger {
  const { child } = logger as { child?: (fields: object) => Logger };
  return typeof child === "function" ? child.call(logger, { id }) : new Named(logger, id);
}

/** Throws a TypeError or RangeError that names the option. */
function check(options: RequestIdOptions): Required<RequestIdOptions> {
  const { header = "X-Request-Id", trust = false, maxLength = MAX_LENGTH, generate = () => randomUUID() } = options;
  if (!isToken(header)) throw new TypeError(`header is the name of a field, not ${JSON.stringify(header)}`);
  if (!(maxLength >= 1)) throw new RangeError(`maxLength must be at least 1 character, not ${maxLength}`);
  if (typeof generate !== "function") throw new TypeError("generate is a function");
  return { header, trust, maxLength, generate };
}

/**
 * Names each request: `request.state.id` has the name, `request.log` writes it in each line, and the response says it.
 * Responses of what is thrown pass middleware by, and say it by `echo`. Throws a TypeError or RangeError for an option
 * that makes no sense.
 */
export function requestId(options: RequestIdOptions = {}): RequestId {
  const { header, trust, maxLength, generate } = check(options);
  const nameOf = (request: HttpRequest): string => {
    const brought = trust ? request.headers.get(header) : null;
    return brought !== null && brought.length <= maxLength && NAME.test(brought) ? brought : generate(request);
  };
  const echo: ResponseHook = (response, { state }) => {
    if (state.id !== undefined) response.headers.set(header, state.id);
  };
  const middleware: Middleware = (next) => (request) => {
    const { state } = request;
    // Around an application and around a group of it, it is one name.
    if (state.id === undefined) {
      state.id = nameOf(request);
      request.log = childOf(request.log, state.id);
    }
    return withResponse(next(request), (response) => echo(response, request));
  };
  return described(Object.assign(middleware, { echo }), "requestId", { header, trust, maxLength });
}
