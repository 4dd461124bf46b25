import { Application, type Handler, type NoConverters, type PathParams } from "../app/index.ts";
import type { Converters } from "../router/index.ts";
import { type InjectRequest, type InjectResponse, inject } from "./inject.ts";
import { type CloseOptions, Server, type ServerOptions } from "./server.ts";
import { type WebSocketHandlers, type WebSocketOptions, WebSockets } from "./websocket.ts";

export interface RunOptions extends ServerOptions, CloseOptions {
  /** Called once connections are accepted. */
  readonly onListen?: (server: Server) => void;
}

/** Signals that ask a process to end in an orderly way. */
const SIGNALS = ["SIGINT", "SIGTERM"] as const;

/** An application that can listen on Node. */
export class App<C extends Converters = NoConverters> extends Application<C> {
  #server: Server | null = null;
  readonly #webSockets = new WebSockets(this);

  /**
   * Serves WebSocket on a path. Throws at once where the path makes no sense or is taken, or an option is out of its
   * range.
   */
  ws<const P extends string, Data = undefined>(
    path: P,
    handlers: WebSocketHandlers<PathParams<P, C>, Data>,
    options: WebSocketOptions = {},
  ): this {
    return this.get(path as string, this.#webSockets.serve(handlers, options) as Handler);
  }

  /**
   * Has a request served in memory, through the real parser and serializer and without a socket: for tests. Rejects
   * where the request cannot be sent as it is, and where the response is cut off.
   */
  inject(request: InjectRequest = {}): Promise<InjectResponse> {
    return inject(this, request);
  }

  /** Serves this application; resolves with the server once it accepts connections. */
  async listen(options: ServerOptions = {}): Promise<Server> {
    if (this.#server) throw new Error("this application listens already; close it first");
    const server = new Server(this, options);
    this.#server = server;
    this.#webSockets.start();
    try {
      return await server.listen();
    } catch (error) {
      this.#server = null;
      throw error;
    }
  }

  /**
   * Stops accepting, closes WebSockets with 1001, and resolves when all requests in flight are answered and all
   * connections gone, or cut at the deadline.
   */
  async close(options: CloseOptions = {}): Promise<void> {
    const server = this.#server;
    this.#webSockets.close();
    await server?.close(options);
    if (this.#server === server) this.#server = null;
  }

  /**
   * Serves until SIGINT or SIGTERM asks the process to end, or until `close` is called; resolves when all requests in
   * flight are answered. A second signal ends the process as if nobody listened to it.
   */
  async run(options: RunOptions = {}): Promise<void> {
    const server = await this.listen(options);
    const { deadline } = options;
    const stop = () => {
      for (const signal of SIGNALS) process.off(signal, stop);
      this.close(deadline === undefined ? {} : { deadline });
    };
    for (const signal of SIGNALS) process.on(signal, stop);
    options.onListen?.(server);
    await server.closed;
    for (const signal of SIGNALS) process.off(signal, stop);
  }
}
