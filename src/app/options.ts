/** What an application is made with, and what it tells. */
import type { ContentLimits, Engine, HttpRequest, Logger, Orchestrator } from "../http/index.ts";
import type { Converters, PathRouterOptions } from "../router/index.ts";
import type { Handler, NoConverters } from "./handler.ts";
import type { ErrorStyle } from "./problem.ts";
import type { NewRoute, RouteEvents } from "./routes.ts";

/** What an application is made with. */
export interface ApplicationOptions<C extends Converters = NoConverters>
  extends Omit<PathRouterOptions, "converters">,
    Partial<ErrorStyle>,
    Partial<ContentLimits> {
  /** Converters of one's own, which paths may name beside those there are. */
  readonly converters?: C;
  /** Serves what no route serves, in place of 404. */
  readonly fallback?: Handler;
  /** Serves CONNECT, in place of 501: refuses it, or makes a tunnel. */
  readonly tunnel?: Handler;
  /** Whether OPTIONS is answered by 204 with Allow where it has no route of its own; true by default. */
  readonly options?: boolean;
  /** Whether a path without the method gets 405 with Allow, not what no route serves; true by default. */
  readonly methodNotAllowed?: boolean;
  /** Writes down what happens; the console by default. */
  readonly logger?: Logger;
  /** Makes text of templates, for `request.render`; none by default. */
  readonly engine?: Engine;
  /** Has tasks done, for `request.submitTask`; none by default. */
  readonly orchestrator?: Orchestrator;
}

/** Told of an error that a client only sees as 500, and of the request that it happened at. */
export type ErrorHook = (error: unknown, request: HttpRequest) => unknown;

/** What an application tells. */
export interface ApplicationEvents extends RouteEvents {
  /** Before a server accepts connections, and awaited. */
  readonly start: () => unknown;
  /** When a server stops to accept connections: the moment to end what else would go on for ever. */
  readonly stopping: () => unknown;
  /** When a server has answered its last request, and awaited. */
  readonly stop: () => unknown;
  /** An error that a client only sees as 500. Where nobody listens, it goes to the logger. */
  readonly error: ErrorHook;
}

/** Where a server is in its life. */
export type Lifecycle = "start" | "stopping" | "stop";

/** What was registered together, and is taken away together. */
export interface Registrations {
  readonly routes: NewRoute[];
  /** Take back what else was done, the last first. */
  readonly undo: (() => void)[];
}
