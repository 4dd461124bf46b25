/** Requests to whoever stands in front of a server, and what became of them. */
import { Agent, request } from "node:http";

/** Content that comes back. */
const CONTENT = "content ".repeat(50);

export interface LoadOptions {
  /** The Unix socket to connect to. */
  readonly socketPath: string;
  /** Whether connections to it carry more than one request. */
  readonly keepAlive: boolean;
  /** Only GET, which a proxy may send to another server where one is gone. */
  readonly idempotent?: boolean;
}

/**
 * Asks again and again: in turn a GET, and a POST that must not be sent twice. Whatever is not answered with 200 and the
 * content that belongs to it is counted by what came instead.
 */
export class Load {
  readonly #options: LoadOptions;
  readonly #agent: Agent;
  readonly #failures = new Map<string, number>();
  requests = 0;
  #running = true;

  constructor(options: LoadOptions) {
    this.#options = options;
    this.#agent = new Agent({ keepAlive: options.keepAlive, maxFreeSockets: Number.POSITIVE_INFINITY });
  }

  /** What came in place of answers, and how often. */
  get failures(): Record<string, number> {
    return Object.fromEntries(this.#failures);
  }

  /** Sends one request, and counts what becomes of it. */
  async ask(): Promise<void> {
    const post = ++this.requests % 2 === 0 && !this.#options.idempotent;
    const said = await new Promise<string>((resolve) => {
      const { socketPath } = this.#options;
      const headers = { Host: "localhost", ...(post && { "Content-Length": CONTENT.length }) };
      const options = { socketPath, agent: this.#agent, headers, path: "/echo", method: post ? "POST" : "GET" };
      const outgoing = request(options, (response) => {
        let text = "";
        response.setEncoding("utf8");
        response.on("data", (data) => {
          text += data;
        });
        response.on("end", () => {
          if (response.statusCode !== 200) resolve(`${response.statusCode} to ${options.method}`);
          else resolve(text === (post ? CONTENT : "") ? "" : `other content: ${text.slice(0, 100)}`);
        });
        response.on("error", (error) => resolve(`${error.message} in the answer`));
      });
      outgoing.on("error", (error) => resolve(error.message));
      outgoing.end(post ? CONTENT : undefined);
    });
    if (said !== "") this.#failures.set(said, (this.#failures.get(said) ?? 0) + 1);
  }

  /** So many ask one request after the other, until `stop`; each waits as long as `pause` says between two. */
  async run(count: number, pause: () => number): Promise<void> {
    const work = async () => {
      while (this.#running) {
        await this.ask();
        await new Promise((resolve) => setTimeout(resolve, pause()));
      }
    };
    await Promise.all(Array.from({ length: count }, work));
  }

  /** Has all that ask come to their end. */
  stop(): void {
    this.#running = false;
  }

  /** Closes connections that are kept. */
  close(): void {
    this.stop();
    this.#agent.destroy();
  }
}
