import { statSync } from "node:fs";
import type { ApplicationOptions, Includable } from "../app/index.ts";
import { checkPart, type Engine, type Logger, type Orchestrator } from "../http/index.ts";
import { App } from "./app.ts";
import { isPort, type ServerOptions } from "./options.ts";
import type { RunningServer } from "./running.ts";
import { makeServer } from "./workers/make.ts";

function checkType(name: string, value: unknown, type: "string" | "boolean"): void {
  if (typeof value !== type) throw new TypeError(`${name} must be a ${type}.`);
}

/** Has the files of a directory served when the server starts: what serves them is loaded by nobody else. */
function serveFiles(app: App, directory: string): void {
  app.on("start", async () => {
    const { staticFiles } = await import("../services/static.ts");
    app.include(staticFiles(directory), { prefix: "/static" });
  });
}

/**
 * Makes a server of parts, for those who like to see them one by one; `App` with `listen` is the same in fewer words.
 * Only a router is required. A wrong value is refused where it is given, a wrong part by `build`.
 */
export class ServerBuilder {
  #router: Includable | undefined;
  #staticDir: string | undefined;
  /** What the application is made with, and what the server. */
  #parts: Pick<ApplicationOptions, "logger" | "orchestrator" | "engine" | "development"> = {};
  #options: ServerOptions = {};

  /** The routes to serve, and what stands around them. */
  withRouter(router: Includable): this {
    this.#router = router;
    return this;
  }

  /** What writes down what happens; the console where there is none. */
  withLogger(logger: Logger): this {
    this.#parts = { ...this.#parts, logger };
    return this;
  }

  /** What `request.submitTask` gives tasks to; it is started and stopped with the server. */
  withOrchestrator(orchestrator: Orchestrator): this {
    this.#parts = { ...this.#parts, orchestrator };
    return this;
  }

  /** What `request.render` makes text with. */
  withEngine(engine: Engine): this {
    this.#parts = { ...this.#parts, engine };
    return this;
  }

  /** Name or address to listen on. Throws a TypeError where it is no string. */
  withHost(host: string): this {
    checkType("Host", host, "string");
    return this.withOptions({ host });
  }

  /** Port to listen on; 0 has the system choose one. Throws a TypeError where it is no port. */
  withPort(port: number): this {
    if (!isPort(port)) throw new TypeError("Port must be an integer from 0 to 65535.");
    return this.withOptions({ port });
  }

  /** All that `listen` of an application takes: limits, timeouts, TLS. One that is out of its range is refused by `build`. */
  withOptions(options: ServerOptions): this {
    this.#options = { ...this.#options, ...options };
    return this;
  }

  /**
   * A directory whose files are served below /static; the start of the server rejects where the router has such a route.
   * Throws a TypeError where there is no such directory.
   */
  withStaticDir(directory: string): this {
    checkType("Static directory", directory, "string");
    if (!statSync(directory, { throwIfNoEntry: false })?.isDirectory()) {
      throw new TypeError(`Static directory ${JSON.stringify(directory)} must be a directory that exists.`);
    }
    this.#staticDir = directory;
    return this;
  }

  /**
   * Whether clients see what has gone wrong inside, and there are `/docs`, `/openapi` and the inspector at `/_dev`. Throws
   * a TypeError where it is no boolean.
   */
  withDevelopmentMode(development: boolean): this {
    checkType("Development mode", development, "boolean");
    this.#parts = { ...this.#parts, development };
    return this;
  }

  /** The server, not yet started. Throws a TypeError that names what is missing or wrong, and a RangeError for an option. */
  build(): RunningServer {
    if (this.#router === undefined) throw new TypeError("Router is required.");
    checkPart("Router", this.#router, ["attach", "detach"]);
    const app = new App(this.#parts);
    // Before the router belongs to it: where an option is refused, the router can be built with again.
    const server = makeServer(app, this.#options);
    app.include(this.#router);
    if (this.#staticDir !== undefined) serveFiles(app, this.#staticDir);
    const { logger } = app.environment;
    if (this.#parts.logger === undefined) logger.info("Logger missing, defaulting to console logging.");
    return server;
  }
}
