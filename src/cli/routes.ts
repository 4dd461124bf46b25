/** `pyrois routes`: lists the routes of an application. */
import { nameOf, type RouteInfo } from "../app/index.ts";
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

function rowOf(app: App, route: RouteInfo): Row {
  const { method, pattern, host = null, name = null, handler, origin = null } = route;
  const middleware = app
    .layersOf(route)
    .flatMap((layer) => layer.middleware.map(nameOf))
    .filter((each) => each !== "");
  return { method, pattern, host, name, handler: nameOf(handler), middleware, origin };
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
    const app = await loadApp(file);
    const rows = app.routes.map((route) => rowOf(app, route));
    if (options.json === true) print(JSON.stringify(rows, null, 2));
    else if (rows.length === 0) throw new CommandError(`the application of ${file} has no routes`);
    else print(...tableOf(rows, painter(process.stdout)));
    return exitWhenWritten(0);
  },
};
