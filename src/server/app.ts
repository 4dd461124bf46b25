import { Application } from "../app/index.ts";
import { Server, type ServerOptions } from "./server.ts";

/** An application that can listen on Node. */
export class App extends Application {
  #server: Server | null = null;

  /** Serves this application; resolves with the server once it accepts connections. */
  async listen(options: ServerOptions = {}): Promise<Server> {
    if (this.#server) throw new Error("this application listens already; close it first");
    const server = new Server(this, options);
    this.#server = server;
    try {
      return await server.listen();
    } catch (error) {
      this.#server = null;
      throw error;
    }
  }

  /** Stops accepting and resolves when all requests in flight are answered. */
  async close(): Promise<void> {
    const server = this.#server;
    await server?.close();
    if (this.#server === server) this.#server = null;
  }
}
