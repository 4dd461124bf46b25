/** `pyrois parse`: shows how bytes are parsed, or why they are not. */
import { readFileSync } from "node:fs";
import { buffer } from "node:stream/consumers";
import { REASON_PHRASES } from "../h1/index.ts";
import { PARSE_ERRORS } from "../parser/index.ts";
import { type Command, CommandError, textOf } from "./command.ts";
import { drawError, drawSpans } from "./parse/draw.ts";
import { type FieldLine, type Message, type Outcome, readMessages } from "./parse/read.ts";
import { columns, type Paint, painter, print } from "./terminal.ts";

/** Pieces of content that are listed. */
const PIECES_MAX = 20;

async function bytesOf(name: string | undefined): Promise<Uint8Array> {
  if (name === undefined || name === "-") return buffer(process.stdin);
  try {
    return readFileSync(name);
  } catch (error) {
    throw new CommandError(`cannot read ${name}: ${(error as Error).message}`);
  }
}

function fieldRows(fields: readonly FieldLine[], paint: Paint): string[] {
  return columns(fields.map(({ name, value }) => [`  ${paint("cyan", name)}`, JSON.stringify(value)]));
}

/** What comes after the head. */
function contentLines({ framing, contentLength, content, trailers, end }: Message, paint: Paint): string[] {
  const size = content.reduce((sum, piece) => sum + piece.end - piece.start, 0);
  const announced = contentLength === null ? "" : ` of ${contentLength} bytes`;
  const lines = [`${paint("bold", "framing")}: ${framing}${announced}`];
  if (framing !== "none") {
    lines.push(
      `${paint("bold", "content")}: ${size} bytes in ${content.length} ${content.length === 1 ? "piece" : "pieces"}`,
    );
  }
  if (framing === "chunked") {
    const rows = content
      .slice(0, PIECES_MAX)
      .map((piece) => [`  ${piece.start}–${piece.end}`, `${piece.end - piece.start} bytes`]);
    lines.push(...columns(rows));
    if (content.length > PIECES_MAX) lines.push(`  and ${content.length - PIECES_MAX} more`);
  }
  if (trailers.length > 0) lines.push(paint("bold", "trailers:"), ...fieldRows(trailers, paint));
  if (end !== null) lines.push(`${paint("bold", "ends")} at byte ${end}`);
  return lines;
}

function messageLines(bytes: Uint8Array, message: Message, paint: Paint): string[] {
  const spans = [...message.startLine, ...message.fields.flatMap(({ nameAt, valueAt }) => [nameAt, valueAt])];
  const meaning = Object.entries(message.meaning).filter(([, value]) => value !== "" && value !== false);
  return [
    paint("bold", `${message.type} at byte ${message.head.start}`),
    "",
    ...drawSpans(bytes, message.head.start, message.head.end, spans, paint),
    "",
    ...columns(meaning.map(([name, value]) => [paint("bold", name), String(value)])),
    ...(message.fields.length === 0 ? [] : [paint("bold", "fields:"), ...fieldRows(message.fields, paint)]),
    ...contentLines(message, paint),
    "",
  ];
}

function outcomeLines(bytes: Uint8Array, { messages, error, incomplete }: Outcome, paint: Paint): string[] {
  if (incomplete !== null) return [paint("yellow", "incomplete: the end of the message has not come")];
  if (error === null) return messages.length === 0 ? [paint("yellow", "there are no bytes")] : [];
  const { name, code, status, section } = error.error;
  const last = messages.at(-1);
  // Of content only what is wrong is of interest, not the head before it.
  const start = last === undefined ? 0 : (last.end ?? last.head.end);
  return [
    ...drawError(bytes, start, error.offset, name, paint),
    "",
    `${paint("red", name)}: ${PARSE_ERRORS.get(code)?.message} (${section}, at byte ${error.offset})`,
    `${paint("bold", "status")}: ${status} ${REASON_PHRASES[status] ?? ""}`,
  ];
}

function asJson({ messages, error, incomplete }: Outcome): string {
  const told = error && {
    name: error.error.name,
    code: error.error.code,
    message: PARSE_ERRORS.get(error.error.code)?.message,
    status: error.error.status,
    section: error.error.section,
    offset: error.offset,
  };
  return JSON.stringify({ messages, error: told, incomplete }, null, 2);
}

export const command: Command = {
  usage: "[FILE] [options]",
  summary: "shows how bytes are parsed, or why not",
  details:
    "Reads requests from FILE, or from standard input, and draws what is found in each: the parts of its head with " +
    "their offsets, its fields, how its content is framed, chunks and trailers. Where something is wrong it shows the " +
    "byte, the name of the error, the status that a server answers, and the section of the RFC.\n\n" +
    "Limits are the defaults of a server. The exit code is 1 where a message is wrong or incomplete.",
  options: {
    response: { type: "boolean", short: "r", says: "reads responses; off by default" },
    method: { type: "string", short: "m", value: "METHOD", says: "method that responses answer; default: GET" },
    json: { type: "boolean", says: "prints an object; off by default" },
  },
  positionals: [0, 1],
  examples: ["printf 'GET / HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n' | pyrois parse", "pyrois parse --response answer.txt"],
  async run(given) {
    const bytes = await bytesOf(given.positionals[0]);
    const method = textOf(given, "method") ?? "GET";
    const outcome = readMessages(bytes, { response: given.options.response === true, method });
    const paint = painter(process.stdout);
    if (given.options.json === true) print(asJson(outcome));
    else {
      const lines = outcome.messages.flatMap((message) => messageLines(bytes, message, paint));
      print(...lines, ...outcomeLines(bytes, outcome, paint));
    }
    return outcome.error === null && outcome.incomplete === null && bytes.length > 0 ? 0 : 1;
  },
};
