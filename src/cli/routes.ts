/** `pyrois routes`: lists the routes of an application. */
import type { App } from "../index.ts";
import { loadApp } from "./application.ts";
import { type Command, CommandError } from "./command.ts";
import { columns, exitWhenWritten, type Paint, painter, print } from "./terminal.ts";

/** A route as it is shown. */
interface Row {
  readonly method: string;
  readonly pattern: string;
  readonly host: string | null;
  readonly name: string | null;
  readonly handler: string;
  /** What stands around it alone and around all that was registered where it was, the outermost first. */
  readonly middleware: readonly string[];
  /** The blueprint, or who else has registered it. */
  readonly origin: string | null;
}

/** What stands around a method of a blueprint where `@use` has put nothing there. */
const NONE = "@use";

/** What a route has beside what its type tells. */
interface Registered {
  readonly origin?: string;
  readonly own?: { readonly middleware: readonly { readonly name: string }[] } | null;
  readonly at?: { layers(): readonly { readonly middleware: readonly { readonly name: string }[] }[] };
}

function rowOf(route: App["routes"][number]): Row {
  const { method, pattern, host = null, name = null, handler } = route;
  const { origin = null, own, at } = route as Registered;
  const layers = [...(at?.layers() ?? []), ...(own ? [own] : [])];
  const middleware = layers
    .flatMap((layer) => layer.middleware.map((each) => each.name || "(function)"))
    .filter((each) => each !== NONE);
  return {
    method,
    pattern,
    host,
    name,
    handler: handler.name.replace(/^bound /, "") || "(function)",
    middleware,
    origin,
  };
}

const COLORS: Readonly<Record<string, Parameters<Paint>[0]>> = {
  GET: "green",
  POST: "yellow",
  PUT: "blue",
  PATCH: "blue",
  DELETE: "red",
};

function tableOf(rows: readonly Row[], paint: Paint): string[] {
  const head = ["METHOD", "PATTERN", "NAME", "HANDLER", "MIDDLEWARE", "ORIGIN"];
  const cells = rows.map(({ method, pattern, host, name, handler, middleware, origin }) => [
    paint(COLORS[method] ?? "magenta", method),
    `${host ?? ""}${pattern}`,
    name ?? "",
    handler,
    middleware.join(", "),
    origin ?? "",
  ]);
  // A column that says nothing of any route only takes room.
  const used = head.map((_, at) => at < 2 || cells.some((row) => row[at] !== ""));
  const pick = (row: readonly string[]) => row.filter((_, at) => used[at]);
  return columns([pick(head.map((text) => paint("bold", text))), ...cells.map(pick)]);
}

export const command: Command = {
  usage: "FILE [options]",
  summary: "lists the routes of an application",
  details:
    "FILE is a module whose default export, or export `app`, is an application. Shows its routes in the order they were " +
    "registered: method, pattern, name, handler, the middleware around it from the outside in, and the blueprint.",
  options: { json: { type: "boolean", says: "prints an array of objects; off by default" } },
  positionals: [1, 1],
  examples: ["pyrois routes src/app.ts", "pyrois routes src/app.ts --json"],
  async run({ positionals: [file], options }) {
    const rows = (await loadApp(file)).routes.map(rowOf);
    if (options.json === true) print(JSON.stringify(rows, null, 2));
    else if (rows.length === 0) throw new CommandError(`the application of ${file} has no routes`);
    else print(...tableOf(rows, painter(process.stdout)));
    return exitWhenWritten(0);
  },
};
