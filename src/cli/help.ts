/** What `pyrois --help` and `pyrois COMMAND --help` say. */
import type { Command } from "./command.ts";
import { columns, type Paint, wrap } from "./terminal.ts";

const WIDTH = 80;

/** The list of commands. */
export function overview(commands: Iterable<readonly [name: string, summary: string]>, paint: Paint): string[] {
  const rows = [...commands].map(([name, summary]) => [`  ${paint("cyan", name)}`, summary]);
  return [
    `${paint("bold", "pyrois")}: an HTTP/1.1 server and web framework`,
    "",
    `${paint("bold", "Usage:")} pyrois COMMAND [options]`,
    "",
    paint("bold", "Commands:"),
    ...columns(rows),
    "",
    `  "pyrois help COMMAND" says more of one. "pyrois --version" tells the version.`,
    "",
    paint("bold", "Examples:"),
    "  pyrois new hello           a project that runs and tests at once",
    "  pyrois dev src/app.ts      serves it, and starts it anew when it changes",
    "  pyrois start src/app.ts    serves it in production",
  ];
}

/** The help of one command. */
export function helpOf(name: string, command: Command, paint: Paint): string[] {
  const all = { ...command.options, help: { type: "boolean", short: "h", says: "shows this" } as const };
  const heads = Object.entries(all).map(([option, info]) => {
    const { short, value } = info as { short?: string; value?: string };
    return `  ${short === undefined ? "    " : `-${short}, `}--${option}${value === undefined ? "" : ` ${value}`}`;
  });
  const width = Math.max(...heads.map(({ length }) => length)) + 2;
  const options = Object.values(all).flatMap(({ says }, index) => {
    const [first, ...rest] = wrap(says, WIDTH - width);
    return [heads[index].padEnd(width) + first, ...rest.map((line) => " ".repeat(width) + line)];
  });
  return [
    `${paint("bold", "Usage:")} pyrois ${name} ${command.usage}`,
    "",
    ...command.details.split("\n\n").flatMap((paragraph) => [...wrap(paragraph, WIDTH), ""]),
    paint("bold", "Options:"),
    ...options,
    "",
    paint("bold", "Examples:"),
    ...command.examples.map((line) => `  ${line}`),
  ];
}
