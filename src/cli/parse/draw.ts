/** Draws bytes line by line, with what they are below them. */
import type { Paint } from "../terminal.ts";
import type { Span } from "./read.ts";

/** Columns before the bytes, for their offset, and for the bytes. */
const GUTTER = 8;
const WIDTH = 70;

/** A byte as one character: what cannot be seen has a sign of its own. */
function glyph(byte: number): string {
  if (byte >= 0x21 && byte < 0x7f) return String.fromCharCode(byte);
  if (byte < 0x21) return byte === 0x20 ? " " : String.fromCharCode(0x2400 + byte);
  return byte === 0x7f ? "\u2421" : "\u00b7";
}

function gutter(text = ""): string {
  return `${text.padStart(GUTTER - 2)}  `;
}

/** A row of bytes [start, end) and what is drawn below it. */
interface Row {
  readonly start: number;
  readonly end: number;
}

/** Rows of [start, end): each line has its own, and long ones several. */
function rowsOf(bytes: Uint8Array, start: number, end: number): Row[] {
  const rows: Row[] = [];
  for (let at = start; at < end; ) {
    const feed = bytes.indexOf(0x0a, at);
    const next = Math.min(end, at + WIDTH, feed < 0 ? end : feed + 1);
    rows.push({ start: at, end: next });
    at = next;
  }
  return rows;
}

/** Lines under a row, and a label for each span that begins in it, the last one uppermost. */
function underlines({ start, end }: Row, spans: readonly Span[], paint: Paint): string[] {
  const shown = spans.filter((span) => span.start < end && span.end > start && span.end > span.start);
  if (shown.length === 0) return [];
  const marks = Array.from({ length: end - start }, () => " ");
  for (const span of shown) {
    for (let at = Math.max(span.start, start); at < Math.min(span.end, end); ++at) marks[at - start] = "─";
  }
  const labels = shown.filter((span) => span.start >= start).reverse();
  const lines = labels.map((span, index) => {
    const columns = labels.slice(index + 1).map((each) => each.start - start);
    const before = Array.from({ length: span.start - start }, (_, at) => (columns.includes(at) ? "│" : " ")).join("");
    return `${gutter()}${before}${paint("dim", "└")} ${paint("cyan", span.what)} ${paint("dim", `${span.start}–${span.end}`)}`;
  });
  return [`${gutter()}${paint("dim", marks.join("").trimEnd())}`, ...lines];
}

/** Draws the bytes [start, end), with these spans below them. */
export function drawSpans(
  bytes: Uint8Array,
  start: number,
  end: number,
  spans: readonly Span[],
  paint: Paint,
): string[] {
  return rowsOf(bytes, start, end).flatMap((row) => {
    const text = Array.from(bytes.subarray(row.start, row.end), glyph).join("");
    return [`${paint("dim", gutter(String(row.start)))}${text}`, ...underlines(row, spans, paint)];
  });
}

/** Draws the bytes from `start` on to the end of the line that has `offset`, with a caret below that. */
export function drawError(bytes: Uint8Array, start: number, offset: number, says: string, paint: Paint): string[] {
  const feed = bytes.indexOf(0x0a, offset);
  const rows = rowsOf(bytes, start, feed < 0 ? bytes.length : feed + 1);
  const at = rows.findIndex((row) => offset < row.end);
  // Past the last byte, where one is missing.
  const wrong = at < 0 ? Math.max(0, rows.length - 1) : at;
  // What comes long before it says nothing of it.
  return rows.slice(Math.max(0, wrong - 8), wrong + 1).flatMap((row, index, shown) => {
    const text = Array.from(bytes.subarray(row.start, row.end), glyph).join("");
    const line = `${paint("dim", gutter(String(row.start)))}${text}`;
    if (index < shown.length - 1) return [line];
    return [line, `${gutter()}${" ".repeat(offset - row.start)}${paint("red", `^ ${says}`)}`];
  });
}
