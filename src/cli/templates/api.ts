import type { Template } from "./index.ts";

const APP = `import { App } from "pyrois";
import { notes } from "./notes.ts";

export const app = new App({ problemDetails: true });

app.get("/health", () => ({ status: "ok" }));
app.include(notes(), { prefix: "/notes" });
`;

const NOTES = `import { json, NotFoundError, Router, UnprocessableContentError } from "pyrois";

interface Note {
  readonly id: number;
  readonly text: string;
}

/** The text of what was sent as a note; throws what is answered with 422 where there is none. */
function textOf(body: unknown): string {
  const { text } = (body ?? {}) as { text?: unknown };
  if (typeof text !== "string" || text === "") throw new UnprocessableContentError("text must be a text that is not empty");
  return text;
}

/** Routes of notes, which are kept in memory. */
export function notes(): Router {
  const router = new Router();
  const all = new Map<number, Note>();
  let last = 0;

  const find = (id: number): Note => {
    const note = all.get(id);
    if (note === undefined) throw new NotFoundError(\`there is no note \${id}\`);
    return note;
  };

  router.get("", () => [...all.values()]);

  router.post("", async (request) => {
    const note = { id: ++last, text: textOf(await request.json()) };
    all.set(note.id, note);
    return json(note, { status: 201, headers: { Location: \`/notes/\${note.id}\` } });
  });

  router.get("/{id:int}", ({ params }) => find(params.id));

  router.put("/{id:int}", async (request) => {
    const { id } = find(request.params.id);
    const note = { id, text: textOf(await request.json()) };
    all.set(id, note);
    return note;
  });

  router.delete("/{id:int}", ({ params }) => {
    all.delete(find(params.id).id);
    return null;
  });

  return router;
}
`;

const TEST = `import assert from "node:assert/strict";
import { test } from "node:test";
import { app } from "../src/app.ts";

test("a note is made, changed and deleted", async () => {
  const made = await app.inject({ method: "POST", path: "/notes", body: { text: "first" } });
  assert.equal(made.status, 201);
  const path = String(made.headers.get("location"));
  assert.deepEqual((await app.inject({ path })).json(), made.json());
  const changed = await app.inject({ method: "PUT", path, body: { text: "second" } });
  assert.equal((changed.json() as { text: string }).text, "second");
  assert.equal((await app.inject({ method: "DELETE", path })).status, 204);
  assert.equal((await app.inject({ path })).status, 404);
});

test("what is no note is refused", async () => {
  const refused = await app.inject({ method: "POST", path: "/notes", body: { text: 5 } });
  assert.equal(refused.status, 422);
  assert.equal(refused.headers.get("content-type"), "application/problem+json");
});

test("it is alive", async () => {
  assert.deepEqual((await app.inject({ path: "/health" })).json(), { status: "ok" });
});
`;

/** Notes in memory, as JSON. */
export const api: Template = {
  summary: "an API of JSON",
  files: { "src/app.ts": APP, "src/notes.ts": NOTES, "tests/app.test.ts": TEST },
};
