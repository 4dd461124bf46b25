/** What a request reaches of the server that it came to: the parts that were given to it. */
import type { ContentLimits } from "./limits.ts";
import type { MultipartReader } from "./multipart.ts";

/** Writes down what happens: pino, the console, or any object with these four. */
export interface Logger {
  /** What helps to find out why. */
  debug(...values: unknown[]): void;
  /** What is as it should be. */
  info(...values: unknown[]): void;
  /** What is not as it should be, and does no harm yet. */
  warn(...values: unknown[]): void;
  /** What has failed. */
  error(...values: unknown[]): void;
}

/** Makes text of templates. */
export interface Engine {
  /** The text of a template with these values; throws or rejects where there is no such template, or it fails. */
  render(name: string, values?: object): string | Promise<string>;
}

/** Has work done beside requests. */
export interface Orchestrator {
  /** Has a task done; the promise is that of its result. */
  submit(task: unknown, ...values: unknown[]): Promise<unknown>;
  /** Called before the server accepts connections. */
  start?(environment: Environment): void | Promise<void>;
  /** Called when the server has answered its last request; waits for what is at work, at most `deadline` milliseconds. */
  stop?(options: { readonly deadline: number }): void | Promise<void>;
}

/** How long a server lives. */
export interface Lifetime {
  /** Aborted when the server stops to accept connections; where it starts again there is a new one. */
  readonly stopping: AbortSignal;
}

/** The parts of a server; those that are null it was not given. */
export interface Environment {
  readonly logger: Logger;
  readonly engine: Engine | null;
  readonly orchestrator: Orchestrator | null;
  readonly lifetime: Lifetime;
  /** What the content of a request may ask of whoever reads it. */
  readonly limits: ContentLimits;
  /** Reads multipart content; the host gives it. */
  readonly multipart: MultipartReader | null;
}

/** Throws a TypeError that names what a part lacks of what it must be able to do. */
export function checkPart(name: string, part: unknown, methods: readonly string[]): void {
  const lacking = methods.filter((method) => typeof (part as Record<string, unknown> | null)?.[method] !== "function");
  if (lacking.length > 0) throw new TypeError(`${name} must implement ${lacking.join(", ")}.`);
}
