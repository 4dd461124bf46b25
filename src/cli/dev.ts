/** `pyrois dev`: serves a module while it is worked on. */
import path from "node:path";
import { locate } from "./application.ts";
import type { Command } from "./command.ts";
import { placeText } from "./dev/page.ts";
import { Session, type SessionEvents, type Took } from "./dev/session.ts";
import { PLACE, placeOf } from "./start.ts";
import { hasColors, painter, print } from "./terminal.ts";

/** Folders that commonly hold templates. */
const TEMPLATES = ["templates", "views"];

const relative = (files: readonly string[]) => files.map((file) => path.relative(process.cwd(), file)).join(", ");
const timeOf = ({ time, cpu }: Took) => `in ${time.toFixed(0)} ms (${cpu.toFixed(0)} ms of CPU time)`;

/** Tells on the terminal what happens. */
function telling(): SessionEvents {
  const paint = painter(process.stdout);
  const told = new Set<string>();
  return {
    started(took) {
      if (took !== null) print(`${paint("green", "restarted")} ${timeOf(took)}`);
    },
    listening({ address, family, port }) {
      const host = `${family === "IPv6" ? `[${address}]` : address}:${port}`;
      if (!told.has(host)) print(`${paint("green", "listening")} on ${paint("cyan", `http://${host}/`)}`);
      told.add(host);
    },
    swapped: (files, took) => print(`${paint("green", "loaded")} ${relative(files)} ${timeOf(took)}`),
    changed: (files) => print(`${paint("dim", "changed")} ${relative(files)}`),
    failed(failure) {
      const place = placeText(failure);
      print(`${paint("red", "failed:")} ${failure.message}${place === "" ? "" : ` (${place})`}`);
      for (const [line, text] of failure.source) {
        const mark = line === failure.place?.line;
        print(paint(mark ? "red" : "dim", `${mark ? ">" : " "} ${String(line).padStart(4)} | ${text}`));
      }
      print("waiting for a change");
    },
    slow: (milliseconds) =>
      print(
        `${paint("dim", "starting")} for ${milliseconds / 1000} s now: a top-level await waits, or a loop does not end`,
      ),
    silent: () => print("it exports no application and listens nowhere yet"),
  };
}

export const command: Command = {
  usage: "FILE [options]",
  summary: "serves a module, and starts it anew when it changes",
  details:
    "FILE is a module whose default export, or export `app`, is an application, or one that listens by itself. What it " +
    "has loaded is watched, except for packages, and folders with templates; when a file changes the module is started " +
    "anew. Connections that come meanwhile wait. A change of a module that the application has loaded by app.load is " +
    "loaded without a restart.\n\n" +
    "While the module is broken the port answers with a page that shows the error, and goes when that does.\n\n" +
    "NODE_ENV is development where it is not set, and applications that do not say otherwise are in development mode.",
  options: {
    ...PLACE,
    watch: {
      type: "string",
      short: "w",
      value: "PATH",
      multiple: true,
      says: `a file or folder to watch too, as often as you like; default: ${TEMPLATES.join(" and ")}`,
    },
  },
  positionals: [1, 1],
  examples: ["pyrois dev src/app.ts", "pyrois dev src/app.ts --port 3000 --watch pages"],
  async run(given) {
    const file = locate(given.positionals[0]);
    const paths = (given.options.watch as string[] | undefined) ?? TEMPLATES;
    const watch = paths.map((each) => path.resolve(each));
    const session = new Session({ file, place: placeOf(given), watch }, telling());
    session.start();
    await new Promise<void>((resolve) => {
      for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => resolve());
    });
    if (hasColors(process.stdout)) print("");
    await session.close();
    return 0;
  },
};
