/** Requests as commands for curl, which any POSIX shell runs and which send the same again. */

/** Content above which it is not an argument any more, of which systems allow some 128 KiB. */
const ARGUMENT_MAX = 65_536;
/** What curl leaves as it is in a URL: of percent-encoding and brackets it may make something else. */
const PLAIN_TARGET = /^\/[\w\-~/.=&?+,:;@!*]*$/;
const DOT_SEGMENT = /\/\.{1,2}(?:[/?]|$)/;
/** What curl says of its own accord where it is told nothing. */
const OWN_FIELDS = ["accept", "user-agent"];
/** A form is what curl takes content for, and of large content it first asks whether it may come. */
const OWN_WITH_CONTENT = ["content-type", "expect"];

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** A word of a shell that is this text. */
function quote(text) {
  return /^[\w/.:=@%+,-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** Bytes as text that can stand between quotes and be pasted; null where they cannot. */
function textOf(bytes) {
  try {
    const text = utf8.decode(bytes);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what is looked for
    return /[\x00-\x09\x0b-\x1f\x7f]/.test(text) ? null : text;
  } catch {
    return null;
  }
}

/** What printf writes these bytes for: printable ASCII as it is, all else in octal digits. */
function printed(bytes) {
  let text = "";
  for (const byte of bytes) {
    const char = String.fromCharCode(byte);
    // Nor what means something to printf, to quotes, or to a shell that somebody types at.
    const plain = byte >= 0x20 && byte < 0x7f && !"%'\\!".includes(char);
    text += plain ? char : `\\${byte.toString(8).padStart(3, "0")}`;
  }
  // What begins with a dash would be taken for an option.
  return `'${text.startsWith("-") ? `\\055${text.slice(1)}` : text}'`;
}

/** A word of a shell that is these bytes, none of which is 0 or a line end. */
function quoteBytes(bytes) {
  const text = textOf(bytes);
  return text === null ? `"$(printf ${printed(bytes)})"` : quote(text);
}

/** Bytes and text of one character for each. */
const latin1 = (bytes) => Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
const bytesOf = (text) => Uint8Array.from(text, (char) => char.charCodeAt(0));

/** The field as curl is told of it: one without a value ends with a semicolon. */
const fieldOption = (name, value) => `-H ${quoteBytes(bytesOf(value === "" ? `${name};` : `${name}: ${value}`))}`;

/**
 * The command that sends a request to a server: `head` and `content` are its bytes, `origin` is where the server is, as
 * `http://localhost:8080`. Null where curl could not send it again: it asks for a tunnel.
 */
export function curlOf(head, content, origin) {
  const [start, ...lines] = latin1(head)
    .replace(/\r\n\r\n$/, "")
    .split("\r\n");
  const [method, target, version] = start.split(" ");
  if (method === "CONNECT") return null;
  const fields = lines.map((line) => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon), line.slice(colon + 1).trim()];
  });
  const has = (name) => fields.some(([key]) => key.toLowerCase() === name);
  const words = ["curl"];
  if (version === "HTTP/1.0") words.push("--http1.0");
  const plain = PLAIN_TARGET.test(target) && !DOT_SEGMENT.test(target);
  if (plain) words.push(quote(origin + target));
  else words.push(quote(`${origin}/`), "--request-target", quoteBytes(bytesOf(target)));
  const hasContent = has("content-length") || has("transfer-encoding");
  if (method === "HEAD" && !hasContent) words.push("--head");
  else if (method !== (hasContent ? "POST" : "GET")) words.push("-X", quote(method));
  for (const [name, value] of fields) {
    const key = name.toLowerCase();
    if (key === "content-length" || (key === "host" && value === origin.replace(/^https?:\/\//, ""))) continue;
    words.push(fieldOption(name, value));
  }
  for (const name of [...OWN_FIELDS, ...(hasContent ? OWN_WITH_CONTENT : [])]) {
    if (!has(name)) words.push(`-H '${name}:'`);
  }
  if (!has("host")) words.push("-H 'Host:'");
  if (!hasContent) return words.join(" ");
  const text = content.length <= ARGUMENT_MAX ? textOf(content) : null;
  if (text !== null) return [...words, "--data-raw", quote(text)].join(" ");
  return `printf ${printed(content)} | ${[...words, "--data-binary", "@-"].join(" ")}`;
}
