/** Errors that are responses. */
import { expect, test } from "vitest";
import { REASON_PHRASES } from "../../src/h1/index.ts";
import * as errors from "../../src/http/status-errors.ts";
import { App, HttpError, type HttpErrorOptions, NotFoundError } from "../../src/index.ts";

type ErrorClass = new (message?: string, options?: HttpErrorOptions) => HttpError;
const classes = Object.entries(errors) as [string, ErrorClass][];

test("there is one for each status of an error", () => {
  const statuses = classes.map(([, Class]) => new Class().status);
  expect(statuses).toEqual(
    Object.keys(REASON_PHRASES)
      .map(Number)
      .filter((status) => status >= 400),
  );
});

test.each(classes)("%s", (name, Class) => {
  const plain = new Class();
  expect([plain.name, plain.message]).toEqual([name, REASON_PHRASES[plain.status]]);
  const cause = new Error("why");
  const full = new Class("said", { cause, headers: { "X-A": "1" } });
  expect([full.message, full.cause, full.headers.get("x-a"), full instanceof HttpError]).toEqual([
    "said",
    cause,
    "1",
    true,
  ]);
});

test("one of them, or of one's own, thrown anywhere is the answer", async () => {
  class OutOfTea extends HttpError {
    constructor() {
      super(418, "no tea", { headers: { "Retry-After": "60" } });
    }
  }
  const app = new App();
  app.get("/users/{id}", ({ params }) => {
    throw new NotFoundError(`no user ${params.id}`);
  });
  app.get("/tea", async () => {
    throw new OutOfTea();
  });
  const user = await app.inject({ path: "/users/7" });
  expect([user.status, user.text()]).toEqual([404, "no user 7\n"]);
  const tea = await app.inject({ path: "/tea" });
  expect([tea.status, tea.text(), tea.headers.get("retry-after")]).toEqual([418, "no tea\n", "60"]);
});
