/** What servers serve, whatever stands behind it: the interface between a server and a framework. */
import type { Environment, HttpRequest, HttpResponse } from "../http/index.ts";
import type { Lifecycle } from "./options.ts";
import type { Report } from "./reports.ts";

/** What a server serves: an application, or whatever else takes requests and gives responses. */
export interface Servable {
  /** What its requests reach. */
  readonly environment: Environment;
  /** Serves a request. Never throws and never rejects: whatever goes wrong is a response. */
  handle(request: HttpRequest): HttpResponse | Promise<HttpResponse>;
  /**
   * The response that an error means; what is no error of HTTP is reported, and shows nothing of itself. Never throws,
   * though anything can be thrown by a handler, even what throws when it is looked at.
   */
  recover(error: unknown, request: HttpRequest): HttpResponse;
  /** Tells of an error that no client sees. Never throws. */
  report(error: unknown, request: HttpRequest): void;
  /** Has another told of what is reported; it must not throw. */
  onReport(tell: Report): void;
  /** Bytes of content that a request may have; undefined for as many as others. Never throws. */
  maxBodySize(request: HttpRequest): number | undefined;
  /** Tells of where its server is, and waits for what that starts or ends; rejects where it fails. */
  tell(event: Lifecycle): Promise<void>;
}

/** Tells an application that its server starts, and starts its orchestrator. Rejects where one of those does. */
export async function startServed(served: Servable): Promise<void> {
  const { environment } = served;
  await served.tell("start");
  await environment.orchestrator?.start?.(environment);
}

/**
 * Stops the orchestrator of an application, which has `deadline` milliseconds for that, and tells the application that its
 * server has stopped, whatever becomes of the first. Rejects where one of those does.
 */
export async function endServed(served: Servable, deadline: number): Promise<void> {
  try {
    await served.environment.orchestrator?.stop?.({ deadline });
  } finally {
    await served.tell("stop");
  }
}
