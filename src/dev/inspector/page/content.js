/** Content and heads as people read them: text, JSON with its lines set apart, and bytes. */
import { make, size } from "./dom.js";

/** Bytes of a line of hexadecimal digits; half of it where the screen is narrow. */
const ROW = matchMedia("(max-width: 600px)").matches ? 8 : 16;
/** Bytes that are shown as digits at first: more of them make a page slow. */
const HEX_MAX = 16_384;

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** The bytes of base64. */
export function bytesOf(base64) {
  return Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
}

/** Bytes as text; null where they are none. The last character may be cut off. */
function textOf(bytes, whole) {
  for (let cut = 0; cut <= (whole ? 0 : 3); ++cut) {
    try {
      const text = utf8.decode(bytes.subarray(0, bytes.length - cut));
      return text.includes("\0") ? null : text;
    } catch {
      // One byte less, then.
    }
  }
  return null;
}

const INDENT = "  ";

/** JSON with lines and indentation; its values stay as they were written, large numbers too. Null where it is no JSON. */
export function prettyJson(text) {
  try {
    JSON.parse(text);
  } catch {
    return null;
  }
  let depth = 0;
  let pretty = "";
  const line = () => `\n${INDENT.repeat(depth)}`;
  const tokens = text.match(/"(?:[^"\\]|\\.)*"|[[\]{},:]|[^\s[\]{},:"]+/g) ?? [];
  for (const [index, token] of tokens.entries()) {
    const opens = token === "{" || token === "[";
    const closes = token === "}" || token === "]";
    const isEmpty = closes && (tokens[index - 1] === "{" || tokens[index - 1] === "[");
    if (closes) --depth;
    if (closes && !isEmpty) pretty += line();
    pretty += token;
    if (opens) ++depth;
    if ((opens && tokens[index + 1] !== "}" && tokens[index + 1] !== "]") || token === ",") pretty += line();
    if (token === ":") pretty += " ";
  }
  return pretty;
}

const hex = (number, digits) => number.toString(16).padStart(digits, "0");

/** Lines of an offset, hexadecimal digits, and characters. */
export function hexLines(bytes, row = ROW) {
  const lines = [];
  for (let at = 0; at < bytes.length; at += row) {
    const part = [...bytes.subarray(at, at + row)];
    const digits = part.map((byte) => hex(byte, 2)).join(" ");
    const text = part.map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : "·")).join("");
    lines.push(`${hex(at, 6)}  ${digits.padEnd(3 * row - 1)}  ${text}`);
  }
  return lines.join("\n");
}

/** A head with the offset of each of its lines. */
function linesWithOffsets(bytes) {
  const text = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  let at = 0;
  const lines = [];
  for (const line of text.split(/(?<=\r\n)/)) {
    lines.push(`${hex(at, 6)}  ${line.replace(/\r\n$/, "\\r\\n")}`);
    at += line.length;
  }
  return lines.join("\n");
}

function pre(text, label) {
  return make("pre", { tabindex: 0, role: "region", "aria-label": label }, text);
}

/** One of several views of the same, chosen by buttons; `views` are names and functions that make text. */
function choice(label, views) {
  const place = make("div");
  const buttons = views.map(([name, text], index) =>
    make(
      "button",
      {
        type: "button",
        "aria-pressed": String(index === 0),
        click: (event) => {
          for (const button of buttons) button.setAttribute("aria-pressed", String(button === event.currentTarget));
          place.replaceChildren(pre(text(), `${label}, ${name}`));
        },
      },
      name,
    ),
  );
  place.append(pre(views[0][1](), `${label}, ${views[0][0]}`));
  return make(
    "div",
    { class: "choice" },
    make("div", { role: "group", "aria-label": `${label} as` }, ...buttons),
    place,
  );
}

const hexView = (bytes) => [
  "Hex",
  () =>
    `${hexLines(bytes.subarray(0, HEX_MAX))}${bytes.length > HEX_MAX ? `\n… ${bytes.length - HEX_MAX} bytes more` : ""}`,
];

/** The raw head of a message. */
export function headView(label, base64) {
  const bytes = bytesOf(base64);
  return choice(label, [["Lines", () => linesWithOffsets(bytes)], hexView(bytes)]);
}

/** Content as `Shown` of the server tells of it. */
export function contentView(label, shown) {
  if (shown.size === 0) return make("p", { class: "quiet" }, "none");
  const bytes = bytesOf(shown.plain ?? shown.bytes);
  const text = textOf(bytes, shown.whole);
  const pretty = text === null ? null : prettyJson(text);
  const views = [];
  if (pretty !== null) views.push(["JSON", () => pretty]);
  if (text !== null) views.push(["Text", () => text]);
  views.push(hexView(bytes));
  if (shown.plain !== null) {
    const raw = bytesOf(shown.bytes);
    views.push(["As sent", () => hexLines(raw.subarray(0, HEX_MAX))]);
  }
  const note = shown.whole ? size(shown.size) : `${size(shown.size)}, of which the beginning was kept`;
  return make("div", {}, make("p", { class: "quiet" }, note), choice(label, views));
}
