/** Requests and answers as text, one character a byte. */

const HOST_LINE = "Host: 127.0.0.1";

/** The line that says that the content is JSON. */
export const JSON_LINE = "Content-Type: application/json";

/**
 * @param {string} method
 * @param {string} target
 * @param {string[]} lines further lines of fields
 * @returns {string} a request head
 */
export function head(method, target, ...lines) {
  return [`${method} ${target} HTTP/1.1`, HOST_LINE, ...lines, "", ""].join("\r\n");
}

/**
 * @param {object} value
 * @returns {{ type: string, content: string }}
 */
export function jsonAnswer(value) {
  return { type: "application/json", content: JSON.stringify(value) };
}
