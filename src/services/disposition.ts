/** Content-Disposition (RFC 6266). */
import { percentEncode } from "../http/index.ts";

/** What file names cannot have on one system or another, and no name should bring along. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const NO_NAME = /[\x00-\x1f\x7f-\x9f/]/g;
/** Names that are the same to all clients as quoted text; some undo percent-encodings there, or know no backslashes. */
const PLAIN = /^[^%"\\\u0080-\uffff]*$/;
/** All but attr-char (RFC 8187 §3.2.1). */
const NO_ATTR_CHAR = /[^!#$&+\-.^_`|~0-9A-Za-z]+/gu;

/**
 * The value that has content saved under a name: as quoted text, and where that may be misread in UTF-8 as well, which
 * outranks it (RFC 6266 §4.3). Control characters and slashes become "_".
 */
export function attachment(name: string): string {
  const safe = name.replace(NO_NAME, "_");
  const ascii = safe.replace(/[^\x20-\x7e]/gu, "_").replace(/["\\]/g, "\\$&");
  const quoted = `attachment; filename="${ascii}"`;
  return PLAIN.test(safe) ? quoted : `${quoted}; filename*=UTF-8''${percentEncode(safe, NO_ATTR_CHAR)}`;
}
