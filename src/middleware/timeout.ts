/** Bounds how long a handler may take. */
import { described, isPromise, type Middleware } from "../app/index.ts";
import { discardContent } from "../h1/index.ts";
import { type Answer, type HttpRequest, ServiceUnavailableError, toResponse } from "../http/index.ts";
import { atLeast, milliseconds } from "./options.ts";

declare module "../http/state.ts" {
  interface RequestState {
    /** Aborted when the handler has taken too long, and when the client goes; set by `timeout`. */
    deadline?: AbortSignal;
  }
}

/** What a client is told whose request took too long. */
export interface TimeoutOptions {
  /** Seconds after which the client is told to come again. */
  readonly retryAfter?: number;
}

/** Every option that has a default. */
export const DEFAULT_TIMEOUT_OPTIONS: Required<TimeoutOptions> = { retryAfter: 1 };

/** Lets go of an answer that nobody waits for any more. */
function drop(answer: Answer): void {
  try {
    discardContent(toResponse(answer));
  } catch {
    // It was no answer, which matters to nobody now.
  }
}

/** Aborts what a controller is for when a signal is aborted. */
function abortWith(signal: AbortSignal, controller: AbortController): void {
  if (signal.aborted) controller.abort(signal.reason);
  else signal.addEventListener("abort", () => controller.abort(signal.reason), { once: true });
}

/**
 * Answers with 503 where the handler has not given its answer after so many milliseconds; content that is iterated may
 * take longer. `request.state.deadline` is aborted then, with the error that is answered, for a handler to stop by: what
 * it still gives is dropped, and what it throws goes to the log as a warning. Throws a RangeError for a time that is none.
 */
export function timeout(time: number, options: TimeoutOptions = {}): Middleware {
  const wait = milliseconds("timeout", time);
  const retryAfter = atLeast("retryAfter", options.retryAfter ?? DEFAULT_TIMEOUT_OPTIONS.retryAfter, 0);
  const headers = { "Retry-After": String(retryAfter) };

  const within = (answer: Promise<Answer>, controller: AbortController, request: HttpRequest): Promise<Answer> =>
    new Promise((resolve, reject) => {
      let late = false;
      const timer = setTimeout(() => {
        late = true;
        const error = new ServiceUnavailableError("this takes too long", { headers });
        // First, for whoever hears of the deadline may settle the answer at once.
        reject(error);
        controller.abort(error);
      }, wait);
      answer.then(
        (value) => {
          clearTimeout(timer);
          if (late) drop(value);
          else resolve(value);
        },
        (error) => {
          clearTimeout(timer);
          if (late && error !== controller.signal.reason) request.log.warn(error);
          else reject(error);
        },
      );
    });

  const middleware: Middleware = (next) => (request) => {
    const controller = new AbortController();
    // Where one stands further out, its time ends this one's too.
    const { deadline: outer } = request.state;
    request.state.deadline = controller.signal;
    const answer = next(request);
    if (!isPromise(answer)) return answer;
    abortWith(outer ?? request.signal, controller);
    return within(answer, controller, request);
  };
  return described(middleware, "timeout", { time: wait, retryAfter });
}
