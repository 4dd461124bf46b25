/** `pyrois start`: serves a module in production. */
import cluster from "node:cluster";
import { importModule, locate } from "./application.ts";
import { type Command, CommandError, type Given, numberOf, textOf, wholeNumber } from "./command.ts";
import { print } from "./terminal.ts";
import { enableTypeScript } from "./typescript.ts";

/** What `dev` and `start` are told of where to listen. */
export const PLACE = {
  port: { type: "string", short: "p", value: "PORT", says: "port to listen on; default: $PORT, else 8080" },
  host: { type: "string", value: "HOST", says: "name or address to listen on; default: $HOST, else 127.0.0.1" },
} as const;

const PORTS = [0, 65535] as const;

/** Where to listen: as the options say, else the environment, else the defaults of `listen`. */
export function placeOf(given: Given): { readonly port?: number; readonly host?: string } {
  const { PORT, HOST } = process.env;
  let port = numberOf(given, "port", undefined, PORTS);
  if (port === undefined && PORT) port = wholeNumber("PORT of the environment", PORT, PORTS);
  const host = textOf(given, "host") ?? (HOST === "" ? undefined : HOST);
  return { ...(port !== undefined && { port }), ...(host !== undefined && { host }) };
}

/** How many processes serve. */
function workersOf(given: Given): { readonly workers?: number | "auto" } {
  if (textOf(given, "workers") === "auto") return { workers: "auto" };
  const workers = numberOf(given, "workers", undefined, [1, 1024]);
  return workers === undefined ? {} : { workers };
}

export const command: Command = {
  usage: "FILE [options]",
  summary: "serves a module in production",
  details:
    "FILE is a module whose default export, or export `app`, is an application. It is served until SIGINT or SIGTERM; " +
    "then no more connections are accepted, and what is at work is answered.\n\n" +
    "A module that listens by itself is only run. NODE_ENV is production where it is not set.",
  options: {
    ...PLACE,
    workers: {
      type: "string",
      value: "N",
      says: "processes that serve it, or auto: one for each core; default: this one",
    },
  },
  positionals: [1, 1],
  examples: ["pyrois start dist/app.js --port 80 --host 0.0.0.0", "PORT=3000 pyrois start src/app.ts --workers auto"],
  async run(given) {
    const file = locate(given.positionals[0]);
    const options = { ...placeOf(given), ...workersOf(given) };
    process.env.NODE_ENV ??= "production";
    await enableTypeScript(file);
    const { app } = await importModule(file);
    if (app === null) {
      // It may listen by itself, and then goes on by itself.
      process.once("beforeExit", () => {
        console.error(`pyrois: ${file} exports no application and does not listen: export it as default, or as "app"`);
        process.exitCode = 1;
      });
    } else if (app.server === null) {
      try {
        await app.run({ ...options, onListen: ({ url }) => cluster.isPrimary && print(`listening on ${url}`) });
      } catch (error) {
        throw new CommandError((error as Error).message, { cause: error });
      }
    }
    return 0;
  },
};
