/** What an application has in development beside its own routes; `src/server/development.ts` says at which paths. */
import { Application, type Handler } from "../app/index.ts";
import type { Environment } from "../http/index.ts";
import { docsPage } from "./docs.ts";
import { guarded } from "./guard.ts";
import { openApi, type WithRoutes } from "./openapi.ts";

/** Serves all of it for an application. Never throws: whatever goes wrong is a response. */
export function developmentTools(app: WithRoutes & { readonly environment: Environment }): Handler {
  const { logger } = app.environment;
  const tools = new Application({ logger, development: true, slashes: "redirect" });
  tools.use(guarded);
  // Made anew each time: routes come and go.
  tools.get("/openapi", () => openApi(app));
  tools.get("/openapi.json", () => openApi(app));
  tools.include(docsPage(app), { prefix: "/docs" });
  // A tool of its own is a router, included here.
  return (request) => tools.handle(request);
}
