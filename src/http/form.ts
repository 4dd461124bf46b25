/** Forms, in both encodings that browsers send, as the FormData of the web. */
import type { HttpError } from "./errors.ts";
import type { Part } from "./multipart.ts";
import { BadRequestError, ContentTooLargeError } from "./status-errors.ts";
import { decodeUtf8 } from "./utf8.ts";

export const URLENCODED = "application/x-www-form-urlencoded";

function tooMany(max: number): HttpError {
  return new ContentTooLargeError(`the form has more fields than maxFormFields, ${max}`);
}

/**
 * The entries of a urlencoded form, in order and with names that are repeated. Throws an HttpError 400 where it is not
 * percent-encoded UTF-8, and 413 where there are more than `max`.
 */
export function parseUrlencoded(bytes: Uint8Array, max: number): FormData {
  const text = decodeUtf8(bytes, "the form");
  const form = new FormData();
  let count = 0;
  for (let start = 0; start < text.length; ) {
    const found = text.indexOf("&", start);
    const end = found < 0 ? text.length : found;
    if (end > start) {
      if (++count > max) throw tooMany(max);
      appendEntry(form, text.slice(start, end));
    }
    start = end + 1;
  }
  return form;
}

/** Adds `name=value`; without "=" it is a name whose value is empty. */
function appendEntry(form: FormData, entry: string): void {
  const at = entry.indexOf("=");
  if (at < 0) form.append(decodeComponent(entry), "");
  else form.append(decodeComponent(entry.slice(0, at)), decodeComponent(entry.slice(at + 1)));
}

function decodeComponent(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch (cause) {
    throw new BadRequestError("the form is not valid percent-encoded UTF-8", { cause });
  }
}

/** The parts as a form: those with a file name are files. Rejects with an HttpError 413 where there are more than `max`. */
export async function collectParts(parts: AsyncIterable<Part>, max: number): Promise<FormData> {
  const form = new FormData();
  let count = 0;
  for await (const part of parts) {
    if (++count > max) throw tooMany(max);
    const { name, filename, type } = part;
    if (filename === undefined) form.append(name, await part.text());
    else form.append(name, new File([(await part.bytes()) as Uint8Array<ArrayBuffer>], filename, { type }));
  }
  return form;
}
