/** The connections of one server, and what they share: parser, options, clock. */
import { type ParseError, Parser, type ParserOptions } from "../parser/index.ts";
import { type ConnectionOwner, ServerConnection } from "./connection.ts";
import type { Exchange } from "./exchange.ts";
import { type Clock, type ConnectionOptions, checkConnectionOptions, type Peer, type Transport } from "./options.ts";

/** What connections tell. None of these may throw. */
export interface ServerEvents {
  /**
   * A request has come: its head, with the content that came beside it. What is not answered when this returns may be
   * answered later.
   */
  request(exchange: Exchange): void;
  /**
   * A request announces, or has sent, more content than `maxBodySize`: how many bytes this one may have, undefined for no
   * more than others. Asked before `request` where the head announces it, else when it comes.
   */
  maxBodySize?(exchange: Exchange): number | undefined;
  /** An exchange that was told of is over: `status` is its response's. Its request can be read for the last time. */
  over?(exchange: Exchange): void;
  /** What a peer sent was wrong, or did not come in time. */
  failed?(error: ParseError, peer: Peer): void;
  /**
   * What is answered to that in place of the usual words: the text of a response, after which the connection closes;
   * null where whoever is told answers on the stream below, and ends it. Asked before `failed`; `read` are the bytes in
   * which it was found, to be looked at at once.
   */
  refusal?(error: ParseError, peer: Peer, read: Uint8Array): string | null | undefined;
  /** A connection is gone, or was handed over. */
  closed?(connection: ServerConnection): void;
}

/** Everything that a group of connections can be told. */
export interface GroupOptions extends Partial<ConnectionOptions>, ParserOptions {}

/** The connections of one server. It has no timers: `tick` is to be called a few times a second. */
export class ConnectionGroup implements ConnectionOwner {
  /** Its `window` is where bytes may be read to, for `receiveInWindow`; whoever reads there must not wait in between. */
  readonly parser: Parser;
  /** All options, with the defaults of those that were not given. */
  readonly options: ConnectionOptions;
  /** The time that `tick` told last. */
  readonly clock: { now: number } & Clock;
  readonly #events: ServerEvents;
  readonly #connections = new Set<ServerConnection>();
  #stopped = false;
  #retired = false;

  /** `now` is any clock's time in milliseconds. Throws a RangeError where an option is out of its range. */
  constructor(events: ServerEvents, options: GroupOptions = {}, now = 0) {
    this.#events = events;
    this.options = checkConnectionOptions(options);
    this.parser = new Parser(options);
    this.clock = { now: Math.trunc(now) };
  }

  /** Connections that are open. */
  get size(): number {
    return this.#connections.size;
  }

  /** Makes a connection of a transport that was just opened. */
  connect(transport: Transport): ServerConnection {
    const connection = new ServerConnection(this, transport);
    this.#connections.add(connection);
    if (this.#stopped) connection.stop();
    else if (this.#retired) connection.retire();
    return connection;
  }

  /** Tells the time, and so ends what has lasted too long: how often it is called is how exact timeouts are. */
  tick(now: number): void {
    this.clock.now = Math.trunc(now);
    for (const connection of this.#connections) connection.tick();
  }

  /**
   * Has every connection, also those that come still, close after its next answer: clients that are told so by
   * `Connection: close` go elsewhere, and none meets a connection that is just being closed (RFC 9112 §9.6). To be
   * stopped later.
   */
  retire(): void {
    this.#retired = true;
    for (const connection of this.#connections) connection.retire();
  }

  /** Closes every connection once what is under way on it is over; those that come still are closed at once. */
  stop(): void {
    this.#stopped = true;
    for (const connection of this.#connections) connection.stop();
  }

  /** Ends every connection at once. */
  cut(): void {
    for (const connection of this.#connections) connection.cut();
  }

  // What connections tell, and nobody else.

  begun(exchange: Exchange): void {
    this.#events.request(exchange);
  }

  maxBodySize(exchange: Exchange): number {
    return this.#events.maxBodySize?.(exchange) ?? this.options.maxBodySize;
  }

  over(exchange: Exchange): void {
    this.#events.over?.(exchange);
  }

  failed(error: ParseError, connection: ServerConnection): void {
    this.#events.failed?.(error, connection.peer);
  }

  refusal(error: ParseError, connection: ServerConnection, read: Uint8Array): string | null | undefined {
    return this.#events.refusal?.(error, connection.peer, read);
  }

  closed(connection: ServerConnection): void {
    this.#connections.delete(connection);
    this.#events.closed?.(connection);
  }
}
