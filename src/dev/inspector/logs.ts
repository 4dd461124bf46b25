/** What is logged while a request is served, by loggers that are had to tell of it. */
import { AsyncLocalStorage } from "node:async_hooks";
import { format, inspect } from "node:util";
import type { Logger } from "../../http/index.ts";
import type { Masks } from "./masks.ts";

/** Whoever is told of a line. */
export interface Listener {
  logged(level: string, values: readonly unknown[]): void;
}

/** Whose work it is that goes on. */
export const current: AsyncLocalStorage<Listener> = new AsyncLocalStorage<Listener>();

const LEVELS = ["trace", "debug", "log", "info", "warn", "error", "fatal"];
/** Loggers that tell already: the console is that of many applications. */
const told = new WeakSet<object>();
/** Methods that tell already: a child can have them of its parent. */
const telling = new WeakSet<object>();
type Methods = Record<string, unknown>;

type Method = (this: unknown, ...values: unknown[]) => unknown;

/**
 * Puts a method in the place of another; what is assigned later, as loggers do whose level is set, takes the place of the
 * one within. What inherits from the object may have one of its own.
 */
function replace(owner: object, name: string, make: (original: Method) => Method): void {
  const wrap = (original: unknown) => {
    if (typeof original !== "function" || telling.has(original)) return original;
    const made = make(original as Method);
    telling.add(made);
    return made;
  };
  const original = (owner as Methods)[name];
  if (typeof original !== "function" || telling.has(original)) return;
  let method = wrap(original);
  Object.defineProperty(owner, name, {
    configurable: true,
    enumerable: true,
    get: () => method,
    set(this: object, value: unknown) {
      if (this === owner) method = wrap(value);
      else Object.defineProperty(this, name, { value, configurable: true, enumerable: true, writable: true });
    },
  });
}

/** Has a logger, and the children it makes from now on, tell whose work goes on of what they are given. */
export function listenTo(logger: Logger): void {
  if (told.has(logger) || !Object.isExtensible(logger)) return;
  told.add(logger);
  for (const level of LEVELS) {
    replace(
      logger,
      level,
      (original) =>
        function (...values) {
          current.getStore()?.logged(level, values);
          return original.apply(this, values);
        },
    );
  }
  replace(
    logger,
    "child",
    (original) =>
      function (...values) {
        const child = original.apply(this, values);
        listenTo(child as Logger);
        return child;
      },
  );
}

/** A value as a console prints it, without secrets and no longer than so many characters. Never throws. */
export function shown(value: unknown, masks: Masks, max: number): string {
  try {
    if (typeof value === "string") return value.slice(0, max);
    const plain =
      value instanceof Error ? withStack(value, masks) : inspect(masks.value(value), { maxStringLength: max });
    return plain.slice(0, max);
  } catch {
    // It can throw where it is looked at, and be no error itself.
    return "(what cannot be shown)";
  }
}

/** An error with its stack, what it was caused by, and what else it says. */
function withStack(error: Error, masks: Masks): string {
  const { cause } = error;
  const own = { ...error } as Record<string, unknown>;
  delete own.cause;
  const further = Object.keys(own).length > 0 ? ` ${inspect(masks.value(own))}` : "";
  const begin = `${error.stack ?? `${error.name}: ${error.message}`}${further}`;
  return cause === undefined ? begin : `${begin}\ncaused by: ${shown(cause, masks, Number.MAX_SAFE_INTEGER)}`;
}

/** What is logged as a console prints it, with its placeholders filled; as `shown` otherwise. */
export function line(values: readonly unknown[], masks: Masks, max: number): string {
  const each = (value: unknown) => shown(value, masks, max);
  if (typeof values[0] !== "string") return values.map(each).join(" ").slice(0, max);
  // Text and numbers stay what they are: a placeholder may be meant for either.
  return format(...values.map((value) => (typeof value === "object" ? each(value) : value))).slice(0, max);
}
