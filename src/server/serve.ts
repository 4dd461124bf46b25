/** The interface below the framework: a function from requests to responses, and the server that calls it. */
import {
  ApplicationLifetime,
  answering,
  type ErrorHook,
  type ErrorStyle,
  type Handler,
  type Lifecycle,
  type Report,
  Reports,
  type Servable,
} from "../app/index.ts";
import {
  type ContentLimits,
  checkPart,
  contentLimits,
  type Environment,
  type HttpRequest,
  type HttpResponse,
  type Logger,
} from "../http/index.ts";
import type { HereOptions, ServerOptions } from "./options.ts";
import type { RunningServer } from "./running.ts";
import type { Server } from "./server.ts";
import { makeServer } from "./workers/make.ts";

/** What `serve` may be told: all of a server, and of an application what needs no routes. */
export interface ServeOptions extends ServerOptions, Partial<ContentLimits>, Partial<ErrorStyle> {
  /** Writes down what happens; the console by default. */
  readonly logger?: Logger;
  /** Told of what the handler throws that is no `HttpError`, which its client sees as 500; the logger by default. */
  readonly onError?: ErrorHook;
}

/** One handler, and nothing around it. */
class SingleHandler implements Servable {
  readonly environment: Environment;
  readonly handle: (request: HttpRequest) => HttpResponse | Promise<HttpResponse>;
  readonly #reports: Reports;
  readonly #lifetime = new ApplicationLifetime();

  constructor(handler: Handler, options: ServeOptions) {
    const { logger = console, onError, problemDetails = false, development = false } = options;
    checkPart("Logger", logger, ["debug", "info", "warn", "error"]);
    this.environment = {
      logger,
      engine: null,
      orchestrator: null,
      lifetime: this.#lifetime,
      limits: contentLimits(options),
      multipart: null,
    };
    this.#reports = new Reports(logger, { problemDetails, development });
    if (onError !== undefined) this.#reports.hooks.push(onError);
    this.handle = answering(handler, (error, request) => this.recover(error, request));
  }

  recover(error: unknown, request: HttpRequest): HttpResponse {
    return this.#reports.recover(error, request);
  }

  report(error: unknown, request: HttpRequest): void {
    this.#reports.report(error, request);
  }

  onReport(tell: Report): void {
    this.#reports.onReport(tell);
  }

  maxBodySize(): undefined {}

  async tell(event: Lifecycle): Promise<void> {
    if (event === "start") this.#lifetime.start();
    if (event === "stopping") this.#lifetime.stop();
  }
}

/**
 * Serves requests with one function, without routes or middleware: what frameworks are built on. What it returns, now or
 * later, is the response; what it throws as well, as in an application. Resolves with the server once that accepts
 * connections. Rejects with a TypeError where the handler is no function, with a RangeError for an option out of its
 * range, and with an Error that names the address where it cannot be had.
 */
export function serve(handler: Handler, options?: ServeOptions & HereOptions): Promise<Server>;
export function serve(handler: Handler, options: ServeOptions): Promise<RunningServer>;
export async function serve(handler: Handler, options: ServeOptions = {}): Promise<RunningServer> {
  if (typeof handler !== "function") throw new TypeError("serve needs a function that answers requests");
  return makeServer(new SingleHandler(handler, options), options).start();
}
