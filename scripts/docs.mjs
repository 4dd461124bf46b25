// `npm run docs` builds the documentation as a site into build/site, which can be opened as files; `-- --serve` serves it
// on HOST and PORT, by Pyrois; `-- --out FOLDER` builds it elsewhere.
import path from "node:path";
import { parseArgs } from "node:util";
import { buildSite } from "./docs/site.mjs";

const root = path.dirname(import.meta.dirname);

/** Writes how far it is: over and over on one line of a terminal, and nothing elsewhere. */
function progress(done, total) {
  if (process.stderr.isTTY) process.stderr.write(`\rPages: ${done} of ${total}${done === total ? "\n" : ""}`);
}

/** Serves the site until Ctrl-C, under the policy that it is made for. */
async function serve(folder) {
  const { App } = await import("pyrois");
  const { securityHeaders } = await import("pyrois/middleware");
  const { staticFiles } = await import("pyrois/static");
  const { HOST, PORT } = process.env;
  const app = new App();
  app.use(securityHeaders());
  app.include(staticFiles(folder));
  await app.run({
    ...(HOST && { host: HOST }),
    ...(PORT && { port: Number(PORT) }),
    onListen: ({ url }) => console.log(`The documentation is on ${url}`),
  });
}

try {
  const { values } = parseArgs({
    options: { serve: { type: "boolean", default: false }, out: { type: "string", default: "build/site" } },
  });
  const out = path.resolve(root, values.out);
  const count = await buildSite({ root, out, tell: progress });
  console.log(`${count} pages in ${path.relative(process.cwd(), path.join(out, "index.html"))}`);
  if (values.serve) await serve(out);
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
