/** What can be submitted, and what of it travels. */
import path from "node:path";
import { pathToFileURL } from "node:url";
import { TaskError } from "./errors.ts";

/** What a task is called with as `this`. Arrow functions have none, and can do without. */
export interface TaskContext {
  /** Tells who has submitted the task how far it is: any value that can be copied. */
  progress(value: unknown): void;
  /** Which attempt this is, from 1. */
  readonly attempt: number;
  /** When it was due in milliseconds since 1970, where a schedule has submitted it; else null. */
  readonly scheduledFor: number | null;
}

/** A function that can be a task. */
export type TaskFunction = (this: TaskContext, ...values: never[]) => unknown;

/** A function that a module exports, to be done elsewhere. */
export interface Task<F extends TaskFunction = TaskFunction> {
  /** Where the module is: a URL, or a path relative to the working directory. */
  readonly module: URL | string;
  /** The name that it is exported by. */
  readonly name: string;
  /** Never there: it keeps the type of the function. */
  readonly type?: F;
}

/** What a task takes, and what it gives. */
export type TaskValues<F extends TaskFunction> = Parameters<OmitThisParameter<F>>;
/** What a task comes to. */
export type TaskResult<F extends TaskFunction> = Awaited<ReturnType<F>>;

/**
 * A task by its module and its name, with the type of the function; the module itself is only loaded where tasks are
 * done:
 *
 *     const resize = defineTask<typeof import("./images.js").resize>(new URL("./images.js", import.meta.url), "resize");
 */
export function defineTask<F extends TaskFunction>(module: URL | string, name: string): Task<F> {
  return { module: urlOf(module), name };
}

/** A task as it is sent to a thread: a function by its module and name, or by its source. */
export interface Work {
  readonly module: string | null;
  readonly name: string;
  readonly source: string | null;
  readonly values: readonly unknown[];
  readonly attempt: number;
  readonly scheduledFor: number | null;
}

function urlOf(module: URL | string): URL {
  if (module instanceof URL) return module;
  return /^(?:file|data|node):/.test(module) ? new URL(module) : pathToFileURL(path.resolve(module));
}

/** The work that a task with its values is. Throws a TypeError where it is no task. */
export function workOf(task: unknown, values: readonly unknown[]): Work {
  const rest = { values, attempt: 1, scheduledFor: null };
  if (typeof task === "function") {
    const source = task.toString();
    // What the host is made of, and what `bind` gives.
    if (/\{\s*\[native code\]\s*\}$/.test(source)) throw new TypeError("a function without source is no task");
    return { ...rest, module: null, name: task.name, source };
  }
  const { module, name } = (task ?? {}) as Partial<Task>;
  if ((module instanceof URL || typeof module === "string") && typeof name === "string") {
    return { ...rest, module: urlOf(module).href, name, source: null };
  }
  throw new TypeError("a task is a function, or the module and the name of one");
}

/** What messages call a task. */
export function titleOf({ module, name }: Work): string {
  if (module !== null) return `${name} of ${module}`;
  return name === "" ? "a function" : `the function ${name}`;
}

/** The error that says which of the values cannot be copied; null where all can. */
export function unsendable(work: Work): TaskError | null {
  for (const [index, value] of work.values.entries()) {
    try {
      structuredClone(value);
    } catch (cause) {
      const { message } = cause as Error;
      const text = `argument ${index + 1} of ${titleOf(work)} cannot be sent to a worker: ${message}`;
      return new TaskError("NOT_SENDABLE", text, { cause });
    }
  }
  return null;
}
