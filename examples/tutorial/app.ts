/** The application, without a server: tests make one, and so does server.ts. */
import { mkdirSync } from "node:fs";
import path from "node:path";
import { App, html, type Logger } from "pyrois";
import { health } from "pyrois/health";
import { csrf, securityHeaders } from "pyrois/middleware";
import { Orchestrator } from "pyrois/orchestrator";
import { session } from "pyrois/session";
import { FileStore } from "pyrois/stores";
import { page } from "./page.ts";
import { Table } from "./table.ts";
import { type Text, textsRouter } from "./texts.ts";
import { type User, usersRouter } from "./users.ts";

export interface AppOptions {
  /** Where everything is kept. */
  readonly folder: string;
  /** Secrets of at least 32 characters; the first protects, all open. */
  readonly keys: readonly string[];
  /** Whether the site is served by HTTPS. */
  readonly secure?: boolean;
  readonly logger?: Logger;
}

export async function createApp({ folder, keys, secure = false, logger = console }: AppOptions): Promise<App> {
  const files = path.join(folder, "files");
  mkdirSync(files, { recursive: true });
  const store = new FileStore(path.join(folder, "sessions"));
  const orchestrator = new Orchestrator({ maxWorkers: 2 });
  const app = new App({ orchestrator, logger });

  app.use(securityHeaders({ contentSecurityPolicy: { nonce: true } }));
  const site = app.group("", { middleware: [session({ keys, store, secure }), csrf()] });
  site.get("/", ({ state }) => html(page(state.cspNonce ?? "", state.csrf ?? "")));
  site.include(usersRouter(new Table<User>(path.join(folder, "users.jsonl"))));
  const texts = new Table<Text>(path.join(folder, "texts.jsonl"));
  const { router, resume } = textsRouter({ texts, folder: files, orchestrator, logger });
  site.include(router);

  await app.load(health());
  app.on("start", resume);
  return app;
}
