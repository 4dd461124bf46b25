/** What is made of content by what its Content-Type says. */
import type { Exchange, IncomingContent } from "../h1/index.ts";
import type { HeaderFields } from "../parser/index.ts";
import type { Environment } from "./environment.ts";
import { collectParts, parseUrlencoded, URLENCODED } from "./form.ts";
import { parseJson } from "./json.ts";
import { type MediaType, parseMediaType, requireUtf8 } from "./media-type.ts";
import { MULTIPART, readParts } from "./multipart.ts";
import { UnsupportedMediaTypeError } from "./status-errors.ts";

const FORMS = `${URLENCODED}, ${MULTIPART}`;

/** What TextDecoder calls these is the superset of both that is met in their place. */
const ONE_BYTE_CHARSET = /^(?:us-ascii|ascii|latin1|iso-8859-1)$/i;

function typeOf({ head }: Exchange): MediaType | null {
  return parseMediaType(head.headers.get("content-type") ?? "");
}

/** Throws an HttpError 415 where content is encoded, which nothing here undoes (RFC 9110 §8.4, §15.5.16). */
export function refuseEncoded(headers: HeaderFields): void {
  const coding = headers.get("content-encoding");
  if (coding === null || /^identity$/i.test(coding)) return;
  throw new UnsupportedMediaTypeError(`the content must not be encoded, and is by ${coding}`, {
    headers: { "Accept-Encoding": "identity" },
  });
}

/** The value of JSON; throws as `HttpRequest.json` rejects. */
export function readJson(bytes: Uint8Array, { head }: Exchange, { limits }: Environment): unknown {
  try {
    return parseJson(bytes, limits.maxJsonDepth);
  } catch (error) {
    // Asked only here: what is encoded is no JSON.
    refuseEncoded(head.headers);
    throw error;
  }
}

/** The content as a form, in memory: what it was made of can still be read. As `HttpRequest.form`. */
export async function readForm(exchange: Exchange, environment: Environment): Promise<FormData> {
  refuseEncoded(exchange.head.headers);
  const form = formOf(typeOf(exchange), exchange.content, environment);
  if (form !== null) return form;
  throw new UnsupportedMediaTypeError(`the content must be ${URLENCODED} or ${MULTIPART}`, {
    headers: { Accept: FORMS },
  });
}

/** The content as its Content-Type says. As `HttpRequest.parse`. */
export async function readParsed(exchange: Exchange, environment: Environment): Promise<unknown> {
  const { content } = exchange;
  const type = typeOf(exchange);
  const bytes = await content.bytes();
  if (bytes.length === 0) return null;
  if (type === null) return bytes;
  refuseEncoded(exchange.head.headers);
  if (/^application\/json$|\+json$/.test(type.essence)) return parseJson(bytes, environment.limits.maxJsonDepth);
  if (type.essence.startsWith("text/")) return decodeText(bytes, type);
  return formOf(type, content, environment) ?? bytes;
}

/** The form that content of a type is; null where it is none. Throws and rejects where it is a wrong one. */
function formOf(type: MediaType | null, content: IncomingContent, environment: Environment): Promise<FormData> | null {
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

async function* inOnePiece(content: IncomingContent): AsyncGenerator<Uint8Array, void, undefined> {
  yield await content.bytes();
}

function decodeText(bytes: Uint8Array, type: MediaType): string {
  const charset = type.parameters.get("charset") ?? "utf-8";
  if (ONE_BYTE_CHARSET.test(charset)) return new TextDecoder("latin1").decode(bytes);
  requireUtf8(type, "text");
  return new TextDecoder().decode(bytes);
}
