/** What a command is: how it is called, what it says of itself, and what it does. */
import { type ParseArgsConfig, parseArgs } from "node:util";

type Options = NonNullable<ParseArgsConfig["options"]>;

/** One option of a command. */
export interface OptionInfo {
  readonly type: "string" | "boolean";
  readonly short?: string;
  readonly multiple?: boolean;
  /** What stands for its value in the help: PORT, FILE … */
  readonly value?: string;
  /** What it does, and its default. */
  readonly says: string;
}

/** What was given to a command. */
export interface Given {
  readonly options: Readonly<Record<string, string | boolean | readonly (string | boolean)[] | undefined>>;
  readonly positionals: readonly string[];
}

export interface Command {
  /** How it is called, after its name: "FILE [options]". */
  readonly usage: string;
  /** One sentence, for the list of commands. */
  readonly summary: string;
  /** More than that, for its own help; paragraphs. */
  readonly details: string;
  readonly options: Readonly<Record<string, OptionInfo>>;
  /** Fewest and most arguments beside the options. */
  readonly positionals: readonly [least: number, most: number];
  readonly examples: readonly string[];
  /** Resolves with the exit code. */
  run(given: Given): Promise<number>;
}

/** Called in a way that makes no sense: shown without a stack, exit code 2. */
export class UsageError extends Error {}

/** Something that went wrong and that is no fault of ours: shown without a stack, exit code 1. */
export class CommandError extends Error {}

/** Steps from one word to the other, by letters put in, left out or exchanged. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let at = 1; at <= a.length; ++at) {
    const next = [at];
    for (let to = 1; to <= b.length; ++to) {
      const same = a[at - 1] === b[to - 1] ? 0 : 1;
      next.push(Math.min(row[to] + 1, next[to - 1] + 1, row[to - 1] + same));
    }
    row = next;
  }
  return row[b.length];
}

/** The known name that is most like a wrong one; null where none is. */
export function nearest(name: string, known: readonly string[]): string | null {
  const ranked = known.map((each) => [distance(name.toLowerCase(), each), each] as const);
  const [best] = ranked.sort(([a], [b]) => a - b);
  return best !== undefined && best[0] <= Math.max(1, Math.floor(name.length / 2)) ? best[1] : null;
}

/** What says that a name is not known, and which one may be meant. */
export function unknown(what: string, name: string, near: string | null, where: string): UsageError {
  const meant = near === null ? "" : ` Do you mean ${near}?`;
  return new UsageError(`there is no ${what} ${name}.${meant} "${where}" lists what there is.`);
}

/**
 * Reads the words after the name of a command. Throws a UsageError that names the option or the argument that makes no
 * sense, with the nearest one that does.
 */
export function read(name: string, command: Command, words: readonly string[]): Given {
  const options: Options = { help: { type: "boolean", short: "h" } };
  for (const [option, { type, short, multiple }] of Object.entries(command.options)) {
    options[option] = { type, ...(short && { short }), ...(multiple && { multiple }) };
  }
  const help = `pyrois ${name} --help`;
  const { tokens, values, positionals } = parseArgs({
    args: [...words],
    options,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  for (const token of tokens) {
    if (token.kind !== "option") continue;
    const known = Object.hasOwn(options, token.name) ? options[token.name] : undefined;
    if (known === undefined) {
      const near = nearest(token.name, Object.keys(options));
      throw unknown("option", token.rawName, near && `--${near}`, help);
    }
    if (known.type === "string" && token.value === undefined) {
      throw new UsageError(
        `${token.rawName} needs a value: ${token.rawName} ${command.options[token.name].value ?? ""}`,
      );
    }
    if (known.type === "boolean" && token.value !== undefined) {
      throw new UsageError(`${token.rawName} takes no value, not ${JSON.stringify(token.value)}`);
    }
  }
  if (values.help !== true) checkCount(command, positionals, help);
  return { options: values, positionals };
}

function checkCount({ usage, positionals: [least, most] }: Command, given: readonly string[], help: string): void {
  if (given.length < least)
    throw new UsageError(`${usage.split(" ")[0]} is missing. "${help}" shows how it is called.`);
  if (given.length > most) {
    throw new UsageError(`${JSON.stringify(given[most])} is one argument too many. "${help}" shows how it is called.`);
  }
}

/** The text that an option was given; undefined where it was not. */
export function textOf({ options }: Given, name: string): string | undefined {
  const value = options[name];
  return typeof value === "string" ? value : undefined;
}

/** The whole number that an option was given, or the default; throws a UsageError where it is none or out of its range. */
export function numberOf<D extends number | undefined>(
  given: Given,
  name: string,
  byDefault: D,
  [least, most]: readonly [number, number],
): number | D {
  const text = textOf(given, name);
  return text === undefined ? byDefault : wholeNumber(`--${name}`, text, [least, most]);
}

/** The whole number that a text is; throws a UsageError, by this name, where it is none or out of its range. */
export function wholeNumber(name: string, text: string, [least, most]: readonly [number, number]): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= least && value <= most) return value;
  const upTo = most === Number.MAX_SAFE_INTEGER ? "up" : `to ${most}`;
  throw new UsageError(`${name} must be a whole number from ${least} ${upTo}, not ${JSON.stringify(text)}`);
}
