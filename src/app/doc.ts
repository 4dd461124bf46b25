/** What is told of routes to those who read about them. */
import type { Schema } from "./schema.ts";

/** What is told of a response. */
export interface ResponseDoc {
  readonly description: string;
  /** What its content is, where that is JSON. */
  readonly schema?: Schema;
}

/** What is told of a route. */
export interface RouteDoc {
  /** What it does, in a line. */
  readonly summary?: string;
  /** More of it; CommonMark is understood. */
  readonly description?: string;
  /** What it belongs to; by default its blueprint, or the prefix of its group or router. */
  readonly tags?: readonly string[];
  readonly deprecated?: boolean;
  /** Has it left out. */
  readonly hidden?: boolean;
  /** What it answers, by status: a description, with or without a schema. */
  readonly responses?: Readonly<Partial<Record<number | "default", string | ResponseDoc>>>;
}

/** How clients say who they are, as OpenAPI writes it (§4.8.27): `{ type: "http", scheme: "basic" }`. */
export interface SecurityScheme {
  readonly type: "http" | "apiKey" | "mutualTLS" | "oauth2" | "openIdConnect";
  readonly [member: string]: unknown;
}

/** Functions by what was made of them. */
const originals = new WeakMap<object, object>();

/** Remembers what a function was made of: its text, comments too, is what was written. */
export function madeOf<T extends object>(made: T, original: object): T {
  originals.set(made, original);
  return made;
}

/** A function as it was written. */
export function asWritten(made: object): object {
  const original = originals.get(made);
  return original === undefined ? made : asWritten(original);
}
