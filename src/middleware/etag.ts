import { hash } from "node:crypto";
import { isPromise } from "../app/handler.ts";
import { described, type Middleware } from "../app/index.ts";
import { discardContent } from "../h1/index.ts";
import { type Answer, HttpHeaders, type HttpRequest, HttpResponse, OwnResponse, toResponse } from "../http/index.ts";
import { KeptResponse } from "../services/kept.ts";

/** entity-tag = [ "W/" ] DQUOTE *etagc DQUOTE (RFC 9110 §8.8.3) */
const ENTITY_TAG = /(?:W\/)?("[\x21\x23-\x7e\x80-\xff]*")/g;

/** Digits of base64 that a tag has: 132 bits. */
const TAG_LENGTH = 22;

/** What describes content, which a 304 has none of (RFC 9110 §15.4.5). */
const OF_CONTENT: ReadonlySet<string> = new Set([
  "content-encoding",
  "content-language",
  "content-length",
  "content-type",
  "last-modified",
]);

/** The tag of content: the same for the same bytes, and for no others. */
function tagOf(content: string | Uint8Array): string {
  return `"${hash("sha256", content, "base64url").slice(0, TAG_LENGTH)}"`;
}

/** The tag of a response whose content is there; null for others. */
function findTag(response: HttpResponse): string | null {
  const own = response.fields?.get("ETag") ?? null;
  if (own !== null) return own;
  const { body } = response;
  if (typeof body !== "string" && !(body instanceof Uint8Array)) return null;
  const made = response instanceof KeptResponse ? response.made : null;
  const tag = (made?.get("ETag") as string | undefined) ?? tagOf(body);
  made?.set("ETag", tag);
  response.headers.set("ETag", tag);
  return tag;
}

/**
 * The tag by which a client has this very content already, as If-None-Match says it; null where it has not. Strong and
 * weak tags match, for both mean the same content (RFC 9110 §13.1.2).
 */
function matching(ifNoneMatch: string, tag: string): string | null {
  if (ifNoneMatch.trim() === "*") return tag;
  const opaque = tag.replace(/^W\//, "");
  for (const [theirs, text] of ifNoneMatch.matchAll(ENTITY_TAG)) if (text === opaque) return theirs;
  return null;
}

/**
 * Says that nothing has changed. With the tag that the client knows: content that leaves compressed has a weak one, and
 * caches find what they keep by it.
 */
function notModified(response: HttpResponse, tag: string): HttpResponse {
  discardContent(response);
  const headers = new HttpHeaders([...(response.fields ?? [])].filter(([name]) => !OF_CONTENT.has(name.toLowerCase())));
  headers.set("ETag", tag);
  return new HttpResponse(null, { status: 304, headers });
}

function tagged(answer: Answer, request: HttpRequest): HttpResponse {
  const response = toResponse(answer);
  // What others write has no content to make a tag of.
  if (response.status !== 200 || request.done || response instanceof OwnResponse) return response;
  const tag = findTag(response);
  const ifNoneMatch = tag === null ? null : request.headers.get("if-none-match");
  const theirs = ifNoneMatch === null ? null : matching(ifNoneMatch, tag as string);
  return theirs === null ? response : notModified(response, theirs);
}

/**
 * Gives answers to GET and HEAD a strong ETag, made of their bytes, and 304 to who has those bytes already. Answers with
 * status 200 whose content is there in one piece; of others only those that have a tag of their own are compared.
 */
export function etag(): Middleware {
  const middleware: Middleware = (next) => (request) => {
    const { method } = request;
    if (method !== "GET" && method !== "HEAD") return next(request);
    const answer = next(request);
    return isPromise(answer)
      ? Promise.resolve(answer).then((value) => tagged(value, request))
      : tagged(answer, request);
  };
  return described(middleware, "etag");
}
