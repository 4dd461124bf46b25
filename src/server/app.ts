import {
  Application,
  type ApplicationOptions,
  type Handler,
  type NoConverters,
  type PathParams,
  type Registrations,
  type RouteDoc,
} from "../app/index.ts";
import type { Converters } from "../router/index.ts";
import { developmentPages, Inspection } from "./development.ts";
import { type InjectRequest, type InjectResponse, inject, injectBytes } from "./inject.ts";
import { type Loadable, Modules } from "./modules.ts";
import { type HereOptions, type ServerOptions, type StopOptions, stopTimes } from "./options.ts";
import type { RunningServer, RunOptions } from "./running.ts";
import type { Server } from "./server.ts";
import { type WebSocketHandlers, type WebSocketOptions, WebSockets } from "./websocket.ts";
import { makeServer } from "./workers/make.ts";

/** A module that an application can load: by its path, relative to the working directory, by its URL, or itself. */
export type AppModule<C extends Converters = NoConverters> = string | URL | Loadable<App<C>>;

/** What is told of a route for WebSocket. */
const WEBSOCKET: RouteDoc = { summary: "WebSocket", responses: { 101: "The connection speaks WebSocket." } };

/** An application that can listen on Node. */
export class App<C extends Converters = NoConverters> extends Application<C> {
  #server: RunningServer | null = null;
  readonly #webSockets = new WebSockets(this);
  readonly #modules = new Modules<App<C>>(this, (old, routes) => this.replace(old, routes));

  /** Throws a TypeError where a converter or an option makes no sense. */
  constructor(given: ApplicationOptions<C> = {}) {
    // What nobody has said, `pyrois dev` says of what it runs.
    const options = process.env.PYROIS_DEVELOPMENT === "1" ? { development: true, ...given } : given;
    super(options);
    if (options.development) this.#develop();
    this.on("start", () => this.#webSockets.start());
    this.on("stopping", () => this.#webSockets.close());
  }

  #develop(): void {
    this.use(developmentPages(this));
    const inspection = new Inspection(this);
    this.on("start", () => inspection.start());
  }

  protected override get loading(): Registrations | null {
    return this.#modules.current;
  }

  /** The server that serves this application, or is about to; null where it does not listen. */
  get server(): RunningServer | null {
    return this.#server;
  }

  /** The URLs of the modules that are loaded. */
  get loaded(): string[] {
    return this.#modules.urls;
  }

  /**
   * Loads a module with `setup(app)`: what that registers is served from the moment it is done, in one step. One that is
   * loaded already is loaded anew, and replaced in the same step. Rejects, and changes nothing, where there is no such
   * module, its `setup` fails, or a route is refused; where the `teardown` of the old one fails it rejects as well, and
   * the new one is served. A module cannot load or unload another within its `setup` or `teardown`.
   */
  load(module: AppModule<C>): Promise<void> {
    return this.#modules.load(module);
  }

  /**
   * Takes away in one step what a module has registered, and calls its `teardown(app)`; requests that are at work end
   * as they began. Rejects where it is not loaded, and where its `teardown` does.
   */
  unload(module: AppModule<C>): Promise<void> {
    return this.#modules.unload(module);
  }

  /**
   * Serves WebSocket on a path. Throws at once where the path makes no sense or is taken, or an option is out of its
   * range.
   */
  ws<const P extends string, Data = undefined>(
    path: P,
    handlers: WebSocketHandlers<PathParams<P, C>, Data>,
    options: WebSocketOptions = {},
  ): this {
    return this.get(path as string, this.#webSockets.serve(handlers, options) as Handler, { doc: WEBSOCKET });
  }

  /**
   * Has a request served in memory, through the real parser and serializer and without a socket: for tests. Rejects
   * where the request cannot be sent as it is, and where the response is cut off.
   */
  inject(request: InjectRequest = {}): Promise<InjectResponse> {
    return inject(this, request);
  }

  /**
   * Has bytes served in memory as they are, as those of a connection whose client then sends no more: for requests that
   * `inject` cannot put together, wrong ones too. Resolves with the bytes of all answers, or with those that there were
   * when the signal is aborted, which cuts the connection.
   */
  injectBytes(bytes: Uint8Array, signal?: AbortSignal): Promise<Uint8Array> {
    return injectBytes(this, bytes, signal);
  }

  /**
   * Serves this application; resolves with the server once it accepts connections. With `workers` processes that run this
   * program again do that: there as well it resolves with the server, and here with what looks after them.
   */
  listen(options?: HereOptions): Promise<Server>;
  listen(options: ServerOptions): Promise<RunningServer>;
  async listen(options: ServerOptions = {}): Promise<RunningServer> {
    return this.#serve(options, (server) => server.start());
  }

  /** Has a server serve this application, in the way given, until it has stopped or that fails. */
  async #serve<T>(options: ServerOptions, begin: (server: RunningServer) => Promise<T>): Promise<T> {
    if (this.#server) throw new Error("this application listens already; close it first");
    const server = makeServer(this, options);
    this.#server = server;
    const forget = () => {
      if (this.#server === server) this.#server = null;
    };
    server.stopped.then(forget);
    try {
      return await begin(server);
    } catch (error) {
      forget();
      throw error;
    }
  }

  /**
   * Closes WebSockets with 1001, stops accepting, and resolves when all requests in flight are answered and all
   * connections gone, or cut at the deadline. As `stop` of the server; does nothing where there is none.
   */
  async close(options: StopOptions = {}): Promise<void> {
    await this.#server?.stop(options);
  }

  /** Serves until SIGINT or SIGTERM, or until `close` is called: as `run` of the server. */
  async run({ deadline, drainDelay, onListen, ...options }: ServerOptions & RunOptions = {}): Promise<void> {
    const times = stopTimes({
      ...(deadline !== undefined && { deadline }),
      ...(drainDelay !== undefined && { drainDelay }),
    });
    await this.#serve(options, (server) => server.run({ ...times, ...(onListen && { onListen }) }));
  }
}
