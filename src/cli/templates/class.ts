import type { Template } from "./index.ts";

const APP = `import { App } from "pyrois";
import { Users } from "./users.ts";

export const app = new App();

app.addBlueprint(new Users());
`;

const USERS = `import { Blueprint, get, type HttpRequest, NotFoundError, post } from "pyrois";

/** Users, which are kept in memory. */
export class Users extends Blueprint {
  readonly #names = new Map<number, string>([[1, "Ada"]]);

  constructor() {
    super({ prefix: "/users" });
  }

  @get("/")
  list() {
    return [...this.#names].map(([id, name]) => ({ id, name }));
  }

  @get("/{id:int}", { name: "user" })
  show({ params }: HttpRequest<{ id: number }>) {
    const name = this.#names.get(params.id);
    if (name === undefined) throw new NotFoundError("no such user");
    return { id: params.id, name };
  }

  @post("/")
  async create(request: HttpRequest) {
    const id = this.#names.size + 1;
    this.#names.set(id, await request.text());
    return { id };
  }
}
`;

const TEST = `import assert from "node:assert/strict";
import { test } from "node:test";
import { app } from "../src/app.ts";

test("a user is made and shown", async () => {
  const made = await app.inject({ method: "POST", path: "/users/", body: "Bob" });
  const { id } = made.json() as { id: number };
  const shown = await app.inject({ path: app.url("user", { id }) });
  assert.deepEqual(shown.json(), { id, name: "Bob" });
});

test("a user that is not there is a 404", async () => {
  assert.equal((await app.inject({ path: "/users/100" })).status, 404);
});
`;

/** A class of handlers, with decorators. */
export const classes: Template = {
  summary: "an application of classes, with decorators",
  files: { "src/app.ts": APP, "src/users.ts": USERS, "tests/app.test.ts": TEST },
};
