/** The responses that errors are: text, or problem details (RFC 9457). */
import { HttpError, HttpHeaders, type HttpRequest, HttpResponse, REASON_PHRASES, TEXT } from "../http/index.ts";
import { ParseError } from "../parser/index.ts";

const PROBLEM = "application/problem+json";

/** Weight that Accept gives to one of these media ranges; -1 where it names none of them (RFC 9110 §12.5.1). */
function weightOf(accept: string, ranges: readonly string[]): number {
  let weight = -1;
  for (const part of accept.toLowerCase().split(",")) {
    const [range, ...parameters] = part.split(";").map((text) => text.trim());
    if (!ranges.includes(range)) continue;
    const given = parameters.find((text) => text.startsWith("q="));
    const value = given === undefined ? 1 : Number(given.slice(2));
    weight = Math.max(weight, Number.isNaN(value) ? 0 : value);
  }
  return weight;
}

/** Whether a client asks for JSON, and does not like text better. */
function asksForProblems(request: HttpRequest): boolean {
  const accept = request.headers.get("accept");
  if (accept === null) return false;
  const json = weightOf(accept, [PROBLEM, "application/json"]);
  return json > 0 && json >= weightOf(accept, ["text/plain", "text/html", "text/*"]);
}

/** What an error tells a client. */
interface Told {
  readonly status: number;
  readonly message: string;
  /** Members of the problem details beside those there always are. */
  readonly problem?: Readonly<Record<string, unknown>> | undefined;
}

/** How errors are told. */
export interface ErrorStyle {
  /** As problem details to every client, not to those alone that ask for JSON. */
  readonly problemDetails: boolean;
  /** With what went wrong inside. */
  readonly development: boolean;
}

/** Whether an error is one of HTTP, which is told to the client as it is. */
export function isTold(error: unknown): error is HttpError | ParseError {
  return error instanceof HttpError || error instanceof ParseError;
}

function inside(error: unknown, development: boolean): Told {
  const message = REASON_PHRASES[500];
  if (!development) return { status: 500, message };
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { status: 500, message: stack, problem: { detail: stack } };
}

function problemOf({ status, message, problem }: Told): string {
  const title = REASON_PHRASES[status] ?? "Error";
  const detail = message === title ? {} : { detail: message };
  const members = { type: "about:blank", title, status, ...detail, ...problem };
  // Always that of the response (RFC 9457 §3.1.2).
  return JSON.stringify({ ...members, status });
}

/** The response that an error means. Of what is no error of HTTP it shows nothing, unless in development. */
export function errorResponse(error: unknown, request: HttpRequest, style: ErrorStyle): HttpResponse {
  const told: Told = isTold(error) ? error : inside(error, style.development);
  const asked = !request.done && (style.problemDetails || asksForProblems(request));
  const headers = new HttpHeaders(error instanceof HttpError ? error.headers : undefined);
  // The same error is told in two ways, and a cache has to know (RFC 9110 §12.5.5).
  if (!style.problemDetails) headers.set("Vary", headers.has("Vary") ? `${headers.get("Vary")}, Accept` : "Accept");
  const init = { status: told.status, headers };
  return asked ? new HttpResponse(problemOf(told), init, PROBLEM) : new HttpResponse(`${told.message}\n`, init, TEXT);
}
