/** Heads of responses, as Node's `ServerResponse` takes them. */
import type { ServerResponse } from "node:http";
import { sizeOf, streamFraming } from "../../h1/body.ts";
import { checkField, fieldLines, NO_FIELDS } from "../../h1/fields.ts";
import type { OutgoingMessage } from "../../h1/index.ts";

/** Statuses of responses without content (RFC 9110 §15.3.5, §15.3.6, §15.4.5). */
const WITHOUT_CONTENT: ReadonlySet<number> = new Set([204, 205, 304]);

/** Fields to which others may have added before, whose lines stay. */
const ADDED: ReadonlySet<string> = new Set(["set-cookie", "vary"]);

/**
 * The Content-Length that a response is to have; null where none is to be there. Throws a TypeError where the one that
 * was `announced` is wrong, and where there is content that may not be.
 */
function lengthOf(
  { status, body }: OutgoingMessage,
  announced: string | null,
  headOnly: boolean,
  iterated: boolean,
): string | null {
  const bare = WITHOUT_CONTENT.has(status);
  if (iterated) {
    if (bare) throw new TypeError(`a response of status ${status} has no content`);
    const framing = streamFraming(announced, "chunked");
    return framing === "chunked" ? null : String(framing);
  }
  const size = sizeOf(body);
  // A response to HEAD and a 304 may tell of content that is not there (RFC 9110 §8.6).
  const mayDiffer = size === 0 && (headOnly || status === 304);
  if (announced !== null && announced !== String(size) && !(mayDiffer && /^\d+$/.test(announced))) {
    throw new TypeError(`Content-Length says ${announced}, yet the content has ${size} bytes`);
  }
  if (bare && size > 0) throw new TypeError(`a response of status ${status} has no content`);
  return status === 204 || (status === 304 && announced === null) ? null : (announced ?? String(size));
}

/**
 * Gives a response its status and fields; what others have set of the same name makes way, but for cookies and `Vary`.
 * Throws as the serializer of the other servers where the message is not valid; then nothing was set.
 */
export function setHead(
  res: ServerResponse,
  message: OutgoingMessage,
  headOnly: boolean,
  iterated: boolean,
  close: boolean,
): void {
  const { status, contentType, fields } = message;
  if (!Number.isInteger(status) || status < 200 || status > 599) {
    throw new RangeError(`the status of a response is a whole number from 200 to 599, not ${status}`);
  }
  // Here for its checks, and for what it finds; the lines themselves are for Node to write.
  const own = fields === null ? NO_FIELDS : fieldLines(fields);
  const length = lengthOf(message, own.length, headOnly, iterated);
  if (contentType !== null) checkField("Content-Type", contentType);
  res.statusCode = status;
  if (contentType !== null) res.setHeader("Content-Type", contentType);
  const seen = new Set<string>();
  for (const [name, value] of fields ?? []) {
    const key = name.toLowerCase();
    if (key === "content-length") continue;
    if (seen.has(key) || ADDED.has(key)) res.appendHeader(name, value);
    else res.setHeader(name, value);
    seen.add(key);
  }
  if (length === null) res.removeHeader("Content-Length");
  else res.setHeader("Content-Length", length);
  if (own.options.length > 0) res.setHeader("Connection", [...(close ? ["close"] : []), ...own.options].join(", "));
}
