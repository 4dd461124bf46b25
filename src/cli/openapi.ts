/** `pyrois openapi`: prints the OpenAPI document of an application. */
import { writeFileSync } from "node:fs";
import { loadApp } from "./application.ts";
import { type Command, CommandError, textOf } from "./command.ts";
import { exitWhenWritten, print } from "./terminal.ts";

export const command: Command = {
  usage: "FILE [options]",
  summary: "prints the OpenAPI document of an application",
  details:
    "FILE is a module whose default export, or export `app`, is an application. Prints the OpenAPI 3.1 document of its " +
    "routes and their schemas, as JSON.",
  options: {
    out: { type: "string", short: "o", value: "FILE", says: "a file to write it to; default: standard output" },
  },
  positionals: [1, 1],
  examples: ["pyrois openapi src/app.ts", "pyrois openapi src/app.ts --out openapi.json"],
  async run(given) {
    const { openApi } = await import("../dev/openapi.ts");
    const text = JSON.stringify(openApi(await loadApp(given.positionals[0])), null, 2);
    const out = textOf(given, "out");
    if (out === undefined) print(text);
    else {
      try {
        writeFileSync(out, `${text}\n`);
      } catch (error) {
        throw new CommandError(`cannot write ${out}: ${(error as Error).message}`);
      }
    }
    return exitWhenWritten(0);
  },
};
