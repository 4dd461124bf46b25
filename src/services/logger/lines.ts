/** From a request that is over to one line; nothing that a client sends can make it two. */
import type { AccessEntry } from "./access-entry.ts";

// biome-ignore lint/suspicious/noControlCharactersInRegex: those are what is looked for
const UNSAFE = /[\x00-\x1f"\\\x7f-\uffff]/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: as above
const CONTROLS = /[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029]/g;

function hex(character: string): string {
  const code = character.charCodeAt(0);
  return code > 0xff ? `\\u${code.toString(16).padStart(4, "0")}` : `\\x${code.toString(16).padStart(2, "0")}`;
}

/** A text for within quotes: quotes, backslashes and all that is no plain ASCII as `\x22`. */
function escaped(text: string): string {
  return UNSAFE.test(text) ? text.replace(new RegExp(UNSAFE, "g"), hex) : text;
}

/** A line of whatever text: control characters, line ends among them, are as `\x0a`. */
export function oneLine(text: string): string {
  return text.replace(CONTROLS, hex);
}

/** A text in JSON, of plain ASCII. */
function jsonText(text: string): string {
  // The longer way takes twice as long.
  if (!UNSAFE.test(text)) return `"${text}"`;
  return JSON.stringify(text).replace(/[\x7f-\uffff]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}

const MONTHS = "Jan,Feb,Mar,Apr,May,Jun,Jul,Aug,Sep,Oct,Nov,Dec".split(",");
const two = (number: number) => String(number).padStart(2, "0");

/** Times in words, made once a second. */
let second = -1;
let stamp = "";
let isoSecond = "";

function setSecond(time: number): void {
  const now = Math.floor(time / 1000);
  if (now === second) return;
  second = now;
  const date = new Date(now * 1000);
  const day = `${two(date.getUTCDate())}/${MONTHS[date.getUTCMonth()]}/${date.getUTCFullYear()}`;
  isoSecond = date.toISOString().slice(0, 19);
  stamp = `${day}:${isoSecond.slice(11)} +0000`;
}

/** The Common Log Format, in UTC; who the user is nobody knows here. */
export function common(entry: AccessEntry): string {
  const { client, method, target, version, status, bytes } = entry;
  setSecond(entry.time);
  return `${client} - - [${stamp}] "${method} ${escaped(target)} HTTP/${version}" ${status} ${bytes}`;
}

/** The same with Referer and User-Agent: the Combined Log Format. */
export function combined(entry: AccessEntry): string {
  const { referer, userAgent } = entry;
  if (referer === null && userAgent === null) return `${common(entry)} "-" "-"`;
  return `${common(entry)} "${escaped(referer ?? "-")}" "${escaped(userAgent ?? "-")}"`;
}

/** One object; what is not there is left out. Written by hand: JSON.stringify takes 1.4 times as long. */
export function json(entry: AccessEntry): string {
  const { time, client, method, target, version, status, bytes, duration, referer, userAgent, id } = entry;
  setSecond(time);
  const iso = `${isoSecond}.${String(time % 1000).padStart(3, "0")}Z`;
  let line = `{"time":"${iso}","client":${jsonText(client)},"method":"${method}","target":${jsonText(target)}`;
  line += `,"version":"${version}","status":${status},"bytes":${bytes},"duration":${duration}`;
  if (referer !== null) line += `,"referer":${jsonText(referer)}`;
  if (userAgent !== null) line += `,"userAgent":${jsonText(userAgent)}`;
  if (id !== undefined) line += `,"id":${jsonText(String(id))}`;
  return `${line}}`;
}
