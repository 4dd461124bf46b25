/** What is made of content by what its Content-Type says. */
import type { RequestHead } from "../parser/index.ts";
import { DecodedContent, type RequestContent } from "./decoded.ts";
import type { Environment } from "./environment.ts";
import { collectParts, parseUrlencoded, URLENCODED } from "./form.ts";
import { parseJson } from "./json.ts";
import { type MediaType, parseMediaType, requireUtf8 } from "./media-type.ts";
import { MULTIPART, readParts } from "./multipart.ts";
import { UnsupportedMediaTypeError } from "./status-errors.ts";

const FORMS = `${URLENCODED}, ${MULTIPART}`;

/** What TextDecoder calls these is the superset of both that is met in their place. */
const ONE_BYTE_CHARSET = /^(?:us-ascii|ascii|latin1|iso-8859-1)$/i;

function typeOf({ headers }: RequestHead): MediaType | null {
  return parseMediaType(headers.get("content-type") ?? "");
}

/** Throws an HttpError 415 where content is encoded, and nobody has undone that (RFC 9110 §8.4, §15.5.16). */
export function refuseEncoded({ headers }: RequestHead, content: RequestContent): void {
  const coding = headers.get("content-encoding");
  if (coding === null || content instanceof DecodedContent || /^identity$/i.test(coding)) return;
  throw new UnsupportedMediaTypeError(`the content must not be encoded, and is by ${coding}`, {
    headers: { "Accept-Encoding": "identity" },
  });
}

/** The value of JSON; throws as `HttpRequest.json` rejects. */
export function readJson(
  bytes: Uint8Array,
  head: RequestHead,
  content: RequestContent,
  { limits }: Environment,
): unknown {
  try {
    return parseJson(bytes, limits.maxJsonDepth);
  } catch (error) {
    // Asked only here: what is encoded is no JSON.
    refuseEncoded(head, content);
    throw error;
  }
}

/** The content as a form, in memory: what it was made of can still be read. As `HttpRequest.form`. */
export async function readForm(
  head: RequestHead,
  content: RequestContent,
  environment: Environment,
): Promise<FormData> {
  refuseEncoded(head, content);
  const form = formOf(typeOf(head), content, environment);
  if (form !== null) return form;
  throw new UnsupportedMediaTypeError(`the content must be ${URLENCODED} or ${MULTIPART}`, {
    headers: { Accept: FORMS },
  });
}

/** The content as its Content-Type says. As `HttpRequest.parse`. */
export async function readParsed(
  head: RequestHead,
  content: RequestContent,
  environment: Environment,
): Promise<unknown> {
  const type = typeOf(head);
  const bytes = await content.bytes();
  if (bytes.length === 0) return null;
  if (type === null) return bytes;
  refuseEncoded(head, content);
  if (/^application\/json$|\+json$/.test(type.essence)) return parseJson(bytes, environment.limits.maxJsonDepth);
  if (type.essence.startsWith("text/")) return decodeText(bytes, type);
  return formOf(type, content, environment) ?? bytes;
}

/** The form that content of a type is; null where it is none. Throws and rejects where it is a wrong one. */
function formOf(type: MediaType | null, content: RequestContent, environment: Environment): Promise<FormData> | null {
  if (type?.essence !== URLENCODED && type?.essence !== MULTIPART) return null;
  requireUtf8(type, "a form");
  const { maxFormFields } = environment.limits;
  if (type.essence === URLENCODED) return content.read((bytes) => parseUrlencoded(bytes, maxFormFields));
  // Parts are counted as fields, which urlencoded ones are too.
  const limits = { ...environment.limits, maxParts: Number.POSITIVE_INFINITY };
  return collectParts(
    readParts(() => inOnePiece(content), type, environment, limits),
    maxFormFields,
  );
}

async function* inOnePiece(content: RequestContent): AsyncGenerator<Uint8Array, void, undefined> {
  yield await content.bytes();
}

function decodeText(bytes: Uint8Array, type: MediaType): string {
  const charset = type.parameters.get("charset") ?? "utf-8";
  if (ONE_BYTE_CHARSET.test(charset)) return new TextDecoder("latin1").decode(bytes);
  requireUtf8(type, "text");
  return new TextDecoder().decode(bytes);
}
