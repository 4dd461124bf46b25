/** `Server` of node:http, on this engine. */
import http, { type RequestListener, type ServerOptions } from "node:http";
import type { Duplex } from "node:stream";
import {
  ConnectionGroup,
  type ConnectionOptions,
  type Exchange,
  type Peer,
  type ServerConnection,
  type ServerEvents,
} from "../../h1/index.ts";
import type { ParseError } from "../../parser/index.ts";
import { serveAsStream, serveSocket } from "../../server/socket.ts";
import { Ticking } from "../../server/ticking.ts";
import { clientErrorOf, refusalOf } from "./client-error.ts";
import { type AnyServer, NodeConnection } from "./connection.ts";
import type { ServingSocket } from "./messages.ts";
import {
  CLOSING_TIMEOUT,
  checkLeniency,
  connectionOptions,
  groupOptions,
  type ServerMessages,
  serverMessages,
} from "./server-options.ts";
import { resumeOf } from "./socket.ts";

/** Under which a socket has its connection, and a server what serves it. */
const CONNECTION = Symbol("connection");
const SERVICE = Symbol("service");

type ServedSocket = ServingSocket & { [CONNECTION]: NodeConnection };

function connectionOf(socket: unknown): NodeConnection {
  return (socket as ServedSocket)[CONNECTION];
}

/** All connections of a server. */
class NodeService implements ServerEvents {
  readonly #server: AnyServer;
  readonly #messages: ServerMessages;
  readonly #connections = new Set<NodeConnection>();
  readonly #ticking = new Ticking((now) => this.#tick(now));
  /** Made for the first connection: many servers never have one. */
  #group: ConnectionGroup | null = null;
  /** What its sockets have as `resume`. */
  #resume: ServingSocket["resume"] | null = null;
  /** Since when the server closes, by its clock; never where it does not. */
  #closingSince = Number.POSITIVE_INFINITY;

  constructor(server: AnyServer, options: ServerOptions) {
    this.#server = server;
    this.#messages = serverMessages(server, options);
  }

  /** Serves a socket; `lent` is one that somebody else has accepted, who may put back what it has read. */
  connect(socket: ServingSocket, lent: boolean): void {
    const group = this.#groupOfAll();
    this.#ticking.start();
    const connection = new NodeConnection(this.#server, socket, this.#messages, this.#ticking.now);
    (socket as ServedSocket)[CONNECTION] = connection;
    this.#connections.add(connection);
    connection.engine = serveSocket(socket, group);
    connection.listen();
    if (lent) serveAsStream(socket, group, false);
    else socket.resume = this.#resume as ServingSocket["resume"];
  }

  #groupOfAll(): ConnectionGroup {
    if (this.#group === null) {
      const options = { ...groupOptions(this.#server), ...this.#terms };
      this.#group = new ConnectionGroup(this, options, this.#ticking.now);
      this.#resume = resumeOf(this.#group);
    }
    return this.#group;
  }

  request(exchange: Exchange): void {
    connectionOf(exchange.stream).serve(exchange, this.#ticking.now);
  }

  refusal(error: ParseError, peer: Peer, read: Uint8Array): string | null {
    const connection = connectionOf(peer);
    const told = clientErrorOf(error, read);
    if (connection.engineAnswers) return refusalOf(told);
    connection.fail(told);
    return null;
  }

  closed({ peer }: ServerConnection): void {
    this.#connections.delete(connectionOf(peer));
  }

  #tick(now: number): boolean {
    const group = this.#group;
    if (group === null) return false;
    Object.assign(group.options, this.#terms);
    group.tick(now);
    for (const connection of this.#connections) {
      connection.tick(now);
      const since = Math.max(connection.opened, this.#closingSince);
      if (now - since >= CLOSING_TIMEOUT && connection.engine?.unused) connection.socket.destroy();
    }
    return group.size > 0;
  }

  closeAll(): void {
    for (const { socket } of this.#connections) socket.destroy();
  }

  /** As on node:http, one that is new is not idle: its first request may be on its way. */
  closeIdle(): void {
    for (const { engine, socket } of this.#connections) if (engine?.idle && !engine.unused) socket.destroy();
  }

  /** The server closes: connections that are at work serve what still comes, and are not kept for long after it. */
  stop(): void {
    this.#closingSince = this.#ticking.now;
  }

  get #terms(): ConnectionOptions {
    if (this.#server.listening) this.#closingSince = Number.POSITIVE_INFINITY;
    return connectionOptions(this.#server, this.#closingSince !== Number.POSITIVE_INFINITY);
  }
}

type Serving = AnyServer & { [SERVICE]: NodeService };

function onConnection(this: Serving, socket: Duplex): void {
  // As node:http: what is emitted by others has no server yet, or another one.
  const served = socket as ServingSocket & { server?: unknown };
  const lent = served.server !== this;
  served.server = this;
  this[SERVICE].connect(served, lent);
}

/** Node's own, which another may be put in the place of. */
const NodeServer = http.Server;

/**
 * A function and no class: like that of node:http it may be called without `new`, and on what inherits from it. Node's
 * own makes of it what it is, options and all; only connections go elsewhere.
 */
function PyroisServer(this: unknown, given?: ServerOptions | RequestListener, listener?: RequestListener): unknown {
  if (!(this instanceof PyroisServer)) return new Server(given as ServerOptions, listener);
  const options = typeof given === "object" && given !== null ? given : {};
  checkLeniency(options);
  Reflect.apply(NodeServer, this, [given, listener]);
  const server = this as Serving;
  server.removeAllListeners("connection").removeAllListeners("listening");
  server.on("connection", onConnection);
  server[SERVICE] = new NodeService(server, options);
  return undefined;
}

Object.setPrototypeOf(PyroisServer, NodeServer);
PyroisServer.prototype = Object.create(NodeServer.prototype, {
  constructor: { value: PyroisServer, writable: true, configurable: true },
});
Object.defineProperty(PyroisServer, "name", { value: "Server" });

Object.assign(PyroisServer.prototype, {
  close(this: Serving, callback?: (error?: Error) => void) {
    this[SERVICE].stop();
    NodeServer.prototype.close.call(this, callback);
    return this;
  },

  closeAllConnections(this: Serving) {
    this[SERVICE].closeAll();
  },

  closeIdleConnections(this: Serving) {
    this[SERVICE].closeIdle();
  },
});

/**
 * A server with the options, properties, methods and events of that of node:http. Throws as that does, and an Error for
 * an option that asks for a lenient parser.
 */
export const Server: typeof http.Server = PyroisServer as unknown as typeof http.Server;

/** As `new Server`. */
export const createServer: typeof http.createServer = ((options?: ServerOptions, listener?: RequestListener) =>
  new Server(options as ServerOptions, listener)) as typeof http.createServer;
