/** Many connections to a contender, kept open by a client in a process of its own. */
import path from "node:path";
import { Peer } from "../load/contender.mjs";

const CLIENT = path.join(import.meta.dirname, "crowd-client.mjs");

export class Crowd {
  #client;
  #connections;

  /**
   * @param {Peer} client
   * @param {number} connections
   */
  constructor(client, connections) {
    this.#client = client;
    this.#connections = connections;
  }

  /**
   * @param {import("../load/contender.mjs").Contender} contender
   * @param {number} connections
   * @returns {Promise<Crowd>} once all of them are open
   */
  static async open({ name, port }, connections) {
    const command = [process.execPath, CLIENT, String(port), String(connections)];
    const client = new Peer(`the client of ${name}`, "client", command);
    await client.next();
    return new Crowd(client, connections);
  }

  /**
   * Sends requests on every connection, one at a time, and resolves when all are answered.
   * @param {number} count on each connection; with 0 this only looks whether all are open
   */
  async converse(count) {
    const { open } = await this.#client.ask(count);
    if (open !== this.#connections) throw new Error(`${this.#client.name}: ${open} of ${this.#connections} are open`);
  }

  /** Closes all of them. */
  async close() {
    await this.#client.stop();
  }
}
