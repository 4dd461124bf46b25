/** `pyrois/session`: values that are kept for a client from one request to the next. */
import { described, isPromise, type Middleware, perRequest, type ResponseHook } from "../app/index.ts";
import { type Answer, HttpError, type HttpRequest } from "../http/index.ts";
import { withCookie } from "./answers.ts";
import { strengthOf } from "./secrets.ts";
import { Keeper } from "./session/keeper.ts";
import { checkOptions, type SessionOptions } from "./session/options.ts";
import type { Session } from "./session/session.ts";

export { DEFAULT_SESSION_OPTIONS, type SessionOptions } from "./session/options.ts";
export type { Session } from "./session/session.ts";

declare module "../http/state.ts" {
  interface RequestState {
    /** The session of the client, where `session()` is around the handler. */
    session?: Session;
  }
}

/** The session of a request. Throws an Error where `session()` is not around the handler. */
export function sessionOf(request: HttpRequest): Session {
  const { session } = request.state;
  if (session === undefined) throw new Error("there is no session: put session() around the handler");
  return session;
}

/**
 * Middleware that gives each request its session, as `request.state.session`, and keeps it when the request is answered,
 * before the response is sent. Nothing is kept, and no cookie set, for a session that is empty or did not change. An
 * HttpError that is thrown is an answer too; with any other error all stays as it was before the request.
 *
 * A client without a cookie costs nothing but the session, which is made in memory. Throws a RangeError where there is no
 * key or one is too short, and for a time out of its range; a TypeError for another option that makes no sense.
 */
export function session(options: SessionOptions): Middleware {
  const all = checkOptions(options);
  const keeper = new Keeper(all);
  const middleware: Middleware = (next) => {
    const serve = (request: HttpRequest, session: Session) => {
      request.state.session = session;
      return next(request);
    };
    const attend = (request: HttpRequest, session: Session) =>
      finish(
        () => serve(request, session),
        () => (keeper.isDue(session) ? keeper.keep(session, request.log) : null),
        request,
      );
    return (request) => {
      if (!keeper.isExpected(request)) return attend(request, keeper.begin());
      return keeper
        .find(request)
        .then((found) => (found === null ? serve(request, keeper.begin()) : attend(request, found)));
    };
  };
  const { keys, store, now: _now, ...others } = all;
  const told = { ...others, stored: store !== undefined, keys: keys.map(strengthOf) };
  return described(Object.assign(middleware, { onResponse: addCookie }), "session", told);
}

/** Set-Cookie lines of requests whose answer is an error: who makes a response of that is not known yet. */
const owed = perRequest<string>();

const addCookie: ResponseHook = (response, request) => {
  const line = owed.get(request);
  if (line !== undefined) response.headers.append("Set-Cookie", line);
};

/** Answers once what is to be kept is kept; a promise only where something takes time. */
function finish(
  serve: () => Answer | Promise<Answer>,
  keep: () => Promise<string | null> | null,
  request: HttpRequest,
): Answer | Promise<Answer> {
  const answered = (answer: Answer): Answer | Promise<Answer> => {
    const keeping = keep();
    return keeping === null ? answer : keeping.then((line) => (line === null ? answer : withCookie(answer, line)));
  };
  const failed = (error: unknown): Promise<never> => {
    const keeping = error instanceof HttpError ? keep() : null;
    if (keeping === null) throw error;
    return keeping.then((line) => {
      if (line !== null) owed.set(request, line);
      throw error;
    });
  };
  let answer: Answer | Promise<Answer>;
  try {
    answer = serve();
  } catch (error) {
    return failed(error);
  }
  return isPromise(answer) ? Promise.resolve(answer).then(answered, failed) : answered(answer);
}
