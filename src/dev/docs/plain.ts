/** The routes on a page without scripts. */
import { METHODS, type OpenApiDocument, type Operation } from "../openapi/document.ts";

export const STYLE = `:root { color-scheme: light dark; }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 small { font-weight: normal; opacity: .7; }
article { border-top: 1px solid #8888; padding: .75rem 0; overflow-x: auto; }
h2 { font: 1rem ui-monospace, monospace; margin: 0; overflow-wrap: anywhere; }
h2 b { display: inline-block; min-width: 5rem; }
p { margin: .25rem 0; white-space: pre-line; }
del { opacity: .7; }
table { border-collapse: collapse; margin-top: .5rem; }
th, td { text-align: left; vertical-align: top; padding: .1rem 1rem .1rem 0; }
td:first-child { white-space: nowrap; }
code { font-family: ui-monospace, monospace; overflow-wrap: anywhere; }
`;

function escaped(text: string): string {
  const entities: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
  return text.replace(/[&<>"]/g, (character) => entities[character]);
}

function rowOf(name: string, place: string, required: boolean, schema: unknown, description = ""): string {
  return `<tr><td><code>${escaped(name)}</code><td>${place}${required ? "" : ", optional"}<td><code>${escaped(
    JSON.stringify(schema),
  )}</code><td>${escaped(description)}\n`;
}

/** Parameters and content of an operation, as a table. */
function inputsOf({ parameters = [], requestBody }: Operation): string {
  const rows = parameters.map((each) => rowOf(each.name, each.in, each.required, each.schema, each.description));
  for (const [type, { schema }] of Object.entries(requestBody?.content ?? {})) {
    rows.push(rowOf(type, "content", requestBody?.required ?? false, schema, requestBody?.description));
  }
  if (rows.length === 0) return "";
  return `<table><thead><tr><th>name<th>where<th>schema<th>meaning</thead><tbody>\n${rows.join("")}</tbody></table>\n`;
}

function articleOf(method: string, path: string, operation: Operation): string {
  const { summary = "", description = "", deprecated = false } = operation;
  const label = `<b>${method.toUpperCase()}</b> ${escaped(path)}`;
  const texts = [summary, description].filter((text) => text !== "").map((text) => `<p>${escaped(text)}</p>\n`);
  return `<article>\n<h2>${deprecated ? `<del>${label}</del>` : label}</h2>\n${texts.join("")}${inputsOf(operation)}</article>\n`;
}

/** The routes of a document as HTML, with what to install for more. */
export function plainPage({ info, paths }: OpenApiDocument): string {
  const articles = Object.entries(paths).flatMap(([path, item]) =>
    METHODS.flatMap((method) => {
      const operation = item[method];
      return operation === undefined ? [] : [articleOf(method, path, operation)];
    }),
  );
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escaped(info.title)}</title>
<link rel="stylesheet" href="docs/style.css">
<h1>${escaped(info.title)} <small>${escaped(info.version)}</small></h1>
<p>To try these routes here: <code>npm install --save-dev swagger-ui-dist</code>, and start again.
The document is at <a href="openapi.json">openapi.json</a>.</p>
${articles.length > 0 ? articles.join("") : "<p>There are no routes yet.</p>\n"}</html>
`;
}
