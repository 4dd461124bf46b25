import { type AddressInfo, createServer, type Server as NetServer, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { endServed, type Servable, startServed } from "../app/index.ts";
import { ConnectionGroup } from "../h1/index.ts";
import { quiet } from "../h1/quiet.ts";
import { TIMER_MAX } from "../services/timer.ts";
import { tellConnectionOpen, tellProxyError } from "./diagnostics.ts";
import {
  checkServerOptions,
  listenError,
  type Place,
  type ServerOptions,
  type StopOptions,
  stopTimes,
} from "./options.ts";
import { behindProxies, type ProxyProtocolOptions, tellSameEnds } from "./proxy-protocol.ts";
import { type RunningServer, type RunOptions, type ServerCounters, urlAt, type WorkerInfo } from "./running.ts";
import { Service } from "./service.ts";
import { stopOnSignal } from "./signals.ts";
import { serveSocket } from "./socket.ts";
import { Ticking } from "./ticking.ts";

/** Connections that the system holds for a server that is busy. */
const BACKLOG = 1024;

/**
 * Milliseconds after drainDelay in which a request may still come on connections that were accepted: of one that was just
 * opened it is on its way, and to close it then would lose what no proxy may send twice.
 */
const LAST_CALL = 500;

/** Has a server of Node listen, which then says so, on what is not said by options. */
export type ListenOn = (server: NetServer, backlog: number) => void;

/** Sockets that serve an application. */
export class Server implements RunningServer {
  readonly #served: Servable;
  readonly #net: NetServer;
  readonly #service: Service;
  readonly #connections: ConnectionGroup;
  /** Sockets that are no connections of HTTP: below TLS, until they are secure, and those that were handed over. */
  readonly #sockets = new Set<Duplex>();
  readonly #place: Place;
  readonly #listenOn: ListenOn;
  readonly #secure: boolean;
  #accepted = 0;
  #refused = 0;
  readonly #ticking = new Ticking((now) => {
    this.#connections.tick(now);
    return this.#connections.size > 0;
  });
  #starting: Promise<this> | null = null;
  #stopping: Promise<void> | null = null;
  #endDrain: () => void = () => {};
  readonly #drainEnded = new Promise<void>((resolve) => {
    this.#endDrain = resolve;
  });
  #tellStopped: () => void = () => {};
  /** Resolves when `stop` has ended, whoever called it and however it ended. */
  readonly stopped: Promise<void> = new Promise((resolve) => {
    this.#tellStopped = resolve;
  });

  /** Throws a RangeError where an option is out of its range. `listenOn` is where to listen in place of what options say. */
  constructor(served: Servable, options: ServerOptions = {}, listenOn?: ListenOn) {
    const { place, maxConnections, maxConcurrentRequests } = checkServerOptions(options);
    const { tls, proxyProtocol = false } = options;
    this.#served = served;
    this.#place = place;
    this.#listenOn = listenOn ?? ((net, backlog) => net.listen({ ...place, backlog }));
    this.#secure = tls !== undefined;
    this.#service = new Service(served, maxConcurrentRequests, (socket) => this.#watch(socket));
    this.#connections = new ConnectionGroup(this.#service, options);
    const accept = (socket: Socket) => this.#accept(socket);
    const handshakeTimeout = Math.min(this.#connections.options.headTimeout, TIMER_MAX);
    // Loaded only where it is used: most servers have TLS ended in front of them, and it takes long to load.
    this.#net = tls
      ? process
          .getBuiltinModule("node:tls")
          .createServer(
            { handshakeTimeout, ALPNProtocols: ["http/1.1"], ...tls, allowHalfOpen: true, noDelay: true },
            accept,
          )
      : createServer({ allowHalfOpen: true, noDelay: true }, accept);
    const listener = this.#net;
    if (tls) {
      listener.on("connection", (socket: Socket) => this.#watch(socket));
      // After handshakeTimeout no more is done for us than this.
      listener.on("tlsClientError", (_error: Error, socket: Socket) => socket.destroy());
    }
    if (proxyProtocol) this.#net = this.#behindProxies(listener, proxyProtocol, handshakeTimeout);
    // What is not set has no bound. Those below TLS count as well, and those that were handed over.
    if (maxConnections < Number.POSITIVE_INFINITY) this.#net.maxConnections = maxConnections;
    this.#net.on("drop", () => {
      ++this.#refused;
    });
  }

  /** What listens in place of a server that is to have its connections without the headers of proxies. */
  #behindProxies(server: NetServer, options: true | ProxyProtocolOptions, timeout: number): NetServer {
    if (this.#secure) {
      server.prependListener("secureConnection", (socket: Socket) => {
        // Whose it is would not be known.
        if (!tellSameEnds(socket)) socket.destroy();
      });
    }
    const receive = behindProxies(options, {
      timeout,
      serve: (socket) => server.emit("connection", socket),
      failed: (reason, socket) => {
        ++this.#service.parseErrors;
        tellProxyError(reason, socket);
      },
    });
    return createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
      this.#watch(socket);
      receive(socket);
    });
  }

  /** Keeps a socket that is no connection of HTTP, to end it with the server. */
  #watch(socket: Duplex): void {
    this.#sockets.add(socket);
    socket.once("close", () => this.#sockets.delete(socket));
  }

  #accept(socket: Socket): void {
    this.#ticking.start();
    ++this.#accepted;
    // What came behind the header of a proxy; there is nothing before a socket was paused.
    const came: Buffer | null = socket.isPaused() ? socket.read() : null;
    const connection = serveSocket(socket, this.#connections);
    tellConnectionOpen(socket);
    if (socket.isPaused()) socket.resume();
    if (came !== null) connection.receive(came);
  }

  /** What this server has counted. */
  get counters(): ServerCounters {
    const { active, requests, parseErrors } = this.#service;
    return {
      openConnections: this.#connections.size,
      acceptedConnections: this.#accepted,
      refusedConnections: this.#refused,
      activeRequests: active,
      requests,
      parseErrors,
    };
  }

  /** Address and port where the server listens; throws where it does not listen, or listens on a path. */
  get address(): AddressInfo {
    const address = this.#net.address();
    if (address === null) throw new Error("the server does not listen");
    if (typeof address === "string") throw new Error(`the server listens on the path ${address}`);
    return address;
  }

  /** The URL of the server; throws as `address`. */
  get url(): string {
    return urlAt(this.address, this.#secure);
  }

  /** None: this process serves itself. */
  get workers(): readonly WorkerInfo[] {
    return [];
  }

  /** Rejects: there are no workers to replace. */
  reload(): Promise<void> {
    return Promise.reject(new Error("this process has no workers to replace: only their primary process does that"));
  }

  /**
   * Tells the hooks of the application that it starts, starts its orchestrator, and accepts connections. Rejects where
   * one of those does, where it was stopped, and with an error that names the address where it cannot be had; then what was started is stopped.
   */
  start(): Promise<this> {
    if (this.#stopping) return Promise.reject(new Error("this server was stopped; make another one"));
    this.#starting ??= this.#start();
    return this.#starting;
  }

  async #start(): Promise<this> {
    try {
      await startServed(this.#served);
      await this.#listen();
    } catch (error) {
      await endServed(this.#served, 0).catch((second) => this.#served.environment.logger.error(second));
      throw error;
    }
    return this;
  }

  #listen(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#net.once("error", (cause: NodeJS.ErrnoException) => reject(listenError(cause, this.#place)));
      this.#net.once("listening", () => {
        this.#net.removeAllListeners("error");
        // A connection that could not be accepted is no reason to end.
        this.#net.on("error", (error) => process.emitWarning(error));
        resolve();
      });
      this.#listenOn(this.#net, BACKLOG);
    });
  }

  /**
   * Serves until SIGINT or SIGTERM asks the process to end, or until `stop` is called; resolves when all requests in
   * flight are answered. A second signal ends the process as if nobody listened to it.
   */
  async run({ onListen, ...options }: RunOptions = {}): Promise<void> {
    stopTimes(options);
    // Before it starts: as the first process of a container it would not hear them else.
    const letGo = stopOnSignal(this, options, this.#served.environment.logger);
    await this.start().catch((error) => {
      letGo();
      throw error;
    });
    onListen?.(this);
    await this.stopped;
  }

  /**
   * Tells the hooks of the application that it stops, and after `drainDelay` stops accepting, lets requests in flight
   * finish, closes idle connections, and when the last is gone stops the orchestrator and tells the hooks again. What is
   * still open after the deadline is cut. Called again it ends `drainDelay`, changes nothing else, and resolves as the
   * first time. Throws a RangeError where a time is negative, rejects where a hook does. With `grace`, for a server whose
   * place another has taken, connections may bring one more request for so many milliseconds.
   */
  stop(options: StopOptions & { readonly grace?: number } = {}): Promise<void> {
    const times = stopTimes(options);
    if (this.#stopping) this.#endDrain();
    else this.#stopping = this.#stop(times, options.grace ?? 0).finally(this.#tellStopped);
    return this.#stopping;
  }

  async #stop({ deadline, drainDelay }: Required<StopOptions>, grace: number): Promise<void> {
    try {
      await this.#starting;
    } catch {
      // It never listened, so there is nothing to stop.
      return;
    }
    // What it rejects with is looked at below.
    const told = quiet(this.#served.tell("stopping"));
    const drains = drainDelay > 0;
    if (drains) await this.#drain(drainDelay);
    const began = performance.now();
    await this.#close(deadline, Math.min(drains ? LAST_CALL : grace, deadline));
    await endServed(this.#served, Math.max(0, deadline - (performance.now() - began)));
    await told;
  }

  /** Has clients go elsewhere for so long, or until it is called off. */
  async #drain(delay: number): Promise<void> {
    this.#connections.retire();
    let timer: NodeJS.Timeout | undefined;
    const over = new Promise((resolve) => {
      timer = setTimeout(resolve, delay);
    });
    await Promise.race([over, this.#drainEnded]);
    clearTimeout(timer);
  }

  #closeIdle(): void {
    this.#connections.stop();
    for (const socket of this.#sockets) if (isUnused(socket)) socket.destroy();
  }

  /** Closes idle connections after `grace`, and all that there is at the deadline. */
  async #close(deadline: number, grace: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    let retiring: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.#net.close(() => resolve());
      if (grace > 0) {
        this.#connections.retire();
        retiring = setTimeout(() => this.#closeIdle(), grace);
      } else this.#closeIdle();
      if (deadline === Number.POSITIVE_INFINITY) return;
      timer = setTimeout(
        () => {
          this.#connections.cut();
          for (const socket of this.#sockets) socket.destroy();
        },
        Math.min(deadline, TIMER_MAX),
      );
    });
    clearTimeout(timer);
    clearTimeout(retiring);
    // The last sockets are gone before they have told of it.
    while (this.#connections.size > 0) await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Whether nothing has come of a socket: of those below TLS it has not even begun to become secure. */
function isUnused(socket: Duplex): boolean {
  return (socket as Partial<Socket>).bytesRead === 0;
}
