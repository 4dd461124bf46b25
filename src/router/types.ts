/** What a router takes and gives. */

/**
 * A kind of parameter. Without `parse` the value is the text itself; without `format` a value is written with `String`.
 */
export interface Converter<T = unknown> {
  /** The whole text must match; it is anchored here, and flags `g` and `y` mean nothing. Must not backtrack badly. */
  readonly pattern?: RegExp;
  /** Makes a value of the text of one segment, percent-decoded; undefined where it stands for none. Must not throw. */
  parse?(text: string): T | undefined;
  /** The text of a value, as `parse` takes it. */
  format?(value: T): string;
}

/** Converters by the name they have in patterns. */
// biome-ignore lint/suspicious/noExplicitAny: what `format` takes differs by converter, and only `any` allows all
export type Converters = Readonly<Record<string, Converter<any>>>;

/** "strict": a slash at the end counts. "ignore": it does not. "redirect": the path is told that has a route. */
export type SlashPolicy = "strict" | "ignore" | "redirect";

/** How a router reads paths. */
export interface PathRouterOptions {
  /** Converters of one's own, which patterns may name beside those there are. */
  readonly converters?: Converters;
  /** What a slash at the end of a path means; "strict" by default. */
  readonly slashes?: SlashPolicy;
  /** Whether the case of fixed text (ASCII) counts; true by default. Parameters keep theirs. */
  readonly caseSensitive?: boolean;
  /** Whether GET serves HEAD where HEAD has no route of its own (RFC 9110 §9.3.2); true by default. */
  readonly head?: boolean;
}

/** What may be said of a route beside its method and pattern. */
export interface RouteDetails {
  /** What `url` calls it. */
  readonly name?: string | undefined;
  /** The host it serves alone: `example.org`, or `*.example.org` for every host below it. */
  readonly host?: string | undefined;
  /** Where it was registered, for errors. */
  readonly origin?: string | undefined;
}

/** A route to be registered. */
export interface RouteInit<T> extends RouteDetails {
  /** A method, or "*" for all of them. */
  readonly method: string;
  readonly pattern: string;
  /** What `find` gives for it. */
  readonly value: T;
}

/** A route that is registered. */
export interface Route<T> extends RouteInit<T> {
  /** Takes the route away; does nothing where it is away already. */
  remove(): void;
}

/** Parameters by name, in an object that inherits nothing. */
export type ParamValues = Readonly<Record<string, unknown>>;

/** What `find` gives. */
export type Found<T> =
  | { readonly kind: "found"; readonly value: T; readonly params: ParamValues | null }
  /** The path is known, but not for this method. */
  | { readonly kind: "method"; readonly allowed: readonly string[] }
  /** With slashes "redirect": the path that differs by a slash at its end has a route. */
  | { readonly kind: "redirect"; readonly location: string }
  | { readonly kind: "none" }
  /** Text that a parameter would take is not valid percent-encoded UTF-8, or has NUL. */
  | { readonly kind: "invalid" };

type QueryValue = string | number | boolean;

/** What `url` writes behind the path: a list gives a name several times, undefined and null leave it out. */
export type Query = Readonly<Record<string, QueryValue | readonly QueryValue[] | null | undefined>>;
