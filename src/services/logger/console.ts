/** Where lines are read by people: standard output, in colour where it is a terminal. */
import type { LineStream } from "./options.ts";

/** Lines that wait for a reader of standard output, in bytes; what comes beyond is lost. */
const MAX_WAITING = 1_048_576;

/**
 * Whether to write in colour: as FORCE_COLOR says, else not where NO_COLOR is set, else where a terminal reads. Both are
 * variables of the environment that many programs know (no-color.org, force-color.org).
 */
export function wantsColor(environment: NodeJS.ProcessEnv, isTerminal: boolean): boolean {
  const { FORCE_COLOR: force, NO_COLOR: no, TERM: terminal } = environment;
  if (force !== undefined) return force !== "0" && force !== "false";
  if (no !== undefined && no !== "") return false;
  return isTerminal && terminal !== "dumb";
}

/**
 * A line of JSON whose control characters show as `\u001b`: a terminal would do what they say, and they may be a
 * client's. Line feeds stay, for stacks have them.
 */
function visible(line: string): string {
  const shown = line.replace(/\\./g, (pair) => (/["\\/nt]$/.test(pair) ? pair : `\\${pair}`));
  return shown.replace(/[\x7f-\x9f]/g, (character) => `\\\\u00${character.charCodeAt(0).toString(16)}`);
}

/** Lines of JSON, as they are, to standard output. Each is written when `write` returns. */
async function standardOutput(): Promise<LineStream> {
  const { pino } = await import("pino");
  const stream = pino.destination({ dest: 1, sync: true, maxLength: MAX_WAITING });
  let told = false;
  stream.on("error", (error: Error) => {
    if (!told) console.error(`pyrois: the log cannot be written to standard output: ${error.message}`);
    told = true;
  });
  return stream;
}

/** Standard output for lines of JSON, which it shows as they are, or for people. */
export async function openConsole(pretty: boolean, colorize: boolean): Promise<LineStream> {
  const output = await standardOutput();
  if (!pretty) return output;
  const { prettyFactory } = await import("pino-pretty");
  // As a function, not as a stream: a stream is done with a line only later, and a process may have ended by then.
  const prettify = prettyFactory({ colorize, translateTime: "SYS:HH:MM:ss.l", ignore: "pid", singleLine: false });
  return { write: (line) => output.write(prettify(visible(line))) };
}
