/** Finds the command that is meant, has it run, and tells what goes wrong by a line and an exit code. */
import { type Command, CommandError, nearest, read, UsageError, unknown } from "./command.ts";
import { helpOf, overview } from "./help.ts";
import { manifest } from "./package.ts";
import { painter, print } from "./terminal.ts";

interface Entry {
  readonly summary: string;
  load(): Promise<Command>;
}

/** Every command; a summary is said here too, so that listing them loads none. */
export const COMMANDS: Readonly<Record<string, Entry>> = {
  new: { summary: "makes a project", load: async () => (await import("./new.ts")).command },
  dev: {
    summary: "serves a module, and starts it anew when it changes",
    load: async () => (await import("./dev.ts")).command,
  },
  start: { summary: "serves a module in production", load: async () => (await import("./start.ts")).command },
  routes: { summary: "lists the routes of an application", load: async () => (await import("./routes.ts")).command },
  openapi: {
    summary: "prints the OpenAPI document of an application",
    load: async () => (await import("./openapi.ts")).command,
  },
  audit: {
    summary: "looks for what is not safe in an application",
    load: async () => (await import("./audit.ts")).command,
  },
  bench: { summary: "measures a server under load", load: async () => (await import("./bench.ts")).command },
  parse: { summary: "shows how bytes are parsed, or why not", load: async () => (await import("./parse.ts")).command },
};

function entryOf(name: string): Entry {
  if (Object.hasOwn(COMMANDS, name)) return COMMANDS[name];
  throw unknown("command", name, nearest(name, Object.keys(COMMANDS)), "pyrois --help");
}

/** Runs what the words ask for; gives the exit code. Rejects with a UsageError where they make no sense. */
export async function run([first, ...words]: readonly string[]): Promise<number> {
  const paint = painter(process.stdout);
  if (first === "--version" || first === "-v") {
    print(manifest.version);
    return 0;
  }
  const asked = first === "help" ? words[0] : undefined;
  if (first === undefined || first === "--help" || first === "-h" || (first === "help" && asked === undefined)) {
    print(
      ...overview(
        Object.entries(COMMANDS).map(([name, { summary }]) => [name, summary] as const),
        paint,
      ),
    );
    return 0;
  }
  if (asked === undefined && first.startsWith("-")) throw unknown("option", first, null, "pyrois --help");
  const name = asked ?? first;
  const command = await entryOf(name).load();
  const given = asked === undefined ? read(name, command, words) : null;
  if (given === null || given.options.help === true) {
    print(...helpOf(name, command, paint));
    return 0;
  }
  return command.run(given);
}

/** The program. Exit codes: 0 where all went well, 1 where something failed, 2 where it was called wrongly. */
export async function main(words: readonly string[]): Promise<void> {
  // Whoever reads the output may stop to, as `head` does.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1));
  try {
    process.exitCode = await run(words);
  } catch (error) {
    const told = error instanceof UsageError || error instanceof CommandError;
    const text = told ? error.message : error instanceof Error ? (error.stack ?? error.message) : String(error);
    console.error(`${painter(process.stderr)("red", "pyrois:")} ${text}`);
    process.exitCode = error instanceof UsageError ? 2 : 1;
  }
}
