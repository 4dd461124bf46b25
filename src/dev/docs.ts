/** The page of the routes: Swagger UI where it is installed, else a plain one of our own. */
import path from "node:path";
import { Router } from "../app/index.ts";
import { HttpResponse, html } from "../http/index.ts";
import { staticFiles } from "../services/static.ts";
import { plainPage, STYLE } from "./docs/plain.ts";
import { fromInstalled } from "./installed.ts";
import { openApi, type WithRoutes } from "./openapi.ts";

/** Relative to the page, so that it may be below any path. */
const PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Routes</title>
<link rel="icon" href="docs/ui/favicon-32x32.png">
<link rel="stylesheet" href="docs/ui/swagger-ui.css">
<div id="swagger-ui"></div>
<script src="docs/ui/swagger-ui-bundle.js"></script>
<script src="docs/start.js"></script>
</html>
`;

/** Without a validator, which would be asked over the network. */
const START = `SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  validatorUrl: null,
});
`;

/** Where Swagger UI is; null where it is not installed. */
function swaggerFolder(): string | null {
  return fromInstalled((require) => path.dirname(require.resolve("swagger-ui-dist/package.json")));
}

/** The page and its files, as routes. */
export function docsPage(app: WithRoutes): Router {
  const folder = swaggerFolder();
  const file = (text: string, type: string) => () => new HttpResponse(text, {}, type);
  if (folder === null) {
    return new Router()
      .get("", () => html(plainPage(openApi(app))))
      .get("/style.css", file(STYLE, "text/css; charset=utf-8"));
  }
  return new Router()
    .get("", () => html(PAGE))
    .get("/start.js", file(START, "text/javascript; charset=utf-8"))
    .include(staticFiles(folder, { index: false }), { prefix: "/ui" });
}
