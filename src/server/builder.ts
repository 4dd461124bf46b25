import { statSync } from "node:fs";
import type { Includable } from "../app/index.ts";
import type { Engine, Logger, Orchestrator } from "../http/index.ts";
import { staticFiles } from "../services/static.ts";
import { App } from "./app.ts";
import { Server, type ServerOptions } from "./server.ts";

/** What a part of a server must be able to do. */
const PARTS = {
  Router: ["attach", "detach"],
  Logger: ["debug", "info", "warn", "error"],
  Orchestrator: ["submit"],
  Engine: ["render"],
} as const;

/** Throws a TypeError that names what a part lacks. */
function checkPart(name: keyof typeof PARTS, part: unknown): void {
  const lacking = PARTS[name].filter(
    (method) => typeof (part as Record<string, unknown> | null)?.[method] !== "function",
  );
  if (lacking.length > 0) throw new TypeError(`${name} must implement ${lacking.join(", ")}.`);
}

function checkType(name: string, value: unknown, type: "string" | "boolean"): void {
  if (typeof value !== type) throw new TypeError(`${name} must be a ${type}.`);
}

/**
 * Makes a server of parts, for those who like to see them one by one; `App` with `listen` is the same in fewer words.
 * Only a router is required. A wrong value is refused where it is given, a wrong part by `build`.
 */
export class ServerBuilder {
  #router: Includable | undefined;
  #logger: Logger | undefined;
  #orchestrator: Orchestrator | undefined;
  #engine: Engine | undefined;
  #staticDir: string | undefined;
  #development = false;
  #options: ServerOptions = {};

  /** The routes to serve, and what stands around them. */
  withRouter(router: Includable): this {
    this.#router = router;
    return this;
  }

  /** What writes down what happens; the console where there is none. */
  withLogger(logger: Logger): this {
    this.#logger = logger;
    return this;
  }

  /** What `request.submitTask` gives tasks to; it is started and stopped with the server. */
  withOrchestrator(orchestrator: Orchestrator): this {
    this.#orchestrator = orchestrator;
    return this;
  }

  /** What `request.render` makes text with. */
  withEngine(engine: Engine): this {
    this.#engine = engine;
    return this;
  }

  /** Name or address to listen on. Throws a TypeError where it is no string. */
  withHost(host: string): this {
    checkType("Host", host, "string");
    return this.withOptions({ host });
  }

  /** Port to listen on; 0 has the system choose one. Throws a TypeError where it is no port. */
  withPort(port: number): this {
    if (!Number.isInteger(port) || port < 0 || port > 65535) {
      throw new TypeError("Port must be an integer from 0 to 65535.");
    }
    return this.withOptions({ port });
  }

  /** All that `listen` of an application takes: limits, timeouts, TLS. One that is out of its range is refused by `build`. */
  withOptions(options: ServerOptions): this {
    this.#options = { ...this.#options, ...options };
    return this;
  }

  /** A directory whose files are served below /static. Throws a TypeError where there is none. */
  withStaticDir(directory: string): this {
    checkType("Static directory", directory, "string");
    if (!statSync(directory, { throwIfNoEntry: false })?.isDirectory()) {
      throw new TypeError(`Static directory ${JSON.stringify(directory)} must be a directory that exists.`);
    }
    this.#staticDir = directory;
    return this;
  }

  /** Whether clients see what has gone wrong inside. Throws a TypeError where it is no boolean. */
  withDevelopmentMode(development: boolean): this {
    checkType("Development mode", development, "boolean");
    this.#development = development;
    return this;
  }

  /** The server, not yet started. Throws a TypeError that names what is missing or wrong, and a RangeError for an option. */
  build(): Server {
    if (this.#router === undefined) throw new TypeError("Router is required.");
    checkPart("Router", this.#router);
    if (this.#logger !== undefined) checkPart("Logger", this.#logger);
    if (this.#orchestrator !== undefined) checkPart("Orchestrator", this.#orchestrator);
    if (this.#engine !== undefined) checkPart("Engine", this.#engine);
    const app = new App({
      development: this.#development,
      ...(this.#logger && { logger: this.#logger }),
      ...(this.#orchestrator && { orchestrator: this.#orchestrator }),
      ...(this.#engine && { engine: this.#engine }),
    });
    // Before the router belongs to it: where an option is refused, the router can be built with again.
    const server = new Server(app, this.#options);
    app.include(this.#router);
    if (this.#staticDir !== undefined) app.include(staticFiles(this.#staticDir), { prefix: "/static" });
    if (!this.#logger) app.environment.logger.info("Logger missing, defaulting to console logging.");
    return server;
  }
}
