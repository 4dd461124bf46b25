/** `pyrois/static`: the files of a folder. */
import path from "node:path";
import { fileURLToPath } from "node:url";
import { described, type Handler, Router } from "../app/index.ts";
import { quiet } from "../h1/quiet.ts";
import { StaticFiles } from "./static/files.ts";
import { loadLibrary } from "./static/library.ts";
import { checkOptions, type StaticOptions } from "./static/options.ts";

export type { Coding } from "./static/codings.ts";
export { type CacheControl, DEFAULT_STATIC_OPTIONS, type StaticOptions } from "./static/options.ts";

/**
 * The files of a folder, as routes to include below a path:
 *
 *     app.include(staticFiles("public"), { prefix: "/static" });
 *
 * `/static/css/a.css` is then `public/css/a.css`, and a path that ends with a slash the index of a folder; a folder
 * without its slash is redirected to it with 308 (the one at the prefix itself where the application has `slashes`).
 * GET and HEAD are served, whole or in ranges, as conditions allow, and encoded where the file is there encoded.
 *
 * Names are taken as they are: a path with an encoded slash, a backslash, or empty segments or those of dots is 404, and
 * so is what leads out of the folder, is no file, or begins with a dot. What may not be read is 403. All of these are
 * HttpErrors, for the application to answer as it answers others; other errors of the disk are 500, and cut the
 * connection where content is on its way already.
 *
 * Throws an Error where the root is no folder, and a TypeError or RangeError for an option that makes no sense.
 */
export function staticFiles(root: string | URL, options: StaticOptions = {}): Router {
  const folder = typeof root === "string" ? root : fileURLToPath(root);
  const all = checkOptions(options);
  const files = new StaticFiles(folder, all);
  // Loaded meanwhile; whoever asks for a file is told where that fails.
  quiet(loadLibrary());
  const serve: Handler = (request) => files.serve(request);
  described(serve, "staticFiles", { ...all, root: path.resolve(folder) });
  return new Router().get("/", serve).get("/{file:path}", serve);
}
