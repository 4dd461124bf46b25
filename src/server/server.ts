import { type AddressInfo, createServer, type Server as NetServer } from "node:net";
import type { Application } from "../app/index.ts";
import type { ConnectionOptions, Exchange, ServerConnection } from "../h1/index.ts";
import { HttpRequest, type HttpResponse } from "../http/index.ts";
import { Parser, type ParserLimits } from "../parser/index.ts";
import { serveSocket } from "./socket.ts";

export interface ServerOptions extends Partial<ParserLimits>, Partial<ConnectionOptions> {
  /** Name or address to listen on. */
  readonly host?: string;
  /** Port to listen on; 0 has the system choose one. */
  readonly port?: number;
}

/** Loopback only, until somebody decides otherwise; content up to 1 MiB. */
export const DEFAULT_SERVER_OPTIONS: Required<Pick<ServerOptions, "host" | "port" | "maxBodySize">> = {
  host: "127.0.0.1",
  port: 8080,
  maxBodySize: 1048576,
};

/** Sockets that serve an application. */
export class Server {
  readonly #application: Application;
  readonly #net: NetServer;
  readonly #parser: Parser;
  readonly #options: ConnectionOptions;
  readonly #connections = new Set<ServerConnection>();
  readonly #host: string;
  readonly #port: number;
  #listening: Promise<this> | null = null;
  #closed: Promise<void> | null = null;

  /** Throws a RangeError where an option is out of its range. */
  constructor(application: Application, options: ServerOptions = {}) {
    const host = options.host ?? DEFAULT_SERVER_OPTIONS.host;
    const port = options.port ?? DEFAULT_SERVER_OPTIONS.port;
    const maxBodySize = options.maxBodySize ?? DEFAULT_SERVER_OPTIONS.maxBodySize;
    if (!Number.isInteger(port) || port < 0 || port > 65535) {
      throw new RangeError(`port must be a whole number from 0 to 65535, not ${port}`);
    }
    if (!Number.isSafeInteger(maxBodySize) || maxBodySize < 0) {
      throw new RangeError(`maxBodySize must be a number of bytes, not ${maxBodySize}`);
    }
    this.#application = application;
    this.#host = host;
    this.#port = port;
    this.#options = { maxBodySize };
    this.#parser = new Parser(options);
    this.#net = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
      const connection = serveSocket(socket, this.#parser, this.#options, this.#dispatch);
      this.#connections.add(connection);
      socket.once("close", () => this.#connections.delete(connection));
    });
  }

  /** Where the server listens; throws before `listen` has ended. */
  get address(): AddressInfo {
    const address = this.#net.address();
    if (address === null || typeof address === "string") throw new Error("the server does not listen");
    return address;
  }

  /** The URL of the server. */
  get url(): string {
    const { address, family, port } = this.address;
    return `http://${family === "IPv6" ? `[${address}]` : address}:${port}/`;
  }

  /** Starts to accept connections. Rejects with an error that names the address where it cannot be had. */
  listen(): Promise<this> {
    this.#listening ??= new Promise((resolve, reject) => {
      this.#net.once("error", (cause: NodeJS.ErrnoException) => reject(listenError(cause, this.#host, this.#port)));
      this.#net.listen({ host: this.#host, port: this.#port, backlog: 1024 }, () => {
        this.#net.removeAllListeners("error");
        resolve(this);
      });
    });
    return this.#listening;
  }

  /** Stops accepting, lets requests in flight finish, closes idle connections; resolves when the last is gone. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    try {
      await this.#listening;
    } catch {
      // It never listened, so there is nothing to close.
      return;
    }
    await new Promise<void>((resolve) => {
      this.#net.close(() => resolve());
      for (const connection of this.#connections) connection.stop();
    });
  }

  readonly #dispatch = (exchange: Exchange): void => {
    const request = new HttpRequest(exchange);
    const response = this.#application.handle(request);
    if (response instanceof Promise) response.then((value) => this.#respond(exchange, request, value));
    else this.#respond(exchange, request, response);
  };

  #respond(exchange: Exchange, request: HttpRequest, response: HttpResponse): void {
    if (exchange.done) return;
    try {
      exchange.respond(response);
    } catch (error) {
      exchange.respond(this.#application.recover(error, request));
    }
  }
}

function listenError(cause: NodeJS.ErrnoException, host: string, port: number): Error {
  const reasons: Record<string, string> = {
    EADDRINUSE: "another program listens there already",
    EACCES: "this user may not listen there",
    EADDRNOTAVAIL: "this machine has no such address",
    ENOTFOUND: "there is no such host name",
  };
  const reason = reasons[cause.code ?? ""] ?? cause.message;
  return Object.assign(new Error(`cannot listen on ${host}:${port}: ${reason}`, { cause }), { code: cause.code });
}
