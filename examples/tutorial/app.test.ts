/** What the application promises. `node --test` runs it, in memory: nothing listens. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import type { App } from "pyrois";
import { createApp } from "./app.ts";

const folder = mkdtempSync(path.join(tmpdir(), "shelf-"));
const app = await createApp({ folder, keys: ["a key of tests, of 32 characters or more"] });
after(() => rmSync(folder, { recursive: true }));

/** A browser as far as the application knows: it keeps its cookie, and has the token of its page. */
class Client {
  readonly #app: App;
  #cookie = "";

  constructor(app: App) {
    this.#app = app;
  }

  async send(method: string, path: string, body?: unknown) {
    const page = await this.#ask("GET", "/");
    const token = /name="csrf" content="([^"]+)"/.exec(page.text())?.[1] ?? "";
    return this.#ask(method, path, body, { "X-CSRF-Token": token });
  }

  async #ask(method: string, path: string, body?: unknown, more = {}) {
    const headers = { ...(this.#cookie && { Cookie: this.#cookie }), ...more };
    const response = await this.#app.inject({ method, path, headers, ...(body !== undefined && { body }) });
    const [set] = response.headers.getAll("set-cookie");
    if (set) this.#cookie = set.split(";")[0] ?? "";
    return response;
  }
}

function form(text: string): FormData {
  const data = new FormData();
  data.set("file", new File([text], "poem.txt"));
  return data;
}

/** The text, once it is counted: what the page is told by an event. */
async function counted(client: Client, id: string) {
  for (;;) {
    const text = (await client.send("GET", `/texts/${id}`)).json() as { state: string; count: unknown };
    if (text.state !== "waiting") return text;
    await new Promise(setImmediate);
  }
}

const ada = { name: "ada", password: "correct horse" };

test("whoever signs up is logged in, and can come again", async () => {
  const client = new Client(app);
  assert.equal((await client.send("GET", "/texts")).status, 401);
  assert.equal((await client.send("POST", "/users", ada)).status, 201);
  assert.equal((await client.send("GET", "/texts")).status, 200);
  assert.equal((await client.send("POST", "/logout")).status, 204);
  assert.equal((await client.send("GET", "/texts")).status, 401);
  assert.equal((await client.send("POST", "/login", ada)).status, 200);
  assert.equal((await client.send("GET", "/texts")).status, 200);
});

test("a name is somebody's alone, and a password must be right", async () => {
  const client = new Client(app);
  assert.equal((await client.send("POST", "/users", ada)).status, 409);
  assert.equal((await client.send("POST", "/login", { ...ada, password: "wrong horse!" })).status, 401);
  assert.equal((await client.send("POST", "/users", { ...ada, password: "short" })).status, 422);
});

test("a text is counted, and nobody else's business", async () => {
  const client = new Client(app);
  await client.send("POST", "/login", ada);
  const uploaded = await client.send("POST", "/texts", form("a rose is a rose is a rose"));
  assert.equal(uploaded.status, 202);
  const { id } = uploaded.json() as { id: string };
  const top = [
    ["a", 3],
    ["rose", 3],
    ["is", 2],
  ];
  assert.deepEqual((await counted(client, id)).count, { words: 8, top });

  const other = new Client(app);
  await other.send("POST", "/users", { name: "bob", password: "battery staple" });
  assert.equal((await other.send("GET", `/texts/${id}`)).status, 404);
  assert.deepEqual((await other.send("GET", "/texts")).json(), []);
});

test("what forges a request, or brings too much, is refused", async () => {
  assert.equal((await app.inject({ method: "POST", path: "/login", body: ada })).status, 403);
  const client = new Client(app);
  await client.send("POST", "/login", ada);
  assert.equal((await client.send("POST", "/texts", form("x".repeat(6 * 2 ** 20)))).status, 413);
});
