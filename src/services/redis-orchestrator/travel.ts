/** Tasks, values and errors as they are kept in Redis. */
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { deserialize, serialize } from "node:v8";
import { errorOf, type PlainError, TaskError } from "../orchestrator/errors.ts";
import { unsendable, type Work } from "../orchestrator/task.ts";
import type { Overlap } from "../orchestrator/when.ts";

/** A task in Redis. */
export interface Parcel {
  /** Where its module is, from the root, with slashes. */
  readonly module: string;
  readonly name: string;
  readonly values: string;
  /** Milliseconds; 0 for as long as it wants, for JSON has no Infinity. */
  readonly timeout: number;
  /** Where it is of a schedule, what becomes of runs that overlap. */
  readonly overlap?: Overlap;
}

/** A value as text, in the format of structured clones: all that can be sent to a thread can be sent here. */
export function pack(value: unknown): string {
  return serialize(value).toString("base64");
}

export function unpack(text: string): unknown {
  return deserialize(Buffer.from(text, "base64"));
}

/** The folder as a path. */
export function folderOf(root: string | URL): string {
  return path.resolve(root instanceof URL || root.startsWith("file:") ? fileURLToPath(root) : root);
}

/** Throws a TypeError where a path leads out of its root. */
function checkInside(relative: string): void {
  if (relative !== ".." && !relative.startsWith(`..${path.sep}`) && !path.isAbsolute(relative)) return;
  throw new TypeError(`the module of a task on Redis is below the root, not at ${relative}`);
}

/**
 * A task as it is kept. Throws a TypeError where it is a function, or its module is no file below the root, and a
 * TaskError where an argument cannot be sent.
 */
export function parcelOf(work: Work, root: string, timeout: number): Parcel {
  if (work.module === null) {
    throw new TypeError("a task on Redis is the module and the name of a function: use defineTask");
  }
  if (!work.module.startsWith("file:"))
    throw new TypeError(`the module of a task on Redis is a file, not ${work.module}`);
  const relative = path.relative(root, fileURLToPath(work.module));
  checkInside(relative);
  const module = relative.split(path.sep).join("/");
  const milliseconds = timeout === Number.POSITIVE_INFINITY ? 0 : timeout;
  return { module, name: work.name, values: packValues(work), timeout: milliseconds };
}

function packValues(work: Work): string {
  try {
    return pack(work.values);
  } catch (cause) {
    const error = new TaskError("NOT_SENDABLE", (cause as Error).message, { cause });
    throw unsendable(work) ?? error;
  }
}

/** The work that was kept. Throws a TypeError where its module is not below the root. */
export function workFrom(parcel: Parcel, root: string, attempt: number, scheduledFor: number | null): Work {
  const relative = path.normalize(parcel.module);
  checkInside(relative);
  const module = pathToFileURL(path.join(root, relative)).href;
  const values = unpack(parcel.values) as unknown[];
  return { module, name: parcel.name, source: null, values, attempt, scheduledFor };
}

/** An error as it is kept: its data, which may be what JSON cannot say, is packed. */
type PackedError = Omit<PlainError, "data"> & { readonly data?: string | undefined };

/** The own properties of an error; undefined where they cannot be kept, and stay behind. */
function packData(error: unknown): string | undefined {
  try {
    return error instanceof TaskError ? undefined : pack({ ...(error as object) });
  } catch {
    return undefined;
  }
}

/** An error as text, which stands in Redis as the reason of a failure. */
export function packError(error: unknown): string {
  const { name = "Error", message, stack } = error instanceof Error ? error : new Error(String(error));
  const taskCode = error instanceof TaskError ? error.code : undefined;
  return JSON.stringify({ name, message, stack, data: packData(error), taskCode } satisfies PackedError);
}

/** The error that a reason of a failure was, or is: the library has reasons of its own. */
export function unpackError(reason: string): Error {
  try {
    const { data, ...rest } = JSON.parse(reason) as PackedError;
    return errorOf({ ...rest, data: data === undefined ? undefined : (unpack(data) as object) });
  } catch {
    return new TaskError("CRASHED", `the task was given up: ${reason}`);
  }
}
