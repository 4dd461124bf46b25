/** What goes wrong with tasks, beside what they throw themselves. */
import { ServiceUnavailableError } from "../../http/index.ts";

/** Why a task has given no result. */
export type TaskErrorCode =
  /** It took longer than its `timeout`; its thread was ended. */
  | "TIMEOUT"
  /** Its thread has ended in the middle of it: it called process.exit, ran out of memory, or left an error uncaught. */
  | "CRASHED"
  /** What was given to it, or what it gives back, cannot be copied to another thread. */
  | "NOT_SENDABLE"
  /** It is a function that uses what is around it, or cannot be read by itself. */
  | "NOT_SELF_CONTAINED"
  /** The module has no function of that name. */
  | "NO_SUCH_TASK"
  /** Nobody knows any more what became of it. */
  | "LOST";

/** A task that has given no result, for a reason that is none of its own errors. */
export class TaskError extends Error {
  override readonly name = "TaskError";
  readonly code: TaskErrorCode;

  constructor(code: TaskErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Why a task was not taken: too many wait, the orchestrator has stopped, or its store does not answer. */
export type TaskRefusedCode = "QUEUE_FULL" | "STOPPED" | "UNREACHABLE";

/** A task that was not taken, or will not be begun any more. Where a handler lets it pass, its client gets 503. */
export class TaskRefusedError extends ServiceUnavailableError {
  readonly code: TaskRefusedCode;

  constructor(code: TaskRefusedCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** What those get whose tasks were not begun when the orchestrator was stopped. */
export function stoppedError(): TaskRefusedError {
  return new TaskRefusedError("STOPPED", "the orchestrator has stopped");
}

/** An error as it travels: its class does not. */
export interface PlainError {
  readonly name: string;
  readonly message: string;
  readonly stack?: string | undefined;
  /** Its own properties that can be copied, `code` among them where it has one. */
  readonly data?: object | undefined;
  /** That it is one of these, made on behalf of the task. */
  readonly taskCode?: TaskErrorCode | undefined;
}

/** The error that has travelled, as an Error of the same name, with the stack that it had where it was thrown. */
export function errorOf({ name, message, stack, data, taskCode }: PlainError): Error {
  const error =
    taskCode === undefined ? Object.assign(new Error(message), data, { name }) : new TaskError(taskCode, message);
  if (stack !== undefined) error.stack = stack;
  return error;
}
