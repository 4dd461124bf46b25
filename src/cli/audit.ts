/** `pyrois audit`: looks for what is not safe in the configuration of an application. */
import type { Finding, Level } from "../audit.ts";
import { loadApp } from "./application.ts";
import { type Command, textOf, UsageError } from "./command.ts";
import { exitWhenWritten, type Paint, painter, print, wrap } from "./terminal.ts";

/** Levels of findings, the worst first. */
const LEVELS: readonly Level[] = ["high", "medium", "low", "note"];

const COLORS = { high: "red", medium: "yellow", low: "cyan", note: "dim" } as const;
const WIDTH = 72;

function linesOf({ level, rule, what, where, how }: Finding, paint: Paint): string[] {
  const row = (name: string, text: string) =>
    wrap(text, WIDTH).map((line, index) => `  ${paint("dim", (index === 0 ? name : "").padEnd(6))}${line}`);
  return [
    `${paint(COLORS[level], level)} ${paint("bold", rule)}`,
    ...row("what", what),
    ...row("where", where),
    ...row("how", how),
  ];
}

function failOn(text = "high"): readonly Level[] {
  const at = [...LEVELS, "never"].indexOf(text as Level);
  if (at < 0) throw new UsageError(`--fail-on is ${LEVELS.join(", ")} or never, not ${JSON.stringify(text)}`);
  return text === "never" ? [] : LEVELS.slice(0, at + 1);
}

export const command: Command = {
  usage: "FILE [options]",
  summary: "looks for what is not safe in an application",
  details:
    "FILE is a module whose default export, or export `app`, is an application. Shows what is not safe in how it is set " +
    "up, the worst first: what it is, where, and how to mend it.",
  options: {
    "fail-on": {
      type: "string",
      value: "LEVEL",
      says: `exit code 1 from this level up: ${LEVELS.join(", ")}, or never; default: high`,
    },
    production: { type: "boolean", says: "as where strangers come; default: where NODE_ENV is production" },
    json: { type: "boolean", says: "prints an array of objects; off by default" },
  },
  positionals: [1, 1],
  examples: ["pyrois audit src/app.ts --production", "pyrois audit src/app.ts --fail-on medium"],
  async run(given) {
    const failing = failOn(textOf(given, "fail-on"));
    const { audit } = await import("../audit.ts");
    const asked = given.options.production === true ? { production: true } : {};
    const found = audit(await loadApp(given.positionals[0]), asked);
    const paint = painter(process.stdout);
    if (given.options.json === true) print(JSON.stringify(found, null, 2));
    else if (found.length === 0) print("nothing was found");
    else print(...found.flatMap((finding) => [...linesOf(finding, paint), ""]));
    return exitWhenWritten(found.some(({ level }) => failing.includes(level)) ? 1 : 0);
  },
};
