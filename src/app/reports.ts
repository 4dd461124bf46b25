/** What becomes of errors: the response that they mean, and who is told of those that no client sees. */
import { type HttpRequest, HttpResponse, type Logger } from "../http/index.ts";
import { ReleasedError } from "../parser/index.ts";
import type { ErrorHook } from "./options.ts";
import { type ErrorStyle, errorResponse, isTold } from "./problem.ts";

/** Is told of an error, and of the request that it happened at. */
export type Report = (error: unknown, request: HttpRequest) => void;

/** Whether an error says no more than that the client has gone: whoever stops for that did nothing wrong. */
function saysGone(error: unknown, request: HttpRequest): boolean {
  const { aborted, reason } = request.signal;
  if (!aborted) return false;
  if (error === reason || error instanceof ReleasedError) return true;
  // As what of Node's own takes a signal fails.
  return error instanceof Error && error.name === "AbortError" && error.cause === reason;
}

export class Reports {
  /** Told of errors; where there are none, the logger is. */
  readonly hooks: ErrorHook[] = [];
  readonly #others = new Set<Report>();
  readonly #logger: Logger;
  readonly #style: ErrorStyle;

  constructor(logger: Logger, style: ErrorStyle) {
    this.#logger = logger;
    this.#style = style;
  }

  /** As `Servable.recover`. */
  recover(error: unknown, request: HttpRequest): HttpResponse {
    try {
      if (!isTold(error)) this.report(error, request);
      return errorResponse(error, request, this.#style);
    } catch (second) {
      this.report(second, request);
    }
    return new HttpResponse("Internal Server Error\n", { status: 500 });
  }

  /** As `Servable.onReport`. */
  onReport(tell: Report): void {
    this.#others.add(tell);
  }

  /** As `Servable.report`. */
  report(error: unknown, request: HttpRequest): void {
    if (saysGone(error, request)) return;
    for (const tell of this.#others) tell(error, request);
    if (this.hooks.length === 0) tellError((error) => this.#logger.error(error), error, request);
    for (const hook of this.hooks) tellError(hook, error, request);
  }
}

/** Tells a hook of an error; what it fails with itself is shown beside that. Never throws. */
function tellError(hook: ErrorHook, error: unknown, request: HttpRequest): void {
  const failed = (second: unknown) => {
    try {
      console.error(error, second);
    } catch {
      console.error("an error happened, and another in telling of it; they cannot be shown");
    }
  };
  try {
    const told = hook(error, request);
    if (told instanceof Promise) told.catch(failed);
  } catch (second) {
    failed(second);
  }
}
